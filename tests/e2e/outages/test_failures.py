"""What workers and requests do while a server that they need is away: nothing is lost, and nobody waits for long."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from runtime.embedded import EmbeddedPostgres, EmbeddedValkey, throwaway_directory
from tests.e2e.conftest import ROOT, Stage, wait_until
from tests.e2e.test_worker import SlowSource, ask_for_run, is_finished, slow_port, status_of
from tests.trust.builders import make_ready_port
from trust.models import Run
from trust.vocabulary import RunStatus

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def test_a_request_while_the_broker_is_away_is_quick_and_is_done_when_it_is_back(
    stage: Stage, broker: EmbeddedValkey, data_root: Path
) -> None:
    (data_root / "rows.csv").write_text("id,name\n1,a\n2,b\n")
    stage.start_worker()
    stage.start_beat()
    ask_for_run(make_ready_port())
    wait_until(lambda: not Run.objects.exclude(status=RunStatus.COMPLETED).exists(), what="the worker works")

    broker.stop()
    begun = time.monotonic()
    run = ask_for_run(make_ready_port())
    took = time.monotonic() - begun
    broker.start()

    assert took < 5
    wait_until(lambda: is_finished(run), 90)
    assert status_of(run) == RunStatus.COMPLETED


def test_a_run_under_way_is_completed_although_the_broker_stops_and_starts(
    stage: Stage, broker: EmbeddedValkey, slow_source: SlowSource
) -> None:
    slow_source(1)
    stage.start_worker()
    run = ask_for_run(slow_port())
    wait_until(lambda: status_of(run) == RunStatus.RUNNING)

    broker.stop()
    broker.start()

    wait_until(lambda: is_finished(run))
    run.refresh_from_db()
    assert (run.status, run.attempt, run.verdicts.count()) == (RunStatus.COMPLETED, 1, 1)


@pytest.fixture
def private_postgres() -> Iterator[EmbeddedPostgres]:
    with throwaway_directory() as directory, EmbeddedPostgres(directory / "postgres", durable=True) as postgres:
        yield postgres


@pytest.fixture
def private_stage(stage: Stage, private_postgres: EmbeddedPostgres) -> Stage:
    """The stage with an application database of its own; the slow source stays in the database of the tests."""
    stage.environment["DATABASE_URL"] = private_postgres.url
    stage.manage("migrate", "--no-input", "--verbosity", "0")
    return stage


def tell(stage: Stage, *words: str) -> Any:
    command = [sys.executable, "-m", "tests.e2e.application", *words]
    done = subprocess.run(command, cwd=ROOT, env=stage.environment, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def status_in(postgres: EmbeddedPostgres, run: str) -> Callable[[], str]:
    def status() -> str:
        with psycopg.connect(postgres.url) as connection:
            row = connection.execute("SELECT status FROM trust_run WHERE id = %s", [run]).fetchone()
        assert row is not None
        return str(row[0])

    return status


def test_a_run_under_way_is_completed_although_the_database_stops_and_starts(
    private_stage: Stage, private_postgres: EmbeddedPostgres, slow_source: SlowSource
) -> None:
    slow_source(2)
    private_stage.start_worker()
    private_stage.start_beat()
    run = tell(private_stage, "ask")
    status = status_in(private_postgres, run)
    wait_until(lambda: status() == RunStatus.RUNNING)

    private_postgres.stop()
    time.sleep(3)
    private_postgres.start()
    wait_until(lambda: status() in {RunStatus.COMPLETED, RunStatus.FAILED}, 90)

    told = tell(private_stage, "tell", run)
    assert (told["status"], told["verdicts"], told["results"]) == ("completed", ["production_grade"], 5), told["failure"]


def test_a_worker_that_starts_its_task_without_a_database_does_it_when_it_is_back(
    private_stage: Stage, private_postgres: EmbeddedPostgres, slow_source: SlowSource
) -> None:
    run = tell(private_stage, "ask")
    private_postgres.stop()
    private_stage.start_worker()
    private_stage.start_beat()
    time.sleep(3)

    private_postgres.start()

    status = status_in(private_postgres, run)
    wait_until(lambda: status() in {RunStatus.COMPLETED, RunStatus.FAILED}, 90)
    told = tell(private_stage, "tell", run)
    assert (told["status"], told["verdicts"]) == ("completed", ["production_grade"]), told["failure"]
