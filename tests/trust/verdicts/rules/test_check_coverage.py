"""What a passed check vouches for: a label that its type bears out, and most of the rows."""

from dataclasses import replace
from typing import Any

import pytest

from catalog.rules.expectation import Expectation
from catalog.rules.vocabulary import Dimension
from tests.trust.verdicts.rules.factories import gate_of, make_check, make_run, outcome_of, with_run
from trust.evidence.rules.dimensions import DIMENSION_OF_TYPE, dimension_borne_out
from trust.evidence.rules.facts import CheckFacts
from trust.verdicts.rules.check_coverage import lets_all_fail, tolerance_of
from trust.verdicts.rules.facts import ProductFacts
from trust.verdicts.rules.vacuity import cannot_fail
from trust.vocabulary import GateName, GateStatus

PLACE = "orders/lines"
VALUES = "expect_column_values_to_be_between"
ROWS = "expect_table_row_count_to_be_between"
ONE_ROW = {"row_condition": "id == 1", "condition_parser": "pandas"}


def with_kwargs(kwargs: dict[str, Any], **changes: Any) -> ProductFacts:
    checks = (replace(check, kwargs={**check.kwargs, **kwargs}, **changes) for check in make_run().checks)
    return with_run(checks=tuple(checks))


@pytest.mark.parametrize(
    ("kind", "label", "dimension"),
    [
        (ROWS, Dimension.COMPLETENESS, Dimension.VOLUME),
        (ROWS, Dimension.UNIQUENESS, Dimension.VOLUME),
        (ROWS, Dimension.VALIDITY, Dimension.VOLUME),
        (ROWS, Dimension.CONSISTENCY, Dimension.CONSISTENCY),
        ("expect_column_to_exist", Dimension.COMPLETENESS, Dimension.SCHEMA),
        ("expect_column_to_exist", Dimension.VALIDITY, Dimension.SCHEMA),
        ("expect_column_to_exist", Dimension.ACCURACY, Dimension.SCHEMA),
        ("expect_table_column_count_to_equal", Dimension.UNIQUENESS, Dimension.SCHEMA),
        (VALUES, Dimension.COMPLETENESS, Dimension.VALIDITY),
        (VALUES, Dimension.UNIQUENESS, Dimension.VALIDITY),
        (VALUES, Dimension.VOLUME, Dimension.VALIDITY),
        (VALUES, Dimension.SCHEMA, Dimension.VALIDITY),
        (VALUES, Dimension.ACCURACY, Dimension.ACCURACY),
        (VALUES, Dimension.TIMELINESS, Dimension.TIMELINESS),
        ("expect_column_mean_to_be_between", Dimension.VALIDITY, Dimension.VALIDITY),
        ("expect_column_values_to_not_be_null", Dimension.VALIDITY, Dimension.COMPLETENESS),
        ("expect_column_values_to_not_be_null", Dimension.CONSISTENCY, Dimension.CONSISTENCY),
        ("expect_column_values_to_be_null", Dimension.COMPLETENESS, Dimension.VALIDITY),
        ("expect_column_unique_value_count_to_be_between", Dimension.UNIQUENESS, Dimension.VALIDITY),
        ("expect_column_unique_value_count_to_be_between", Dimension.COMPLETENESS, Dimension.COMPLETENESS),
        ("expect_column_values_to_be_unique", None, Dimension.UNIQUENESS),
    ],
)
def test_a_label_counts_where_its_type_bears_it_out(kind: str, label: Dimension | None, dimension: Dimension) -> None:
    assert dimension_borne_out(kind, label) is dimension


@pytest.mark.parametrize("kind", sorted(DIMENSION_OF_TYPE))
def test_every_type_bears_out_its_own_dimension(kind: str) -> None:
    assert dimension_borne_out(kind, DIMENSION_OF_TYPE[kind]) is DIMENSION_OF_TYPE[kind]


@pytest.mark.parametrize("mostly", [1e-9, 0.5, 0.949, "0.5"])
def test_checks_that_let_many_rows_fail_cover_no_dimension(mostly: object) -> None:
    assert gate_of(GateName.COVERAGE, with_kwargs({"mostly": mostly})).status is GateStatus.FAILED
    assert gate_of(GateName.CRITICAL_CHECKS, with_kwargs({"mostly": mostly})).code == "no_critical_checks"


