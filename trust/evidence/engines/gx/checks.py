"""From an expectation to a check: what it measures, and how its measurements become a finding.

Great Expectations' own class checks the arguments and, from the measurements, decides. Three kinds are judged here instead:
types (it decides by engine what a name means), our reference expectation, and whatever it has that we have not.
"""

import difflib
import re
import warnings
from collections.abc import Hashable, Mapping
from datetime import time
from typing import Any, Protocol

from great_expectations.compatibility import pydantic
from great_expectations.exceptions.exceptions import GreatExpectationsError
from great_expectations.expectations.expectation import Expectation as GxExpectation
from great_expectations.expectations.expectation import MulticolumnMapExpectation, QueryExpectation
from great_expectations.expectations.registry import get_expectation_impl, list_registered_expectation_implementations
from great_expectations.validator.metric_configuration import MetricConfiguration

from catalog.rules.expectation import UNKNOWN_VARIABLES, Expectation
from trust.evidence.engines.gx import reference
from trust.evidence.engines.gx.execution import TouchstoneExecutionEngine
from trust.evidence.engines.gx.findings import CheckFinding
from trust.evidence.engines.gx.gx_check import RESULT_FORMAT, GxCheck, OwnPathCheck
from trust.evidence.engines.gx.limit_checks import limit_check
from trust.evidence.engines.gx.own_checks import ReferenceCheck, TypeCheck
from trust.evidence.engines.gx.requests import Measurement
from trust.evidence.engines.gx.row_filter import row_filter
from trust.evidence.engines.gx.sql_checks import sql_check
from trust.evidence.engines.gx.value_checks import value_check
from trust.evidence.rules.expectation_patterns import REMEDY, pattern_fault
from trust.evidence.rules.expectation_types import LIMIT_TYPES, OWN_TYPES, SQL_RULE_TYPE, VALUE_TYPES
from trust.evidence.rules.pattern_syntax import PatternError

REFUSED_TYPES = {"unexpected_rows_expectation", "expect_query_results_to_match_comparison"}
# It would count the rows of any table that the connection reaches, and beside a file knows only that file under our own name.
OTHER_TABLES = {"expect_table_row_count_to_equal_other_table"}
_TYPE_ARGUMENTS = {
    "expect_column_values_to_be_of_type": "type_",
    "expect_column_type_to_be": "type_",
    "expect_column_values_to_be_in_type_list": "type_list",
}


class ArgumentError(ValueError):
    """The expectation itself is wrong: its type, or its arguments."""


class PlannedCheck(Protocol):
    """One expectation, ready to be measured."""

    columns: tuple[str, ...]

    def measurements(self) -> Mapping[Hashable, Measurement]:
        """What must be measured, by key. Keys may be shared: equal questions are asked once."""

    def conclude(self, values: Mapping[Hashable, Any]) -> CheckFinding: ...

    def sampler(self) -> Measurement | None: ...


def make_check(
    expectation: Expectation,
    engine: TouchstoneExecutionEngine,
    references: reference.References,
    approved_queries: frozenset[str] = frozenset(),
) -> PlannedCheck:
    """The check of an expectation. approved_queries: digests of the SQL that may be run.

    Raises ArgumentError, LookupError, ValueError or TypeError, with a sentence.
    """
    if unknown := expectation.meta.get(UNKNOWN_VARIABLES):
        raise ArgumentError(f"The check is not run, because {unknown}. Add it there, or write the value into the contract.")
    if (fault := pattern_fault(expectation)) is not None:
        raise PatternError(f"The pattern in {fault.argument} {fault.reason}. {REMEDY}")
    if expectation.type == SQL_RULE_TYPE:
        return sql_check(expectation, engine, approved_queries)
    if expectation.type in OWN_TYPES:
        return _own_check(expectation, engine, references)
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
    exact = _exact_bounds(expectation.kwargs)
    metrics = _metrics(gx, engine, exact)
    if isinstance(gx, MulticolumnMapExpectation):
        columns = tuple(kwargs["column_list"])
    if all(engine.knows(metric) for metric in metrics.values()):
        return GxCheck(gx, engine, metrics, columns, row_condition, exact)
    _refuse_text_condition(row_condition[0])
    engine.load_for_own_metrics()
    return OwnPathCheck(gx, engine, metrics, columns)


