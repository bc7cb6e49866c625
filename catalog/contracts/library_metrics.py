"""The standard's own metrics as Great Expectations' expectations, or the reason why one cannot be said exactly.

What the standard leaves open, and how it is read here (the stricter reading each time): a percentage of null values is one of
all rows; a percentage of invalid or duplicate values is one of the values that are present; a row counts as a duplicate as soon
as its value occurs more than once. NULL is never invalid and never a duplicate: `nullValues` is there to forbid it.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from catalog.contracts.thresholds import Bounds, Shares, UnmappableError, bounds_of, shares_of
from catalog.rules.expectation import Json

Call = tuple[str, dict[str, Json]]
"""An expectation's type and arguments."""

# Names of ODCS 3.0 and before, where `rule` took the place of `metric`.
_OLD_NAMES = {
    "nullCheck": "nullValues",
    "nullCount": "nullValues",
    "duplicateCount": "duplicateValues",
    "duplicateCheck": "duplicateValues",
    "countCheck": "rowCount",
}
_IMPLIED_ZERO = {"nullCheck", "duplicateCheck"}


def metric_name(rule: Mapping[str, Any]) -> str:
    """The name of the metric as the document writes it, in `metric` or the older `rule`; empty where there is none."""
    return str(rule.get("metric") or rule.get("rule") or "")


def calls_for(rule: Mapping[str, Any], *, column: str | None, columns_of: Callable[[Sequence[Any]], list[str]]) -> list[Call]:
    """The expectations that say what `rule`, a quality rule of type library, demands of `column` or of the whole object.

    columns_of: names of properties to names of columns. Raises `UnmappableError`.
    """
    written = metric_name(rule)
    metric = _OLD_NAMES.get(written, written)
    bounds = bounds_of(rule, default=Decimal(0) if written in _IMPLIED_ZERO else None)
    unit = rule.get("unit") or "rows"
    arguments = rule.get("arguments") or {}
    if metric == "rowCount":
        _demand_arguments(arguments, set())
        return [_row_count(bounds, unit)]
    if metric == "duplicateValues":
        return _duplicates(shares_of(bounds, unit), arguments, column, columns_of)
    readers = {"nullValues": _nulls, "missingValues": _missing, "invalidValues": _invalid}
    if metric not in readers:
        raise UnmappableError(f"the metric '{written}' is not one that Touchstone knows")
    if column is None:
        raise UnmappableError(f"{written} belongs to a property, not to the whole object")
    return readers[metric](shares_of(bounds, unit), arguments, column)


def _row_count(bounds: Bounds, unit: str) -> Call:
    if unit != "rows":
        raise UnmappableError(f"rowCount counts rows, so its unit cannot be '{unit}'")
    smallest, largest = bounds.as_counts()
    if largest is not None and largest < smallest:
        raise UnmappableError("no data can meet it")
    if largest is None and smallest == 0:
        raise UnmappableError("any data meets it, so it checks nothing")
    if smallest == largest:
        return "expect_table_row_count_to_equal", {"value": smallest}
    limits: dict[str, Json] = {"min_value": smallest} if smallest else {}
    if largest is not None:
        limits["max_value"] = largest
    return "expect_table_row_count_to_be_between", limits


def _nulls(shares: Shares, arguments: Mapping[str, Any], column: str) -> list[Call]:
    _demand_arguments(arguments, set())
    return _calls(shares, ("expect_column_values_to_not_be_null", "expect_column_values_to_be_null"), {"column": column})


def _missing(shares: Shares, arguments: Mapping[str, Any], column: str) -> list[Call]:
    _demand_arguments(arguments, {"missingValues"})
    values = _scalars(arguments, "missingValues")
    texts: Json = [value for value in values if value is not None]
    none_of = ("expect_column_values_to_not_be_in_set", "expect_column_values_to_be_in_set")
    if None not in values:
        return _calls(shares, none_of, {"column": column, "value_set": texts})
    nulls = _nulls(shares, {}, column)
    if not texts:
        return nulls
    if not shares.is_absolute:
        raise UnmappableError("no expectation counts nulls and other missing values together; allow none, or split the rule")
    return [*nulls, *_calls(shares, none_of, {"column": column, "value_set": texts})]


def _invalid(shares: Shares, arguments: Mapping[str, Any], column: str) -> list[Call]:
    _demand_arguments(arguments, {"validValues", "pattern"})
    calls: list[Call] = []
    if "validValues" in arguments:
        values: Json = [value for value in _scalars(arguments, "validValues") if value is not None]
        names = ("expect_column_values_to_be_in_set", "expect_column_values_to_not_be_in_set")
        calls += _calls(shares, names, {"column": column, "value_set": values})
    if "pattern" in arguments:
        pattern = arguments["pattern"]
        if not isinstance(pattern, str) or not pattern:
            raise UnmappableError("arguments.pattern is not a regular expression in text")
        names = ("expect_column_values_to_match_regex", "expect_column_values_to_not_match_regex")
        calls += _calls(shares, names, {"column": column, "regex": pattern})
    if len(arguments) == 2 and not shares.is_absolute:
        raise UnmappableError("no expectation counts validValues and pattern together; allow none, or split the rule")
    if not calls:
        raise UnmappableError("invalidValues needs arguments.validValues or arguments.pattern")
    return calls


def _duplicates(
    shares: Shares, arguments: Mapping[str, Any], column: str | None, columns_of: Callable[[Sequence[Any]], list[str]]
) -> list[Call]:
    if column is not None:
        _demand_arguments(arguments, set())
        columns = [column]
    else:
        _demand_arguments(arguments, {"properties"})
        columns = columns_of(_scalars(arguments, "properties"))
    if shares.bad is not None:
        raise UnmappableError("no expectation demands duplicates")
    names: list[Json] = list(columns)
    if len(columns) == 1:
        return _calls(shares, ("expect_column_values_to_be_unique", ""), {"column": columns[0]})
    return _calls(shares, ("expect_compound_columns_to_be_unique", ""), {"column_list": names})


def _calls(shares: Shares, types: tuple[str, str], kwargs: Mapping[str, Json]) -> list[Call]:
    """The expectation that rows hold, and the one that they do not, as far as `shares` demands either."""
    return [
        (name, {**kwargs} if mostly == 1.0 else {**kwargs, "mostly": mostly})
        for name, mostly in zip(types, (shares.good, shares.bad), strict=True)
        if mostly is not None
    ]


def _demand_arguments(arguments: Mapping[str, Any], known: set[str]) -> None:
    if unknown := sorted(set(arguments) - known):
        raise UnmappableError(f"the arguments {', '.join(unknown)} are not ones that Touchstone knows for this metric")


def _scalars(arguments: Mapping[str, Any], name: str) -> list[Any]:
    values = arguments.get(name)
    if not isinstance(values, list) or not values or any(isinstance(value, list | dict) for value in values):
        raise UnmappableError(f"arguments.{name} is not a list of values")
    return values
