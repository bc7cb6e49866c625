"""Which expectations can never fail, by their arguments alone."""

from typing import Any

import pytest

from catalog.rules.expectation import Expectation
from catalog.rules.vocabulary import Dimension
from trust.evidence.rules.dimensions import dimension_of
from trust.verdicts.rules.vacuity import cannot_fail

PLACE = "orders/lines"
REFERENCE = "expect_column_values_to_exist_in_reference"
CANNOT: list[tuple[str, dict[str, Any]]] = [
    ("expect_column_values_to_be_unique", {"column": "a", "mostly": 0}),
    (REFERENCE, {"column": "a", "reference": PLACE, "reference_column": "a", "row_condition": "b == 1"}),
    (REFERENCE, {"column_list": ["a", "b"], "reference": PLACE, "reference_column_list": ["a", "b"]}),
    ("expect_column_values_to_match_regex", {"column": "a", "regex": "x", "mostly": 0.0}),
    ("expect_table_row_count_to_be_between", {"min_value": 0}),
    ("expect_table_row_count_to_be_between", {}),
    ("expect_table_row_count_to_be_between", {"min_value": -5, "max_value": None}),
    ("expect_column_values_to_match_regex", {"column": "a", "regex": ""}),
    ("expect_column_values_to_match_regex", {"column": "a", "regex": "^"}),
    ("expect_column_values_to_match_regex", {"column": "a", "regex": ".*"}),
    ("expect_column_values_to_match_regex", {"column": "a", "regex": "^.*"}),
    ("expect_column_values_to_match_regex", {"column": "a", "regex": "(?s)^(.*)"}),
    ("expect_column_values_to_match_regex", {"column": "a", "regex": "a*"}),
    ("expect_column_values_to_match_regex", {"column": "a", "regex": r"\d*"}),
    ("expect_column_values_to_match_regex_list", {"column": "a", "regex_list": ["x", ".*"]}),
    ("expect_column_values_to_match_like_pattern", {"column": "a", "like_pattern": "%"}),
    ("expect_column_value_lengths_to_be_between", {"column": "a", "min_value": 0}),
    ("expect_column_values_to_be_between", {"column": "a", "min_value": float("-inf")}),
    ("expect_column_mean_to_be_between", {"column": "a"}),
    ("expect_column_stdev_to_be_between", {"column": "a", "min_value": 0}),
    ("expect_column_proportion_of_unique_values_to_be_between", {"column": "a", "min_value": 0, "max_value": 1}),
    ("expect_column_proportion_of_non_null_values_to_be_between", {"column": "a", "min_value": 0}),
    ("expect_column_unique_value_count_to_be_between", {"column": "a", "min_value": 0}),
    ("expect_column_values_to_be_in_set", {"column": "a", "value_set": None}),
    ("expect_column_values_to_not_be_in_set", {"column": "a", "value_set": []}),
    ("expect_column_distinct_values_to_contain_set", {"column": "a", "value_set": []}),
    ("expect_column_pair_values_to_be_equal", {"column_A": "a", "column_B": "a"}),
    ("expect_column_quantile_values_to_be_between", {"quantile_ranges": {"quantiles": [0.5], "value_ranges": [[None, None]]}}),
    ("expect_table_columns_to_match_set", {"column_set": None}),
    ("expect_column_missing_values_to_be_within_limits", {"column": "a", "mustBeGreaterOrEqualTo": 0}),
    ("expect_column_missing_values_to_be_within_limits", {"column": "a", "mustBeLessOrEqualTo": 100, "unit": "percent"}),
    ("expect_column_missing_values_to_be_within_limits", {"column": "a", "mustBeLessThan": 1e18}),
    ("expect_column_invalid_values_to_be_within_limits", {"column": "a", "mustNotBe": 2.5, "value_set": ["x"]}),
    ("expect_column_invalid_values_to_be_within_limits", {"column": "a", "mustBe": 0, "regex": ".*"}),
    ("expect_duplicate_values_to_be_within_limits", {"column": "a", "mustNotBe": -1}),
    ("expect_column_values_to_be_multiples", {"column": "a", "multiple_of": 1e-12}),
    ("expect_table_row_count_to_be_within_limits", {"mustBeGreaterThan": -1, "mustNotBeBetween": [-9, -1]}),
    *(
        ("expect_column_values_to_match_regex", {"column": "a", "regex": pattern})
        for pattern in (
            *(
                "^|x",
                "(^)",
                r"^$|^[\s\S]",
                "zzz|$",
                "x?$",
                r"^[\s\S]*$",
                r"(?:^)(?:.|\n)*$",
                r"\b|^$|\W",
                "(?m)^.*$",
                "(?:|){60}",
            ),
            *(r"^[^\uffff]*$", r"(?s)^.{0,50}$|^.{50}", r"^\w|^\W|^$", r"((((^))))|\d", "(?:x|)", "(?i)(?:ß|)"),
        )
    ),
    ("expect_column_values_to_match_regex_list", {"column": "a", "regex_list": [r"^\w", r"^\W", "^$"]}),
    ("expect_column_values_to_match_regex_list", {"column": "a", "regex_list": [".*", "^|x"], "match_on": "all"}),
    ("expect_column_values_to_not_match_regex", {"column": "a", "regex": "a^"}),
    ("expect_column_values_to_not_match_regex", {"column": "a", "regex": r"[^\s\S]"}),
    ("expect_column_values_to_not_match_regex", {"column": "a", "regex": r"a\bb"}),
    ("expect_column_values_to_not_match_regex_list", {"column": "a", "regex_list": ["a^", "$x"]}),
    ("expect_column_value_lengths_to_be_between", {"column": "a", "min_value": 0, "max_value": 10**9}),
    ("expect_column_value_z_scores_to_be_less_than", {"column": "a", "threshold": 1e9, "double_sided": True}),
    ("expect_column_value_z_scores_to_be_less_than", {"column": "a", "threshold": -1e9, "double_sided": True}),
    ("expect_column_values_to_not_be_outliers", {"column": "a", "method": "std", "multiplier": 1e9}),
    ("expect_column_values_to_not_be_in_set", {"column": "a", "value_set": [None]}),
    ("expect_column_values_to_not_be_in_set", {"column": "a", "value_set": [None, {}, []]}),
    ("expect_column_pair_values_to_be_in_set", {"column_A": "a", "column_B": "b", "value_pairs_set": None}),
    ("expect_column_values_to_be_between", {"column": "a", "max_value": "9" * 5000 + "-01-01"}),
]
CAN: list[tuple[str, dict[str, Any]]] = [
    ("expect_column_missing_values_to_be_within_limits", {"column": "a", "mustBeLessThan": 100}),
    ("expect_column_missing_values_to_be_within_limits", {"column": "a", "mustBeLessThan": 100, "unit": "percent"}),
    ("expect_column_invalid_values_to_be_within_limits", {"column": "a", "mustBe": 0, "regex": ".*", "value_set": ["x"]}),
    ("expect_column_invalid_values_to_be_within_limits", {"column": "a", "mustBeGreaterThan": 0, "regex": ".*"}),
    ("expect_duplicate_values_to_be_within_limits", {"column": "a"}),
    ("expect_table_row_count_to_be_within_limits", {"mustNotBe": 7}),
    ("expect_column_values_to_be_multiples", {"column": "a", "multiple_of": 0.01}),
    ("expect_sql_result_to_be_within_limits", {"query": "SELECT 0", "mustBe": 0}),
    ("expect_column_values_to_be_unique", {"column": "a"}),
    ("expect_column_values_to_be_unique", {"column": "a", "mostly": 0.01}),
    ("expect_table_row_count_to_be_between", {"min_value": 1}),
    ("expect_table_row_count_to_be_between", {"min_value": 0, "max_value": 10}),
    ("expect_table_row_count_to_be_between", {"min_value": 0, "strict_min": True}),
    ("expect_column_values_to_match_regex", {"column": "a", "regex": "."}),
    ("expect_column_values_to_match_regex", {"column": "a", "regex": "^$"}),
    ("expect_column_values_to_match_regex", {"column": "a", "regex": "^.*$"}),
    ("expect_column_values_to_match_regex", {"column": "a", "regex": "^a*$"}),
    ("expect_column_values_to_match_regex", {"column": "a", "regex": "("}),
    ("expect_column_values_to_match_regex_list", {"column": "a", "regex_list": ["x", ".*"], "match_on": "all"}),
    ("expect_column_values_to_match_like_pattern", {"column": "a", "like_pattern": "a%"}),
    ("expect_column_value_lengths_to_be_between", {"column": "a", "min_value": 1}),
    ("expect_column_values_to_be_between", {"column": "a", "min_value": 0}),
    ("expect_column_values_to_be_between", {"column": "a", "min_value": "2024-01-01"}),
    ("expect_column_max_to_be_between", {"column": "a", "max_value": "2024-01-01"}),
    ("expect_column_proportion_of_unique_values_to_be_between", {"column": "a", "min_value": 0, "strict_min": True}),
    ("expect_column_values_to_be_in_set", {"column": "a", "value_set": []}),
    ("expect_column_pair_values_to_be_equal", {"column_A": "a", "column_B": "b"}),
    ("expect_column_pair_values_a_to_be_greater_than_b", {"column_A": "a", "column_B": "a"}),
    ("expect_something_new", {"mostly": True}),
    ("expect_table_row_count_to_be_between", {"min_value": "2024-01-01", "max_value": 10**16}),
    ("expect_table_row_count_to_be_between", {"min_value": 0, "max_value": "2024-01-01"}),
    *(
        ("expect_column_values_to_match_regex", {"column": "a", "regex": pattern})
        for pattern in (
            *(
                "^[^;]*$",
                r"^[^\d]*$",
                r"^[^\w]*$",
                r"^[^\s]*$",
                r"^[\x00-\xff]*$",
                "^.{0,1000}$",
                r"\b",
                r"\B",
                "^[A-Z0-9]{2}$",
            ),
            *(r"(?s)^.{0,5}$|^.{7,}$", "(a+)+$", r"(?:a{1000}){1000}", "(?=)", "(?!(?!))", r"^[A-Z0-9]{2}$|(?:|){60}(?!)"),
        )
    ),
    ("expect_column_values_to_match_regex_list", {"column": "a", "regex_list": [r"^\w", "^$"]}),
    ("expect_column_values_to_match_regex_list", {"column": "a", "regex_list": [r"^\w", r"^\W", "^$"], "match_on": "all"}),
    ("expect_column_values_to_not_match_regex", {"column": "a", "regex": "x"}),
    (REFERENCE, {"column": "a", "reference": PLACE, "reference_column": "b"}),
    (REFERENCE, {"column": "a", "reference": "orders/customers", "reference_column": "a"}),
    (REFERENCE, {"column_list": ["a", "b"], "reference": PLACE, "reference_column_list": ["b", "a"]}),
    ("expect_column_values_to_not_match_regex", {"column": "a", "regex": "x$|a^"}),
    ("expect_column_values_to_not_match_regex_list", {"column": "a", "regex_list": ["a^", "x"]}),
    ("expect_column_values_to_not_match_regex", {"column": "a", "regex": "(?!)"}),
    ("expect_column_value_lengths_to_be_between", {"column": "a", "min_value": 0, "max_value": 10**6}),
    ("expect_column_value_z_scores_to_be_less_than", {"column": "a", "threshold": -1e9, "double_sided": False}),
    ("expect_column_value_z_scores_to_be_less_than", {"column": "a", "threshold": 4, "double_sided": True}),
    ("expect_column_values_to_not_be_outliers", {"column": "a", "method": "iqr", "multiplier": 1e9}),
    ("expect_column_values_to_not_be_in_set", {"column": "a", "value_set": [None, 0]}),
    ("expect_column_values_to_be_between", {"column": "a", "max_value": "9" * 50}),
]


