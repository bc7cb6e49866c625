"""Expectations that can never fail. They may stay in a suite, but they are no evidence and count for no coverage."""

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from catalog.rules.expectation import Expectation
from catalog.rules.operators import OperatorError, bounds_of
from trust.evidence.rules.expectation_types import (
    INVALID_LIMITS_TYPE,
    LIMIT_TYPES,
    MULTIPLE_TYPE,
    REFERENCE_TYPE,
    SQL_RULE_TYPE,
)
from trust.evidence.rules.pattern_language import find_every_text, find_no_text
from trust.verdicts.rules.check_coverage import lets_all_fail

_FAR = float(2**63 - 1)
"""A bound that no measurement reaches counts as none (our choice: that of a 64-bit integer, which no such column can pass)."""
_MOST_ROWS, _MOST_COLUMNS = 10**15, 10**6
_MOST_CHARACTERS = 2**24
"""Of one value: the engine reads no longer line of a file (`trust.evidence.engines.gx.limits.MAX_LINE_BYTES`)."""
_LAST_TEXT = "\U000f0000"
"""No text of a language sorts behind this private character."""
_MOST_DEVIATIONS = math.isqrt(_MOST_ROWS)
"""Of n values none lies further from their mean than (n - 1) / sqrt(n) standard deviations."""


def cannot_fail(expectation: Expectation, place: str) -> str | None:
    """Why the expectation holds for any data at all, in words to follow "This check cannot fail:"; None if it can fail.

    place: the port that it is asked of, as references name it (`<product slug>/<port>`). It looks at the arguments alone.
    None is no proof of the contrary: that `hour` lies between 0 and a million also cannot fail, but only somebody who knows
    hours can tell.
    """
    kwargs = expectation.kwargs
    if lets_all_fail(kwargs.get("mostly")):
        return "`mostly` is 0, so every row may break it"
    if expectation.type == REFERENCE_TYPE:
        return _own_reference(kwargs, place)
    if expectation.type == SQL_RULE_TYPE:
        return _any_number(kwargs)
    if expectation.type in LIMIT_TYPES:
        return _limits(expectation.type, kwargs)
    rule = _RULES.get(expectation.type)
    return rule(kwargs) if rule else None


def _own_reference(kwargs: Mapping[str, Any], place: str) -> str | None:
    """A reference to the very columns that are looked up in it. In another order they can fail: not each (a, b) is a (b, a)."""
    ours = kwargs.get("column_list") or [kwargs.get("column")]
    theirs = kwargs.get("reference_column_list") or [kwargs.get("reference_column")]
    if kwargs.get("reference") != place or not isinstance(ours, list) or ours != theirs:
        return None
    return "the reference is the column itself" if len(ours) == 1 else "the reference is the columns themselves"


def _any_number(kwargs: Mapping[str, Any]) -> str | None:
    try:
        outcomes = bounds_of(kwargs, is_count=False).outcomes(None, None, is_whole=False)
    except OperatorError:
        return None
    return "any result meets its operators" if False not in outcomes else None


def _limits(kind: str, kwargs: Mapping[str, Any]) -> str | None:
    """Operators that every number of rows meets, every percentage, or the one that there always is."""
    try:
        bounds = bounds_of(kwargs)
    except OperatorError:
        return None  # it is an error, whatever the data
    is_percent = kwargs.get("unit") == "percent"
    if False not in bounds.outcomes(0, 100 if is_percent else _MOST_ROWS, is_whole=not is_percent):
        return "any percentage meets its operators" if is_percent else "any number of rows meets its operators"
    if kind == INVALID_LIMITS_TYPE and kwargs.get("value_set") is None and bounds.admits(0):
        return _regex(kwargs)
    return None


def _bounds(least: float, most: float, what: str) -> Callable[[Mapping[str, Any]], str | None]:
    """A rule for `min_value` and `max_value` of something that always lies from `least` to `most`."""

    def rule(kwargs: Mapping[str, Any]) -> str | None:
        low, high = _number(kwargs.get("min_value"), -math.inf), _number(kwargs.get("max_value"), math.inf)
        if low is None or high is None:
            return None  # a bound of another kind, such as a date, can fail
        below = low < least or (low == least and not (kwargs.get("strict_min") and math.isfinite(least)))
        above = high > most or (high == most and not (kwargs.get("strict_max") and math.isfinite(most)))
        return f"{what} always lies between its bounds" if below and above else None

    return rule


def _number(value: Any, default: float) -> float | None:
    if value is None:
        return default
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _value_bounds(kwargs: Mapping[str, Any]) -> str | None:
    """Bounds of values themselves. Without any, Great Expectations refuses; with infinite ones nothing can lie outside."""
    low, high = kwargs.get("min_value"), kwargs.get("max_value")
    if _is_no_limit(low, -1) and _is_no_limit(high, 1) and not (low is None and high is None):
        return "every value lies between its bounds"
    return None


