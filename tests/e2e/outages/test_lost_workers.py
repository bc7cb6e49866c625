"""Workers and schedulers that are killed, frozen or stuck: their runs are completed or failed with the reason, once."""

import os
import signal
from pathlib import Path

import pytest

from tests.e2e.conftest import Stage, wait_until
from tests.e2e.test_worker import SlowSource, ask_for_run, is_finished, slow_port, status_of, write_rows
from tests.trust.builders import failure_of, make_ready_port
from trust.clock import database_now
from trust.evidence.services.runs import request_run
from trust.models import CurrentVerdict, Verdict
from trust.vocabulary import RunStatus

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def test_a_worker_killed_in_mid_run_leads_to_a_completed_run_and_one_verdict(stage: Stage, slow_source: SlowSource) -> None:
    slow_source(30)
    worker = stage.start_worker()
    run = ask_for_run(slow_port())
    wait_until(lambda: status_of(run) == RunStatus.RUNNING)

    stage.kill(worker)
    slow_source(0)
    stage.start_worker()
    stage.start_beat()
    wait_until(lambda: is_finished(run))

    run.refresh_from_db()
    assert (run.status, run.attempt, run.check_results.count()) == (RunStatus.COMPLETED, 2, 5)
    assert [verdict.run for verdict in Verdict.objects.all()] == [run]
    assert CurrentVerdict.objects.get(product=run.port.product).verdict == "production_grade"


def test_a_frozen_worker_loses_its_run_and_its_late_result_does_not_count(stage: Stage, slow_source: SlowSource) -> None:
    slow_source(30)
    frozen = stage.start_worker()
    run = ask_for_run(slow_port())
    wait_until(lambda: status_of(run) == RunStatus.RUNNING)

    os.killpg(frozen.pid, signal.SIGSTOP)
    slow_source(0)
    stage.start_worker()
    stage.start_beat()
    wait_until(lambda: is_finished(run))
    os.killpg(frozen.pid, signal.SIGCONT)
    following = ask_for_run(slow_port())
    wait_until(lambda: is_finished(following))

    run.refresh_from_db()
    assert (run.status, run.attempt, run.check_results.count(), run.verdicts.count()) == (RunStatus.COMPLETED, 2, 5, 1)


def test_a_scheduler_that_was_killed_goes_on_when_it_is_started_again(stage: Stage, data_root: Path) -> None:
    write_rows(data_root)
    stage.start_worker()
    beat = stage.start_beat()
    wait_until(lambda: "Scheduler: Sending" in stage.log("beat1"), what="beat sends its first message")
    stage.kill(beat)
    forgotten = request_run(port=make_ready_port(), actor=None, now=database_now())  # nobody sends a message

    stage.start_beat()

    wait_until(lambda: is_finished(forgotten), what="the sweep that beat asks for sends the message")


def test_what_a_killed_worker_had_read_is_removed_when_a_worker_starts(stage: Stage, data_root: Path, tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    write_rows(data_root, "id,name\n" + "".join(f"{number},name {number}\n" for number in range(400_000)))
    worker = stage.start_worker(TMPDIR=str(temporary))
    run = ask_for_run(make_ready_port())
    wait_until(lambda: list(temporary.glob("touchstone-*/run.duckdb")), what="the run reads")

    stage.kill(worker)
    left = list(temporary.glob("touchstone-*"))
    assert len(left) == 1
    stage.start_worker(TMPDIR=str(temporary))
    assert not left[0].exists()
    stage.start_beat()
    wait_until(lambda: is_finished(run))

    assert list(temporary.glob("touchstone-*")) == []


def test_a_run_that_hangs_is_failed_when_its_time_is_over_and_the_worker_goes_on(
    stage: Stage, slow_source: SlowSource, data_root: Path
) -> None:
    slow_source(300)
    write_rows(data_root)
    stage.start_worker(TOUCHSTONE_RUN_TIME_LIMIT_SECONDS="10")
    stage.start_beat()
    hung = ask_for_run(slow_port())
    wait_until(lambda: is_finished(hung))
    following = ask_for_run(make_ready_port())
    wait_until(lambda: is_finished(following), what="the process that hung is replaced")

    hung.refresh_from_db()
    assert (hung.status, hung.attempt, hung.verdicts.count()) == (RunStatus.FAILED, 1, 1)
    assert failure_of(hung)["code"] == "time_limit"
    assert CurrentVerdict.objects.get(product=hung.port.product).verdict == "unknown"
    assert status_of(following) == RunStatus.COMPLETED


def test_a_run_whose_process_is_stuck_is_ended_from_outside_and_the_next_run_starts(
    stage: Stage, slow_source: SlowSource, data_root: Path
) -> None:
    slow_source(300)
    write_rows(data_root)
    stage.start_worker(TOUCHSTONE_RUN_TIME_LIMIT_SECONDS="10")
    stage.start_beat()
    stuck = ask_for_run(slow_port())
    wait_until(lambda: status_of(stuck) == RunStatus.RUNNING)
    stuck.refresh_from_db()

    # A stopped process is like one in C code that keeps the interpreter: none of its threads does anything.
    os.kill(int(stuck.worker.rpartition(":")[2]), signal.SIGSTOP)
    following = ask_for_run(make_ready_port())
    wait_until(lambda: is_finished(following), seconds=90, what="the stuck process is replaced")
    wait_until(lambda: is_finished(stuck))

    stuck.refresh_from_db()
    assert (stuck.status, stuck.attempt, failure_of(stuck)["code"]) == (RunStatus.FAILED, 1, "time_limit")
    assert CurrentVerdict.objects.get(product=stuck.port.product).verdict == "unknown"
    assert status_of(following) == RunStatus.COMPLETED
