from dataclasses import replace
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from catalog.models import OutputPort
from catalog.rules.errors import ConflictError, ForbiddenError
from catalog.rules.vocabulary import Lifecycle
from tests.factories import NOW, make_owner, make_person, make_port, make_product
from tests.trust.builders import claim_new_run, evidence_for, failure_of, make_ready_port, make_suite, run_well
from trust.evidence.queries.facts import port_digest
from trust.evidence.rules.evidence import Failure
from trust.evidence.services.runs import claim_run, end_lease, keep_lease, lease, renew_lease, request_run, time_limit
from trust.models import CheckResult, CurrentVerdict, Run, RunCause, Verdict
from trust.verdicts.services.run_conclusion import complete_run, fail_run, sweep_runs
from trust.vocabulary import RunStatus

pytestmark = pytest.mark.django_db
AWAY = Failure("source_unreachable", "The database of the port does not answer.", "Start it.", retryable=True)
MISSING = Failure("source_missing", "There is no such file.", "Put it there.")
LATER = NOW + timedelta(minutes=1)


@pytest.fixture
def port() -> OutputPort:
    return make_ready_port()


def test_a_request_queues_a_run_of_the_current_suite(port: OutputPort) -> None:
    run = request_run(port=port, actor=port.product.owner, now=NOW)

    assert (run.status, run.cause, run.requested_by) == (RunStatus.QUEUED, RunCause.REQUEST, port.product.owner)
    assert (run.suite, run.max_attempts) == (port.suites.get(), settings.TOUCHSTONE.run_max_attempts)


def test_a_second_request_gives_the_run_that_is_queued_already(port: OutputPort) -> None:
    first = request_run(port=port, actor=None, now=NOW)

    assert request_run(port=port, actor=None, now=LATER) == first
    assert Run.objects.count() == 1


def test_a_request_while_a_run_is_under_way_queues_another(port: OutputPort) -> None:
    claim = claim_new_run(port)

    assert request_run(port=port, actor=None, now=LATER).id != claim.run_id


def test_a_steward_may_ask_for_a_run_and_a_stranger_may_not(port: OutputPort) -> None:
    steward = make_person()
    port.product.stewards.add(steward)

    request_run(port=port, actor=steward, now=NOW)
    with pytest.raises(ForbiddenError):
        request_run(port=port, actor=make_owner(), now=NOW)


def test_a_retired_product_is_not_run() -> None:
    port = make_ready_port()
    port.product.lifecycle = Lifecycle.RETIRED

    with pytest.raises(ConflictError, match="is retired") as refusal:
        request_run(port=port, actor=None, now=NOW)
    assert refusal.value.code == "product_retired"
    assert not Run.objects.exists()


def test_a_port_without_a_suite_is_not_run() -> None:
    with pytest.raises(ConflictError, match="has no suite") as refusal:
        request_run(port=make_port(make_product()), actor=None, now=NOW)
    assert refusal.value.code == "port_without_suite"


def test_a_removed_port_is_not_run(port: OutputPort) -> None:
    port.removed_at = NOW

    with pytest.raises(ConflictError, match="no longer offers"):
        request_run(port=port, actor=None, now=NOW)


def test_a_claim_holds_the_run_for_one_lease_and_nobody_else_gets_it(port: OutputPort) -> None:
    run = request_run(port=port, actor=None, now=NOW)

    claim = claim_run(run_id=run.id, worker="one", now=NOW)

    assert claim_run(run_id=run.id, worker="two", now=NOW) is None
    run.refresh_from_db()
    assert claim is not None
    assert (run.status, run.worker, run.attempt, run.lease_token) == (RunStatus.RUNNING, "one", 1, claim.token)
    assert (run.started_at, run.lease_expires_at) == (NOW, NOW + lease())


def test_a_claim_takes_the_suite_and_the_place_of_this_moment(port: OutputPort) -> None:
    run = request_run(port=port, actor=None, now=NOW)
    newer = make_suite(port, schedule="P1D")
    OutputPort.objects.filter(id=port.id).update(location="moved.csv")

    claim_run(run_id=run.id, worker="one", now=NOW)

    run.refresh_from_db()
    port.refresh_from_db()
    assert (run.suite, run.port_digest) == (newer, port_digest(port))


def test_a_run_is_not_claimed_before_its_time(port: OutputPort) -> None:
    run = request_run(port=port, actor=None, now=LATER)

    assert claim_run(run_id=run.id, worker="one", now=NOW) is None