def _is_no_limit(bound: Any, sign: int) -> bool:
    """Whether a lower bound (sign -1) or an upper one (1) is none, or so far out that nothing lies beyond it."""
    if isinstance(bound, str) and (not bound or bound >= _LAST_TEXT):
        return bool(bound) is (sign > 0)
    if isinstance(bound, str):
        found = re.match(r"\s*([+-]?)0*(\d*)-\d\d", bound) if re.match(r"\s*[+-]?\d{4,}-", bound) else None
        if found is None:
            return False
        year = int(f"{found[1]}{found[2][:9] or 0}")  # Python refuses to read a number of thousands of digits
        return year >= 9999 if sign > 0 else year <= 1
    number = _number(bound, sign * math.inf)
    return number is not None and not number * sign < _FAR


def _aggregate_bounds(kwargs: Mapping[str, Any]) -> str | None:
    if kwargs.get("min_value") is None and kwargs.get("max_value") is None:
        return "it has neither a least nor a greatest value"
    return _value_bounds(kwargs)


def _tiny_multiple(kwargs: Mapping[str, Any]) -> str | None:
    number = _number(kwargs.get("multiple_of"), 1.0)
    return "every number is a multiple of so small a number" if number is not None and 0 < number < 1e-9 else None


def _regex(kwargs: Mapping[str, Any]) -> str | None:
    pattern = kwargs.get("regex")
    if not isinstance(pattern, str) or not find_every_text((pattern,)):
        return None
    return f"the pattern {pattern!r} is found in every text"


def _regex_list(kwargs: Mapping[str, Any]) -> str | None:
    patterns = _patterns(kwargs)
    if kwargs.get("match_on") == "all":
        finds_all = bool(patterns) and all(find_every_text((pattern,)) for pattern in patterns)
    else:
        finds_all = bool(patterns) and (any(find_every_text((one,)) for one in patterns) or find_every_text(patterns))
    return "every text has a pattern of it" if finds_all else None


def _no_regex(kwargs: Mapping[str, Any]) -> str | None:
    pattern = kwargs.get("regex")
    if not isinstance(pattern, str) or not find_no_text((pattern,)):
        return None
    return f"no text can contain the pattern {pattern!r}"


def _no_regex_list(kwargs: Mapping[str, Any]) -> str | None:
    patterns = _patterns(kwargs)
    return "no text can contain a pattern of it" if patterns and all(find_no_text((one,)) for one in patterns) else None


def _patterns(kwargs: Mapping[str, Any]) -> tuple[str, ...]:
    """The patterns of a list; none where it holds something else."""
    patterns = kwargs.get("regex_list")
    if not isinstance(patterns, list) or not all(isinstance(pattern, str) for pattern in patterns):
        return ()
    return tuple(patterns)


def _like(kwargs: Mapping[str, Any]) -> str | None:
    return "every text is like '%'" if _is_like_all(kwargs.get("like_pattern")) else None


def _like_list(kwargs: Mapping[str, Any]) -> str | None:
    patterns = kwargs.get("like_pattern_list")
    if not isinstance(patterns, list) or not patterns:
        return None
    enough = all if kwargs.get("match_on") == "all" else any
    return "every text is like '%'" if enough(map(_is_like_all, patterns)) else None


def _is_like_all(pattern: Any) -> bool:
    return isinstance(pattern, str) and bool(pattern) and not pattern.strip("%")


def _value_set(kwargs: Mapping[str, Any]) -> str | None:
    return "it has no value set" if kwargs.get("value_set", ()) is None else None


def _empty_set(kwargs: Mapping[str, Any]) -> str | None:
    return "its value set is empty" if not kwargs.get("value_set") else None


def _nothing_refused(kwargs: Mapping[str, Any]) -> str | None:
    """Missing values are passed over, and no value of a column equals a list or an object."""
    refused = kwargs.get("value_set")
    can_equal = [one for one in refused if isinstance(one, bool | int | float | str)] if isinstance(refused, list) else refused
    return "its value set contains nothing that a value can equal" if not can_equal else None


def _pairs(kwargs: Mapping[str, Any]) -> str | None:
    return "it has no pairs of values" if kwargs.get("value_pairs_set", ()) is None else None


def _types(key: str) -> Callable[[Mapping[str, Any]], str | None]:
    return lambda kwargs: "it names no type" if kwargs.get(key, "") is None else None


def _columns(key: str) -> Callable[[Mapping[str, Any]], str | None]:
    def rule(kwargs: Mapping[str, Any]) -> str | None:
        if kwargs.get(key) is None:
            return "it names no columns"
        if key == "column_set" and not kwargs[key] and kwargs.get("exact_match") is False:
            return "it requires no column and allows any"
        return None

    return rule


def _within_record(kwargs: Mapping[str, Any]) -> str | None:
    columns = kwargs.get("column_list")
    return "one column always differs from no other" if isinstance(columns, list) and len(columns) == 1 else None


def _all_equal(kwargs: Mapping[str, Any]) -> str | None:
    columns = kwargs.get("column_list")
    return (
        "a column always equals itself" if isinstance(columns, list) and columns and len(set(map(str, columns))) == 1 else None
    )


