"""Files without types write dates and times as text; a declared one is believed as soon as every value reads as such."""

from pathlib import Path

import pytest

from catalog.rules.expectation import Expectation, SuiteSpec
from catalog.rules.vocabulary import LogicalType, SourceKind
from trust.evidence.engines.gx import GxEngine
from trust.evidence.rules.evidence import Source

ROWS = SuiteSpec("rows", (Expectation("expect_table_row_count_to_be_between", {"min_value": 1}),))


def seen_types(path: Path, declared: LogicalType) -> frozenset[LogicalType]:
    source = Source(SourceKind.CSV, str(path), declared_types={"moment": declared})
    evidence = GxEngine().run(ROWS, source)
    assert evidence.failure is None
    return evidence.columns[0].logical_types


@pytest.mark.parametrize(
    ("declared", "good", "bad"),
    [
        (LogicalType.DATE, "2013-11-28", "2013-11-31"),
        (LogicalType.TIMESTAMP, "2013-11-28 09:30:00", "2013-11-28 25:30:00"),
        (LogicalType.TIME, "09:30:00", "09:75:00"),
    ],
)
def test_text_has_the_declared_type_while_all_of_it_reads_as_that(
    tmp_path: Path, declared: LogicalType, good: str, bad: str
) -> None:
    path = tmp_path / "moments.csv"
    path.write_text(f"moment,n\n{good},1\n,2\n")
    assert seen_types(path, declared) == {LogicalType.STRING, declared}
    path.write_text(f"moment,n\n{good},1\n{bad},2\n")
    assert seen_types(path, declared) == {LogicalType.STRING}
