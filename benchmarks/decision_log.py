"""What does a page of the log of answers cost? `python -m benchmarks.decision_log` fills a log and measures every filter.

It makes a database of its own (on the server of DATABASE_URL, or on one that it starts), five million answers over six months
in monthly partitions, and asks for pages as the admin does: each filter, combinations, values from common to rare, the newest
page and one in the middle of the log. Of each: the database's part, the whole page with its HTML, and the ratio of that to the
page without any filter. 15 GB of disk and some minutes for five million.
"""

import argparse
import os
import secrets
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from benchmarks import answers_ground
from benchmarks.decision_log_ground import PRODUCTS, Span, load

MOST_MS = 50.0
"""What a page may take (issue of the governance desk)."""
CASES: dict[str, dict[str, str]] = {
    "no filter": {},
    "a common consumer": {"consumer": "agent-1"},
    "a rare consumer": {"consumer": "agent-rare"},
    "a common product": {"product": "copy-1"},
    "a rare product": {"product": f"copy-{PRODUCTS}"},
    "a common purpose": {"purpose": "analytics"},
    "a rare purpose": {"purpose": "ai.autonomous-decision"},
    "outcome yes": {"decision": "yes"},
    "outcome no": {"decision": "no"},
    "a common channel": {"channel": "trust"},
    "a rare channel": {"channel": "search"},
    "a use case": {"use_case": "case-1"},
    "a rare use case": {"use_case": "case-rare"},
    "one day": {"asked_from": "DAY", "asked_to": "DAY"},
    "consumer and outcome": {"consumer": "agent-1", "decision": "no"},
    "consumer and product": {"consumer": "agent-1", "product": "copy-1"},
    "consumer, product, purpose, no": {"consumer": "agent-2", "product": "copy-3", "purpose": "analytics", "decision": "no"},
    "consumer and a rare channel": {"consumer": "agent-1", "channel": "search"},
    "purpose and a rare channel": {"purpose": "analytics", "channel": "search"},
    "product and one day": {"product": "copy-1", "asked_from": "DAY", "asked_to": "DAY"},
    "a rare channel on one day": {"channel": "search", "asked_from": "DAY", "asked_to": "DAY"},
    "searched for by slug": {"q": "agent-1"},
}


@dataclass(frozen=True)
class Cost:
    """Medians in milliseconds."""

    database: float
    page: float


def measure(case: dict[str, str], span: Span, visit: Callable[[dict[str, str]], None], times: int) -> dict[str, Cost]:
    """What the newest page and one from the middle of the log cost."""
    from django.utils import timezone  # noqa: PLC0415  needs Django

    from catalog.models import Person  # noqa: PLC0415
    from trust.decisions.admin.decision_filters import wanted_of  # noqa: PLC0415
    from trust.decisions.admin.decision_list import place_text, rows_at  # noqa: PLC0415
    from trust.decisions.admin.decisions import DecisionAdmin  # noqa: PLC0415
    from trust.decisions.queries.decision_pages import LogPosition, find_page  # noqa: PLC0415

    given = {name: f"{span.at(0.5):%Y-%m-%d}" if value == "DAY" else value for name, value in case.items()}
    auditor = Person.objects.get(username="measurer")
    costs = {}
    for where, place in (("newest", None), ("middle", LogPosition(span.at(0.5), 0))):
        address = given | ({"older": place_text(place)} if place else {})

        def database(place: LogPosition | None = place) -> None:
            rows_at(find_page(wanted_of(given, auditor, timezone.now()), size=DecisionAdmin.list_per_page, after=place).places)

        def page(address: dict[str, str] = address) -> None:
            visit(address)

        costs[where] = Cost(median_ms(database, times), median_ms(page, times))
    return costs


def median_ms(deed: Callable[[], None], times: int) -> float:
    """After one that does not count: caches are warm, as behind any page that people use."""
    deed()
    found = []
    for _ in range(times):
        began = time.perf_counter()
        deed()
        found.append(1000 * (time.perf_counter() - began))
    return statistics.median(found)


def visitor() -> Callable[[dict[str, str]], None]:
    """What fetches a page of the list, as an auditor who is logged in."""
    from django.test import Client  # noqa: PLC0415

    from tests.factories import make_auditor  # noqa: PLC0415

    client = Client(SERVER_NAME="localhost")
    client.force_login(make_auditor("measurer", is_staff=True))

    def visit(address: dict[str, str]) -> None:
        response: Any = client.get("/admin/trust/decision/", address)
        if response.status_code != 200:
            sys.exit(f"The list answered {response.status_code} to {address}.")

    return visit


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--repetitions", type=int, default=7)
    options = parser.parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    os.environ.setdefault("TOUCHSTONE_SECRET_KEY", secrets.token_urlsafe(64))
    os.environ.pop("TOUCHSTONE_DEBUG", None)
    os.environ["TOUCHSTONE_LOG_LEVEL"] = "WARNING"
    with answers_ground.own_database() as url:
        os.environ["DATABASE_URL"] = url
        ground = answers_ground.prepare(url)
        answers_ground.fill(ground.url, products=PRODUCTS, decisions=0)
        began = time.monotonic()
        span = load(url, options.rows)
        print(f"{options.rows:,} answers over {(span.ends - span.begins) // timedelta(days=1)} days", end="")
        print(f", loaded in {time.monotonic() - began:.0f} s", flush=True)
        report(span, options.repetitions)
        from django.db import connection  # noqa: PLC0415

        connection.close()


def report(span: Span, times: int) -> None:
    """Print what each case costs, and whether any page takes more than it may."""
    visit = visitor()
    visit({})
    plain = median_ms(lambda: visit({}), times)
    worst = Cost(0, 0)
    print(f"\n{'':32}{'database, ms':>16}{'whole page, ms':>18}{'page / no filter':>20}")
    for name, case in CASES.items():
        for where, cost in measure(case, span, visit, times).items():
            worst = Cost(max(worst.database, cost.database), max(worst.page, cost.page))
            print(f"{name + ', ' + where:38}{cost.database:10.1f}{cost.page:18.1f}{cost.page / plain:20.2f}", flush=True)
    for what, most in (("the database's part", worst.database), ("the whole page", worst.page)):
        print(f"{what}: {most:.1f} ms at most, {'under' if most < MOST_MS else 'NOT under'} {MOST_MS:.0f} ms")


if __name__ == "__main__":
    main()
