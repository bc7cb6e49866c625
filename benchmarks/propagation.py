"""What does it cost that trust flows downstream? `python -m benchmarks.propagation` prints ratios against what runs beside it.

It makes a database of its own, with a chain of a thousand products and ten thousand that are all built from one, each with its
port, run, checks and verdict. An upstream falls and rises; measured are the transaction that changes its claim, and judging
everything downstream in batches. Beside them, in turns: judging some of the same products one by one, each in a transaction
of its own as `judge_product` does, and a bare UPDATE of as many current rows.
"""

import argparse
import os
import resource
import secrets
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from benchmarks.answers_ground import own_database


@dataclass
class Measured:
    """Seconds of each turn, by what was done. products: how many each turn is about."""

    products: int
    claim: list[float] = field(default_factory=list)
    batches: list[float] = field(default_factory=list)
    one_by_one: list[float] = field(default_factory=list)
    update: list[float] = field(default_factory=list)
    longest: list[float] = field(default_factory=list)


def seconds_of(deed: Callable[[], object]) -> float:
    began = time.perf_counter()
    deed()
    return time.perf_counter() - began


def measure(head: int, below: Sequence[int], *, turns: int, sample: int) -> Measured:
    """`head` falls and rises `turns` times in all; `below` is everything downstream of it, `sample` of it judged one by one."""
    from django.db import connection  # noqa: PLC0415  needs the settings
    from django.utils import timezone  # noqa: PLC0415

    from catalog.models import DataProduct  # noqa: PLC0415
    from trust.models import CurrentVerdict  # noqa: PLC0415
    from trust.verdicts.services.judging import Work, ensure_current, judge_product  # noqa: PLC0415

    found = Measured(len(below))
    there = Work.judge_together
    spans: list[float] = []

    def timed(work: Work, product_ids: Sequence[int]) -> object:
        began = time.perf_counter()
        try:
            return there(work, product_ids)
        finally:
            spans.append(time.perf_counter() - began)

    Work.judge_together = timed  # type: ignore[assignment, method-assign]

    def change(words: str) -> None:
        DataProduct.objects.filter(id=head).update(limitations=words)

    def judge_some() -> None:
        now = timezone.now()
        for product_id in below[:sample]:
            judge_product(product_id=product_id, now=now, cause="measured one by one")

    def update() -> None:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE trust_currentverdict SET judged_at = judged_at WHERE product_id = ANY (%s)", [list(below)])

    for turn in range(turns):
        words = "" if turn % 2 == 0 else "Nothing real."
        found.claim.append(seconds_of(lambda words=words: change(words)))  # type: ignore[misc]
        ensure_current([head], timezone.now())
        found.one_by_one.append(seconds_of(judge_some) / sample)
        CurrentVerdict.objects.filter(product_id__in=below[:sample]).update(invalidated=True)
        spans.clear()
        found.batches.append(seconds_of(lambda: ensure_current(below, timezone.now())))
        found.longest.append(max(spans))
        found.update.append(seconds_of(update))
        word = "production_grade" if words else "not_production_grade"
        if CurrentVerdict.objects.filter(product_id__in=below, verdict=word, invalidated=False).count() != len(below):
            sys.exit(f"After turn {turn} not everything downstream is {word}.")
    Work.judge_together = there  # type: ignore[method-assign]
    return found


def tell(name: str, found: Measured) -> None:
    middle = statistics.median
    each = middle(seconds / found.products for seconds in found.batches)
    single, bare = middle(found.one_by_one), middle(found.update) / found.products
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    print(f"{name}: {found.products:,} products downstream, {len(found.batches)} turns, medians")
    print(f"  the claim's own transaction, all marked        {1000 * middle(found.claim):10.0f} ms")
    print(f"  everything judged, in batches                  {middle(found.batches):10.1f} s")
    print(f"  longest transaction of a batch                 {1000 * max(found.longest):10.0f} ms")
    print(f"  per product: in batches                        {1000 * each:10.2f} ms")
    print(
        f"  per product: one by one                        {1000 * single:10.2f} ms   one by one / batches {single / each:8.1f}"
    )
    print(f"  per product: a bare UPDATE of its current row  {1000 * bare:10.3f} ms   batches / UPDATE    {each / bare:9.0f}")


def run(deep: int, wide: int, turns: int, sample: int) -> None:
    import django  # noqa: PLC0415  reads the environment, which is complete only now

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    from tests.factories import make_governed_product  # noqa: PLC0415
    from tests.trust.builders import make_ready_port, run_well  # noqa: PLC0415
    from tests.trust.nets import connect, copies_of  # noqa: PLC0415
    from trust.verdicts.services.judging import judge_stale  # noqa: PLC0415

    port = make_ready_port(make_governed_product("measured"))
    run_well(port, timezone.now())
    copies = copies_of(port.product, deep + wide)
    chain, fan = copies[:deep], copies[deep:]
    connect([(product, upstream) for upstream, product in pairwise(chain)])
    connect([(product, port.product_id) for product in fan])
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    judge_stale(now=timezone.now(), seconds=3600)
    tell("chain", measure(chain[0], chain[1:], turns=turns, sample=min(sample, deep - 1)))
    tell("fan-out", measure(port.product_id, fan, turns=turns, sample=min(sample, wide)))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak of resident memory {peak:.0f} MB; load of the machine at the end {os.getloadavg()[0]:.1f}")
    connection.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deep", type=int, default=1_000, help="products of the chain")
    parser.add_argument("--wide", type=int, default=10_000, help="products that are built from one")
    parser.add_argument("--turns", type=int, default=4, help="falls and rises")
    parser.add_argument("--sample", type=int, default=100, help="products that are judged one by one")
    given = parser.parse_args()
    with own_database() as url:
        os.environ["DATABASE_URL"] = url
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
        os.environ.setdefault("TOUCHSTONE_SECRET_KEY", secrets.token_urlsafe(64))
        os.environ.pop("TOUCHSTONE_DEBUG", None)  # with it Django keeps the text of every statement
        run(given.deep, given.wide, given.turns, given.sample)


if __name__ == "__main__":
    main()
