"""Multiples of a number, and vectors of a length and element type, on files and on tables."""

import json
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.conf import settings

from catalog.rules.expectation import Expectation, SuiteSpec
from catalog.rules.vocabulary import SourceKind
from tests.databases import sources_database
from trust.evidence.engines.gx import Access, GxEngine
from trust.evidence.rules.evidence import CheckEvidence, Source
from trust.vocabulary import CheckStatus

MULTIPLES, VECTORS = "expect_column_values_to_be_multiples", "expect_column_vectors_to_have_dimensions"
PASSED, FAILED, ERROR, SKIPPED = CheckStatus.PASSED, CheckStatus.FAILED, CheckStatus.ERROR, CheckStatus.SKIPPED
HOST = str(settings.DATABASES["default"]["HOST"])


def looked_at(source: Source, kind: str, **kwargs: Any) -> CheckEvidence:
    (result,) = GxEngine(Access(database_hosts=(HOST,))).run(SuiteSpec("x", (Expectation(kind, kwargs),)), source).results
    return result


def parquet(path: Path, values: pa.Array) -> Source:
    pq.write_table(pa.table({"v": values}), path)
    return Source(SourceKind.PARQUET, str(path))


@pytest.mark.parametrize(
    ("values", "multiple", "status", "wrong"),
    [
        (pa.array([0, 5, 10, -5, None]), 5, PASSED, 0),
        (pa.array([0, 5, 11, -6]), 5, FAILED, 2),
        (pa.array([0.3, 0.1, 0.2 + 0.1, 1e6]), 0.1, PASSED, 0),
        (pa.array([0.3, 0.15]), 0.1, FAILED, 1),
        (pa.array([0.25, 1.5, float("nan")]), 0.25, PASSED, 0),
        (pa.array([1e300]), 0.25, FAILED, 1),
        (pa.array(["0.30", "1.10"]).cast(pa.decimal128(10, 2)), 0.1, PASSED, 0),
        (pa.array(["0.31", "1.10"]).cast(pa.decimal128(10, 2)), 0.1, FAILED, 1),
        (pa.array([3, 4]), 0.5, SKIPPED, None),
        (pa.array([3, 4]), 1, SKIPPED, None),
        (pa.array([3, 4]), 1.5, FAILED, 1),
        (pa.array([3.0, 4.5]), 1, FAILED, 1),
        (pa.array([None, None], pa.int64()), 5, SKIPPED, None),
    ],
    ids=str,
)
def test_values_are_multiples(tmp_path: Path, values: pa.Array, multiple: float, status: CheckStatus, wrong: int) -> None:
    result = looked_at(parquet(tmp_path / "v.parquet", values), MULTIPLES, column="v", multiple_of=multiple)
    assert (result.status, result.unexpected_count) == (status, wrong), result.message


@pytest.mark.parametrize(
    ("values", "wanted", "status"),
    [
        (pa.array([[1.0, 2.0], [3.0, 4.0], None], pa.list_(pa.float32())), {"dimensions": 2}, PASSED),
        (pa.array([[1.0, 2.0], [3.0]], pa.list_(pa.float32())), {"dimensions": 2}, FAILED),
        (pa.array([[1.0, None]], pa.list_(pa.float32())), {"dimensions": 2}, FAILED),
        (pa.array([[1.0, 2.0]], pa.list_(pa.float32(), 2)), {"dimensions": 2, "element_type": "float32"}, PASSED),
        (pa.array([[1.0, 2.0]], pa.list_(pa.float64())), {"dimensions": 2, "element_type": "float64"}, PASSED),
        (pa.array([[1.0, 2.0]], pa.list_(pa.float64())), {"dimensions": 2, "element_type": "float32"}, FAILED),
        (pa.array([[1, 2]], pa.list_(pa.int8())), {"dimensions": 2, "element_type": "int8"}, PASSED),
        (pa.array([[1, 2]], pa.list_(pa.int8())), {"dimensions": 2, "element_type": "uint8"}, FAILED),
        (pa.array(["1,2"]), {"dimensions": 2}, FAILED),
        (pa.array([[1.0]], pa.list_(pa.float32())), {"dimensions": 0}, ERROR),
        (pa.array([[1.0]], pa.list_(pa.float32())), {"dimensions": 1, "element_type": "double"}, ERROR),
    ],
    ids=str,
)
def test_vectors_have_their_dimensions(tmp_path: Path, values: pa.Array, wanted: dict[str, Any], status: CheckStatus) -> None:
    result = looked_at(parquet(tmp_path / "v.parquet", values), VECTORS, column="v", **wanted)
    assert result.status is status, result.message


@pytest.mark.parametrize(("third", "status"), [([5, 6.5], PASSED), ([5], FAILED), ([5, "x"], FAILED), ([5, None], FAILED)])
def test_vectors_in_json_lines_are_lists_of_numbers(tmp_path: Path, third: list[Any], status: CheckStatus) -> None:
    path = tmp_path / "v.jsonl"
    path.write_text("".join(json.dumps({"v": value}) + "\n" for value in ([1, 2], [3.5, 4], third)))
    result = looked_at(Source(SourceKind.JSON_LINES, str(path)), VECTORS, column="v", dimensions=2, element_type="float32")
    assert result.status is status, result.message


@pytest.mark.parametrize(
    ("kind", "kwargs", "status"),
    [
        (VECTORS, {"column": "v", "dimensions": 2, "element_type": "float32"}, PASSED),
        (VECTORS, {"column": "v", "dimensions": 3}, FAILED),
        (VECTORS, {"column": "v", "dimensions": 2, "element_type": "float64"}, FAILED),
        (MULTIPLES, {"column": "n", "multiple_of": 0.1}, PASSED),
        (MULTIPLES, {"column": "n", "multiple_of": 0.2}, FAILED),
        (MULTIPLES, {"column": "v", "multiple_of": 2}, ERROR),
        (MULTIPLES, {"column": "n", "multiple_of": 0}, ERROR),
    ],
    ids=str,
)
def test_tables_are_looked_at_alike(
    monkeypatch: pytest.MonkeyPatch, kind: str, kwargs: dict[str, Any], status: CheckStatus
) -> None:
    with psycopg.connect(sources_database(), autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS value_checks; CREATE TABLE value_checks (v real[], n double precision)")
        connection.execute("INSERT INTO value_checks VALUES ('{1,2}', 0.3), ('{3,4}', 0.1), (NULL, NULL)")
    monkeypatch.setenv("WAREHOUSE", sources_database())
    result = looked_at(Source(SourceKind.POSTGRES, "public.value_checks", connection="env:WAREHOUSE"), kind, **kwargs)
    assert result.status is status, result.message