def _own_check(expectation: Expectation, engine: TouchstoneExecutionEngine, references: reference.References) -> PlannedCheck:
    if expectation.type in VALUE_TYPES:
        return value_check(expectation, engine)
    if expectation.type in LIMIT_TYPES:
        return limit_check(expectation, engine)
    return _reference_check(expectation, engine, references)


def _metrics(gx: GxExpectation, engine: TouchstoneExecutionEngine, exact: Mapping[str, Any]) -> dict[str, MetricConfiguration]:
    """What the expectation must know, by name. A few types ask for metrics already while they name others."""
    runtime = {"result_format": RESULT_FORMAT}
    try:
        dependencies = gx.get_validation_dependencies(execution_engine=engine, runtime_configuration=runtime)
    except (KeyError, GreatExpectationsError):
        engine.load_for_own_metrics()
        dependencies = gx.get_validation_dependencies(execution_engine=engine, runtime_configuration=runtime)
    metrics = dict(dependencies.metric_configurations)
    for metric in metrics.values():
        for name in _BOUNDS & metric.metric_value_kwargs.keys():
            metric.metric_value_kwargs[name] = exact.get(name, metric.metric_value_kwargs[name])
    return metrics


def _refuse_text_condition(condition: Any) -> None:
    if condition is not None:
        raise ArgumentError("This expectation type takes no row_condition here. Leave it out, or use another type.")


_BOUNDS = {"min_value", "max_value", "sum_total"}
_CLOCK = re.compile(r"[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?")


def gx_expectation(expectation: Expectation) -> GxExpectation:
    """Great Expectations' own object, which checks the arguments. Raises ArgumentError."""
    kind = _expectation_class(expectation.type)
    if "result_format" in expectation.kwargs or "catch_exceptions" in expectation.kwargs:
        raise ArgumentError("result_format and catch_exceptions cannot be given: every check is counted in full. Remove them.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # conditions as text, which suites in JSON must use
            arguments: dict[str, Any] = dict(expectation.kwargs)
            # Great Expectations is given numbers in place of times of the day.
            clocks = [name for name, bound in _exact_bounds(arguments).items() if isinstance(bound, time)]
            return kind(**{**arguments, **{name: float(name == "max_value") for name in clocks}})
    except pydantic.ValidationError as error:
        faults = "; ".join(_fault(fault) for fault in error.errors())
        raise ArgumentError(f"Wrong arguments for {expectation.type}: {faults}.") from error
    except (TypeError, ValueError, KeyError, AttributeError, AssertionError) as error:
        raise ArgumentError(f"Wrong arguments for {expectation.type}: {error}.") from error
    except Exception as error:
        raise ArgumentError(f"The row_condition of {expectation.type} cannot be read: {error}.") from error


def _exact_bounds(kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Bounds that Great Expectations would make floats of, which hold 15 digits, or does not know: times of the day."""
    found: dict[str, Any] = {}
    for name in _BOUNDS & kwargs.keys():
        bound = kwargs[name]
        if isinstance(bound, int) and not isinstance(bound, bool):
            found[name] = bound
        elif (clock := _clock(bound)) is not None:
            found[name] = clock
    return found


def _clock(bound: Any) -> time | None:
    """The time of the day that a bound writes."""
    if not isinstance(bound, str) or not _CLOCK.fullmatch(bound):
        return None
    try:
        return time.fromisoformat(bound)
    except ValueError:
        return None


def _fault(fault: Mapping[str, Any]) -> str:
    where = ".".join(str(part) for part in fault["loc"] if part != "__root__")
    message = str(fault["msg"])
    if fault.get("type") == "value_error.extra":
        message = "is not an argument that it takes"
    return f"{where}: {message}" if where else message


def _expectation_class(name: str) -> type[GxExpectation]:
    known = list_registered_expectation_implementations()
    if name in REFUSED_TYPES:
        raise ArgumentError(f"{name} runs SQL text of its author, which is not allowed. Use another expectation.")
    if name in OTHER_TABLES:
        raise ArgumentError(f"{name} names a table that may not be a port. Give the number of rows that is expected.")
    if name not in known:
        near = difflib.get_close_matches(name, [*known, *OWN_TYPES], n=3, cutoff=0.6)
        hint = f" Did you mean {' or '.join(near)}?" if near else " See the list of expectation types in the documentation."
        raise ArgumentError(f"There is no expectation type {name!r}.{hint}")
    kind: type[GxExpectation] = get_expectation_impl(name)
    if issubclass(kind, QueryExpectation):
        raise ArgumentError(f"{name} runs SQL text of its author, which is not allowed. Use another expectation.")
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
