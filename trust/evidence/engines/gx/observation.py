"""What a run sees besides its checks: the rows, the columns with the types that their values satisfy, the newest moment."""

from collections.abc import Hashable, Mapping
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa

from catalog.rules.vocabulary import LogicalType
from trust.evidence.engines.gx import aggregates
from trust.evidence.engines.gx.arguments import naive_utc
from trust.evidence.engines.gx.backend import Backend, moment_in_text
from trust.evidence.engines.gx.columns import Column, Kind, SqlExpression
from trust.evidence.engines.gx.domain import Domain
from trust.evidence.engines.gx.measure import Table
from trust.evidence.engines.gx.requests import Measurement, Scalars
from trust.evidence.rules.evidence import ObservedColumn, Source

_MOST_UNREADABLE = 0.05


def observe(table: Table, source: Source) -> dict[Hashable, Measurement]:
    """Measurements of a run's surroundings, to be walked together with those of the checks."""
    found: dict[Hashable, Measurement] = {("observed", "rows"): aggregates.row_count(Domain())}
    for column in table.columns.values():
        declared = source.declared_types.get(column.name)
        found["observed", "types", column.name] = _logical_types(column, declared, is_file=table.backend.name == "duckdb")
    if source.time_column is not None and source.time_column in table.columns:
        found["observed", "time"] = _newest(table.backend, table.columns[source.time_column])
    return found


def observed_columns(table: Table, outcomes: Mapping[Hashable, Any]) -> tuple[ObservedColumn, ...]:
    """The columns in order; where their values could not be looked at, what their physical type says."""
    observed = []
    for column in table.columns.values():
        types = outcomes.get(("observed", "types", column.name))
        logical = types if isinstance(types, frozenset) else column.logical_types()
        observed.append(ObservedColumn(column.name, column.physical_type, logical))
    return tuple(observed)


def data_time(outcomes: Mapping[Hashable, Any]) -> datetime | None:
    found = outcomes.get(("observed", "time"))
    return found if isinstance(found, datetime) else None


def _logical_types(column: Column, declared: LogicalType | None, *, is_file: bool) -> Measurement:
    """A column of a file without any value contradicts no type: its writer had nothing to tell the type by."""
    if column.is_nothing:
        return frozenset(LogicalType)
    types = column.logical_types()
    questions: dict[Hashable, SqlExpression] = {}
    domain = Domain()
    fractional = column.kind is Kind.FLOAT or (column.kind is Kind.DECIMAL and not column.is_whole)
    if fractional and (declared is LogicalType.INTEGER or column.text_dates):
        # Whole numbers beside NULLs come as floats from pandas; they are whole numbers all the same.
        questions["broken"] = domain.count_where(column.value != sa.func.floor(column.value))
    is_contradicted = declared is not None and declared not in types
    if questions or column.text_dates or (is_contradicted and is_file):
        questions["present"] = sa.func.count(column.value)
    if not questions:
        return types
    keyed: dict[Hashable, SqlExpression] = {("types", name, column.name): expression for name, expression in questions.items()}
    answers = yield Scalars(keyed)
    found = {name: answers["types", name, column.name] for name in questions}
    if not found["present"]:
        return types | frozenset(LogicalType) if is_file else types
    if found.get("broken") == 0:
        types |= {LogicalType.INTEGER}
    return types


def _newest(backend: Backend, column: Column) -> Measurement:
    """The newest moment of the time column, in UTC: a date is its own start.

    None where more than `_MOST_UNREADABLE` of the texts in it cannot be read: one fresh moment says nothing about the others.
    """
    if column.kind.is_moment:
        expression: SqlExpression = column.value
    elif column.kind is Kind.TEXT:
        expression = moment_in_text(backend, column)
    else:
        return None
    newest, written, read = (("newest", column.name, what) for what in ("newest", "written", "read"))
    answers = yield Scalars(
        {
            newest: backend.in_calendar(sa.func.max(expression), column),
            written: sa.func.count(column.value),
            read: sa.func.count(expression),
        }
    )
    if answers[written] - answers[read] > _MOST_UNREADABLE * answers[written]:
        return None
    return _utc(answers[newest])


def _utc(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        return naive_utc(value).replace(tzinfo=UTC)
    return datetime(value.year, value.month, value.day, tzinfo=UTC) if isinstance(value, date) else None
