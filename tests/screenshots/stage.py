"""Rows for the pictures: the demo as it is, and around it an invented airline with more products, use cases and trouble.

`play` is called in a shell of the application and prints its answer as one line of JSON. What the demo shows comes from its
data; what is invented is only ever in this application, which is thrown away.
"""

import json
import os
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.core.management import call_command
from django.utils import timezone

from catalog.models import Consumer, DataProduct, Person, UseCase
from catalog.rules.scopes import Scope
from catalog.rules.vocabulary import Autonomy, ConsumerKind, Lifecycle, Sensitivity, Severity
from catalog.services.api_keys import create_key
from tests.factories import (
    NOW,
    make_agreement,
    make_consumer,
    make_governed_product,
    make_owner,
    make_policy,
    make_product,
    make_use_case,
    measure_claims,
)
from tests.trust.builders import make_ready_port, run_badly, run_well
from trust.models import DailyVerdictCount, Decision, OutputException, Recall, RecalledConsumer, Run
from trust.use_cases.services.outcomes import report_outcome
from trust.use_cases.services.readiness import assess_use_case
from trust.use_cases.services.reporters import Reporter
from trust.verdicts.queries.trend import DAYS, days_until
from trust.verdicts.services.execution import execute_run
from trust.verdicts.services.incidents import open_incident
from trust.verdicts.services.waivers import grant_waiver, request_waiver

GOVERNANCE = "ruth.adler"
PURPOSE = "ai.decision-support"
INVENTED = ("crew-standby", "rebooking", "lost-baggage")
# slug, sensitivity, how its last run went
PRODUCTS: tuple[tuple[str, Sensitivity | None, str], ...] = (
    ("airport-codes", Sensitivity.PUBLIC, "good"),
    ("published-timetable", Sensitivity.PUBLIC, "good"),
    ("seat-maps", Sensitivity.PUBLIC, "good"),
    ("aircraft-positions", Sensitivity.INTERNAL, "good"),
    ("gate-assignments", Sensitivity.INTERNAL, "good"),
    ("ground-crew-rota", Sensitivity.INTERNAL, "good"),
    ("fuel-prices", Sensitivity.INTERNAL, "bad"),
    ("turnaround-times", Sensitivity.INTERNAL, "good"),
    ("baggage-scans", Sensitivity.CONFIDENTIAL, "bad"),
    ("bookings", Sensitivity.CONFIDENTIAL, "good"),
    ("fares-filed", Sensitivity.CONFIDENTIAL, "good"),
    ("maintenance-log", Sensitivity.CONFIDENTIAL, "lost"),
    ("crew-records", Sensitivity.RESTRICTED, "good"),
    ("passenger-complaints", Sensitivity.RESTRICTED, "never"),
    ("loyalty-members", None, "never"),
)


def product_of(slug: str) -> DataProduct:
    return DataProduct.objects.get(slug=slug)


def person_of(username: str) -> Person:
    return Person.objects.get(username=username)


def named(username: str, name: str) -> Person:
    person = make_owner(username)
    person.first_name, _, person.last_name = name.partition(" ")
    person.save(update_fields=["first_name", "last_name"])
    return person


def demo() -> dict[str, Any]:
    """The demo's products, with runs done here instead of by a worker, and a password for who looks."""
    call_command("load_demo", verbosity=0, stdout=sys.stderr)
    for run in Run.objects.filter(status="queued").order_by("requested_at"):
        execute_run(run_id=run.id, worker="screenshots", on_hang=lambda: None)
    governance = person_of(GOVERNANCE)
    governance.is_staff = True
    governance.set_password(os.environ["SCREENSHOTS_PASSWORD"])
    governance.save()
    return {"username": GOVERNANCE, "products": DataProduct.objects.count()}


def company() -> dict[str, Any]:
    """More products, consumers and use cases; a key to ask with."""
    owners = [named("ines.duarte", "Ines Duarte"), named("kofi.mensah", "Kofi Mensah"), named("mei.tanaka", "Mei Tanaka")]
    for number, (slug, sensitivity, went) in enumerate(PRODUCTS):
        words = {"description": "Invented for the pictures.", "domain": "Operations", "sensitivity": sensitivity}
        owner = owners[2] if slug == "maintenance-log" else owners[number % 2]  # one of them has left
        product = make_governed_product(slug, owner=owner, **words)
        if slug != "fares-filed":
            make_policy(product, "advisers", purposes=(PURPOSE,))
        if went == "never":
            continue
        port = make_ready_port(product)
        run_well(port, NOW + timedelta(minutes=1))
        if went == "bad":
            run_well(port, NOW + timedelta(minutes=30), failed=1)
        elif went == "lost":
            run_badly(port, NOW + timedelta(minutes=30))
    make_product("cabin-waste", owner=owners[0], lifecycle=Lifecycle.PUBLISHED, description="Invented for the pictures.")
    Person.objects.filter(username="mei.tanaka").update(is_active=False)
    for slug, kind in (("rebooking-agent", ConsumerKind.AI_AGENT), ("standby-planner", ConsumerKind.AI_MODEL)):
        make_consumer(slug, owner=owners[0], kind=kind, clearance=Sensitivity.CONFIDENTIAL)
    use_cases(owners)
    _, key = create_key(
        person=person_of(GOVERNANCE), name="pictures", scopes=[scope.value for scope in Scope], now=timezone.now()
    )
    return {"key": key, "products": [slug for slug, *_ in PRODUCTS]}


