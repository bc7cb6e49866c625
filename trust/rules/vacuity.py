"""Expectations that can never fail. They may stay in a suite, but they are no evidence and count for no coverage."""

import math
import re
import warnings
from collections.abc import Callable, Mapping
from typing import Any

from catalog.rules.expectation import Expectation
from trust.rules.strength import lets_all_fail

from re import _constants as words  # type: ignore[attr-defined]  # isort: skip  # the parser that `re` itself uses
from re import _parser as parser  # type: ignore[attr-defined]  # isort: skip

_FAR = 1e100
"""A bound that no measurement reaches counts as none (our choice: numbers with a use end far below it)."""
_MOST_ROWS, _MOST_COLUMNS, _MOST_CHARACTERS = 10**15, 10**6, 2**32
_SORTS = "a Z0\n\r\t\0-_\x7f\xe9\u0660\u2603\ud7ff\U0001f600"
"""Characters of every sort: what takes each of them takes any (our choice; whoever leaves out one other has asked for it)."""


def cannot_fail(expectation: Expectation) -> str | None:
    """Why the expectation holds for any data at all, in words to follow "This check cannot fail:"; None if it can fail.

    It looks at the arguments alone. None is no proof of the contrary: that `hour` lies between 0 and a million also
    cannot fail, but only somebody who knows hours can tell.
    """
    kwargs = expectation.kwargs
    if lets_all_fail(kwargs.get("mostly")):
        return "`mostly` is 0, so every row may break it"
    rule = _RULES.get(expectation.type)
    return rule(kwargs) if rule else None


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
    if isinstance(bound, str):
        year = re.match(r"\s*([+-]?\d{4,})-\d\d", bound)
        return year is not None and (int(year[1]) >= 9999 if sign > 0 else int(year[1]) <= 1)
    number = _number(bound, sign * math.inf)
    return number is not None and not number * sign < _FAR


def _aggregate_bounds(kwargs: Mapping[str, Any]) -> str | None:
    if kwargs.get("min_value") is None and kwargs.get("max_value") is None:
        return "it has neither a least nor a greatest value"
    return _value_bounds(kwargs)


def _regex(kwargs: Mapping[str, Any]) -> str | None:
    pattern = kwargs.get("regex")
    return f"the pattern {pattern!r} is found in every text" if isinstance(pattern, str) and _finds_all(pattern) else None


def _regex_list(kwargs: Mapping[str, Any]) -> str | None:
    patterns = kwargs.get("regex_list")
    if not isinstance(patterns, list) or not patterns or not all(isinstance(pattern, str) for pattern in patterns):
        return None
    enough = all if kwargs.get("match_on") == "all" else any
    return "a pattern of it is found in every text" if enough(_finds_all(pattern) for pattern in patterns) else None


def _finds_all(pattern: str) -> bool:
    """Whether `re.search` finds the pattern in every text: it asks for no character, and for one place at most.

    Also where it finds the nothing behind any last character (`x?$`, `zzz|$`), or takes any text whole (`^[\\s\\S]*$`).
    """
    try:
        with warnings.catch_warnings(action="ignore", category=FutureWarning):
            compiled, nodes = re.compile(pattern), list(parser.parse(pattern))
    except (re.error, OverflowError, RecursionError):
        return False
    if all(compiled.match(end, len(end)) for end in ("", *_SORTS)) or _takes_all(nodes, compiled.flags):
        return True
    places = {value for op, value in nodes if op is words.AT}
    starts, ends = {words.AT_BEGINNING, words.AT_BEGINNING_STRING}, {words.AT_END, words.AT_END_STRING}
    at_one_place = places <= starts or places <= ends
    return at_one_place and all(op is words.AT or _asks_nothing(op, value) for op, value in nodes)


def _asks_nothing(op: Any, value: Any) -> bool:
    """Whether a part of a pattern matches without any character."""
    if op in {words.MAX_REPEAT, words.MIN_REPEAT}:
        return bool(value[0] == 0) or all(_asks_nothing(*node) for node in value[2])
    if op is words.SUBPATTERN:
        return all(_asks_nothing(*node) for node in value[3])
    if op is words.BRANCH:
        return any(all(_asks_nothing(*node) for node in branch) for branch in value[1])
    return False


