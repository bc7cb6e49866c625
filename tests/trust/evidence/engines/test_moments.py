"""Bounds that are dates, on columns of dates and of timestamps: JSON can write them as text only."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from catalog.rules.expectation import Expectation, SuiteSpec
from catalog.rules.vocabulary import SourceKind
from trust.evidence.engines.gx import GxEngine
from trust.evidence.rules.evidence import Source

COLUMNS = {
    "day": [date(2024, 1, 1), date(2024, 6, 30)],
    "at": [datetime(2024, 1, 1, 8), datetime(2024, 6, 30, 20)],  # noqa: DTZ001
}
BOUNDS = [
    ("expect_column_min_to_be_between", "day", {"min_value": "2024-01-01"}, "passed"),
    ("expect_column_min_to_be_between", "day", {"min_value": "2024-01-01T00:00:01"}, "failed"),
    ("expect_column_min_to_be_between", "at", {"min_value": "2024-01-01"}, "passed"),
    ("expect_column_max_to_be_between", "at", {"max_value": "2024-06-30"}, "failed"),
    ("expect_column_max_to_be_between", "at", {"max_value": "2024-06-30T20:00:00"}, "passed"),
    ("expect_column_max_to_be_between", "at", {"max_value": "2024-06-30T20:00:00", "strict_max": True}, "failed"),
    ("expect_column_values_to_be_between", "day", {"min_value": "2024-01-02"}, "failed"),
    ("expect_column_values_to_be_between", "at", {"min_value": "2024-01-01", "max_value": "2024-12-31"}, "passed"),
    ("expect_column_values_to_be_between", "at", {"max_value": "2024-06-30T21:30:00+02:00"}, "failed"),
    ("expect_column_values_to_be_in_set", "day", {"value_set": ["2024-01-01", "2024-06-30"]}, "passed"),
    ("expect_column_values_to_be_between", "day", {"min_value": "soon"}, "error"),
]


@pytest.mark.parametrize(("kind", "column", "bounds", "status"), BOUNDS)
def test_dates_and_timestamps_compare(kind: str, column: str, bounds: dict[str, Any], status: str, tmp_path: Path) -> None:
    path = tmp_path / "moments.parquet"
    pq.write_table(pa.table(COLUMNS), path)
    suite = SuiteSpec("moments", (Expectation(kind, {"column": column, **bounds}),))

    (result,) = GxEngine().run(suite, Source(SourceKind.PARQUET, str(path))).results

    assert result.status == status, result.message
