"""The metrics of ODCS in rows and percent: the engine decides exactly as the operators do, whatever the numbers."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.rules.expectation import Expectation, SuiteSpec
from catalog.rules.vocabulary import SourceKind
from trust.evidence.engines.gx import GxEngine
from trust.evidence.rules.evidence import CheckEvidence, Source
from trust.vocabulary import CheckStatus

MISSING = "expect_column_missing_values_to_be_within_limits"
INVALID = "expect_column_invalid_values_to_be_within_limits"
DUPLICATE = "expect_duplicate_values_to_be_within_limits"
ROW_COUNT = "expect_table_row_count_to_be_within_limits"
PASSED, FAILED, ERROR, SKIPPED = CheckStatus.PASSED, CheckStatus.FAILED, CheckStatus.ERROR, CheckStatus.SKIPPED
# Ten rows of `unit`: two NULL, two N/A, one "stone" (invalid), a kg that is written "kg " (invalid), kg three times, lb once.
UNITS = ["kg", "kg", "kg", "lb", "stone", "kg ", "N/A", "N/A", None, None]


def checked(path: Path, *expectations: tuple[str, dict[str, Any]]) -> list[CheckEvidence]:
    if not path.exists():
        rows = "".join(f"{n},{'' if unit is None else unit}\n" for n, unit in enumerate(UNITS))
        path.write_text(f"n,unit\n{rows}")
    suite = SuiteSpec("units", tuple(Expectation(kind, kwargs) for kind, kwargs in expectations))
    evidence = GxEngine().run(suite, Source(SourceKind.CSV, str(path), null_values=("",)))
    assert evidence.failure is None or evidence.failure.code == "nothing_executed"
    return list(evidence.results)


@pytest.mark.parametrize(
    ("kind", "kwargs", "status"),
    [
        (MISSING, {"mustBe": 2}, PASSED),
        (MISSING, {"mustBeLessThan": 2}, FAILED),
        (MISSING, {"value_set": ["N/A"], "mustBe": 4}, PASSED),
        (MISSING, {"value_set": ["N/A"], "mustBe": 40, "unit": "percent"}, PASSED),
        (MISSING, {"value_set": ["N/A"], "mustBeBetween": [4, 6]}, FAILED),
        (MISSING, {"value_set": ["N/A"], "mustBeBetween": [3, 5]}, PASSED),
        (MISSING, {"value_set": ["N/A"], "mustNotBeBetween": [4, 6]}, FAILED),
        (MISSING, {"value_set": ["N/A"], "mustNotBeBetween": [5, 6]}, PASSED),
        (MISSING, {"value_set": ["N/A"], "mustNotBe": 4}, FAILED),
        (INVALID, {"value_set": ["kg", "lb"], "mustBe": 4}, PASSED),
        (INVALID, {"value_set": ["kg", "lb"], "mustBeLessThan": 50, "unit": "percent"}, FAILED),
        (INVALID, {"value_set": ["kg", "lb"], "mustBeLessOrEqualTo": 50, "unit": "percent"}, PASSED),
        (INVALID, {"regex": "^k", "mustBe": 4}, PASSED),
        (INVALID, {"value_set": ["kg", "lb", "stone"], "regex": "^[a-z]{2}$", "mustBe": 4}, PASSED),
        (INVALID, {"value_set": ["kg", "lb", "stone"], "regex": "^[a-z]{2}$", "mustBeLessThan": 4}, FAILED),
        (DUPLICATE, {"mustBe": 5}, PASSED),
        (DUPLICATE, {"mustBeLessThan": 5}, FAILED),
        (DUPLICATE, {"mustBe": 62.5, "unit": "percent"}, PASSED),
        (DUPLICATE, {"mustBeGreaterThan": 0}, PASSED),
    ],
    ids=str,
)
def test_rows_and_percent_are_counted_exactly(tmp_path: Path, kind: str, kwargs: dict[str, Any], status: CheckStatus) -> None:
    (result,) = checked(tmp_path / "units.csv", (kind, {"column": "unit", **kwargs}))
    assert result.status is status, result.message


def test_a_failure_says_what_was_counted_and_what_is_allowed(tmp_path: Path) -> None:
    path = tmp_path / "units.csv"
    missing, rows = checked(
        path,
        (MISSING, {"column": "unit", "value_set": ["N/A"], "mustBeLessThan": 3}),
        (ROW_COUNT, {"mustNotBeBetween": [5, 10]}),
    )
    assert missing.message == "4 of 10 rows (40%) are missing; allowed is less than 3 rows."
    assert (missing.element_count, missing.missing_count, missing.unexpected_count) == (10, 4, 4)
    assert missing.samples == ("N/A",)
    assert rows.message == "There are 10 rows; allowed is less than 5 or more than 10."


def test_duplicates_of_several_columns_are_rows_that_share_all_of_them(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text("a,b\n1,1\n1,1\n1,2\n2,2\n2,2\n,\n,\n")
    three, four = (
        (DUPLICATE, {"column_list": ["a", "b"], "mustBe": 3}),
        (DUPLICATE, {"column_list": ["a", "b"], "mustBe": 4}),
    )
    assert [one.status for one in checked(path, three, four)] == [FAILED, PASSED]


def test_no_rows_are_no_evidence(tmp_path: Path) -> None:
    path = tmp_path / "none.csv"
    path.write_text("n,unit\n")
    (result,) = checked(path, (MISSING, {"column": "unit", "mustBeLessThan": 100}))
    assert result.status is SKIPPED


@pytest.mark.parametrize(
    ("kind", "kwargs", "why"),
    [
        (MISSING, {"column": "unit"}, "no operator"),
        (MISSING, {"column": "unit", "mustBeLessThan": "5"}, "not a number"),
        (MISSING, {"column": "unit", "mustBeLessThan": 5, "mostly": 0}, "Unknown arguments mostly"),
        (MISSING, {"column": "unti", "mustBeLessThan": 5}, "Did you mean 'unit'"),
        (MISSING, {"column": "unit", "mustBeLessThan": 5, "unit": "share"}, "rows or"),
        (INVALID, {"column": "unit", "mustBeLessThan": 5}, "value_set, regex or both"),
        (INVALID, {"column": "unit", "regex": r"(k)\1", "mustBeLessThan": 5}, "pattern"),
        (DUPLICATE, {"mustBeLessThan": 5}, "Name the column"),
        (ROW_COUNT, {"mustBeLessThan": 5, "unit": "percent"}, "unit is"),
    ],
    ids=str,
)
def test_arguments_that_make_no_sense_are_errors(tmp_path: Path, kind: str, kwargs: dict[str, Any], why: str) -> None:
    (result,) = checked(tmp_path / "units.csv", (kind, kwargs))
    assert result.status is ERROR
    assert why in result.message


@given(
    st.sampled_from(["mustBe", "mustNotBe", "mustBeLessThan", "mustBeLessOrEqualTo", "mustBeGreaterThan"]),
    st.integers(0, 100) | st.floats(0, 100).map(lambda number: round(number, 3)),
    st.sampled_from(["rows", "percent"]),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_engine_decides_as_the_operator_does(tmp_path: Path, operator: str, number: float, unit: str) -> None:
    (result,) = checked(tmp_path / "units.csv", (INVALID, {"column": "unit", "regex": "^kg$", operator: number, "unit": unit}))
    counted = Fraction(5) if unit == "rows" else Fraction(500, 8)
    wanted = Fraction(str(number))
    holds = {
        "mustBe": counted == wanted,
        "mustNotBe": counted != wanted,
        "mustBeLessThan": counted < wanted,
        "mustBeLessOrEqualTo": counted <= wanted,
        "mustBeGreaterThan": counted > wanted,
    }[operator]
    assert result.status is (PASSED if holds else FAILED)


def test_a_check_with_an_unknown_variable_is_an_error_and_never_taken_literally(tmp_path: Path) -> None:
    path = tmp_path / "units.csv"
    path.write_text("unit\nkg\n")
    check = Expectation(
        "expect_column_values_to_not_be_in_set",
        {"column": "unit", "value_set": ["${BAD}"]},
        meta={"unknown_variables": "the variable BAD is not in TOUCHSTONE_VARIABLES"},
    )
    (result,) = GxEngine().run(SuiteSpec("units", (check,)), Source(SourceKind.CSV, str(path))).results
    assert result.status is ERROR
    assert "the variable BAD is not in TOUCHSTONE_VARIABLES" in result.message