def _takes_all(nodes: list[Any], flags: int) -> bool:
    """Whether a pattern is any number of any characters, between the ends of the text or not."""
    inner = [node for node in nodes if node[0] is not words.AT]
    if len(inner) == 1 and inner[0][0] is words.SUBPATTERN:
        return _takes_all(list(inner[0][1][3]), flags | inner[0][1][1])
    if len(inner) != 1 or inner[0][0] not in {words.MAX_REPEAT, words.MIN_REPEAT}:
        return False
    least, most, repeated = inner[0][1]
    return least == 0 and most is words.MAXREPEAT and _takes_any(list(repeated), flags)


def _takes_any(nodes: list[Any], flags: int) -> bool:
    """Whether one part of a pattern takes one character of any sort."""
    if len(nodes) != 1:
        return False
    op, value = nodes[0]
    if op is words.SUBPATTERN:
        return _takes_any(list(value[3]), flags | value[1])
    if op is words.BRANCH:
        either = [list(branch) for branch in value[1]]
        return any(_takes_any(one, flags | re.DOTALL) for one in either) and [(words.LITERAL, ord("\n"))] in either
    if op is words.ANY:
        return bool(flags & re.DOTALL)
    return op is words.IN and all(_is_in(value, ord(character)) for character in _SORTS)


def _is_in(members: list[Any], code: int) -> bool:
    """Whether a set of a pattern holds a character, as far as it says so by ranges or by a class and its contrary."""
    classes = {value for op, value in members if op is words.CATEGORY}
    both = (
        {words.CATEGORY_SPACE, words.CATEGORY_NOT_SPACE},
        {words.CATEGORY_DIGIT, words.CATEGORY_NOT_DIGIT},
        {words.CATEGORY_WORD, words.CATEGORY_NOT_WORD},
    )
    is_negated = any(op is words.NEGATE for op, _ in members)
    if not is_negated and any(pair <= classes for pair in both):
        return True
    listed = any(
        (op is words.RANGE and value[0] <= code <= value[1]) or (op is words.LITERAL and value == code) for op, value in members
    )
    return (not listed and not classes) if is_negated else listed


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


def _types(key: str) -> Callable[[Mapping[str, Any]], str | None]:
    return lambda kwargs: "it names no type" if kwargs.get(key, "") is None else None


def _columns(key: str) -> Callable[[Mapping[str, Any]], str | None]:
    def rule(kwargs: Mapping[str, Any]) -> str | None:
        if kwargs.get(key) is None:
            return "it names no columns"
        if key == "column_set" and not kwargs[key] and kwargs.get("exact_match") is False:
            return "it asks for no column and allows any"
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


def _greater(kwargs: Mapping[str, Any]) -> str | None:
    return _same_column(kwargs) if kwargs.get("or_equal") else None


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


def _divergence(kwargs: Mapping[str, Any]) -> str | None:
    return "it has no threshold" if kwargs.get("threshold") is None else _threshold(kwargs)


def _multiplier(kwargs: Mapping[str, Any]) -> str | None:
    multiplier = _number(kwargs.get("multiplier"), 0.0)
    return "its fences are out of reach" if multiplier is not None and multiplier >= _FAR else None


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
    "expect_column_values_to_be_between": _value_bounds,
    "expect_column_max_to_be_between": _aggregate_bounds,
    "expect_column_min_to_be_between": _aggregate_bounds,
    "expect_column_mean_to_be_between": _aggregate_bounds,
    "expect_column_median_to_be_between": _aggregate_bounds,
    "expect_column_sum_to_be_between": _aggregate_bounds,
    "expect_column_quantile_values_to_be_between": _quantiles,
    "expect_column_values_to_match_regex": _regex,
    "expect_column_values_to_match_regex_list": _regex_list,
    "expect_column_values_to_match_like_pattern": _like,
    "expect_column_values_to_match_like_pattern_list": _like_list,
    "expect_column_values_to_be_in_set": _value_set,
    "expect_column_values_to_not_be_in_set": _empty_set,
    "expect_column_distinct_values_to_contain_set": _empty_set,
    "expect_column_values_to_be_of_type": _types("type_"),
    "expect_column_values_to_be_in_type_list": _types("type_list"),
    "expect_table_columns_to_match_set": _columns("column_set"),
    "expect_table_columns_to_match_ordered_list": _columns("column_list"),
    "expect_select_column_values_to_be_unique_within_record": _within_record,
    "expect_column_pair_values_to_be_equal": _same_column,
    "expect_column_pair_values_a_to_be_greater_than_b": _greater,
    "expect_multicolumn_values_to_be_equal": _all_equal,
    "expect_column_value_z_scores_to_be_less_than": _threshold,
    "expect_column_values_to_not_be_outliers": _multiplier,
    "expect_column_kl_divergence_to_be_less_than": _divergence,
}
