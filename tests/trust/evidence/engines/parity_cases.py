"""What is asked of every form of the awkward table, and where we answer otherwise than pandas on purpose.

A case is a type and its arguments. A `Deliberate` names cases by a predicate, the status that we give, and why.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.trust.evidence.engines.parity_data import SCHEMA
from trust.vocabulary import CheckStatus

Kwargs = Mapping[str, Any]
Case = tuple[str, dict[str, Any]]

COLUMNS = list(SCHEMA.names)
NUMBERS = ["id", "qty", "price", "ratio", "flag", "big", "a", "x"]
TEXTS = ["grp", "name", "code", "word", "iso"]
SETS = [[1, 2, 5, 2.5], ["red", "007", None], [True], [2**60, "x"], []]
PATTERNS = [
    r"\d",
    r"^[a-z]+$",
    r"(?i)^alpha$",
    r"^\w+$",
    r"(?:a$|b)",
    r"a$",
    r"\s",
    r"^-?\d+(\.\d+)?$",
    r"\bfoo\b",
    r"[^a-z]",
    r"(?i:F)oo\b",
    r"[",
]
PAIRS = [("a", "b"), ("x", "y"), ("left", "right"), ("a", "x"), ("a", "left"), ("flag", "a"), ("name", "word")]
KEYS = [["a", "b", "c"], ["grp", "qty"], ["a", "x"], ["left", "right"], ["grp", "flag"], ["a", "grp"]]
CONDITIONS = [
    "grp == 'red'",
    "grp != 'red'",
    "qty > 4",
    "~(qty > 4)",
    "grp == 'red' & qty > 4",
    "id == 1 or id == 2 and qty > 100",
    "grp in ['red', 'blue']",
    "grp not in ['red']",
    "qty.isnull()",
    "qty.notnull() | flag",
    "3 < id <= 6",
    "`name` == 'ABC'",
    "a == b",
    "not flag",
    "a > 'x'",
    "nope == 1",
    "@secret > 3",
    "__import__('os').system('true')",
    'name == "it\'s"',
]
GX_CONDITIONS = ['col("grp") == "red"', 'col("grp") != "red"', 'col("qty") > 4', 'col("qty").notNull()', "garbage"]


def _cases() -> list[Case]:  # noqa: PLR0912, PLR0915  # a table, written as loops
    cases: list[Case] = []

    def add(kind: str, **kwargs: Any) -> None:
        cases.append((f"expect_{kind}", kwargs))

    for column in COLUMNS:
        add("column_values_to_not_be_null", column=column, mostly=0.9)
        add("column_values_to_be_null", column=column, mostly=0.3)
        add("column_values_to_be_unique", column=column)
        add("column_unique_value_count_to_be_between", column=column, min_value=3, max_value=6)
        add("column_proportion_of_unique_values_to_be_between", column=column, min_value=0.5, strict_min=True)
        add("column_proportion_of_non_null_values_to_be_between", column=column, min_value=0.9)
        add("column_values_to_be_of_type", column=column, type_="float64")
        add("column_values_to_be_of_type", column=column, type_="str")
        add("column_to_exist", column=column, column_index=3)
        add("column_values_to_be_between", column=column, min_value=0, max_value=5)
        add("column_values_to_match_regex", column=column, regex=r"^\d")
        add("column_values_to_be_in_set", column=column, value_set=[1, "red", 2.5, True])
    for column in [*NUMBERS, "grp", "nothing"]:
        for aggregate in ("min", "max", "mean", "median", "sum", "stdev"):
            add(f"column_{aggregate}_to_be_between", column=column, min_value=0, max_value=10)
        quantiles = {"quantiles": [0, 0.1, 0.25, 0.5, 0.9, 1], "value_ranges": [[None, 3]] * 6}
        add("column_quantile_values_to_be_between", column=column, quantile_ranges=quantiles)
        add("column_quantile_values_to_be_between", column=column, quantile_ranges=quantiles, allow_relative_error="lower")
        add("column_quantile_values_to_be_between", column=column, quantile_ranges=quantiles, allow_relative_error="linear")
        add("column_values_to_be_between", column=column, min_value=0, strict_min=True)
        add("column_values_to_be_between", column=column, max_value=5, strict_max=True, mostly=0.5)
        add("column_values_to_be_between", column=column, min_value=7, max_value=1)
        add("column_value_z_scores_to_be_less_than", column=column, threshold=1.5, double_sided=True)
        add("column_value_z_scores_to_be_less_than", column=column, threshold=0.5, double_sided=False)
        add("column_values_to_not_be_outliers", column=column, method="iqr", multiplier=1.0)
        add("column_values_to_not_be_outliers", column=column, method="std", multiplier=1.0)
        add("column_values_to_be_increasing", column=column)
        add("column_values_to_be_decreasing", column=column, strictly=True)
    for column in ["id", "qty", "price", "grp", "flag", "word", "big", "nothing"]:
        for values in SETS:
            add("column_values_to_be_in_set", column=column, value_set=values)
            add("column_values_to_not_be_in_set", column=column, value_set=values)
            add("column_distinct_values_to_be_in_set", column=column, value_set=values)
            add("column_distinct_values_to_contain_set", column=column, value_set=values)
            add("column_distinct_values_to_equal_set", column=column, value_set=values)
        add("column_most_common_value_to_be_in_set", column=column, value_set=[5, "red", True, 2.5], ties_okay=True)
        add("column_most_common_value_to_be_in_set", column=column, value_set=[5, "red", True, 2.5])
    for column in [*TEXTS, "id", "qty", "price", "flag"]:
        for pattern in PATTERNS:
            add("column_values_to_match_regex", column=column, regex=pattern)
            add("column_values_to_not_match_regex", column=column, regex=pattern)
        add("column_values_to_match_regex_list", column=column, regex_list=[r"\d", "a"])
        add("column_values_to_match_regex_list", column=column, regex_list=[r"\d", "0"], match_on="all")
        add("column_values_to_not_match_regex_list", column=column, regex_list=[r"\d", "a"])
        add("column_value_lengths_to_equal", column=column, value=3)
        add("column_value_lengths_to_be_between", column=column, min_value=1, max_value=5)
        add("column_value_lengths_to_be_between", column=column, min_value=1, max_value=5, strict_min=True, strict_max=True)
        add("column_values_to_be_between", column=column, min_value="a", max_value="z")
        add("column_values_to_match_strftime_format", column=column, strftime_format="%Y-%m-%d")
        add("column_values_to_be_dateutil_parseable", column=column)
    add("column_values_to_be_json_parseable", column="doc")
    for left, right in PAIRS:
        for rule in ("both_values_are_missing", "either_value_is_missing", "neither"):
            both = {"column_A": left, "column_B": right, "ignore_row_if": rule}
            add("column_pair_values_to_be_equal", **both)
            add("column_pair_values_a_to_be_greater_than_b", **both)
            add("column_pair_values_a_to_be_greater_than_b", **both, or_equal=True)
            pairs = [[1, 2], [None, None], ["p", "q"], [3, None], [0.1, 0.1], [True, 1]]
            add("column_pair_values_to_be_in_set", **both, value_pairs_set=pairs)
    for columns in KEYS:
        for rule in ("all_values_are_missing", "any_value_is_missing", "never"):
            add("compound_columns_to_be_unique", column_list=columns, ignore_row_if=rule)
            add("select_column_values_to_be_unique_within_record", column_list=columns, ignore_row_if=rule)
            add("multicolumn_values_to_be_equal", column_list=columns, ignore_row_if=rule)
    for columns in (["a", "b", "c"], ["x", "y"], ["a", "x"]):
        for rule in ("all_values_are_missing", "any_value_is_missing", "never"):
            add("multicolumn_sum_to_equal", column_list=columns, sum_total=6, ignore_row_if=rule)
    for condition in CONDITIONS:
        given = {"row_condition": condition, "condition_parser": "pandas"}
        add("column_values_to_not_be_null", column="qty", **given)
        add("table_row_count_to_be_between", min_value=4, **given)
        add("column_mean_to_be_between", column="a", min_value=2, **given)
    for condition in GX_CONDITIONS:
        given = {"row_condition": condition, "condition_parser": "great_expectations"}
        add("column_values_to_not_be_null", column="a", **given)
        add("compound_columns_to_be_unique", column_list=["grp", "flag"], **given)
    chosen = {"type": "comparison", "column": {"name": "grp"}, "operator": "IN", "parameter": ["red"]}
    add("column_values_to_not_be_null", column="a", row_condition=chosen)
    add("table_row_count_to_equal", value=8)
    add("table_row_count_to_be_between", min_value=9)
    add("table_column_count_to_equal", value=len(COLUMNS))
    add("table_column_count_to_be_between", max_value=3)
    add("table_columns_to_match_ordered_list", column_list=COLUMNS)
    add("table_columns_to_match_ordered_list", column_list=COLUMNS[1:])
    add("table_columns_to_match_set", column_set=COLUMNS[::-1])
    add("table_columns_to_match_set", column_set=COLUMNS[:3])
    add("table_columns_to_match_set", column_set=COLUMNS[:3], exact_match=False)
    add("column_to_exist", column="nope")
    add("column_values_to_be_unique", column="nope")
    add("table_row_count_to_be_between", min_value=1, no_such_argument=3)
    add("column_values_to_be_in_set", column="id")
    add("column_mean_to_be_between", column="id", min_value=1, condition_parser="spark", row_condition="id > 1")
    return cases


CASES = _cases()


@dataclass(frozen=True)
class Deliberate:
    """A difference on purpose. forms: where it applies; empty for everywhere. status: what we give; None leaves it open."""

    why: str
    applies: Callable[[str, Kwargs], bool]
    status: CheckStatus | None = None
    forms: frozenset[str] = frozenset()


# Whole-number columns with a NULL: pandas turns them into floats, because its integers know no NULL.
_FLOATED = {"qty", "a", "b"}
_TYPED = frozenset({"parquet", "postgres"})
_TEXTUAL = ("regex", "lengths")


def _names(kwargs: Kwargs) -> set[str]:
    listed = kwargs.get("column_list") or []
    return {str(kwargs[key]) for key in ("column", "column_A", "column_B") if key in kwargs} | set(listed)


DELIBERATE = [
    Deliberate(
        "A table in a database has no order.",
        lambda kind, _kwargs: kind.endswith(("increasing", "decreasing")),
        CheckStatus.ERROR,
        frozenset({"postgres"}),
    ),
    Deliberate(
        "A condition for a parser that is not pandas' is refused; pandas reads it all the same.",
        lambda _kind, kwargs: kwargs.get("condition_parser") == "spark",
        CheckStatus.ERROR,
    ),
    Deliberate(
        "A column without a single value is skipped: absence of evidence is no good evidence.",
        lambda _kind, kwargs: "nothing" in _names(kwargs),
        CheckStatus.SKIPPED,
    ),
    Deliberate(
        "A whole number is written whole, also in a column with NULLs, which pandas holds as floats and writes as 5.0.",
        lambda kind, kwargs: bool(_names(kwargs) & _FLOATED) and any(word in kind for word in _TEXTUAL),
    ),
    Deliberate(
        "The type is the source's own, not the one that pandas must take to hold a NULL or an object.",
        lambda kind, kwargs: "of_type" in kind and bool(_names(kwargs) & (_FLOATED | {"day", "amount", "at"})),
    ),
    Deliberate(
        "A quantile that falls on an infinite value is infinite; numpy subtracts two infinities and gets NaN.",
        lambda _kind, kwargs: "ratio" in _names(kwargs) and kwargs.get("allow_relative_error") == "linear",
    ),
    Deliberate(
        "Quantiles of booleans by interpolation: numpy cannot subtract booleans, we count True as 1.",
        lambda kind, kwargs: "flag" in _names(kwargs) and ("quantile" in kind or "outliers" in kind),
    ),
    Deliberate(
        "Rising or falling booleans mean nothing.",
        lambda kind, kwargs: "flag" in _names(kwargs) and kind.endswith(("increasing", "decreasing")),
        CheckStatus.ERROR,
    ),
    Deliberate(
        "Decimals: pandas holds them as objects, and bounds of float never equal them; we compare numbers.",
        lambda _kind, kwargs: "amount" in _names(kwargs),
        None,
        _TYPED,
    ),
]