def test_a_completed_run_has_its_results_and_one_verdict_that_names_it(port: OutputPort) -> None:
    claim = claim_new_run(port)
    evidence = evidence_for(Run.objects.get(id=claim.run_id))

    verdict = complete_run(claim=claim, evidence=evidence, now=LATER)

    run = Run.objects.get(id=claim.run_id)
    assert (run.status, run.finished_at, run.evidence_status, run.rows) == (RunStatus.COMPLETED, LATER, "passed", 3)
    assert list(run.check_results.values_list("position", "status")) == [(n, "passed") for n in range(5)]
    assert verdict is not None
    assert list(Verdict.objects.filter(run=run)) == [verdict]
    assert CurrentVerdict.objects.get(product=port.product).verdict_row == verdict


def test_who_lost_the_lease_writes_nothing(port: OutputPort) -> None:
    lost = claim_new_run(port)
    evidence = evidence_for(Run.objects.get(id=lost.run_id))
    sweep_runs(now=NOW + lease())
    taken = claim_run(run_id=lost.run_id, worker="two", now=NOW + lease())
    assert taken is not None

    assert complete_run(claim=lost, evidence=evidence, now=LATER) is None
    assert fail_run(claim=lost, failure=MISSING, now=LATER) is None
    assert renew_lease(claim=lost, now=LATER) is False

    assert not CheckResult.objects.exists()
    assert not Verdict.objects.exists()
    assert Run.objects.get(id=lost.run_id).lease_token == taken.token
    assert complete_run(claim=taken, evidence=evidence, now=LATER) is not None
    assert Verdict.objects.count() == 1


def test_a_renewed_lease_lasts_one_lease_more(port: OutputPort) -> None:
    claim = claim_new_run(port)

    assert renew_lease(claim=claim, now=LATER) is True
    assert Run.objects.get(id=claim.run_id).lease_expires_at == LATER + lease()


def test_a_run_that_could_not_look_is_failed_with_the_reason(port: OutputPort) -> None:
    claim = claim_new_run(port)

    verdict = fail_run(claim=claim, failure=MISSING, now=LATER)

    run = Run.objects.get(id=claim.run_id)
    assert run.status == RunStatus.FAILED
    assert run.failure == {"code": "source_missing", "message": MISSING.message, "remedy": MISSING.remedy}
    assert verdict is not None
    assert (verdict.run, verdict.verdict) == (run, "unknown")


def test_a_retryable_failure_goes_back_to_the_queue_with_growing_pauses_and_then_fails(port: OutputPort) -> None:
    run_id = claim_new_run(port).run_id
    Run.objects.filter(id=run_id).update(status=RunStatus.QUEUED, attempt=0)
    pauses, moment = [], NOW
    for _ in range(settings.TOUCHSTONE.run_max_attempts - 1):
        claim = claim_run(run_id=run_id, worker="one", now=moment)
        assert claim is not None
        assert fail_run(claim=claim, failure=AWAY, now=moment) is None
        waiting = Run.objects.get(id=run_id)
        assert (waiting.status, failure_of(waiting)["code"]) == (RunStatus.QUEUED, "source_unreachable")
        pauses.append(waiting.not_before - moment)
        moment = waiting.not_before
    last = claim_run(run_id=run_id, worker="one", now=moment)
    assert last is not None

    verdict = fail_run(claim=last, failure=AWAY, now=moment)

    assert pauses == [timedelta(seconds=5), timedelta(seconds=10)]
    assert verdict is not None
    assert Run.objects.get(id=run_id).status == RunStatus.FAILED


def test_a_failure_that_a_later_attempt_mends_leaves_no_trace(port: OutputPort) -> None:
    claim = claim_new_run(port)
    fail_run(claim=claim, failure=AWAY, now=NOW)
    again = claim_run(run_id=claim.run_id, worker="two", now=LATER)
    assert again is not None

    complete_run(claim=again, evidence=evidence_for(Run.objects.get(id=claim.run_id)), now=LATER)

    run = Run.objects.get(id=claim.run_id)
    assert (run.status, run.failure, run.attempt) == (RunStatus.COMPLETED, None, 2)


def test_the_sweep_takes_a_run_back_once_its_lease_is_over(port: OutputPort) -> None:
    claim = claim_new_run(port)

    assert sweep_runs(now=NOW + lease() - timedelta(seconds=1)) == []
    assert sweep_runs(now=NOW + lease()) == [claim.run_id]

    run = Run.objects.get(id=claim.run_id)
    assert (run.status, run.attempt, run.lease_token) == (RunStatus.QUEUED, 1, None)


