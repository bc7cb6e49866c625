"""The standard's own metrics as expectations that say exactly the same: Great Expectations' where it has one, else ours.

What the standard leaves open, and how it is read here (the stricter reading each time): a percentage of null or missing values
is one of all rows; a percentage of invalid or duplicate values is one of those that are present; a row counts as a duplicate
as soon as its value occurs more than once. NULL is always missing, never invalid and never a duplicate.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from catalog.contracts.ecma_patterns import python_pattern
from catalog.contracts.thresholds import Shares, UnmappableError, demand_sense, shares_of
from catalog.rules.expectation import Json
from catalog.rules.operators import Bounds, OperatorError, bounds_of, operators_in

Call = tuple[str, dict[str, Json]]
"""An expectation's type and arguments."""

MISSING = "expect_column_missing_values_to_be_within_limits"
INVALID = "expect_column_invalid_values_to_be_within_limits"
DUPLICATE = "expect_duplicate_values_to_be_within_limits"
ROW_COUNT = "expect_table_row_count_to_be_within_limits"

# Names of ODCS 3.0 and before, where `rule` took the place of `metric`.
_OLD_NAMES = {
    "nullCheck": "nullValues",
    "nullCount": "nullValues",
    "duplicateCount": "duplicateValues",
    "duplicateCheck": "duplicateValues",
    "uniqueCheck": "duplicateValues",
    "countCheck": "rowCount",
}
_IMPLIED_ZERO = {"nullCheck", "duplicateCheck", "uniqueCheck"}


def metric_name(rule: Mapping[str, Any]) -> str:
    """The name of the metric as the document writes it, in `metric` or the older `rule`; empty where there is none."""
    return str(rule.get("metric") or rule.get("rule") or "")


class _Demand:
    """The operators of one rule: as they are written, as bounds, and as shares where shares say the same."""

    def __init__(self, rule: Mapping[str, Any], *, is_zero_implied: bool) -> None:
        self.operators: dict[str, Json] = operators_in(rule) or ({"mustBe": 0} if is_zero_implied else {})
        self.unit = rule.get("unit") or "rows"
        try:
            self.bounds: Bounds = bounds_of(self.operators)
        except OperatorError as error:
            raise UnmappableError(str(error)) from error

    def shares(self) -> Shares | None:
        return shares_of(self.bounds, self.unit)

    def own(self, kind: str, kwargs: Mapping[str, Json]) -> list[Call]:
        unit: dict[str, Json] = {"unit": "percent"} if self.unit == "percent" else {}
        return [(kind, {**kwargs, **self.operators, **unit})]


def calls_for(rule: Mapping[str, Any], *, column: str | None, columns_of: Callable[[Sequence[Any]], list[str]]) -> list[Call]:
    """The expectations that say what `rule`, a quality rule of type library, demands of `column` or of the whole object.

    columns_of: names of properties to names of columns. Raises `UnmappableError`.
    """
    written = metric_name(rule)
    metric = _OLD_NAMES.get(written, written)
    demand = _Demand(rule, is_zero_implied=written in _IMPLIED_ZERO)
    arguments = rule.get("arguments") or {}
    if metric == "rowCount":
        _demand_arguments(arguments, set())
        return [_row_count(demand)]
    if metric == "duplicateValues":
        return _duplicates(demand, arguments, column, columns_of)
    readers = {"nullValues": _nulls, "missingValues": _missing, "invalidValues": _invalid}
    if metric not in readers:
        raise UnmappableError(f"the metric '{written}' is not one that Touchstone knows")
    if column is None:
        raise UnmappableError(f"{written} belongs to a property, not to the whole object")
    return readers[metric](demand, arguments, column)


def _row_count(demand: _Demand) -> Call:
    if demand.unit != "rows":
        raise UnmappableError(f"rowCount counts rows, so its unit cannot be '{demand.unit}'")
    demand_sense(demand.bounds, "rows")
    if demand.bounds.excluded:
        return ROW_COUNT, dict(demand.operators)
    smallest, largest = demand.bounds.as_counts()
    if smallest == largest:
        return "expect_table_row_count_to_equal", {"value": smallest}
    limits: dict[str, Json] = {"min_value": smallest} if smallest else {}
    if largest is not None:
        limits["max_value"] = largest
    return "expect_table_row_count_to_be_between", limits


def _nulls(demand: _Demand, arguments: Mapping[str, Any], column: str) -> list[Call]:
    _demand_arguments(arguments, set())
    if (shares := demand.shares()) is None:
        return demand.own(MISSING, {"column": column})
    return _calls(shares, ("expect_column_values_to_not_be_null", "expect_column_values_to_be_null"), {"column": column})


def _missing(demand: _Demand, arguments: Mapping[str, Any], column: str) -> list[Call]:
    _demand_arguments(arguments, {"missingValues"})
    texts: list[Json] = [value for value in _scalars(arguments, "missingValues") if value is not None]
    if not texts:
        return _nulls(demand, {}, column)
    shares = demand.shares()
    if shares is None or not shares.is_absolute:
        return demand.own(MISSING, {"column": column, "value_set": texts})
    return [*_nulls(demand, {}, column), ("expect_column_values_to_not_be_in_set", {"column": column, "value_set": texts})]


def _invalid(demand: _Demand, arguments: Mapping[str, Any], column: str) -> list[Call]:
    _demand_arguments(arguments, {"validValues", "pattern"})
    kwargs: dict[str, Json] = {"column": column}
    checks: list[tuple[tuple[str, str], dict[str, Json]]] = []
    if "validValues" in arguments:
        kwargs["value_set"] = [value for value in _scalars(arguments, "validValues") if value is not None]
        names = ("expect_column_values_to_be_in_set", "expect_column_values_to_not_be_in_set")
        checks.append((names, {"column": column, "value_set": kwargs["value_set"]}))
    if "pattern" in arguments:
        pattern = arguments["pattern"]
        if not isinstance(pattern, str) or not pattern:
            raise UnmappableError("arguments.pattern is not a regular expression in text")
        kwargs["regex"] = python_pattern(pattern)
        names = ("expect_column_values_to_match_regex", "expect_column_values_to_not_match_regex")
        checks.append((names, {"column": column, "regex": kwargs["regex"]}))
    if not checks:
        raise UnmappableError("invalidValues needs arguments.validValues or arguments.pattern")
    shares = demand.shares()
    if shares is None or (len(checks) > 1 and not shares.is_absolute):
        return demand.own(INVALID, kwargs)
    return [call for names, given in checks for call in _calls(shares, names, given)]


def _duplicates(
    demand: _Demand, arguments: Mapping[str, Any], column: str | None, columns_of: Callable[[Sequence[Any]], list[str]]
) -> list[Call]:
    if column is not None:
        _demand_arguments(arguments, set())
        columns = [column]
    else:
        _demand_arguments(arguments, {"properties"})
        columns = columns_of(_scalars(arguments, "properties"))
    names: list[Json] = list(columns)
    kwargs: dict[str, Json] = {"column": columns[0]} if len(columns) == 1 else {"column_list": names}
    shares = demand.shares()
    if shares is None or shares.bad is not None:
        return demand.own(DUPLICATE, kwargs)
    kind = "expect_column_values_to_be_unique" if len(columns) == 1 else "expect_compound_columns_to_be_unique"
    return _calls(shares, (kind, ""), kwargs)


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
