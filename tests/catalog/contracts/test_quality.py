"""Custom rules for Great Expectations come through as they are; no rule of any form disappears."""

from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.catalog.contracts.documents import calls, contract, orders, read, read_rule, setting

BETWEEN = {"type": "expect_column_values_to_be_between", "kwargs": {"column": "amount", "min_value": 0}}


def custom(implementation: Any, **parts: Any) -> dict[str, Any]:
    return {"type": "custom", "engine": "greatExpectations", "implementation": implementation, **parts}


@pytest.mark.parametrize(
    "engine", ["greatExpectations", "great-expectations", "great_expectations", "Great Expectations", "gx"]
)
def test_the_engine_goes_by_several_names(engine: str) -> None:
    assert calls(read_rule(custom(BETWEEN, engine=engine))) == [(BETWEEN["type"], BETWEEN["kwargs"])]


@pytest.mark.parametrize(
    "implementation",
    [
        BETWEEN,
        {"expectation_type": BETWEEN["type"], "kwargs": BETWEEN["kwargs"]},
        {"type": "ExpectColumnValuesToBeBetween", "kwargs": BETWEEN["kwargs"]},
        {"type": BETWEEN["type"], "kwargs": {"min_value": 0}},
        {"type": BETWEEN["type"], "column": "amount", "kwargs": {"min_value": 0}},
        "type: expect_column_values_to_be_between\nkwargs:\n  column: amount\n  min_value: 0\n",
        '{"type": "expect_column_values_to_be_between", "kwargs": {"column": "amount", "min_value": 0}}',
    ],
    ids=lambda value: str(value)[:60],
)
def test_an_expectation_may_be_written_in_several_ways(implementation: Any) -> None:
    (found,) = calls(read_rule(custom(implementation)))
    assert found == (BETWEEN["type"], {"column": "amount", "min_value": 0})


def test_the_column_is_not_added_where_it_does_not_belong() -> None:
    pair = {"type": "expect_column_pair_values_to_be_equal", "kwargs": {"column_A": "id", "column_B": "amount"}}
    table = {"type": "expect_table_row_count_to_equal", "kwargs": {"value": 3}}
    assert calls(read_rule(custom(pair))) == [(pair["type"], pair["kwargs"])]
    assert calls(read_rule(custom(table))) == [(table["type"], table["kwargs"])]


def test_severity_dimension_and_meta_of_the_implementation_count_where_the_rule_says_nothing() -> None:
    implementation = {**BETWEEN, "severity": "info", "meta": {"dimension": "accuracy", "ticket": 7}}
    check = read_rule(custom(implementation)).suites["orders"].expectations[-1]
    assert (check.severity, check.dimension, check.meta["ticket"]) == ("info", "accuracy", 7)
    check = read_rule(custom(implementation, severity="error", dimension="conformity")).suites["orders"].expectations[-1]
    assert (check.severity, check.dimension) == ("critical", "validity")


def test_a_setting_names_a_dimension_that_the_standard_does_not_have() -> None:
    rule = custom(BETWEEN, dimension="coverage", customProperties=[setting("dimension", "volume")])
    assert read_rule(rule).suites["orders"].expectations[-1].dimension == "volume"