def test_a_run_that_kills_every_worker_ends_as_worker_lost(port: OutputPort) -> None:
    run_id, moment = claim_new_run(port).run_id, NOW
    for _ in range(settings.TOUCHSTONE.run_max_attempts - 1):
        moment += lease()
        assert sweep_runs(now=moment) == [run_id]
        assert claim_run(run_id=run_id, worker="next", now=moment) is not None

    assert sweep_runs(now=moment + lease()) == []

    run = Run.objects.get(id=run_id)
    assert run.status == RunStatus.FAILED
    assert (failure_of(run)["code"], run.verdicts.get().verdict) == ("worker_lost", "unknown")


def test_a_silent_run_whose_time_is_over_is_not_tried_again(port: OutputPort) -> None:
    claim = claim_new_run(port)
    Run.objects.filter(id=claim.run_id).update(lease_expires_at=NOW + time_limit())

    assert sweep_runs(now=NOW + time_limit()) == []
    assert failure_of(Run.objects.get(id=claim.run_id))["code"] == "time_limit"


def test_a_parent_keeps_the_lease_of_its_own_process_until_the_time_is_over(port: OutputPort) -> None:
    claim = claim_new_run(port)
    run = Run.objects.get(id=claim.run_id)
    later = NOW + lease() - timedelta(seconds=1)

    keep_lease(run_id=run.id, worker="somebody else", now=later)
    assert Run.objects.get(id=run.id).lease_expires_at == NOW + lease()
    keep_lease(run_id=run.id, worker=run.worker, now=later)
    assert Run.objects.get(id=run.id).lease_expires_at == later + lease()
    keep_lease(run_id=run.id, worker=run.worker, now=NOW + time_limit())
    assert Run.objects.get(id=run.id).lease_expires_at == later + lease()


def test_the_lease_of_a_run_that_was_ended_from_outside_is_over_at_once(port: OutputPort) -> None:
    claim = claim_new_run(port)
    Run.objects.filter(id=claim.run_id).update(lease_expires_at=NOW + 2 * time_limit())

    end_lease(run_id=claim.run_id, now=NOW + time_limit() - timedelta(seconds=1))
    assert sweep_runs(now=NOW + time_limit()) == []
    assert Run.objects.get(id=claim.run_id).status == RunStatus.RUNNING
    end_lease(run_id=claim.run_id, now=NOW + time_limit())
    sweep_runs(now=NOW + time_limit())

    assert failure_of(Run.objects.get(id=claim.run_id))["code"] == "time_limit"


def test_a_lost_run_waits_while_a_newer_run_of_its_port_is_queued(port: OutputPort) -> None:
    claim = claim_new_run(port)
    newer = request_run(port=port, actor=None, now=NOW)

    assert sweep_runs(now=NOW + lease()) == [newer.id]
    assert renew_lease(claim=claim, now=LATER) is False

    claim_run(run_id=newer.id, worker="one", now=LATER)
    assert sweep_runs(now=LATER) == [claim.run_id]


def test_the_sweep_names_queued_runs_whose_message_may_be_lost(port: OutputPort) -> None:
    run = request_run(port=port, actor=None, now=NOW)

    assert sweep_runs(now=NOW + timedelta(seconds=5)) == []
    assert sweep_runs(now=NOW + timedelta(seconds=10)) == [run.id]


def test_texts_that_postgresql_cannot_keep_are_kept_with_a_mark(port: OutputPort) -> None:
    claim = claim_new_run(port)
    evidence = evidence_for(Run.objects.get(id=claim.run_id), failed=1)
    odd = replace(evidence.results[0], samples=("a\x00b", float("nan"), "\ud800"), message="NUL \x00 here")

    complete_run(claim=claim, evidence=replace(evidence, results=(odd, *evidence.results[1:])), now=LATER)

    row = CheckResult.objects.get(run_id=claim.run_id, position=0)
    assert (row.samples, row.message) == (["a\ufffdb", "nan", "\ufffd"], "NUL \ufffd here")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE trust_run SET rows = 7",
        "DELETE FROM trust_run",
        "UPDATE trust_checkresult SET status = 'passed'",
        "DELETE FROM trust_checkresult",
        "UPDATE trust_verdict SET verdict = 'production_grade'",
        "DELETE FROM trust_verdict",
        "UPDATE trust_trustpolicyversion SET body = '{}'",
        "DELETE FROM trust_trustpolicyversion",
        "UPDATE trust_suite SET expectations = '[]'",
    ],
)
def test_the_database_refuses_to_change_what_was_found_and_said(port: OutputPort, statement: str) -> None:
    run_well(port)

    with (
        pytest.raises(DatabaseError, match=r"Cannot (update|delete)"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
