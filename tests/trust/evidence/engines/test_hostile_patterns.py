"""Patterns that would hang Python's engine, on every kind of source: an error with its reason or an answer, and soon."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from catalog.rules.expectation import Expectation, SuiteSpec
from catalog.rules.vocabulary import SourceKind
from tests.databases import sources_database
from tests.trust.evidence.rules.test_patterns import HOSTILE, SLOW_FOR_PYTHON
from trust.evidence.engines.gx import GxEngine
from trust.evidence.engines.gx.sources import Access
from trust.evidence.rules.evidence import CheckEvidence, Source
from trust.vocabulary import CheckStatus

TEXTS = ["a" * 3_000 + "!", "AB", "é" * 3_000 + "!", "x\n"]


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, tuple[Source, Access]]]:
    folder = tmp_path_factory.mktemp("hostile")
    quoted = ('"' + text + '"' for text in TEXTS)
    (folder / "a.csv").write_text("text\n" + "\n".join(quoted) + "\n")
    (folder / "a.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in TEXTS))
    pq.write_table(pa.table({"text": TEXTS}), folder / "a.parquet")
    with psycopg.connect(sources_database(), autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS hostile_patterns")
        connection.execute("CREATE TABLE hostile_patterns (text text)")
        connection.cursor().executemany("INSERT INTO hostile_patterns VALUES (%s)", [(text,) for text in TEXTS])
        host, port = connection.info.host, connection.info.port
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOSTILE_DATABASE", sources_database())
        table = Source(SourceKind.POSTGRES, "public.hostile_patterns", connection="env:HOSTILE_DATABASE")
        yield {
            "csv": (Source(SourceKind.CSV, str(folder / "a.csv")), Access()),
            "jsonl": (Source(SourceKind.JSON_LINES, str(folder / "a.jsonl")), Access()),
            "parquet": (Source(SourceKind.PARQUET, str(folder / "a.parquet")), Access()),
            "postgres": (table, Access(database_hosts=(f"{host}:{port}",))),
        }
    with psycopg.connect(sources_database(), autocommit=True) as connection:
        connection.execute("DROP TABLE hostile_patterns")


def look(source: tuple[Source, Access], *checks: tuple[str, dict[str, Any]]) -> tuple[CheckEvidence, ...]:
    expectations = tuple(
        Expectation(f"expect_column_values_to_{kind}", {"column": "text", **kwargs}) for kind, kwargs in checks
    )
    evidence = GxEngine(source[1]).run(SuiteSpec("suite", expectations), source[0])
    assert evidence.failure is None, evidence.failure
    return evidence.results


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet", "postgres"])
def test_what_cannot_be_run_is_an_error_with_its_reason(form: str, sources: dict[str, tuple[Source, Access]]) -> None:
    before = time.monotonic()

    results = look(
        sources[form],
        *(("match_regex", {"regex": pattern}) for pattern in HOSTILE),
        *(("not_match_regex_list", {"regex_list": ["x", pattern]}) for pattern in HOSTILE),
        *(("match_json_schema", {"json_schema": {"pattern": pattern}}) for pattern in HOSTILE),
    )

    reasons = [*HOSTILE.values()] * 3
    assert [one.status for one in results] == [CheckStatus.ERROR] * len(reasons)
    assert [one.message for one, reason in zip(results, reasons, strict=True) if reason not in one.message] == []
    assert time.monotonic() - before < 20


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet", "postgres"])
def test_what_is_slow_for_python_is_answered_soon(form: str, sources: dict[str, tuple[Source, Access]]) -> None:
    before = time.monotonic()

    results = look(sources[form], *(("match_regex", {"regex": f"{pattern}|(?i:zz)"}) for pattern in SLOW_FOR_PYTHON))

    assert CheckStatus.ERROR not in {one.status for one in results}
    assert time.monotonic() - before < 20


@pytest.mark.parametrize("form", ["csv", "postgres"])
def test_like_patterns_with_many_gaps_are_answered_soon(form: str, sources: dict[str, tuple[Source, Access]]) -> None:
    before = time.monotonic()

    many, one = look(
        sources[form],
        ("match_like_pattern", {"like_pattern": "%_a" * 30 + "b"}),
        ("match_like_pattern", {"like_pattern": "A_"}),
    )

    assert (many.unexpected_count, one.unexpected_count) == (4, 3)
    assert time.monotonic() - before < 20


SCHEMA = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "patternProperties": {"^(a+)+$": {"$schema": "http://json-schema.org/draft-04/schema#", "pattern": "^(b+)+$"}},
    "additionalProperties": {"$ref": "#/definitions/number"},
    "definitions": {"number": {"type": "integer"}},
}


@pytest.mark.parametrize(
    ("document", "holds"),
    [
        ('{"aaa": "bb", "n": 1}', True),
        ('{"aaa": "c"}', False),
        ('{"n": "x"}', False),
        (json.dumps({"a" * 40 + "!": 1}), True),
        (json.dumps({"a": "b" * 40 + "!"}), False),
    ],
)
def test_a_json_schema_is_matched_in_linear_time_all_through(document: str, holds: bool, tmp_path: Path) -> None:
    path = tmp_path / "documents.parquet"
    pq.write_table(pa.table({"text": [document]}), path)
    before = time.monotonic()

    (result,) = look((Source(SourceKind.PARQUET, str(path)), Access()), ("match_json_schema", {"json_schema": SCHEMA}))

    assert result.status is (CheckStatus.PASSED if holds else CheckStatus.FAILED)
    assert time.monotonic() - before < 5
