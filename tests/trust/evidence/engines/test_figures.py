"""Figures of the same rows in a file and in a table of PostgreSQL: equal, but for what PostgreSQL has no aggregate for."""

from dataclasses import replace
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
