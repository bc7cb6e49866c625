"""A metric becomes expectations that say exactly the same, or is reported with the reason why none can."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.contracts.library_metrics import DUPLICATE, INVALID, MISSING, ROW_COUNT
from catalog.contracts.thresholds import UnmappableError, shares_of
from catalog.rules.operators import bounds_of
from tests.catalog.contracts.documents import calls, contract, orders, read, read_rule, reasons

NOT_NULL, NULL = "expect_column_values_to_not_be_null", "expect_column_values_to_be_null"
IN_SET, NOT_IN_SET = "expect_column_values_to_be_in_set", "expect_column_values_to_not_be_in_set"
REGEX = "expect_column_values_to_match_regex"
UNIQUE, COMPOUND = "expect_column_values_to_be_unique", "expect_compound_columns_to_be_unique"
ROWS, ROWS_EQUAL = "expect_table_row_count_to_be_between", "expect_table_row_count_to_equal"
JUST_OVER_95, JUST_OVER_80, JUST_OVER_10 = 0.9500000000000001, 0.8000000000000002, 0.10000000000000002


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"metric": "nullValues", "mustBe": 0}, [(NOT_NULL, {})]),
        ({"metric": "nullValues", "mustBe": 0, "unit": "percent"}, [(NOT_NULL, {})]),
        ({"metric": "nullValues", "mustBeLessThan": 1}, [(NOT_NULL, {})]),
        ({"metric": "nullValues", "mustBeLessOrEqualTo": 0}, [(NOT_NULL, {})]),
        ({"metric": "nullValues", "mustBeLessOrEqualTo": 5, "unit": "percent"}, [(NOT_NULL, {"mostly": 0.95})]),
        ({"metric": "nullValues", "mustBeLessThan": 5, "unit": "percent"}, [(NOT_NULL, {"mostly": JUST_OVER_95})]),
        ({"metric": "nullValues", "mustBeLessOrEqualTo": 0.1, "unit": "percent"}, [(NOT_NULL, {"mostly": 0.999})]),
        ({"metric": "nullValues", "mustBeGreaterOrEqualTo": 20, "unit": "percent"}, [(NULL, {"mostly": 0.2})]),
        (
            {"metric": "nullValues", "mustBeBetween": [10, 20], "unit": "percent"},
            [(NOT_NULL, {"mostly": JUST_OVER_80}), (NULL, {"mostly": JUST_OVER_10})],
        ),
        (
            {"metric": "nullValues", "mustBeGreaterOrEqualTo": 0, "mustBeLessOrEqualTo": 20, "unit": "percent"},
            [(NOT_NULL, {"mostly": 0.8})],
        ),
        ({"metric": "nullValues", "mustBe": 0, "mustBeLessThan": 5}, [(NOT_NULL, {})]),
        ({"metric": "nullValues", "mustBeLessThan": 100}, [(MISSING, {"mustBeLessThan": 100})]),
        ({"metric": "nullValues", "mustBe": 3}, [(MISSING, {"mustBe": 3})]),
        ({"metric": "nullValues", "mustNotBe": 7}, [(MISSING, {"mustNotBe": 7})]),
        ({"metric": "nullValues", "mustBeBetween": [2, 9]}, [(MISSING, {"mustBeBetween": [2, 9]})]),
        ({"metric": "nullValues", "mustNotBeBetween": [5, 10]}, [(MISSING, {"mustNotBeBetween": [5, 10]})]),
        (
            {"metric": "nullValues", "mustNotBeBetween": [5, 10], "unit": "percent"},
            [(MISSING, {"mustNotBeBetween": [5, 10], "unit": "percent"})],
        ),
        ({"metric": "nullValues", "mustBeGreaterThan": 0}, [(NULL, {"mostly": 5e-324})]),
        ({"metric": "nullValues", "mustNotBe": 0}, [(NULL, {"mostly": 5e-324})]),
        ({"rule": "nullCheck"}, [(NOT_NULL, {})]),
        (
            {"metric": "missingValues", "mustBe": 0, "arguments": {"missingValues": [None, "", "N/A"]}},
            [(NOT_NULL, {}), (NOT_IN_SET, {"value_set": ["", "N/A"]})],
        ),
        ({"metric": "missingValues", "mustBe": 0, "arguments": {"missingValues": [None]}}, [(NOT_NULL, {})]),
        (
            {"metric": "missingValues", "mustBeLessOrEqualTo": 5, "unit": "percent", "arguments": {"missingValues": ["", "-"]}},
            [(MISSING, {"value_set": ["", "-"], "mustBeLessOrEqualTo": 5, "unit": "percent"})],
        ),
        (
            {"metric": "missingValues", "mustBeLessThan": 100, "arguments": {"missingValues": [None, "", "N/A"]}},
            [(MISSING, {"value_set": ["", "N/A"], "mustBeLessThan": 100})],
        ),
        (
            {"metric": "invalidValues", "mustBeLessThan": 5, "arguments": {"validValues": ["pounds", "kg"]}, "unit": "rows"},
            [(INVALID, {"value_set": ["pounds", "kg"], "mustBeLessThan": 5})],
        ),
        (
            {
                "metric": "invalidValues",
                "mustBeLessThan": 5,
                "unit": "percent",
                "arguments": {"validValues": [1], "pattern": "1"},
            },
            [(INVALID, {"value_set": [1], "regex": "1", "mustBeLessThan": 5, "unit": "percent"})],
        ),
        (
            {"metric": "invalidValues", "mustBe": 0, "arguments": {"validValues": ["kg", "lb", None]}},
            [(IN_SET, {"value_set": ["kg", "lb"]})],
        ),
        ({"metric": "invalidValues", "mustBe": 0, "arguments": {"pattern": "^[A-Z]+$"}}, [(REGEX, {"regex": "^[A-Z]+$"})]),
        (
            {"metric": "invalidValues", "mustBe": 0, "arguments": {"pattern": "^k", "validValues": ["kg"]}},
            [(IN_SET, {"value_set": ["kg"]}), (REGEX, {"regex": "^k"})],
        ),
        (
            {"metric": "invalidValues", "mustBeLessThan": 5, "unit": "percent", "arguments": {"validValues": [1, 2]}},
            [(IN_SET, {"value_set": [1, 2], "mostly": JUST_OVER_95})],
        ),
        ({"metric": "duplicateValues", "mustBe": 0}, [(UNIQUE, {})]),
        ({"rule": "uniqueCheck"}, [(UNIQUE, {})]),
        ({"metric": "duplicateValues", "mustBeGreaterThan": 0}, [(DUPLICATE, {"mustBeGreaterThan": 0})]),
        ({"metric": "duplicateValues", "mustBeLessThan": 10, "unit": "rows"}, [(DUPLICATE, {"mustBeLessThan": 10})]),
        ({"rule": "duplicateCount", "mustBeLessThan": 1, "unit": "percent"}, [(UNIQUE, {"mostly": 0.9900000000000001})]),
    ],
    ids=lambda value: str(value)[:70],
)
def test_a_metric_of_a_property_is_said_exactly(rule: dict[str, Any], expected: list[tuple[str, dict[str, Any]]]) -> None:
    document = read_rule(rule)
    assert calls(document) == [(name, {"column": "amount", **kwargs}) for name, kwargs in expected]
    assert not document.not_executable


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"metric": "rowCount", "mustBe": 10}, (ROWS_EQUAL, {"value": 10})),
        ({"metric": "rowCount", "mustBeGreaterThan": 1_000_000}, (ROWS, {"min_value": 1_000_001})),
        ({"metric": "rowCount", "mustBeGreaterOrEqualTo": 2.5}, (ROWS, {"min_value": 3})),
        ({"metric": "rowCount", "mustBeGreaterThan": 2.5}, (ROWS, {"min_value": 3})),
        ({"metric": "rowCount", "mustBeLessThan": 10}, (ROWS, {"max_value": 9})),
        ({"metric": "rowCount", "mustBeLessThan": 9.5}, (ROWS, {"max_value": 9})),
        ({"metric": "rowCount", "mustBeBetween": [100, 120]}, (ROWS, {"min_value": 101, "max_value": 119})),
        ({"metric": "rowCount", "mustBeBetween": [2, 4]}, (ROWS_EQUAL, {"value": 3})),
        ({"metric": "rowCount", "mustBeGreaterOrEqualTo": 2, "mustBeLessThan": 5}, (ROWS, {"min_value": 2, "max_value": 4})),
        ({"metric": "rowCount", "mustNotBe": 7}, (ROW_COUNT, {"mustNotBe": 7})),
        ({"metric": "rowCount", "mustNotBeBetween": [5, 9]}, (ROW_COUNT, {"mustNotBeBetween": [5, 9]})),
        ({"metric": "rowCount", "mustNotBe": 0}, (ROWS, {"min_value": 1})),
        ({"metric": "rowCount", "mustNotBeBetween": [0, 99]}, (ROWS, {"min_value": 100})),
        (
            {"metric": "duplicateValues", "mustBeLessThan": 10, "arguments": {"properties": ["id", "amount"]}},
            (DUPLICATE, {"column_list": ["id", "amount"], "mustBeLessThan": 10}),
        ),
        (
            {"metric": "duplicateValues", "mustBe": 0, "arguments": {"properties": ["id", "amount"]}},
            (COMPOUND, {"column_list": ["id", "amount"]}),
        ),
        ({"metric": "duplicateValues", "mustBe": 0, "arguments": {"properties": ["id"]}}, (UNIQUE, {"column": "id"})),
    ],
    ids=lambda value: str(value)[:70],
)
def test_a_metric_of_an_object_is_said_exactly(rule: dict[str, Any], expected: tuple[str, dict[str, Any]]) -> None:
    document = read_rule(rule, level="object")
    assert calls(document) == [expected]
    assert not document.not_executable


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ({"metric": "nullValues", "mustBeLessThan": 0}, "no data can meet it"),
        ({"metric": "nullValues", "mustBeLessThan": 0, "unit": "percent"}, "no data can meet it"),
        ({"metric": "nullValues", "mustBeGreaterThan": 100, "unit": "percent"}, "no data can meet it"),
        ({"metric": "nullValues", "mustBeGreaterOrEqualTo": 0}, "any data meets it"),
        ({"metric": "nullValues", "mustBeLessOrEqualTo": 100, "unit": "percent"}, "any data meets it"),
        ({"metric": "nullValues", "mustNotBe": -7}, "any data meets it"),
        ({"metric": "nullValues", "mustBeBetween": [2, 3]}, "no data can meet it"),
        ({"metric": "nullValues", "mustBe": 5, "mustNotBe": 5}, "no data can meet it"),
        ({"metric": "nullValues", "mustBeBetween": [10, 5]}, "larger number first"),
        ({"metric": "nullValues", "mustBe": "none"}, "not a number"),
        ({"metric": "nullValues", "mustBe": True}, "not a number"),
        ({"metric": "nullValues"}, "no operator"),
        ({"metric": "nullValues", "mustBe": 5, "mustBeLessThan": 5}, "no data can meet it"),
        ({"metric": "nullValues", "mustBe": 0, "unit": "permille"}, "neither rows nor percent"),
        ({"metric": "nullValues", "mustBe": 0, "arguments": {"filter": "x"}}, "arguments filter"),
        ({"metric": "missingValues", "mustBe": 0}, "arguments.missingValues"),
        ({"metric": "invalidValues", "mustBe": 0}, "needs arguments"),
        ({"metric": "invalidValues", "mustBe": 0, "arguments": {"validValues": []}}, "not a list of values"),
        ({"metric": "invalidValues", "mustBe": 0, "arguments": {"pattern": 5}}, "not a regular expression"),
        ({"metric": "freshness", "mustBe": 0}, "not one that Touchstone knows"),
        ({"rule": "validValues", "mustBe": 0}, "not one that Touchstone knows"),
        ({"mustBe": 0}, "neither a metric nor an engine"),
        ({"type": "sql", "mustBe": 0}, "no query"),
        ({"type": "sql", "query": "select 1"}, "no operator"),
        ({"type": "sql", "query": "select 1", "mustBe": 1, "mustNotBe": 1}, "no result can meet it"),
        ({"type": "text", "description": "Looks right."}, "a sentence for people"),
        ({"type": "voodoo"}, "not one of library"),
        ({"type": "custom", "engine": "soda", "implementation": "x: 1"}, "'soda' is not one that Touchstone runs"),
    ],
    ids=lambda value: str(value)[:70],
)
def test_what_cannot_be_said_exactly_is_reported_by_name(rule: dict[str, Any], why: str) -> None:
    document = read_rule(rule)
    assert calls(document) == []
    (entry,) = document.not_executable
    assert entry.path == "schema[0].properties[1].quality[0]"
    assert why in entry.reason
    assert (rule.get("metric") or rule.get("rule") or rule.get("type") or "rule") in entry.rule


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ({"metric": "nullValues", "mustBe": 0}, "belongs to a property"),
        ({"metric": "rowCount", "mustBe": 5, "unit": "percent"}, "counts rows"),
        ({"metric": "rowCount", "mustBeGreaterOrEqualTo": 0}, "any data meets it"),
        ({"metric": "rowCount", "mustBeLessThan": 0}, "no data can meet it"),
        ({"metric": "duplicateValues", "mustBe": 0}, "arguments.properties"),
        ({"metric": "duplicateValues", "mustBe": 0, "arguments": {"properties": ["id", "nmae"]}}, "no property 'nmae'"),
    ],
    ids=lambda value: str(value)[:70],
)
def test_what_makes_no_sense_for_an_object_is_reported(rule: dict[str, Any], why: str) -> None:
    document = read_rule(rule, level="object")
    assert calls(document) == []
    assert why in reasons(document)[0]


OPERATORS = st.one_of(
    st.tuples(
        st.sampled_from(
            ["mustBe", "mustNotBe", "mustBeGreaterThan", "mustBeGreaterOrEqualTo", "mustBeLessThan", "mustBeLessOrEqualTo"]
        ),
        st.integers(-5, 105) | st.sampled_from([0.5, 33.3, 99.9, 0.01]),
    ),
    st.tuples(
        st.sampled_from(["mustBeBetween", "mustNotBeBetween"]),
        st.lists(st.integers(0, 100), min_size=2, max_size=2, unique=True).map(sorted),
    ),
)


def meets(operator: str, given: Any, value: Fraction) -> bool:
    if operator == "mustBeBetween":
        return bool(given[0] < value < given[1])
    if operator == "mustNotBeBetween":
        return not given[0] <= value <= given[1]
    threshold = Fraction(str(given))
    return {
        "mustBe": value == threshold,
        "mustNotBe": value != threshold,
        "mustBeGreaterThan": value > threshold,
        "mustBeGreaterOrEqualTo": value >= threshold,
        "mustBeLessThan": value < threshold,
        "mustBeLessOrEqualTo": value <= threshold,
    }[operator]


@given(OPERATORS, st.sampled_from(["rows", "percent"]), st.sampled_from([1, 3, 7, 100, 1000]), st.data())
@settings(max_examples=400, deadline=None)
def test_a_share_decides_as_the_operator_does(rule: tuple[str, Any], unit: str, rows: int, data: st.DataObject) -> None:
    """Great Expectations passes a check where good rows / rows >= mostly, in floats."""
    operator, threshold = rule
    bad = data.draw(st.integers(0, rows))
    try:
        shares = shares_of(bounds_of({operator: threshold}), unit)
    except UnmappableError:
        return
    if shares is None:
        return
    passes = (shares.good is None or (rows - bad) / rows >= shares.good) and (shares.bad is None or bad / rows >= shares.bad)
    exact = Fraction(bad) if unit == "rows" else Fraction(bad * 100, rows)
    assert passes == meets(operator, threshold, exact)


def test_a_row_count_that_the_standard_can_only_call_complete_speaks_of_volume() -> None:
    document = read_rule({"metric": "rowCount", "mustBeGreaterThan": 0, "dimension": "completeness"}, level="object")
    assert document.suites["orders"].expectations[-1].dimension == "volume"


@pytest.mark.parametrize(
    ("word", "severity", "is_told"),
    [
        (None, "critical", False),
        ("error", "critical", False),
        ("Blocker", "critical", False),
        ("WARN", "warning", False),
        ("minor", "warning", False),
        ("low", "info", False),
        ("purple", "critical", True),
    ],
)
def test_severity_words_are_read_and_unknown_ones_are_critical(word: str | None, severity: str, is_told: bool) -> None:
    document = read_rule({"metric": "nullValues", "mustBe": 0, **({"severity": word} if word else {})})
    assert document.suites["orders"].expectations[-1].severity == severity
    assert any("severity" in warning for warning in document.warnings) == is_told


@pytest.mark.parametrize(
    ("word", "dimension"),
    [("conformity", "validity"), ("coverage", "completeness"), ("timeliness", "timeliness"), ("uq", "uniqueness")],
)
def test_dimensions_of_the_standard_are_ours(word: str, dimension: str) -> None:
    document = read_rule({"metric": "nullValues", "mustBe": 0, "dimension": word})
    assert document.suites["orders"].expectations[-1].dimension == dimension


def test_a_check_remembers_where_it_stands_and_what_its_author_said() -> None:
    document = read_rule({"metric": "nullValues", "mustBe": 0, "name": "no nulls", "description": "Each order has one."})
    assert document.suites["orders"].expectations[-1].meta == {
        "path": "schema[0].properties[1].quality[0]",
        "name": "no nulls",
        "description": "Each order has one.",
    }


def test_the_same_check_twice_is_one_and_the_stricter_severity_holds() -> None:
    rule = {"metric": "nullValues", "mustBe": 0, "severity": "info", "name": "filled"}
    document = read(contract(schema=[orders({"name": "id", "required": True, "quality": [rule]})]))
    (check,) = (one for one in document.suites["orders"].expectations if one.type == NOT_NULL)
    assert check.severity == "critical"
    assert check.meta["name"] == "filled"
    assert check.meta["paths"] == ["schema[0].properties[0].required", "schema[0].properties[0].quality[0]"]


@given(OPERATORS, OPERATORS, st.fractions(0, 110, max_denominator=60))
@settings(max_examples=400, deadline=None)
def test_bounds_admit_what_each_operator_admits(first: tuple[str, Any], second: tuple[str, Any], value: Fraction) -> None:
    rule = dict([first, second])
    bounds = bounds_of(rule)
    admitted = bounds.admits(value)
    assert admitted == all(meets(operator, given, value) for operator, given in rule.items())
    assert admitted in bounds.outcomes(0, 110, is_whole=False)
    if value.denominator == 1:
        assert admitted in bounds.outcomes(0, None, is_whole=True)


def test_sql_is_kept_as_it_is_written() -> None:
    query = "SELECT COUNT(*) FROM ${object}\nWHERE {property} < 0\n"
    document = read_rule({"type": "sql", "query": query, "mustBeLessThan": 3, "mustNotBe": -1, "severity": "warning"})
    (check,) = (one for one in document.suites["orders"].expectations if "query" in one.kwargs)
    assert check.kwargs == {"query": query, "column": "amount", "tables": ["orders"], "mustBeLessThan": 3, "mustNotBe": -1}
    assert check.severity == "warning"
    assert not document.not_executable
