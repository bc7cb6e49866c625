"""What a check asks for, as half a sentence that a person understands: the other side of `wording.failed_check`."""

from collections.abc import Mapping
from typing import Any

from catalog.rules.operators import in_words
from trust.evidence.rules import formatting
from trust.evidence.rules.facts import CheckFacts

_DEMANDS: Mapping[str, str] = {
    "expect_column_values_to_not_be_null": "{column} is never empty",
    "expect_column_values_to_be_null": "{column} is always empty",
    "expect_column_values_to_be_unique": "{column} is unique",
    "expect_compound_columns_to_be_unique": "{columns} together are unique",
    "expect_select_column_values_to_be_unique_within_record": "{columns} differ within a row",
    "expect_column_values_to_be_in_set": "{column} is one of {values}",
    "expect_column_distinct_values_to_be_in_set": "{column} is one of {values}",
    "expect_column_values_to_not_be_in_set": "{column} is none of {values}",
    "expect_column_values_to_be_between": "{column} is {limits}",
    "expect_column_value_lengths_to_be_between": "{column} has {limits} characters",
    "expect_column_value_lengths_to_equal": "{column} has {value} characters",
    "expect_column_values_to_match_regex": "{column} matches {regex}",
    "expect_column_values_to_not_match_regex": "{column} never matches {regex}",
    "expect_column_values_to_be_of_type": "{column} is of type {type_}",
    "expect_column_values_to_be_in_type_list": "{column} is of an allowed type",
    "expect_column_missing_values_to_be_within_limits": "missing values of {column}: {operators}",
    "expect_column_invalid_values_to_be_within_limits": "invalid values of {column}: {operators}",
    "expect_duplicate_values_to_be_within_limits": "duplicate values of {columns}: {operators}",
    "expect_column_values_to_be_multiples": "{column} is a multiple of {multiple}",
    "expect_column_vectors_to_have_dimensions": "{column} has {dimensions} dimensions",
    "expect_sql_result_to_be_within_limits": "result of its SQL: {result}",
    "expect_table_row_count_to_be_within_limits": "number of rows: {operators}",
    "expect_column_values_to_exist_in_reference": "every {columns} exists in {reference}",
    "expect_column_pair_values_to_be_equal": "{column_A} equals {column_B}",
    "expect_column_pair_values_a_to_be_greater_than_b": "{column_A} is greater than {column_B}",
    "expect_column_pair_values_to_be_in_set": "{column_A} and {column_B} are an allowed pair",
    "expect_table_row_count_to_be_between": "there are {limits} rows",
    "expect_table_row_count_to_equal": "there are {value} rows",
    "expect_table_column_count_to_be_between": "there are {limits} columns",
    "expect_table_column_count_to_equal": "there are {value} columns",
    "expect_table_columns_to_match_set": "all contract columns are present",
    "expect_table_columns_to_match_ordered_list": "all contract columns are present, in order",
    "expect_column_to_exist": "there is a column {column}",
    "expect_column_mean_to_be_between": "the mean of {column} is {limits}",
    "expect_column_median_to_be_between": "the median of {column} is {limits}",
    "expect_column_min_to_be_between": "the smallest {column} is {limits}",
    "expect_column_max_to_be_between": "the largest {column} is {limits}",
    "expect_column_sum_to_be_between": "the sum of {column} is {limits}",
    "expect_column_stdev_to_be_between": "the standard deviation of {column} is {limits}",
    "expect_column_quantile_values_to_be_between": "the quantiles of {column} are within bounds",
    "expect_column_unique_value_count_to_be_between": "{column} has {limits} different values",
    "expect_column_proportion_of_unique_values_to_be_between": "the share of different values of {column} is {limits}",
    "expect_column_proportion_of_non_null_values_to_be_between": "the share of rows with {column} is {limits}",
}


def demand(check: CheckFacts) -> str:
    """`dep_time is never empty`. A type that the table does not know is shown by its own name and its columns.

    With a capital, but where the sentence begins with a column: its name stays as it is.
    """
    worded = _DEMANDS.get(check.type)
    if worded is None:
        columns = formatting.names(formatting.columns_of(check), 5)
        name = check.type.removeprefix("expect_").replace("_", " ").capitalize()
        return name if columns == "none" else f"{name}: {columns}"
    # The arguments only fill in: were they formatted themselves, a brace in one could reach into the others.
    return (worded[:1].upper() + worded[1:]).format(**_values(check))


def tolerance(check: CheckFacts) -> float | None:
    """Share of rows in percent that may fail; None where every row must hold or rows are not what is counted."""
    mostly = check.kwargs.get("mostly")
    if isinstance(mostly, bool) or not isinstance(mostly, int | float) or mostly >= 1:
        return None
    return round(100 * (1 - float(mostly)), 6)


def _values(check: CheckFacts) -> dict[str, str]:
    kwargs = check.kwargs
    allowed = kwargs.get("value_set")
    return {
        "column": formatting.column_of(check),
        "columns": formatting.column_of(check),
        "column_A": formatting.shorten(kwargs.get("column_A", "?")),
        "column_B": formatting.shorten(kwargs.get("column_B", "?")),
        "limits": _limits(kwargs),
        "multiple": _number(kwargs.get("multiple_of")),
        "dimensions": _number(kwargs.get("dimensions")),
        "result": in_words(kwargs),
        "operators": in_words(kwargs) + ("%" if kwargs.get("unit") == "percent" else " rows"),
        "value": _number(kwargs.get("value")),
        "values": formatting.names(allowed, 4) if isinstance(allowed, list | tuple) else "the allowed values",
        "regex": formatting.shorten(kwargs.get("regex", "?")),
        "type_": formatting.shorten(kwargs.get("type_", "?")),
        "reference": formatting.shorten(kwargs.get("reference", "the reference")),
    }


def _limits(kwargs: Mapping[str, Any]) -> str:
    low, high = kwargs.get("min_value"), kwargs.get("max_value")
    above = "more than" if kwargs.get("strict_min") else "at least"
    below = "less than" if kwargs.get("strict_max") else "at most"
    if low is None and high is None:
        return "anything"
    if low is None:
        return f"{below} {_number(high)}"
    if high is None:
        return f"{above} {_number(low)}"
    if low == high:
        return f"exactly {_number(low)}"
    return f"between {_number(low)} and {_number(high)}"


def _number(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return formatting.shorten(value)
    if abs(value) < 10_000:  # years and codes read badly in groups
        return f"{value:g}"
    return f"{value:,}" if isinstance(value, int) else f"{value:,g}"
