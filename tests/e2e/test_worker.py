"""From a queued row to a verdict, through real workers on a real broker."""

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
from trust.models import Run, Verdict
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


def test_a_slow_run_outlives_its_lease_by_the_heartbeat(stage: Stage, slow_source: SlowSource) -> None:
    slow_source(1.2)
    stage.start_worker()
    stage.start_beat()

    run = ask_for_run(slow_port())
    wait_until(lambda: is_finished(run))

    run.refresh_from_db()
    assert (run.status, run.attempt) == (RunStatus.COMPLETED, 1), run.failure


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
        "trust.tell_of_account_changes",
        "trust.judge_stale",
        "trust.look_after_jobs",
        "trust.carry_out_recalls",
        "trust.check_ledger",
        "trust.seal_ledger",
        "trust.look_after_agreements",
        "trust.look_after_products",
        "trust.look_after_use_cases",
        "trust.deliver_notices",
        "trust.count_daily_verdicts",
        "trust.make_partitions",
    }
    assert entries <= set(app.tasks)
