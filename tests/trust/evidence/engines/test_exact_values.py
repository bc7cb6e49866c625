"""Numbers of any size, nanoseconds, zones, bytes and columns of nothing: what is told apart in the file is told apart here."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from catalog.rules.expectation import Expectation, SuiteSpec
from catalog.rules.vocabulary import LogicalType, SourceKind
from tests.trust.evidence.engines.test_reading import check, look, only, satisfied, write
from trust.evidence.engines.gx import GxEngine
from trust.evidence.engines.gx.arguments import moment
from trust.evidence.rules.evidence import RunEvidence, Source
from trust.vocabulary import CheckStatus

PASSED, FAILED, ERROR = CheckStatus.PASSED, CheckStatus.FAILED, CheckStatus.ERROR
BIG = 2**64
UNIQUE = check("column_values_to_be_unique", column="a")


def parquet(
    tmp_path: Path, *expectations: Expectation, types: dict[str, LogicalType] | None = None, **columns: Any
) -> RunEvidence:
    path = tmp_path / "data.parquet"
    pq.write_table(pa.table(columns), path)
    source = Source(SourceKind.PARQUET, str(path), declared_types=types or {})
    return GxEngine().run(SuiteSpec("exact", expectations), source)


def statuses(evidence: RunEvidence) -> list[CheckStatus]:
    assert evidence.failure is None
    return [one.status for one in evidence.results]


@pytest.mark.parametrize("size", [2**64, 2**127, 10**60, -(10**60)])
def test_whole_numbers_of_any_size_are_exact(tmp_path: Path, size: int) -> None:
    checks = [
        UNIQUE,
        check("column_values_to_be_in_set", column="a", value_set=[size, size + 1]),
        check("column_values_to_be_in_set", column="a", value_set=[size]),
        check("column_values_to_not_be_in_set", column="a", value_set=[size + 2]),
        check("column_values_to_be_between", column="a", min_value=size, max_value=size + 1),
        check("column_values_to_be_between", column="a", min_value=size + 1),
        check("column_max_to_be_between", column="a", min_value=size + 1, max_value=size + 1),
        check("column_min_to_be_between", column="a", min_value=size + 1),
        check("column_distinct_values_to_equal_set", column="a", value_set=[size, size + 1]),
        check("column_mean_to_be_between", column="a", min_value=min(size, 0) * 2),
    ]
    expected = [PASSED, PASSED, FAILED, PASSED, PASSED, FAILED, PASSED, FAILED, PASSED, PASSED]
    lines = write(tmp_path, f'{{"a": {size}}}\n{{"a": {size + 1}}}\n', "data.jsonl")
    assert statuses(look(lines, *checks)) == expected
    table = write(tmp_path, f"a,n\n{size},1\n{size + 1},2\n")
    evidence = look(table, *checks, types={"a": "integer"})
    assert "integer" in satisfied(evidence, "a")
    assert statuses(evidence) == expected


def test_bounds_and_members_beyond_a_column_are_no_error(tmp_path: Path) -> None:
    evidence = parquet(
        tmp_path,
        check("column_values_to_be_between", column="a", max_value=2**63),
        check("column_values_to_be_between", column="a", min_value=2**63),
        check("column_values_to_be_in_set", column="a", value_set=[2**63, 2**200, 5, 2**63 - 1]),
        check("column_max_to_be_between", column="a", max_value=2**63 - 2),
        a=[2**63 - 1, 5],
    )
    assert statuses(evidence) == [PASSED, FAILED, PASSED, FAILED]


@pytest.mark.parametrize("whole", ["0", "12345678901234567890"])
def test_decimals_of_json_keep_their_digits(tmp_path: Path, whole: str) -> None:
    one, other = f"{whole}.123456789012345671", f"{whole}.123456789012345672"
    path = write(
        tmp_path, f'{{"a": {one}, "b": "{one}", "c": {{"x": {one}}}}}\n{{"a": {other}, "b": "", "c": {{}}}}\n', "data.jsonl"
    )
    as_written = check("column_values_to_match_regex", column="c", regex=r"^\{(\"x\":[0-9.]+)?\}$")
    evidence = look(path, UNIQUE, check("column_values_to_be_in_set", column="b", value_set=[one, ""]), as_written)
    assert statuses(evidence) == [PASSED, PASSED, PASSED]
    assert satisfied(evidence, "a") == {"number"}
    assert satisfied(evidence, "b") == {"string"}


@pytest.mark.parametrize("whole", ["1234567890123456789012345678901", "1234567890123456789012345678901234567890"])
def test_decimals_of_parquet_keep_their_digits(tmp_path: Path, whole: str) -> None:
    values = pa.array([Decimal(f"{whole}.01"), Decimal(f"{whole}.02"), None], pa.decimal256(50, 2))
    evidence = parquet(tmp_path, UNIQUE, types={"a": LogicalType.NUMBER}, a=values, n=[1, 2, 3])
    assert statuses(evidence) == [PASSED]
    assert satisfied(evidence, "a") == {"number"}
    again = pa.array([Decimal(f"{whole}.01"), Decimal(f"{whole}.01"), None], pa.decimal256(50, 2))
    assert statuses(parquet(tmp_path, UNIQUE, a=again)) == [FAILED]


def test_decimals_that_no_type_holds_have_no_order(tmp_path: Path) -> None:
    values = pa.array([Decimal(10) ** 40 + 1], pa.decimal256(50, 2))
    found = only(parquet(tmp_path, check("column_max_to_be_between", column="a", max_value=1), a=values))
    assert (found.status, "more than 38 digits" in found.message) == (ERROR, True)


def test_nanoseconds_and_zones_are_moments(tmp_path: Path) -> None:
    start = 1_704_110_400_000_000_000
    for zone in ("UTC", None):
        values = pa.array([start, start + 1], pa.timestamp("ns", zone))
        evidence = parquet(
            tmp_path,
            UNIQUE,
            check("column_values_to_be_between", column="a", max_value="2024-01-01T12:00:00Z"),
            check("column_values_to_be_between", column="a", min_value="0001-01-01", max_value="9999-12-31"),
            check("column_values_to_be_in_set", column="a", value_set=["2024-01-01T12:00:00Z", "9999-12-31"], mostly=0.5),
            check("column_values_to_match_regex", column="a", regex="^2024-01-01"),
            types={"a": LogicalType.TIMESTAMP},
            a=values,
        )
        assert statuses(evidence) == [PASSED, FAILED, PASSED, PASSED, PASSED]
        assert satisfied(evidence, "a") == {"timestamp"}


def test_bytes_are_text_where_all_of_them_are(tmp_path: Path) -> None:
    wanted = check("column_values_to_be_in_set", column="a", value_set=["ann", "Bø"])
    text = pa.array([b"ann", "Bø".encode(), None], pa.binary())
    assert statuses(parquet(tmp_path, wanted, a=text)) == [PASSED]
    for other in (b"\xff\xfe", b"a\x00b"):
        evidence = parquet(tmp_path, check("column_to_exist", column="a"), a=pa.array([b"ann", other], pa.binary()))
        assert satisfied(evidence, "a") == set()


@pytest.mark.parametrize("declared", list(LogicalType))
def test_a_column_without_a_value_contradicts_no_type(tmp_path: Path, declared: LogicalType) -> None:
    for nothing in (
        pa.nulls(2),
        pa.array([None, None], pa.float64()),
        pa.array([float("nan")] * 2),
        pa.array([None] * 2, pa.binary()),
    ):
        evidence = parquet(tmp_path, check("column_to_exist", column="a"), types={"a": declared}, a=nothing, n=[1, 2])
        assert declared.value in satisfied(evidence, "a")


def test_a_column_with_a_value_keeps_its_type(tmp_path: Path) -> None:
    evidence = parquet(
        tmp_path, check("column_to_exist", column="a"), types={"a": LogicalType.STRING}, a=pa.array([None, 1.5], pa.float64())
    )
    assert satisfied(evidence, "a") == {"number"}


def test_a_type_that_is_not_known_is_not_called_nested(tmp_path: Path) -> None:
    order = check("column_max_to_be_between", column="a", max_value=1)
    unknown = only(parquet(tmp_path, order, a=pa.array([b"\xff"], pa.binary())))
    nested = only(parquet(tmp_path, order, a=[[1], [2]]))
    assert "values of a type that is not known here" in unknown.message
    assert "nested values" in nested.message


@pytest.mark.parametrize("part", ["2024-01", "January", "12:30", "monday", "5th"])
def test_a_part_of_a_date_is_not_filled_up(part: str) -> None:
    with pytest.raises(ValueError, match="only a part of a date"):
        moment(part)
    assert moment("2024-01-05 12:30") == datetime(2024, 1, 5, 12, 30, tzinfo=UTC).replace(tzinfo=None)


@pytest.mark.parametrize(("bad", "said"), [(1, "less than 0.01%"), (99_999, "more than 99.99%"), (5_000, "5%")])
def test_a_share_is_never_rounded_to_nothing_or_to_all(tmp_path: Path, bad: int, said: str) -> None:
    found = only(
        parquet(tmp_path, check("column_values_to_be_between", column="a", min_value=0), a=[-1] * bad + [1] * (100_000 - bad))
    )
    assert f"({said})" in found.message
