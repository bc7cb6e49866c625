"""Lists and objects in JSON lines: a field that holds lists only is a list, whatever stands in them."""

import json
from pathlib import Path

import pytest

from catalog.rules.expectation import Expectation, SuiteSpec
from catalog.rules.vocabulary import LogicalType, SourceKind
from trust.evidence.engines.gx import GxEngine
from trust.evidence.rules.evidence import Source
from trust.vocabulary import CheckStatus

PRESENT = SuiteSpec("tags", (Expectation("expect_column_values_to_not_be_null", {"column": "tags"}),))


@pytest.mark.parametrize(
    ("values", "logical"),
    [
        ([["a", "b"], []], LogicalType.ARRAY),
        ([["a"], [1], [{"b": 2}]], LogicalType.ARRAY),
        ([{"a": 1}, {"b": []}], LogicalType.OBJECT),
        ([{"a": 1}, ["a"]], LogicalType.OBJECT),
    ],
)
def test_a_container_has_the_type_of_its_values(tmp_path: Path, values: list[object], logical: LogicalType) -> None:
    path = tmp_path / "tagged.jsonl"
    path.write_text("".join(json.dumps({"tags": value}) + "\n" for value in [*values, None]))
    evidence = GxEngine().run(PRESENT, Source(SourceKind.JSON_LINES, str(path)))
    assert evidence.columns[0].logical_types == {logical}
    [result] = evidence.results
    assert result.status is CheckStatus.FAILED
    assert result.unexpected_count == 1
