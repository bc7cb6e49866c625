"""Suites with a small file each: nothing declares how the file is read, and what it shows is believed with care."""

from pathlib import Path

import pytest

from trust.evidence.engines.gx import GxEngine
from trust.evidence.engines.suite_json import read_suite
from trust.evidence.rules.evidence import RunEvidence, Source
from trust.evidence.sources.files import file_kind
from trust.vocabulary import EvidenceStatus

CASES = Path(__file__).parents[3] / "cases"


def run_case(data: str, suite: str) -> RunEvidence:
    path = CASES / data
    return GxEngine().run(read_suite((CASES / suite).read_bytes()), Source(file_kind(data), str(path)))


@pytest.mark.parametrize(
    ("data", "suite"),
    [
        ("zip.csv", "zip.suite.json"),
        ("bigids.jsonl", "bigids.suite.json"),
        ("zoned.parquet", "zoned.suite.json"),
        ("plainbytes.parquet", "plainbytes.suite.json"),
    ],
)
def test_it_passes(data: str, suite: str) -> None:
    evidence = run_case(data, suite)
    assert evidence.failure is None
    assert [result.message for result in evidence.results] == [""] * len(evidence.results)
    assert evidence.status is EvidenceStatus.PASSED
