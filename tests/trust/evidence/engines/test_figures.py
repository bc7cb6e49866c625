"""Figures of the same rows in a file and in a table of PostgreSQL: equal, but for what PostgreSQL has no aggregate for."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.conf import settings

from catalog.rules.expectation import Expectation, SuiteSpec
from catalog.rules.vocabulary import LogicalType, SourceKind
from tests.databases import sources_database
from trust.evidence.engines.gx import Access, GxEngine
from trust.evidence.rules.evidence import Source
from trust.evidence.rules.figures import ColumnFigures, RunFigures

WORDS = ["N/A", "NA", " null ", "-", "???", "", "   \t", "\u200b", "a word", "Nance", "none of them", "-5", None, "NaN"]
TYPES = {"word": LogicalType.STRING, "size": LogicalType.INTEGER}
SUITE = SuiteSpec("figures", (Expectation("expect_column_to_exist", {"column": "word"}),))

pytestmark = pytest.mark.django_db


def figures(source: Source) -> RunFigures:
    host = settings.DATABASES["default"]["HOST"]
    found = GxEngine(Access(database_hosts=(host,))).run(SUITE, replace(source, declared_types=TYPES)).figures
    assert found is not None
    return found


def test_files_and_tables_have_the_same_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = [*range(10), -999, -9999, None, None]
    file = tmp_path / "figures.parquet"
    pq.write_table(pa.table({"word": WORDS, "size": sizes}), file)
    with psycopg.connect(sources_database(), autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS public.touchstone_figures")
        connection.execute("CREATE TABLE public.touchstone_figures (word text, size bigint)")
        with connection.cursor() as cursor:
            cursor.executemany("INSERT INTO public.touchstone_figures VALUES (%s, %s)", list(zip(WORDS, sizes, strict=True)))
    monkeypatch.setenv("FIGURES", sources_database())
    of_file = figures(Source(SourceKind.PARQUET, str(file)))
    of_table = figures(Source(SourceKind.POSTGRES, "public.touchstone_figures", connection="env:FIGURES"))
    assert of_file.columns == (
        ColumnFigures("word", 0.071429, of_file.columns[0].distinct, doubtful=8, not_available=1),
        ColumnFigures("size", 0.142857, of_file.columns[1].distinct, -912.75, -9999.0, 9.0, doubtful=2),
    )
    assert all(column.distinct for column in of_file.columns)
    assert of_table == replace(of_file, columns=tuple(replace(column, distinct=None) for column in of_file.columns))


DAYS = [f"2026-01-0{1 + n % 4}" for n in range(400)]


def figures_by_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, days: list[str | None]) -> list[RunFigures]:
    """Of a file and of a table with the same days in a column of this type."""
    file = tmp_path / "days.parquet"
    moments = [day if kind == "text" or day is None else datetime.fromisoformat(f"{day}T10:00:00+00:00") for day in days]
    values = [one.date() if kind == "date" and isinstance(one, datetime) else one for one in moments]
    pq.write_table(pa.table({"word": ["x"] * len(days), "day": values}), file)
    with psycopg.connect(sources_database(), autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS public.touchstone_days")
        connection.execute(f"CREATE TABLE public.touchstone_days (word text, day {kind})")
        with connection.cursor() as cursor:
            cursor.executemany("INSERT INTO public.touchstone_days VALUES ('x', %s)", [(one,) for one in values])
    monkeypatch.setenv("FIGURES", sources_database())
    table = Source(SourceKind.POSTGRES, "public.touchstone_days", connection="env:FIGURES", time_column="day")
    return [figures(Source(SourceKind.PARQUET, str(file), time_column="day")), figures(table)]


@pytest.mark.parametrize("kind", ["date", "timestamptz", "text"])
@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ([*DAYS, "2026-01-05"], (1, 100)),
        ([*DAYS, *["2026-01-05"] * 50], (50, 100)),
        ([*DAYS, None, None], (100, 100)),
        ([*DAYS[:200], *["2026-01-09"] * 20], (20, 50)),
        ([None, None], (None, None)),
    ],
    ids=["alone", "half", "missing", "few", "none"],
)
def test_files_and_tables_count_the_same_days(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, days: list[str | None], expected: tuple[int, float]
) -> None:
    if kind == "text" and days == [None, None]:
        return  # a column of nothing but nulls has no text
    for found in figures_by_day(tmp_path, monkeypatch, kind, days):
        assert (found.newest_day_rows, found.median_day_rows) == expected