def _same_column(kwargs: Mapping[str, Any]) -> str | None:
    if kwargs.get("column_A") != kwargs.get("column_B") or not kwargs.get("column_A"):
        return None
    # NaN and NULL equal nothing, themselves included, unless such rows are passed over (they are by default).
    return None if kwargs.get("ignore_row_if") == "neither" else "a column always equals itself"


def _quantiles(kwargs: Mapping[str, Any]) -> str | None:
    ranges = kwargs.get("quantile_ranges")
    values = ranges.get("value_ranges") if isinstance(ranges, Mapping) else None
    if isinstance(values, list) and all(isinstance(pair, list) and _is_unbounded(pair) for pair in values):
        return "none of its quantiles has a bound"
    return None


def _is_unbounded(pair: list[Any]) -> bool:
    return len(pair) == 2 and _is_no_limit(pair[0], -1) and _is_no_limit(pair[1], 1)


def _threshold(kwargs: Mapping[str, Any]) -> str | None:
    threshold = _number(kwargs.get("threshold"), 0.0)
    return "its threshold is out of reach" if threshold is not None and threshold >= _FAR else None


def _deviations(kwargs: Mapping[str, Any]) -> str | None:
    threshold = _number(kwargs.get("threshold"), 0.0)
    if threshold is None:
        return None
    reach = abs(threshold) if kwargs.get("double_sided", True) else threshold
    return "no value lies so many standard deviations from the mean" if reach >= _MOST_DEVIATIONS else None


def _divergence(kwargs: Mapping[str, Any]) -> str | None:
    return "it has no threshold" if kwargs.get("threshold") is None else _threshold(kwargs)


def _multiplier(kwargs: Mapping[str, Any]) -> str | None:
    multiplier = _number(kwargs.get("multiplier"), 0.0)
    out_of_reach = _MOST_DEVIATIONS if kwargs.get("method") == "std" else _FAR
    return "its fences are out of reach" if multiplier is not None and multiplier >= out_of_reach else None


_ROWS = _bounds(0, _MOST_ROWS, "a number of rows")
_COLUMNS = _bounds(1, _MOST_COLUMNS, "a number of columns")
_VALUES = _bounds(1, _MOST_ROWS, "the number of different values of a column that has any")
_LENGTH = _bounds(0, _MOST_CHARACTERS, "the length of a text")
_SPREAD = _bounds(0, _FAR, "a standard deviation")
_SHARE = _bounds(0, 1, "a share")
_RULES: Mapping[str, Callable[[Mapping[str, Any]], str | None]] = {
    "expect_table_row_count_to_be_between": _ROWS,
    "expect_table_column_count_to_be_between": _COLUMNS,
    "expect_column_unique_value_count_to_be_between": _VALUES,
    "expect_column_value_lengths_to_be_between": _LENGTH,
    "expect_column_stdev_to_be_between": _SPREAD,
    "expect_column_proportion_of_unique_values_to_be_between": _SHARE,
    "expect_column_proportion_of_non_null_values_to_be_between": _SHARE,
    MULTIPLE_TYPE: _tiny_multiple,
    "expect_column_values_to_be_between": _value_bounds,
    "expect_column_max_to_be_between": _aggregate_bounds,
    "expect_column_min_to_be_between": _aggregate_bounds,
    "expect_column_mean_to_be_between": _aggregate_bounds,
    "expect_column_median_to_be_between": _aggregate_bounds,
    "expect_column_sum_to_be_between": _aggregate_bounds,
    "expect_column_quantile_values_to_be_between": _quantiles,
    "expect_column_values_to_match_regex": _regex,
    "expect_column_values_to_match_regex_list": _regex_list,
    "expect_column_values_to_not_match_regex": _no_regex,
    "expect_column_values_to_not_match_regex_list": _no_regex_list,
    "expect_column_values_to_match_like_pattern": _like,
    "expect_column_values_to_match_like_pattern_list": _like_list,
    "expect_column_values_to_be_in_set": _value_set,
    "expect_column_values_to_not_be_in_set": _nothing_refused,
    "expect_column_distinct_values_to_contain_set": _empty_set,
    "expect_column_values_to_be_of_type": _types("type_"),
    "expect_column_values_to_be_in_type_list": _types("type_list"),
    "expect_table_columns_to_match_set": _columns("column_set"),
    "expect_table_columns_to_match_ordered_list": _columns("column_list"),
    "expect_select_column_values_to_be_unique_within_record": _within_record,
    "expect_column_pair_values_to_be_equal": _same_column,
    "expect_column_pair_values_to_be_in_set": _pairs,
    "expect_column_pair_values_a_to_be_greater_than_b": lambda kwargs: _same_column(kwargs) if kwargs.get("or_equal") else None,
    "expect_multicolumn_values_to_be_equal": _all_equal,
    "expect_column_value_z_scores_to_be_less_than": _deviations,
    "expect_column_values_to_not_be_outliers": _multiplier,
    "expect_column_kl_divergence_to_be_less_than": _divergence,
}
