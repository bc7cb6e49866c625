"""Several connections at once: what a single transaction cannot show."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Event
from typing import TypeVar

import pytest
from django.db import OperationalError, connection, transaction

from catalog.models import DataProduct, InputPort, OutputPort
from tests.factories import NOW
from tests.trust.builders import claim_new_run, evidence_for, make_ready_port, run_well
from trust.evidence.services.runs import claim_run, request_run
from trust.models import CurrentVerdict, Run, Verdict
from trust.verdicts.services.judging import ensure_current, judge_product
from trust.verdicts.services.run_conclusion import complete_run, sweep_runs

pytestmark = pytest.mark.django_db(transaction=True)
Found = TypeVar("Found")


def together(*deeds: Callable[[], Found]) -> list[Found]:
    """What the deeds return, each done in a thread and a connection of its own, all begun at the same moment."""
    start = Barrier(len(deeds))

    def act(deed: Callable[[], Found]) -> Found:
        try:
            connection.ensure_connection()
            start.wait(timeout=10)
            return deed()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(act, deeds))


def test_one_of_many_workers_gets_the_run() -> None:
    run = request_run(port=make_ready_port(), actor=None, now=NOW)

    claims = together(*[lambda: claim_run(run_id=run.id, worker="any", now=NOW)] * 8)

    assert len([claim for claim in claims if claim is not None]) == 1
    assert Run.objects.get().attempt == 1


def test_requests_at_the_same_moment_queue_one_run() -> None:
    port = make_ready_port()

    runs = together(*[lambda: request_run(port=port, actor=None, now=NOW)] * 8)

    assert len({run.id for run in runs}) == 1


def test_a_run_that_two_workers_finish_has_one_set_of_results_and_one_verdict() -> None:
    claim = claim_new_run(make_ready_port())
    evidence = evidence_for(Run.objects.get())

    verdicts = together(*[lambda: complete_run(claim=claim, evidence=evidence, now=NOW)] * 4)

    assert len([verdict for verdict in verdicts if verdict is not None]) == 1
    run = Run.objects.get()
    assert (run.check_results.count(), run.verdicts.count()) == (5, 1)


def test_a_change_during_a_judgement_is_never_lost() -> None:
    port = make_ready_port()
    run_well(port)

    for number in range(15):
        moment = NOW + timedelta(minutes=number)
        texts = ["", "Written down."]

        def change(text: str = texts[number % 2]) -> None:
            DataProduct.objects.filter(id=port.product_id).update(limitations=text)

        def judge(moment: object = moment) -> None:
            judge_product(product_id=port.product_id, now=moment, cause="asked")  # type: ignore[arg-type]

        together(change, judge, judge)
        ensure_current([port.product_id], moment)
        expected = "production_grade" if number % 2 else "not_production_grade"
        assert CurrentVerdict.objects.get(product=port.product).verdict == expected


def test_judging_a_net_of_products_from_all_sides_ends_without_deadlock() -> None:
    ports = [make_ready_port() for _ in range(4)]
    for later in range(1, 4):
        for earlier in range(later):
            InputPort.objects.create(product=ports[later].product, upstream=ports[earlier].product)
    for port in ports:
        run_well(port)

    def churn(port: OutputPort, number: int) -> None:
        for step in range(5):
            moment = NOW + timedelta(seconds=10 * number + step)
            DataProduct.objects.filter(id=port.product_id).update(usage=f"Use {number} {step}.")
            ensure_current([other.product_id for other in reversed(ports)], moment)
            run_well(port, moment)

    together(*[lambda port=port, number=number: churn(port, number) for number, port in enumerate(ports)])

    ensure_current([port.product_id for port in ports], NOW + timedelta(hours=1))
    assert set(CurrentVerdict.objects.values_list("verdict", flat=True)) == {"production_grade"}
    assert all(run.verdicts.count() == 1 for run in Run.objects.all())


def test_a_reader_is_answered_although_a_deadlock_ended_its_first_judgement(caplog: pytest.LogCaptureFixture) -> None:
    first = make_ready_port()
    second = make_ready_port()
    InputPort.objects.create(product=second.product, upstream=first.product)
    run_well(first)
    run_well(second)
    DataProduct.objects.filter(id=first.product_id).update(usage="Changed.")
    is_holding, was_ended = Event(), Event()

    def change_both_in_the_wrong_order() -> None:
        try:
            with transaction.atomic():
                DataProduct.objects.filter(id=second.product_id).update(usage="Changed.")
                is_holding.set()
                time.sleep(0.4)  # PostgreSQL ends who has waited for a second: mostly the reader, which waits by now
                DataProduct.objects.filter(id=first.product_id).update(usage="Changed again.")
        except OperationalError as error:
            if "deadlock" not in str(error):
                raise
            was_ended.set()

    def read() -> None:
        is_holding.wait(timeout=10)
        ensure_current([first.product_id, second.product_id], NOW + timedelta(minutes=1))

    together(change_both_in_the_wrong_order, read)

    assert "met a deadlock" in caplog.text or was_ended.is_set()
    ensure_current([first.product_id, second.product_id], NOW + timedelta(minutes=2))
    assert set(CurrentVerdict.objects.values_list("verdict", flat=True)) == {"production_grade"}


def test_sweepers_at_the_same_moment_take_a_lost_run_back_once() -> None:
    claim = claim_new_run(make_ready_port())
    later = NOW + timedelta(hours=2)

    together(*[lambda: sweep_runs(now=later)] * 4)

    run = Run.objects.get(id=claim.run_id)
    assert (run.status, Verdict.objects.filter(run=run).count()) == ("failed", 1)


def test_a_worker_that_finishes_while_the_sweeper_gives_up_on_it_leads_to_one_verdict() -> None:
    claim = claim_new_run(make_ready_port())
    evidence = evidence_for(Run.objects.get(id=claim.run_id))
    later = NOW + timedelta(hours=2)

    together(lambda: complete_run(claim=claim, evidence=evidence, now=later), lambda: sweep_runs(now=later))

    assert Run.objects.get(id=claim.run_id).verdicts.count() == 1


def test_nothing_of_a_completion_remains_when_its_transaction_fails() -> None:
    port = make_ready_port()
    claim = claim_new_run(port)
    evidence = evidence_for(Run.objects.get(id=claim.run_id))

    def complete_and_crash() -> None:
        with transaction.atomic():
            complete_run(claim=claim, evidence=evidence, now=NOW)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        complete_and_crash()

    run = Run.objects.get(id=claim.run_id)
    assert (run.status, run.check_results.count(), Verdict.objects.count()) == ("running", 0, 0)
