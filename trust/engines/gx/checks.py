"""From an expectation to a check: what it measures, and how its measurements become a finding.

Great Expectations' own class checks the arguments and, from the measurements, decides. Three kinds are judged here instead:
types (it decides by engine what a name means), our reference expectation, and whatever it has that we have not.
"""

import difflib
import warnings
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol

from great_expectations.compatibility import pydantic
from great_expectations.expectations.expectation import (
    ColumnMapExpectation,
    ColumnPairMapExpectation,
    MulticolumnMapExpectation,
    QueryExpectation,
)
from great_expectations.expectations.expectation import Expectation as GxExpectation
from great_expectations.expectations.registry import get_expectation_impl, list_registered_expectation_implementations
from great_expectations.validator.metric_configuration import MetricConfiguration

from catalog.rules.expectation import Expectation
from trust.engines.gx import aggregates, reference
from trust.engines.gx.arguments import naive_utc
from trust.engines.gx.domain import Domain
from trust.engines.gx.execution import TouchstoneExecutionEngine, measurement_key
from trust.engines.gx.findings import Finding, count_rows
from trust.engines.gx.map_measurements import LOOKS_AT_NULLS
from trust.engines.gx.requests import Measurement
from trust.engines.gx.row_filter import row_filter
from trust.engines.gx.type_names import is_of_type, pandas_name

REFUSED_TYPES = {"unexpected_rows_expectation", "expect_query_results_to_match_comparison"}
_TYPE_ARGUMENTS = {
    "expect_column_values_to_be_of_type": "type_",
    "expect_column_type_to_be": "type_",
    "expect_column_values_to_be_in_type_list": "type_list",
}
# Aggregates that say nothing about any single value: they may be shown of a redacted column.
_COUNTING_METRICS = {
    "column.distinct_values.count",
    "column.unique_proportion",
    "column.non_null_proportion",
    "column.non_null_count",
}
_RESULT_FORMAT = {"result_format": "BASIC", "partial_unexpected_count": 0}


# Types of Great Expectations whose metrics it asks for while it names them; they take its own path from the start.
_NOT_OURS = {"expect_column_kl_divergence_to_be_less_than", "expect_column_chisquare_test_p_value_to_be_greater_than"}
_OURS = ("expect_column", "expect_compound", "expect_multicolumn", "expect_select", "expect_table")


class ArgumentError(ValueError):
    """The expectation itself is wrong: its type, or its arguments."""


class Check(Protocol):
    """One expectation, ready to be measured."""

    columns: tuple[str, ...]

    def measurements(self) -> Mapping[Hashable, Measurement]:
        """What must be measured, by key. Keys may be shared: equal questions are asked once."""

    def conclude(self, values: Mapping[Hashable, Any]) -> Finding: ...

    def sampler(self) -> Measurement | None: ...