@pytest.mark.parametrize(
    ("implementation", "why"),
    [
        (None, "no implementation"),
        ("", "not one expectation"),
        ("just words", "not one expectation"),
        ("a: 1\na: 2", "twice"),
        ([BETWEEN], "wrong"),
        ({"kwargs": {}}, "has no type"),
        ({"type": "DROP TABLE x"}, "has no type"),
        ({**BETWEEN, "kwargs": [1]}, "are mappings"),
        ({**BETWEEN, "mustBe": 3}, "mustBe"),
        (
            {"type": "unexpected_rows_expectation", "kwargs": {"unexpected_rows_query": "select 1"}},
            "only governance may approve",
        ),
        ({"type": "UnexpectedRowsExpectation", "kwargs": {"unexpected_rows_query": "select 1"}}, "only governance may approve"),
        ({"type": "expect_query_results_to_match_comparison", "kwargs": {}}, "only governance may approve"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_an_implementation_that_is_no_expectation_is_reported(implementation: Any, why: str) -> None:
    if why == "wrong":
        with pytest.raises(Exception, match="quality"):
            read_rule(custom(implementation))
        return
    document = read_rule(custom(implementation))
    assert calls(document) == []
    assert why in document.not_executable[0].reason


WORDS = st.text(st.characters(exclude_categories=["C"]), max_size=3)
RULES = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["library", "custom", "sql", "text", "other"]),
        "metric": st.sampled_from(["nullValues", "missingValues", "invalidValues", "duplicateValues", "rowCount", "other"]),
        "rule": st.sampled_from(["nullCheck", "countCheck", "duplicateCount", "validValues"]),
        "mustBe": st.integers(-1, 101) | st.just("x"),
        "mustBeLessThan": st.integers(-1, 101),
        "mustBeBetween": st.lists(st.integers(0, 5), min_size=2, max_size=2, unique=True),
        "unit": st.sampled_from(["rows", "percent", "furlongs"]),
        "arguments": st.fixed_dictionaries(
            {},
            optional={
                "validValues": st.lists(st.none() | WORDS, max_size=3),
                "missingValues": st.lists(st.none() | WORDS, max_size=3),
                "properties": st.lists(st.sampled_from(["id", "amount", "none"]), max_size=3),
                "pattern": st.just("^a"),
            },
        ),
        "engine": st.sampled_from(["gx", "soda"]),
        "implementation": st.sampled_from([BETWEEN, "x", {"type": "expect_x", "kwargs": {}}]),
        "query": st.just("select 1"),
        "severity": st.sampled_from(["error", "purple"]),
        "dimension": st.sampled_from(["conformity", "purple"]),
        "unknownKey": st.just(1),
    },
)


@given(st.lists(RULES, max_size=4), st.lists(RULES, max_size=4))
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_rule_ends_in_an_expectation_or_in_the_report(of_column: list[Any], of_object: list[Any]) -> None:
    document = read(contract(schema=[orders({"name": "id"}, {"name": "amount", "quality": of_column}, quality=of_object)]))
    suite = document.suites["orders"].expectations
    checked = {str(path) for one in suite for path in cast("list[str]", one.meta.get("paths", [one.meta["path"]]))}
    reported = {entry.path for entry in document.not_executable}
    expected = {f"schema[0].properties[1].quality[{index}]" for index in range(len(of_column))}
    expected |= {f"schema[0].quality[{index}]" for index in range(len(of_object))}
    assert expected <= checked | reported
    assert not expected & checked & reported
    assert all(entry.reason and entry.rule for entry in document.not_executable)


def test_rules_of_measures_and_inside_of_columns_are_named_one_by_one() -> None:
    rule = {"name": "deep", "metric": "nullValues", "mustBe": 0}
    measure = {"name": "revenue", "semanticType": "measure", "quality": [rule]}
    inner = {"name": "customer", "logicalType": "object", "properties": [{"name": "key", "quality": [rule]}]}
    document = read(contract(schema=[orders(measure, inner)]))
    assert [(entry.path, entry.rule) for entry in document.not_executable] == [
        ("schema[0].properties[0]", "measure revenue"),
        ("schema[0].properties[0].quality[0]", "deep"),
        ("schema[0].properties[1].properties[0].quality[0]", "deep"),
    ]


def test_a_column_that_nobody_declared_is_told() -> None:
    document = read_rule(custom({"type": BETWEEN["type"], "kwargs": {"column": "amuont", "min_value": 0}}))
    assert any("'amuont'" in warning for warning in document.warnings)
    assert calls(document) == [(BETWEEN["type"], {"column": "amuont", "min_value": 0})]


def test_the_right_name_of_an_argument_is_said_where_the_standard_s_pages_write_another() -> None:
    implementation = "type: expect_table_row_count_to_be_between\nkwargs:\n  minValue: 10000\n  maxValue: 50000\n"
    rule = {"type": "custom", "engine": "greatExpectations", "implementation": implementation}
    document = read_rule(rule, level="object")
    assert calls(document)[-1] == ("expect_table_row_count_to_be_between", {"minValue": 10000, "maxValue": 50000})
    told = [warning for warning in document.warnings if "kwargs" in warning]
    assert [warning.rpartition(" ")[2] for warning in told] == ["min_value", "max_value"]
