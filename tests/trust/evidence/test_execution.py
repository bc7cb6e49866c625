"""One attempt at a run, with engines that behave as no good engine does."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import OperationalError

from catalog.models import DataProduct, OutputPort
from catalog.rules.expectation import SuiteSpec
from catalog.rules.vocabulary import Lifecycle
from tests.trust.builders import evidence_for, failure_of, make_ready_port
from trust.clock import database_now
from trust.evidence.rules.evidence import RunEvidence, Source
from trust.evidence.services.runs import Claim, claim_run, request_run
from trust.models import CurrentVerdict, Run, Verdict
from trust.verdicts.services import execution
from trust.verdicts.services.run_conclusion import complete_run, sweep_runs
from trust.vocabulary import RunStatus

# The heartbeat has a connection of its own, which sees what is committed only.
pytestmark = pytest.mark.django_db(transaction=True)
Look = Callable[[], RunEvidence]


class FakeEngine:
    def __init__(self, look: Look) -> None:
        self.look = look

    def run(self, suite: SuiteSpec, source: Source) -> RunEvidence:
        return self.look()


@pytest.fixture(autouse=True)
def root(tmp_path: Path, settings: Any) -> None:
    (tmp_path / "rows.csv").write_text("id,name\n1,a\n")
    settings.TOUCHSTONE = django_settings.TOUCHSTONE.model_copy(update={"data_roots": [str(tmp_path)]})


@pytest.fixture
def port() -> OutputPort:
    return make_ready_port()


@pytest.fixture
def attempt(monkeypatch: pytest.MonkeyPatch, port: OutputPort) -> Callable[[Look], Run]:
    """The run after one attempt with an engine that looks so."""

    def execute(look: Look) -> Run:
        monkeypatch.setattr(execution, "_engine", lambda _roots: FakeEngine(look))
        run = request_run(port=port, actor=None, now=database_now())
        execution.execute_run(run_id=run.id, worker="test", on_hang=lambda: None)
        run.refresh_from_db()
        return run

    return execute


def test_an_attempt_ends_with_evidence_and_a_verdict(attempt: Callable[[Look], Run]) -> None:
    run = attempt(lambda: evidence_for(Run.objects.get()))

    assert (run.status, run.verdicts.get().verdict) == (RunStatus.COMPLETED, "production_grade")


def test_an_engine_that_crashes_fails_the_run_without_telling_what_it_saw(attempt: Callable[[Look], Run]) -> None:
    def crash() -> RunEvidence:
        raise RuntimeError("postgresql://user:secret@host")

    run = attempt(crash)

    assert (run.status, failure_of(run)["code"]) == (RunStatus.FAILED, "engine_crashed")
    assert "secret" not in str(run.failure)
    assert CurrentVerdict.objects.get(product=run.port.product).verdict == "unknown"


def test_evidence_that_cannot_be_written_fails_the_run_instead_of_trying_it_again(attempt: Callable[[Look], Run]) -> None:
    run = attempt(lambda: replace(evidence_for(Run.objects.get()), rows=2**70))

    assert (run.status, failure_of(run)["code"], run.check_results.count()) == (RunStatus.FAILED, "engine_crashed", 0)
    assert run.verdicts.get().verdict == "unknown"


def test_a_database_that_comes_back_gets_the_result(attempt: Callable[[Look], Run], monkeypatch: pytest.MonkeyPatch) -> None:
    real, calls = complete_run, []

    def complete(**arguments: Any) -> Verdict | None:
        calls.append(arguments)
        if len(calls) == 1:
            raise OperationalError("the connection is closed")
        return real(**arguments)

    monkeypatch.setattr(execution, "complete_run", complete)

    run = attempt(lambda: evidence_for(Run.objects.get()))

    assert (len(calls), run.status, run.verdicts.count()) == (2, RunStatus.COMPLETED, 1)


def test_a_worker_that_was_given_up_on_writes_nothing(attempt: Callable[[Look], Run]) -> None:
    def outlive_the_lease() -> RunEvidence:
        run = Run.objects.get()
        assert run.lease_expires_at is not None
        sweep_runs(now=run.lease_expires_at)
        return evidence_for(run)

    run = attempt(outlive_the_lease)

    assert (run.status, run.check_results.count(), Verdict.objects.count()) == (RunStatus.QUEUED, 0, 0)


def test_a_product_retired_after_the_request_is_not_looked_at(attempt: Callable[[Look], Run], port: OutputPort) -> None:
    request_run(port=port, actor=None, now=database_now())
    DataProduct.objects.filter(id=port.product_id).update(lifecycle=Lifecycle.RETIRED)

    def look() -> RunEvidence:
        pytest.fail("It was looked at.")

    run = attempt(look)

    assert (run.status, failure_of(run)["code"]) == (RunStatus.FAILED, "port_gone")


def test_a_source_that_nobody_can_read_fails_with_its_name(attempt: Callable[[Look], Run], port: OutputPort) -> None:
    OutputPort.objects.filter(id=port.id).update(source_kind="unsupported", location="a Kafka topic")

    run = attempt(lambda: evidence_for(Run.objects.get()))

    assert failure_of(run)["code"] == "source_unsupported"
    assert "a Kafka topic" in failure_of(run)["message"]


def test_a_port_that_moves_as_its_run_begins_is_looked_at_on_the_next_attempt(
    attempt: Callable[[Look], Run], port: OutputPort, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = claim_run

    def claim_and_move(**arguments: Any) -> Claim | None:
        claim = real(**arguments)
        OutputPort.objects.filter(id=port.id).update(location="./rows.csv")
        return claim

    monkeypatch.setattr(execution, "claim_run", claim_and_move)

    def look() -> RunEvidence:
        pytest.fail("What lies at one place was about to be filed under another.")

    run = attempt(look)

    assert (run.status, run.check_results.count()) == (RunStatus.QUEUED, 0)


def test_what_was_claimed_already_is_left_alone(attempt: Callable[[Look], Run]) -> None:
    def again() -> RunEvidence:
        run = Run.objects.get()
        assert execution.execute_run(run_id=run.id, worker="other", on_hang=lambda: None) is None
        return evidence_for(run)

    assert attempt(again).attempt == 1
