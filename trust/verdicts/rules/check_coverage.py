"""How much of the data a passed check vouches for: how many rows it lets fail, and how many it looks at."""

import math
from collections.abc import Mapping
from typing import Any

from catalog.rules.operators import OperatorError, bounds_of
from trust.evidence.rules.expectation_types import LIMIT_TYPES, MISSING_LIMITS_TYPE, ROW_COUNT_LIMITS_TYPE, SQL_RULE_TYPE
from trust.evidence.rules.facts import CheckFacts
from trust.evidence.rules.formatting import asked_rows

_PROPORTIONS = {
    "expect_column_proportion_of_non_null_values_to_be_between",
    "expect_column_proportion_of_unique_values_to_be_between",
}
"""Types that say with `min_value` what others say with `mostly`."""

_ASK_FOR_MISSING = {
    "expect_column_values_to_not_be_null",
    "expect_column_values_to_be_null",
    "expect_column_proportion_of_non_null_values_to_be_between",
    MISSING_LIMITS_TYPE,
}
_LIMITS = LIMIT_TYPES - {ROW_COUNT_LIMITS_TYPE}
_AGGREGATES = {
    "expect_column_bootstrapped_ks_test_p_value_to_be_greater_than",
    "expect_column_chisquare_test_p_value_to_be_greater_than",
    "expect_column_distinct_values_to_contain_set",
    "expect_column_kl_divergence_to_be_less_than",
    "expect_column_max_to_be_between",
    "expect_column_mean_to_be_between",
    "expect_column_median_to_be_between",
    "expect_column_min_to_be_between",
    "expect_column_most_common_value_to_be_in_set",
    "expect_column_pair_cramers_phi_value_to_be_less_than",
    "expect_column_parameterized_distribution_ks_test_p_value_to_be_greater_than",
    "expect_column_quantile_values_to_be_between",
    "expect_column_stdev_to_be_between",
    "expect_column_sum_to_be_between",
    "expect_column_unique_value_count_to_be_between",
}


def tolerance_of(expectation_type: str, kwargs: Mapping[str, Any], rows: int | None = None) -> float:
    """The share of the `rows` that a check asked that must hold, 0 to 1; 1 where no other is given, 0 where it is not a number.

    A number in text is that number, as Great Expectations reads it.
    """
    if expectation_type == SQL_RULE_TYPE:
        return 0.0  # nothing tells how many rows a query looks at
    if expectation_type in _LIMITS:
        return _required_by_limits(kwargs, rows)
    is_proportion = expectation_type in _PROPORTIONS
    share = kwargs.get("min_value") if is_proportion else kwargs.get("mostly")
    if share is None:
        return 0.0 if is_proportion else 1.0
    return number if (number := _number(share)) is not None else 0.0


def _required_by_limits(kwargs: Mapping[str, Any], rows: int | None) -> float:
    """What the greatest number or share that the operators allow leaves of the rows."""
    try:
        highest = bounds_of(kwargs).high
    except OperatorError:
        return 0.0
    whole = 100 if kwargs.get("unit") == "percent" else rows
    if highest is None or not whole:
        return 0.0
    return min(1.0, max(0.0, 1 - float(highest) / whole))


def lets_all_fail(mostly: Any) -> bool:
    """Whether `mostly` asks for no row at all; Great Expectations also takes false and the text "0" for that."""
    if isinstance(mostly, bool):
        return not mostly
    number = _number(mostly)
    return number is not None and number <= 0


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def vouches_for_most(check: CheckFacts, rows: int | None, least: float) -> bool:
    """Whether `least` of the `rows` of the table are both looked at by a check and required by it to hold.

    A row condition tolerates whatever it leaves out, on top of what `mostly` tolerates. Where a check under a condition cannot
    count its rows, it vouches for none. Rows without a value are another question: `fills_most`, `looks_at_many`.
    """
    tolerance = tolerance_of(check.type, check.kwargs, asked_rows(check))
    if not check.kwargs.get("row_condition") or rows == 0:
        return tolerance >= least
    return check.element_count is not None and rows is not None and tolerance * check.element_count >= least * rows


def is_aggregate(expectation_type: str) -> bool:
    """Whether an expectation looks at one figure of a column: most values may be wrong while it holds."""
    return expectation_type in _AGGREGATES


def fills_most(check: CheckFacts, rows: int | None, least: float) -> bool:
    """Whether a check counted the missing values of its column, over `least` of the table, and at most the rest is missing."""
    if rows == 0:
        return True
    if check.element_count is None or check.missing_count is None or rows is None:
        return False
    return check.element_count - check.missing_count >= least * rows


def looks_at_many(check: CheckFacts, rows: int | None) -> bool:
    """Whether a check found a value in at least half of the rows (our choice); true where it does not pass rows over."""
    if check.missing_count is None or check.type in _ASK_FOR_MISSING or not rows:
        return True
    return check.element_count is None or 2 * (check.element_count - check.missing_count) >= check.element_count


def asks_for_values(expectation_type: str) -> bool:
    """Whether an expectation is about missing values."""
    return expectation_type in _ASK_FOR_MISSING