def use_cases(owners: list[Person]) -> None:
    standby = Consumer.objects.get(slug="standby-planner")
    rebooking = Consumer.objects.get(slug="rebooking-agent")
    make_use_case(
        "crew-standby",
        name="Plan tomorrow's standby crews",
        purpose=PURPOSE,
        business_owner=owners[1],
        products=[product_of(slug) for slug in ("ground-crew-rota", "turnaround-times", "published-timetable")],
        consumers=[standby],
        measures=[measure_claims("crews-unused", owner="kofi.mensah", target=2.0)],
        is_acknowledged=True,
    )
    make_use_case(
        "rebooking",
        name="Rebook travellers of a cancelled flight",
        decision="Which other flight a traveller is offered.",
        purpose=PURPOSE,
        autonomy=Autonomy.DECIDES_WITH_REVIEW,
        business_owner=owners[0],
        products=[product_of(slug) for slug in ("bookings", "seat-maps", "fares-filed")],
        consumers=[rebooking],
        measures=[measure_claims("offers-taken", owner="ines.duarte", target=80.0)],
        is_acknowledged=True,
    )
    make_use_case(
        "lost-baggage",
        name="Find lost baggage",
        decision="Where a missing suitcase is looked for first.",
        purpose=PURPOSE,
        business_owner=owners[0],
        products=[product_of(slug) for slug in ("baggage-scans", "passenger-complaints")],
        consumers=[rebooking],
        fallback="",
        system="",
        step="",
    )


def trouble(*asked: str) -> dict[str, Any]:
    """What keeps governance busy; `asked`: ids of decisions that were given."""
    now, governance = timezone.now(), person_of(GOVERNANCE)
    scans, bookings = product_of("baggage-scans"), product_of("bookings")
    open_incident(
        product=scans,
        title="Scans of belt 4 arrive twice",
        severity=Severity.CRITICAL,
        description="Since the new reader was put in, every suitcase on belt 4 is scanned twice.",
        actor=scans.owner,
        now=now - timedelta(hours=20),
    )
    open_incident(
        product=bookings,
        title="Refunds of Sunday are late",
        severity=Severity.WARNING,
        actor=bookings.owner,
        now=now - timedelta(hours=5),
    )
    granted = request_waiver(
        product=product_of("fuel-prices"),
        gate="critical_checks",
        reason="One depot reports in another currency until its migration is done.",
        owner=product_of("fuel-prices").owner,
        expires_at=now + timedelta(days=5),
        actor=product_of("fuel-prices").owner,
        now=now - timedelta(days=1),
    )
    grant_waiver(waiver=granted, actor=governance, now=now - timedelta(hours=22))
    request_waiver(
        product=scans,
        gate="critical_checks",
        reason="The reader of belt 4 is replaced on Thursday.",
        owner=scans.owner,
        expires_at=now + timedelta(days=4),
        actor=scans.owner,
        now=now - timedelta(hours=3),
    )
    recalled(scans, int(asked[0]))
    make_agreement(Consumer.objects.get(slug="rebooking-agent"), bookings, PURPOSE, is_approved=False, now=now)
    make_policy(product_of("crew-records"), "planners", is_published=False, purposes=(PURPOSE,))
    report(now)
    return {"exceptions": OutputException.objects.count()}


def recalled(product: DataProduct, decision_id: int) -> None:
    """The recall that the product's fall opened, as it stands once its consumer was told."""
    recall = Recall.objects.get(product=product, closed_at=None)
    recall.status, recall.sent_at = "sent", NOW + timedelta(minutes=36)
    recall.save(update_fields=["status", "sent_at"])
    consumer = Consumer.objects.get(slug="rebooking-agent")
    RecalledConsumer.objects.create(
        recall=recall, consumer=consumer, decision_ids=[decision_id], decision_count=1, purposes=[PURPOSE]
    )


def report(now: Any) -> None:
    use_case = UseCase.objects.get(slug="crew-standby")
    reporter = Reporter(person=person_of("kofi.mensah"))
    report_outcome(
        use_case=use_case, measure="crews-unused", value=1.5, observed_at=now - timedelta(hours=3), reporter=reporter, now=now
    )


def standing() -> dict[str, Any]:
    """The course of 90 days, and every use case assessed: the last step."""
    now = timezone.now()
    days = days_until(now)
    rows = []
    for number, day in enumerate(days):
        products = 12 + number * 9 // DAYS
        good = 4 + number * 6 // DAYS + (1 if number % 9 < 5 else 0) - (2 if 50 < number < 57 else 0)
        unknown = 1 + number % 2
        rows.append(
            DailyVerdictCount(day=day, production_grade=good, not_production_grade=products - good - unknown, unknown=unknown)
        )
    DailyVerdictCount.objects.bulk_create(rows)
    for use_case in UseCase.objects.order_by("pk"):
        assess_use_case(use_case=use_case, now=now, cause="pictures")
    return {"shots": subjects()}


def subjects() -> dict[str, Any]:
    """Whose pages are taken: the demo's use case where there is one, a decision that was a no, and its verdict."""
    use_case = UseCase.objects.exclude(slug__in=INVENTED).first() or UseCase.objects.get(slug="crew-standby")
    decision = Decision.objects.filter(decision=False, verdict_row__isnull=False, product_slug="baggage-scans").first()
    assert decision is not None
    flights = product_of("nyc-flights")
    return {
        "use_case": use_case.slug,
        "use_case_id": use_case.pk,
        "decision": decision.pk,
        "verdict": decision.verdict_row_id,
        "product": flights.pk,
    }


STEPS: dict[str, Callable[..., dict[str, Any]]] = {
    "demo": demo,
    "company": company,
    "trouble": trouble,
    "standing": standing,
}


def play(step: str, *arguments: str) -> None:
    print(json.dumps(STEPS[step](*arguments)))
