"""From a queued row to a verdict, through real workers on a real broker."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings as django_settings

from catalog.models import OutputPort
from catalog.rules.vocabulary import SourceKind
from config.celery import app
from tests.e2e.conftest import Stage, wait_until
from tests.trust.builders import failure_of, make_ready_port
from trust import tasks
from trust.clock import database_now
from trust.evidence.services.runs import request_run
from trust.messages import enqueue
from trust.models import CurrentVerdict, Run, Verdict
from trust.vocabulary import RunStatus

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
SlowSource = Callable[[float], None]


def status_of(run: Run) -> str:
    return Run.objects.values_list("status", flat=True).get(id=run.id)


def is_finished(run: Run) -> bool:
    return status_of(run) in {RunStatus.COMPLETED, RunStatus.FAILED}


def ask_for_run(port: OutputPort) -> Run:
    run = request_run(port=port, actor=None, now=database_now())
    enqueue([run.id])
    return run


def write_rows(root: Path, text: str = "id,name\n1,a\n2,b\n3,c\n") -> None:
    (root / "rows.csv").write_text(text)


def slow_port() -> OutputPort:
    return make_ready_port(source_kind=SourceKind.POSTGRES, location="sources.slow", connection="env:SOURCE_URL")


def test_good_bad_and_missing_data_each_lead_to_their_verdict(stage: Stage, data_root: Path) -> None:
    (data_root / "good.csv").write_text("id,name\n1,a\n2,b\n3,c\n")
    (data_root / "bad.csv").write_text("id,name\n1,a\n1,b\n99,c\n")
    stage.start_worker(concurrency=2)

    good, bad, missing = (ask_for_run(make_ready_port(location=f"{name}.csv")) for name in ("good", "bad", "missing"))
    for run in (good, bad, missing):
        enqueue([run.id, run.id])  # a message that comes again does no harm
    wait_until(lambda: all(is_finished(run) for run in (good, bad, missing)))

    assert set(Run.objects.values_list("attempt", flat=True)) == {1}
    assert [run.verdicts.get().verdict for run in (good, bad, missing)] == [
        "production_grade",
        "not_production_grade",
        "unknown",
    ]
    good.refresh_from_db()
    assert (good.status, good.failure, good.rows) == (RunStatus.COMPLETED, None, 3)
    found = bad.check_results.exclude(status="passed").values_list("type", "unexpected_count")
    assert set(found) == {("expect_column_values_to_be_unique", 2), ("expect_column_values_to_be_between", 1)}
    missing.refresh_from_db()
    assert (missing.status, failure_of(missing)["code"]) == (RunStatus.FAILED, "source_missing")
    assert Verdict.objects.count() == 3


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


def test_a_slow_run_outlives_its_lease_by_the_heartbeat(stage: Stage, slow_source: SlowSource) -> None:
    slow_source(1.2)
    stage.start_worker()
    stage.start_beat()

    run = ask_for_run(slow_port())
    wait_until(lambda: is_finished(run))

    run.refresh_from_db()
    assert (run.status, run.attempt) == (RunStatus.COMPLETED, 1), run.failure


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


def test_every_task_has_a_hard_time_limit() -> None:
    own = [task for name, task in app.tasks.items() if name.startswith("trust.")]

    assert len(own) > 10
    assert [task.name for task in own if not task.time_limit and not app.conf.task_time_limit] == []
    assert (app.tasks["trust.execute_run"].time_limit or 0) > django_settings.TOUCHSTONE.run_time_limit_seconds


def test_scheduled_runs_are_done_and_a_lost_message_is_sent_again(stage: Stage, data_root: Path) -> None:
    (data_root / "rows.csv").write_text("id,name\n1,a\n2,b\n3,c\n")
    scheduled = make_ready_port(schedule="PT1H")
    forgotten = request_run(port=make_ready_port(), actor=None, now=database_now())  # nobody sends a message
    stage.start_worker()
    stage.start_beat()

    tasks.queue_due_runs()  # what beat asks a worker for each minute

    wait_until(lambda: scheduled.runs.filter(status=RunStatus.COMPLETED).exists(), what="the scheduled run is done")
    wait_until(lambda: is_finished(forgotten), what="the sweep sends the message again")
    assert (status_of(forgotten), scheduled.runs.get().cause) == (RunStatus.COMPLETED, "schedule")


def test_beat_asks_only_for_tasks_that_workers_know() -> None:
    entries = {entry["task"] for entry in app.conf.beat_schedule.values()}

    assert entries == {
        "trust.queue_due_runs",
        "trust.sweep_runs",
        "trust.judge_stale",
        "trust.carry_out_recalls",
        "trust.check_ledger",
        "trust.seal_ledger",
        "trust.look_after_agreements",
        "trust.look_after_products",
        "trust.look_after_use_cases",
        "trust.deliver_notices",
        "trust.keep_daily_standings",
        "trust.make_partitions",
    }
    assert entries <= set(app.tasks)
