"""Moments in PostgreSQL: local times in their time zone, infinity, and words that PostgreSQL fills up from today."""

from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from django.conf import settings

from catalog.rules.expectation import Expectation, SuiteSpec
from catalog.rules.reading import FieldReading, Reading
from catalog.rules.vocabulary import SourceKind
from tests.databases import sources_database
from tests.trust.evidence.engines.test_reading import check
from trust.evidence.engines.gx import Access, GxEngine
from trust.evidence.rules.evidence import RunEvidence, Source


def look(monkeypatch: pytest.MonkeyPatch, columns: str, rows: str, *expectations: Expectation, **more: Any) -> RunEvidence:
    monkeypatch.setenv("WAREHOUSE", sources_database())
    with psycopg.connect(sources_database(), autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS public.moments")
        connection.execute(f"CREATE TABLE public.moments ({columns})")
        connection.execute(f"INSERT INTO public.moments VALUES {rows}")
    source = Source(SourceKind.POSTGRES, "public.moments", connection="env:WAREHOUSE", **more)
    hosts = (str(settings.DATABASES["default"]["HOST"]),)
    return GxEngine(Access(database_hosts=hosts)).run(SuiteSpec("moments", expectations), source)


def test_local_times_are_in_their_time_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    reading = Reading(fields={"at": FieldReading(time_zone="Asia/Tokyo")})
    checks = [
        check("column_values_to_be_between", column="at", max_value="2026-01-01T03:00:00Z"),
        check("column_values_to_be_between", column="at", max_value="2026-01-01T12:00:00"),
        check("column_max_to_be_between", column="at", min_value="2026-01-01T03:00:00Z"),
        check("column_values_to_be_unique", column="at"),
        check("column_values_to_be_in_set", column="at", value_set=["2026-01-01T12:00:00"]),
    ]
    evidence = look(monkeypatch, "at timestamp", "('2026-01-01 12:00')", *checks, reading=reading, time_column="at")
    assert [one.message for one in evidence.results] == [""] * len(checks)
    assert evidence.data_time == datetime(2026, 1, 1, 3, tzinfo=UTC)


@pytest.mark.parametrize("kind", ["date", "timestamp", "timestamptz"])
def test_infinity_is_the_end_of_the_calendar(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    checks = [
        check("column_max_to_be_between", column="at", max_value="2026-12-31"),
        check("column_min_to_be_between", column="at", min_value="2000-01-01"),
        check("column_values_to_be_between", column="at", max_value="2026-12-31"),
    ]
    evidence = look(monkeypatch, f"at {kind}", "('infinity'), ('-infinity'), ('2026-01-01'), (NULL)", *checks, time_column="at")
    assert [one.status for one in evidence.results] == ["failed", "failed", "failed"]
    assert str(evidence.results[0].observed_value).startswith("9999-12-31")
    assert evidence.data_time is not None
    assert evidence.data_time.year == 9999


def test_no_word_is_filled_up_from_today(monkeypatch: pytest.MonkeyPatch) -> None:
    count = check("table_row_count_to_equal", value=2)
    evidence = look(monkeypatch, "at text", "('today'), ('now')", count, time_column="at")
    assert evidence.data_time is None
    evidence = look(monkeypatch, "at text", "('2026-01-01'), ('2026-01-02 10:00')", count, time_column="at")
    assert evidence.data_time == datetime(2026, 1, 2, 10, tzinfo=UTC)