@pytest.mark.parametrize(("kind", "kwargs"), CANNOT)
def test_a_check_that_cannot_fail_says_why(kind: str, kwargs: dict[str, Any]) -> None:
    assert cannot_fail(Expectation(kind, kwargs), PLACE)


@pytest.mark.parametrize(("kind", "kwargs"), CAN)
def test_a_check_that_can_fail_counts(kind: str, kwargs: dict[str, Any]) -> None:
    assert cannot_fail(Expectation(kind, kwargs), PLACE) is None


@pytest.mark.parametrize(
    ("kind", "dimension"),
    [
        ("expect_column_values_to_not_be_null", Dimension.COMPLETENESS),
        ("expect_compound_columns_to_be_unique", Dimension.UNIQUENESS),
        ("expect_table_row_count_to_be_between", Dimension.VOLUME),
        ("expect_table_columns_to_match_set", Dimension.SCHEMA),
        ("expect_column_values_to_exist_in_reference", Dimension.CONSISTENCY),
        ("expect_column_values_to_be_in_set", Dimension.VALIDITY),
        ("expect_something_new", Dimension.VALIDITY),
    ],
)
def test_a_type_speaks_about_a_dimension(kind: str, dimension: Dimension) -> None:
    assert dimension_of(kind) is dimension
