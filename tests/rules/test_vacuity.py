"""Which expectations can never fail, by their arguments alone."""

from typing import Any

import pytest

from catalog.rules.expectation import Expectation
from catalog.rules.vocabulary import Dimension
from trust.rules.dimensions import dimension_of
from trust.rules.vacuity import cannot_fail

CANNOT: list[tuple[str, dict[str, Any]]] = [
    ("expect_column_values_to_be_unique", {"column": "a", "mostly": 0}),
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
]
CAN: list[tuple[str, dict[str, Any]]] = [
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
]


@pytest.mark.parametrize(("kind", "kwargs"), CANNOT)
def test_a_check_that_cannot_fail_says_why(kind: str, kwargs: dict[str, Any]) -> None:
    assert cannot_fail(Expectation(kind, kwargs))


@pytest.mark.parametrize(("kind", "kwargs"), CAN)
def test_a_check_that_can_fail_counts(kind: str, kwargs: dict[str, Any]) -> None:
    assert cannot_fail(Expectation(kind, kwargs)) is None


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