@dataclass
class GxCheck:
    """An expectation of Great Expectations whose metrics are all ours."""

    expectation: GxExpectation
    engine: TouchstoneExecutionEngine
    metrics: dict[str, MetricConfiguration]
    columns: tuple[str, ...]
    row_condition: tuple[Any, str | None]
    presence: tuple[Any, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.presence = ("presence", self.columns, repr(self.row_condition))

    def _key(self, metric: MetricConfiguration) -> Hashable:
        return measurement_key(metric, self.row_condition)

    @property
    def is_map(self) -> bool:
        return isinstance(self.expectation, (ColumnMapExpectation, ColumnPairMapExpectation, MulticolumnMapExpectation))

    @property
    def is_column_aggregate(self) -> bool:
        return not self.is_map and any(name.startswith("column.") for name in self.metrics)

    def measurements(self) -> Mapping[Hashable, Measurement]:
        found: dict[Hashable, Measurement] = {
            self._key(metric): self.engine.measurement(metric, self.row_condition) for metric in self.metrics.values()
        }
        if self.is_column_aggregate:
            domain = row_filter(*self.row_condition, self.engine.column)
            found[self.presence] = _presence(self.engine, domain, self.columns[0])
        return found

    def conclude(self, values: Mapping[Hashable, Any]) -> Finding:
        by_name = {name: values[self._key(metric)] for name, metric in self.metrics.items()}
        for value in by_name.values():
            if isinstance(value, Exception):
                raise value
        if self.is_map:
            return self._conclude_map(by_name)
        if self.is_column_aggregate:
            rows, present = values[self.presence]
            looked_at = rows if "column.non_null_proportion" in self.metrics else present
            if not looked_at:
                return Finding(None, element_count=rows, missing_count=rows - present)
            _align_moments(self.expectation, by_name)
        result: Any = self.expectation._validate(  # noqa: SLF001  # the decision itself; what is around it is costly and ours
            metrics=by_name, runtime_configuration={"result_format": _RESULT_FORMAT}, execution_engine=self.engine
        )
        return self._conclude_aggregate(result)

    def _conclude_map(self, by_name: Mapping[str, Any]) -> Finding:
        metric = str(getattr(self.expectation, "map_metric", ""))
        rows, unexpected = by_name["table.row_count"], by_name[f"{metric}.unexpected_count"]
        missing = 0
        if f"{metric}.filtered_row_count" in by_name:
            missing = rows - by_name[f"{metric}.filtered_row_count"]
        elif metric not in LOOKS_AT_NULLS:
            missing = by_name["column_values.nonnull.unexpected_count"]
        finding = count_rows(rows, missing, unexpected, self.expectation._get_success_kwarg("mostly"))  # noqa: SLF001
        if metric in LOOKS_AT_NULLS:
            finding.missing_count = unexpected if metric == "column_values.nonnull" else rows - unexpected
        return finding

    def _conclude_aggregate(self, result: Mapping[str, Any]) -> Finding:
        details = dict(result.get("result") or {})
        listed = details.pop("partial_unexpected_list", None) or details.pop("partial_missing_list", None) or []
        finding = Finding(bool(result["success"]), observed=details.get("observed_value"), samples=tuple(listed))
        finding.unexpected_count = details.get("unexpected_count")  # of distinct values, where a set is compared
        finding.observed_is_value = self.is_column_aggregate and not set(self.metrics) <= _COUNTING_METRICS
        return finding

    def sampler(self) -> Measurement | None:
        if self.is_map:
            metric = str(getattr(self.expectation, "map_metric", ""))
            return self.engine.sampler(self.metrics[f"{metric}.unexpected_count"], self.row_condition)
        return None


def _align_moments(expectation: GxExpectation, by_name: dict[str, Any]) -> None:
    """Make dates and timestamps comparable: Great Expectations reads a bound such as 2024-01-01 as a date, always."""
    for name in set(by_name) & {"column.min", "column.max", "column.median"}:
        value, bounds = by_name[name], {key: getattr(expectation, key, None) for key in ("min_value", "max_value")}
        if not isinstance(value, date) or all(bound is None for bound in bounds.values()):
            continue
        if any(isinstance(each, datetime) for each in (value, *bounds.values())):
            by_name[name] = _as_datetime(value)
            for key, bound in bounds.items():
                setattr(expectation, key, _as_datetime(bound))


def _as_datetime(value: Any) -> Any:
    if isinstance(value, datetime):
        return naive_utc(value)
    return datetime(value.year, value.month, value.day) if isinstance(value, date) else value  # noqa: DTZ001


def _presence(engine: TouchstoneExecutionEngine, domain: Any, name: str) -> Measurement:
    """(rows of the domain, rows with a value in the column)."""
    rows = yield from aggregates.row_count(domain)
    present = yield from aggregates.nonnull_count(domain, engine.column(name))
    return rows, present


@dataclass
class OwnPathCheck:
    """An expectation with metrics that we have not: Great Expectations computes them with its own SQL, one by one."""

    expectation: GxExpectation
    engine: TouchstoneExecutionEngine
    metrics: dict[str, MetricConfiguration]
    columns: tuple[str, ...]

    @property
    def _key(self) -> tuple[Any, ...]:
        return ("own path", *(str(metric.id) for metric in self.metrics.values()))

    def measurements(self) -> Mapping[Hashable, Measurement]:
        found: dict[Hashable, Measurement] = {self._key: self.engine.own_path(self.metrics.values(), _RESULT_FORMAT)}
        if self.columns:
            found["presence", self.columns, ""] = _presence(self.engine, Domain(), self.columns[0])
        return found

    def conclude(self, values: Mapping[Hashable, Any]) -> Finding:
        presence = values.get(("presence", self.columns, ""))
        if isinstance(presence, tuple) and not presence[1]:
            return Finding(None, element_count=presence[0], missing_count=presence[0])
        resolved = values[self._key]
        if isinstance(resolved, Exception):
            raise resolved
        by_name = {name: resolved[metric.id] for name, metric in self.metrics.items()}
        result: Any = self.expectation._validate(  # noqa: SLF001
            metrics=by_name, runtime_configuration={"result_format": _RESULT_FORMAT}, execution_engine=self.engine
        )
        if hasattr(result, "to_json_dict"):
            result = result.to_json_dict()
        details = result.get("result") or {}
        return Finding(
            bool(result["success"]),
            details.get("element_count"),
            details.get("missing_count"),
            details.get("unexpected_count"),
            details.get("unexpected_percent"),
            observed=details.get("observed_value"),
            observed_is_value=True,
        )

    def sampler(self) -> Measurement | None:
        return None


@dataclass
class TypeCheck:
    """A check of a column's type. It looks at the type that the source declares, or that all of its values share."""

    column: str
    names: tuple[str, ...] | None
    engine: TouchstoneExecutionEngine
    row_condition: tuple[Any, str | None]
    columns: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.columns = (self.column,)

    def measurements(self) -> Mapping[Hashable, Measurement]:
        domain = row_filter(*self.row_condition, self.engine.column)
        return {("presence", self.columns, repr(self.row_condition)): _presence(self.engine, domain, self.column)}

    def conclude(self, values: Mapping[Hashable, Any]) -> Finding:
        presence = values["presence", self.columns, repr(self.row_condition)]
        if isinstance(presence, Exception):
            raise presence
        column = self.engine.column(self.column)
        holds = True if self.names is None else is_of_type(column, self.names)
        if column.text_dates and not presence[1]:  # CSV and JSON lines: the type is that of the values, and there are none
            return Finding(None, element_count=presence[0], missing_count=presence[0])
        message = "" if holds else f"Column {self.column!r} is {column.physical_type}, not {' or '.join(self.names or ())}."
        return Finding(holds, observed=pandas_name(column), message=message)

    def sampler(self) -> Measurement | None:
        return None


@dataclass
class ReferenceCheck:
    """Every value exists in another dataset."""

    lookup: reference.Lookup
    arguments: reference.ReferenceArguments
    columns: tuple[str, ...]

    @property
    def _key(self) -> tuple[Any, ...]:
        arguments = self.arguments
        return ("reference", arguments.columns, arguments.reference, arguments.reference_columns, repr(arguments.row_condition))

    def measurements(self) -> Mapping[Hashable, Measurement]:
        return {
            ("lost", *self._key): self.lookup.count(),
            ("rows", *self._key): aggregates.row_count(self.lookup.domain),
            ("looked at", *self._key): aggregates.row_count(self.lookup.looked_at()),
        }

    def conclude(self, values: Mapping[Hashable, Any]) -> Finding:
        lost, rows, looked_at = (values[what, *self._key] for what in ("lost", "rows", "looked at"))
        for value in (lost, rows, looked_at):
            if isinstance(value, Exception):
                raise value
        return count_rows(rows, rows - looked_at, lost, self.arguments.mostly)

    def sampler(self) -> Measurement | None:
        return self.lookup.samples()


def make_check(expectation: Expectation, engine: TouchstoneExecutionEngine, references: reference.References) -> Check:
    """The check of an expectation. Raises ArgumentError, LookupError, ValueError or TypeError, with a sentence."""
    if expectation.type == reference.EXPECTATION_TYPE:
        return _reference_check(expectation, engine, references)
    gx = gx_expectation(expectation)
    kwargs = gx.configuration.kwargs
    row_condition = (getattr(gx, "row_condition", None), getattr(gx, "condition_parser", None))
    columns = _named_columns(kwargs)
    for column in columns if expectation.type != "expect_column_to_exist" else ():
        engine.column(column)
    if expectation.type in _TYPE_ARGUMENTS:
        names = getattr(gx, _TYPE_ARGUMENTS[expectation.type])
        names = (names,) if isinstance(names, str) else None if names is None else tuple(names)
        return TypeCheck(columns[0], names, engine, row_condition)
    if not any(expectation.type.startswith(prefix) for prefix in _OURS) or expectation.type in _NOT_OURS:
        engine.load_for_own_metrics()
        _refuse_text_condition(row_condition[0])
    dependencies = gx.get_validation_dependencies(
        execution_engine=engine, runtime_configuration={"result_format": _RESULT_FORMAT}
    )
    metrics = dict(dependencies.metric_configurations)
    if isinstance(gx, MulticolumnMapExpectation):
        columns = tuple(kwargs["column_list"])
    if all(engine.knows(metric) for metric in metrics.values()):
        return GxCheck(gx, engine, metrics, columns, row_condition)
    _refuse_text_condition(row_condition[0])
    engine.load_for_own_metrics()
    return OwnPathCheck(gx, engine, metrics, columns)


def _refuse_text_condition(condition: Any) -> None:
    if condition is not None:
        raise ArgumentError("This expectation type takes no row_condition here. Leave it out, or use another type.")


def gx_expectation(expectation: Expectation) -> GxExpectation:
    """Great Expectations' own object, which checks the arguments. Raises ArgumentError."""
    kind = _expectation_class(expectation.type)
    if "result_format" in expectation.kwargs or "catch_exceptions" in expectation.kwargs:
        raise ArgumentError("result_format and catch_exceptions cannot be given: every check is counted in full. Remove them.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # conditions as text, which suites in JSON must use
            arguments: dict[str, Any] = dict(expectation.kwargs)
            return kind(**arguments)
    except pydantic.ValidationError as error:
        faults = "; ".join(_fault(fault) for fault in error.errors())
        raise ArgumentError(f"Wrong arguments for {expectation.type}: {faults}.") from error
    except (TypeError, ValueError, KeyError, AttributeError, AssertionError) as error:
        raise ArgumentError(f"Wrong arguments for {expectation.type}: {error}.") from error
    except Exception as error:
        raise ArgumentError(f"The row_condition of {expectation.type} cannot be read: {error}.") from error


def _fault(fault: Mapping[str, Any]) -> str:
    where = ".".join(str(part) for part in fault["loc"] if part != "__root__")
    message = str(fault["msg"])
    if fault.get("type") == "value_error.extra":
        message = "is not an argument that it takes"
    return f"{where}: {message}" if where else message


def _expectation_class(name: str) -> type[GxExpectation]:
    known = list_registered_expectation_implementations()
    if name in REFUSED_TYPES:
        raise ArgumentError(f"{name} runs SQL text of its author, which is not allowed. Say it with another expectation.")
    if name not in known:
        near = difflib.get_close_matches(name, [*known, reference.EXPECTATION_TYPE], n=3, cutoff=0.6)
        hint = f" Did you mean {' or '.join(near)}?" if near else " See the list of expectation types in the documentation."
        raise ArgumentError(f"There is no expectation type {name!r}.{hint}")
    kind: type[GxExpectation] = get_expectation_impl(name)
    if issubclass(kind, QueryExpectation):
        raise ArgumentError(f"{name} runs SQL text of its author, which is not allowed. Say it with another expectation.")
    return kind


def _named_columns(kwargs: Mapping[str, Any]) -> tuple[str, ...]:
    """Columns that the arguments name. `column_list` of a table-level check names what should be there, not what is."""
    if "column" in kwargs:
        return (kwargs["column"],)
    if "column_A" in kwargs:
        return (kwargs["column_A"], kwargs["column_B"])
    return ()


def _reference_check(
    expectation: Expectation, engine: TouchstoneExecutionEngine, references: reference.References
) -> ReferenceCheck:
    arguments = reference.read_arguments(expectation.kwargs)
    columns = tuple(engine.column(name) for name in arguments.columns)
    table = references.table(arguments.reference)
    theirs = []
    for name in arguments.reference_columns:
        if name not in table.columns:
            near = difflib.get_close_matches(name, table.columns, n=3, cutoff=0.5)
            hint = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
            raise LookupError(f"The reference {arguments.reference!r} has no column {name!r}.{hint}")
        theirs.append(table.columns[name])
    condition = reference_condition(arguments)
    domain = row_filter(condition, arguments.condition_parser, engine.column)
    lookup = reference.Lookup(engine.table, columns, domain, table, tuple(theirs))
    return ReferenceCheck(lookup, arguments, arguments.columns)


def reference_condition(arguments: reference.ReferenceArguments) -> Any:
    """The row condition as Great Expectations' object, read by one of its own classes."""
    if arguments.row_condition is None:
        return None
    kwargs = {"column": "x", "row_condition": arguments.row_condition, "condition_parser": arguments.condition_parser}
    stand_in = gx_expectation(Expectation("expect_column_values_to_not_be_null", kwargs))
    return getattr(stand_in, "row_condition", None)