@pytest.mark.parametrize("mostly", [0, 0.0, False, "0", "0.0"])
def test_checks_that_let_all_rows_fail_prove_nothing(mostly: object) -> None:
    assert lets_all_fail(mostly)
    assert outcome_of(with_kwargs({"mostly": mostly})).gate(GateName.EVIDENCE).code == "nothing_proven"


@pytest.mark.parametrize("mostly", [None, True, 1, 0.01, "0.01", "all", [0], {"$PARAMETER": "x"}])
def test_other_tolerances_ask_something(mostly: object) -> None:
    assert not lets_all_fail(mostly)


@pytest.mark.parametrize(
    ("asked", "status"), [(1, GateStatus.FAILED), (949, GateStatus.FAILED), (950, GateStatus.PASSED), (None, GateStatus.FAILED)]
)
def test_checks_under_a_condition_cover_as_much_as_they_look_at(asked: int | None, status: GateStatus) -> None:
    facts = with_kwargs(ONE_ROW, element_count=asked)
    assert gate_of(GateName.COVERAGE, facts).status is status


@pytest.mark.parametrize(
    ("kind", "kwargs", "share"),
    [
        (VALUES, {}, 1.0),
        (VALUES, {"mostly": 0.9, "min_value": 0.1}, 0.9),
        (VALUES, {"mostly": "0.9"}, 0.9),
        (VALUES, {"mostly": True}, 0.0),
        (VALUES, {"mostly": "nan"}, 0.0),
        ("expect_column_proportion_of_non_null_values_to_be_between", {"min_value": 0.98}, 0.98),
        ("expect_column_proportion_of_non_null_values_to_be_between", {"max_value": 1}, 0.0),
        ("expect_column_proportion_of_unique_values_to_be_between", {"min_value": 1e-9}, 1e-9),
    ],
)
def test_the_share_of_rows_that_must_hold(kind: str, kwargs: dict[str, Any], share: float) -> None:
    assert tolerance_of(kind, kwargs) == share


@pytest.mark.parametrize(
    ("kwargs", "rows", "share"),
    [
        ({"mustBeLessThan": 50}, 1000, 0.95),
        ({"mustBeLessThan": 5000}, 1000, 0.0),
        ({"mustBeLessThan": 50}, None, 0.0),
        ({"mustBeLessOrEqualTo": 5, "unit": "percent"}, None, 0.95),
        ({"mustBeGreaterThan": 5}, 1000, 0.0),
        ({"mustNotBe": 5}, 1000, 0.0),
        ({}, 1000, 0.0),
    ],
)
def test_limits_in_rows_or_percent_vouch_for_what_they_leave(kwargs: dict[str, Any], rows: int | None, share: float) -> None:
    assert tolerance_of("expect_column_invalid_values_to_be_within_limits", kwargs, rows) == share


def test_sql_vouches_for_no_rows() -> None:
    assert tolerance_of("expect_sql_result_to_be_within_limits", {"query": "SELECT 0", "mustBe": 0}, 1000) == 0.0


@pytest.mark.parametrize("kind", ["expect_column_to_exist", "expect_column_values_to_be_null", "expect_column_type_to_be"])
def test_that_a_critical_field_is_there_or_empty_does_not_cover_it(kind: str) -> None:
    def on_id(check: CheckFacts) -> bool:
        return check.kwargs.get("column") == "id" and check.dimension is not Dimension.SCHEMA

    elsewhere = [replace(c, kwargs={**c.kwargs, "column": "size"}) if on_id(c) else c for c in make_run().checks]
    facts = with_run(checks=(*elsewhere, make_check(type=kind, kwargs={"column": "id"}, key="orders:there")))
    assert gate_of(GateName.COVERAGE, facts).code == "critical_field_uncovered"


