"""The decision log's partitions: made in time, and complained about where they were not."""

import logging
from datetime import timedelta

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection

from config.celery import app
from trust.ledger.services.partitions import MONTHS_AHEAD, make_partitions, rows_without_partition
from trust.tasks import make_partitions as task

pytestmark = pytest.mark.django_db


def partitions() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'trust_decision'::regclass ORDER BY 1"
        )
        return [row[0] for row in cursor.fetchall()]


def execute(statement: str, *values: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def add_decision(years_ahead: int) -> None:
    execute(
        """
        INSERT INTO trust_decision (asked_at, channel, subject, asker, product_slug, decision, production_grade, verdict,
            request_id, latency_us, answer)
        VALUES (now() + make_interval(years => %s), 'trust', 'a', 'a', 'p', false, false, 'unknown', 'r', 1, '{}')
        """,
        years_ahead,
    )


def test_this_month_and_the_twelve_after_it_have_a_partition_besides_the_default_one() -> None:
    assert len(partitions()) == MONTHS_AHEAD + 2


def test_those_that_are_missing_are_made_and_no_other() -> None:
    execute(f"DROP TABLE {partitions()[-2]}")
    assert make_partitions() == 1
    assert make_partitions() == 0


def test_a_decision_of_this_month_lies_in_its_partition() -> None:
    add_decision(0)
    assert rows_without_partition() == 0


def test_the_task_makes_what_is_missing_and_names_rows_that_came_too_early(caplog: pytest.LogCaptureFixture) -> None:
    add_decision(5)
    execute(f"DROP TABLE {partitions()[-2]}")
    with caplog.at_level(logging.INFO):
        task()
    assert "Made 1 partitions" in caplog.text
    assert "1 decisions lie in the default partition" in caplog.text


def test_the_task_is_silent_when_all_is_well(caplog: pytest.LogCaptureFixture) -> None:
    task()
    assert "partition" not in caplog.text


def test_a_month_of_which_decisions_came_too_early_keeps_them_where_they_are() -> None:
    last = partitions()[-2]
    execute(f"DROP TABLE {last}")
    add_decision(1)
    assert make_partitions() == 0
    assert rows_without_partition() == 1


@pytest.mark.django_db(transaction=True)
def test_partitions_wait_for_a_backup_and_keep_no_answer_waiting(caplog: pytest.LogCaptureFixture) -> None:
    execute(f"DROP TABLE {partitions()[-2]}")
    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": psycopg.Cursor}) as backup:
        backup.execute("SELECT 1 FROM trust_decision LIMIT 1")
        execute("SET statement_timeout = '5s'")
        assert make_partitions() == 0
        assert "in use" in caplog.text
        add_decision(0)
    execute("RESET statement_timeout")
    assert make_partitions() == 1


def test_migrating_makes_them_as_well() -> None:
    before = partitions()
    execute(f"DROP TABLE {before[-2]}")
    call_command("migrate", verbosity=0)
    assert partitions() == before


def test_beat_asks_for_them_often_enough() -> None:
    entry = next(entry for entry in app.conf.beat_schedule.values() if entry["task"] == "trust.make_partitions")
    assert timedelta(seconds=entry["schedule"]) <= timedelta(days=1)
