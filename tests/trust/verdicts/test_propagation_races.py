"""The backlog under several hands at once: workers, readers, and owners who change claims meanwhile."""

import time
from datetime import timedelta
from itertools import pairwise
from random import Random

import pytest
from django.db import IntegrityError, connection, transaction

from catalog.models import DataProduct
from tests.factories import NOW
from tests.trust.builders import make_ready_port, run_well
from tests.trust.nets import connect, copies_of
from tests.trust.verdicts.test_concurrency import together
from trust.models import CurrentVerdict, Recall, Verdict
from trust.verdicts.services import judging
from trust.verdicts.services.judging import ensure_current, judge_stale

pytestmark = pytest.mark.django_db(transaction=True)
MINUTE = timedelta(minutes=1)


def describe(product_id: int, words: str) -> None:
    DataProduct.objects.filter(id=product_id).update(limitations=words)


def test_two_workers_share_a_backlog_and_judge_each_product_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "MOST_IN_ONE_TRANSACTION", 10)
    port = make_ready_port()
    run_well(port)
    fan = copies_of(port.product, 100)
    connect([(product, port.product_id) for product in fan])
    describe(port.product_id, "")
    ensure_current([port.product_id], NOW + MINUTE)
    before = Verdict.objects.count()

    counts = together(*[lambda: judge_stale(now=NOW + 2 * MINUTE)] * 2)

    judge_stale(now=NOW + 2 * MINUTE)  # what one held while the other passed over it, should both have ended at once
    assert Verdict.objects.count() - before == 100
    assert sum(counts) <= 100
    assert set(CurrentVerdict.objects.values_list("verdict", "invalidated")) == {("not_production_grade", False)}
    assert Recall.objects.filter(closed_at=None).count() == 101


def test_nothing_stale_is_left_or_shown_while_claims_change_under_workers_and_readers() -> None:
    port = make_ready_port()
    run_well(port)
    chain = copies_of(port.product, 40)
    connect([(product, upstream) for upstream, product in pairwise(chain)] + [(chain[30], chain[3])])
    ensure_current(chain, NOW)

    def change() -> None:
        chance = Random(4)  # noqa: S311
        for number in range(15):
            describe(chance.choice(chain[:10]), "" if number % 3 == 0 else "Written down.")

    def work() -> None:
        for second in range(6):
            judge_stale(now=NOW + timedelta(seconds=second))

    def read() -> None:
        for second in range(6):
            ensure_current([chain[-1], chain[5]], NOW + timedelta(seconds=second))

    together(change, work, work, read)
    DataProduct.objects.filter(id__in=chain).exclude(id=chain[4]).update(limitations="Written down.")
    describe(chain[4], "")
    ensure_current(chain, NOW + MINUTE)

    rows = dict(CurrentVerdict.objects.filter(product_id__in=chain).values_list("product_id", "verdict"))
    assert [rows[product] for product in chain] == ["production_grade"] * 4 + ["not_production_grade"] * 36
    assert not CurrentVerdict.objects.filter(invalidated=True).exists()


def test_a_worker_passes_over_what_somebody_changes_and_a_reader_waits_for_it() -> None:
    port = make_ready_port()
    run_well(port)
    first, second = copies_of(port.product, 2)
    CurrentVerdict.objects.filter(product_id__in=[first, second]).update(invalidated=True)

    with transaction.atomic():
        describe(first, "")
        (judged,) = together(lambda: judge_stale(now=NOW + MINUTE))

    assert judged == 1
    assert CurrentVerdict.objects.get(product_id=second).invalidated is False
    together(lambda: ensure_current([first], NOW + MINUTE))
    assert CurrentVerdict.objects.get(product_id=first).verdict == "not_production_grade"


def test_a_judgement_that_crashes_leaves_its_whole_batch_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    port = make_ready_port()
    run_well(port)
    fan = copies_of(port.product, 3)
    CurrentVerdict.objects.filter(product_id__in=fan).update(invalidated=True)
    before = Verdict.objects.count()

    def crash(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("trust.verdicts.services.judging_context.note_verdict_changes", crash)
    with pytest.raises(RuntimeError):
        ensure_current(fan, NOW + MINUTE)

    assert Verdict.objects.count() == before
    assert CurrentVerdict.objects.filter(invalidated=True).count() == 3
    assert connection.in_atomic_block is False


def test_two_that_each_add_half_a_circle_past_the_services_take_turns() -> None:
    port = make_ready_port()
    run_well(port)
    first, second = copies_of(port.product, 2)

    def add(product: int, upstream: int) -> bool:
        try:
            with transaction.atomic():
                connect([(product, upstream)])
                time.sleep(0.2)  # the other one has come by now, and waits
        except IntegrityError:
            return False
        return True

    assert sorted(together(lambda: add(first, second), lambda: add(second, first))) == [False, True]