DISGUISED: list[tuple[str, dict[str, Any]]] = [
    ("expect_column_values_to_be_between", {"min_value": -1e308, "max_value": 1e308}),
    ("expect_column_values_to_be_between", {"min_value": -(10**400)}),
    ("expect_column_values_to_be_between", {"min_value": "0001-01-01", "max_value": "9999-12-31T23:59:59"}),
    ("expect_column_max_to_be_between", {"min_value": "0001-01-01"}),
    ("expect_column_mean_to_be_between", {"max_value": 1e300}),
    (
        "expect_column_quantile_values_to_be_between",
        {"quantile_ranges": {"quantiles": [0.5], "value_ranges": [[-1e300, None]]}},
    ),
    ("expect_column_unique_value_count_to_be_between", {"min_value": 1}),
    ("expect_column_value_lengths_to_be_between", {"max_value": 10**12}),
    ("expect_table_row_count_to_be_between", {"max_value": 10**30}),
    ("expect_table_column_count_to_be_between", {"min_value": 1, "max_value": 10**9}),
    ("expect_column_values_to_match_like_pattern_list", {"like_pattern_list": ["x", "%%"]}),
    ("expect_multicolumn_values_to_be_equal", {"column_list": ["id", "id"]}),
    ("expect_column_kl_divergence_to_be_less_than", {"threshold": None}),
    ("expect_column_value_z_scores_to_be_less_than", {"threshold": 1e300}),
    ("expect_column_values_to_not_be_outliers", {"multiplier": 1e300}),
]
MEANT: list[tuple[str, dict[str, Any]]] = [
    ("expect_column_values_to_be_between", {"min_value": -1e18, "max_value": 1e18}),
    ("expect_column_values_to_be_between", {"min_value": "0001-01-01", "max_value": "2030-12-31"}),
    ("expect_column_values_to_be_between", {"min_value": "a"}),
    ("expect_column_unique_value_count_to_be_between", {"min_value": 2}),
    ("expect_table_row_count_to_be_between", {"min_value": 1}),
    ("expect_table_column_count_to_be_between", {"min_value": 2}),
    ("expect_column_values_to_match_like_pattern_list", {"like_pattern_list": ["x", "%"], "match_on": "all"}),
    ("expect_column_values_to_match_like_pattern_list", {"like_pattern_list": []}),
    ("expect_multicolumn_values_to_be_equal", {"column_list": ["id", "code"]}),
    ("expect_column_kl_divergence_to_be_less_than", {"threshold": 0.1}),
]
EVERY_TEXT = [
    "$", r"\Z", ".*$", "x?$", "zzz|$", "$|zzz", "(?m)$", "(?s)^.*$", r"^[\s\S]*$", r"\A(?:.|\n)*\Z",
    r"^(\n|.)*$", "^(?s:.*)$", r"^[\x00-\U0010ffff]*$", "(?i)(?:.*)",
]  # fmt: skip
SOME_TEXT = [
    "^$", "^.*$", "^a*$", "^[^~]*$", r"^.{0,9}$", r"(?s)^.{0,9}$", r"^[\s\S]{0,9}$", "(?s).+", "^(?!zzz)", "x", r"^[\w\s]*$",
]  # fmt: skip


@pytest.mark.parametrize(("kind", "kwargs"), DISGUISED)
def test_a_check_in_disguise_cannot_fail(kind: str, kwargs: dict[str, Any]) -> None:
    assert cannot_fail(Expectation(kind, {"column": "id", **kwargs}), PLACE)


@pytest.mark.parametrize(("kind", "kwargs"), MEANT)
def test_a_check_that_is_meant_can_fail(kind: str, kwargs: dict[str, Any]) -> None:
    assert cannot_fail(Expectation(kind, {"column": "id", **kwargs}), PLACE) is None


@pytest.mark.parametrize(("patterns", "finds_all"), [(EVERY_TEXT, True), (SOME_TEXT, False)])
def test_a_pattern_for_every_text_is_seen_through(patterns: list[str], finds_all: bool) -> None:
    kind = "expect_column_values_to_match_regex"
    seen = {
        pattern: cannot_fail(Expectation(kind, {"column": "id", "regex": pattern}), PLACE) is not None for pattern in patterns
    }
    assert seen == dict.fromkeys(patterns, finds_all)
