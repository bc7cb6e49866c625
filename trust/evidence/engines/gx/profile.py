"""Reads a source for its profile: a sample of its rows, in the order of the source, and exact figures of all of them.

A file without types (CSV) is read as texts, so that what is written is seen as it is written.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import duckdb
import sqlalchemy as sa

from catalog.rules.vocabulary import LogicalType
from trust.evidence.engines.gx.columns import Column, Kind, SqlExpression
from trust.evidence.engines.gx.file_problems import file_problem
from trust.evidence.engines.gx.measure import CHUNK, Table
from trust.evidence.engines.gx.sources import Access, Opening
from trust.evidence.rules.evidence import Source
from trust.evidence.rules.profiling import columns as sampled
from trust.evidence.rules.profiling.figures import WholeFigures, figures_of, words_for_nothing
from trust.evidence.rules.profiling.table import TableProfile, profile_table

SAMPLED_ROWS = 50_000
"""More rows would cost time and show no more: a defect of 1% is 500 of them."""
_TYPES = {
    Kind.INTEGER: LogicalType.INTEGER,
    Kind.FLOAT: LogicalType.NUMBER,
    Kind.DECIMAL: LogicalType.NUMBER,
    Kind.BOOLEAN: LogicalType.BOOLEAN,
    Kind.TEXT: LogicalType.STRING,
    Kind.DATE: LogicalType.DATE,
    Kind.TIMESTAMP: LogicalType.TIMESTAMP,
    Kind.TIME: LogicalType.TIME,
}


def profile_source(source: Source, access: Access, *, sampled_rows: int = SAMPLED_ROWS) -> TableProfile:
    """What the data shows. Raises SourceProblemError where it cannot be read."""
    try:
        with Opening(replace(source, null_values=()), access) as opened:
            table = opened.table
            if not any(column.untyped for column in table.columns.values()):
                return _profile(table, sampled_rows, dict(table.reading))
            found = dict(table.reading)
            texts = dict.fromkeys(table.columns, LogicalType.STRING)
        with Opening(replace(source, null_values=(), declared_types=texts), access) as opened:
            return _profile(opened.table, sampled_rows, found)
    except duckdb.Error as error:
        raise file_problem(source, error) from error
    except sa.exc.DBAPIError as error:
        if isinstance(error.orig, duckdb.Error):
            raise file_problem(source, error.orig) from error
        raise


def _profile(table: Table, most: int, reading: dict[str, str]) -> TableProfile:
    rows = int(table.backend.connection.execute(sa.select(sa.func.count()).select_from(table.selectable)).scalar() or 0)
    step = max(1, -(-rows // most))
    named = list(table.columns.values())
    values = _values(table, named, step)
    sign = reading.get("decimal sign", ".")
    columns = [
        sampled.typed_column(
            column.name,
            _type(column),
            of_column,
            written=column.untyped,
            decimal_sign=sign,
            reads_dates=column.text_dates or column.kind is not Kind.TEXT,
        )
        for column, of_column in zip(named, values, strict=True)
    ]
    figures = {column.name: figures_of(column) for column in columns}
    if step > 1:
        figures = _whole_figures(table, columns, sign)
    return profile_table(columns, rows, figures=figures, reading=reading)


def _type(column: Column) -> LogicalType | None:
    return column.container or _TYPES.get(column.kind)


def _values(table: Table, columns: Sequence[Column], step: int) -> list[list[Any]]:
    wanted = [_value(column).label(f"v{index}") for index, column in enumerate(columns)]
    if step > 1:
        numbered = sa.select(*wanted, sa.func.row_number().over().label("place")).select_from(table.selectable).subquery()
        kept = [numbered.c[f"v{index}"] for index in range(len(columns))]
        statement = sa.select(*kept).where(numbered.c.place % step == 0).order_by(numbered.c.place)
    else:
        statement = sa.select(*wanted).select_from(table.selectable)
    found: list[list[Any]] = [[] for _ in columns]
    for chunk in table.backend.stream(statement, CHUNK):
        for row in chunk:
            for place, value in enumerate(row):
                found[place].append(value)
    return found


def _value(column: Column) -> SqlExpression:
    """The value in a type that Python reads; of what is not looked into, whether it is there."""
    if column.kind in {Kind.FLOAT, Kind.DECIMAL} or (column.kind is Kind.INTEGER and column.is_bignum):
        return sa.cast(column.value, sa.Double)
    if column.kind is Kind.TIMESTAMP:
        return sa.cast(column.value, sa.DateTime)
    if column.kind in {Kind.OTHER, Kind.TIME}:
        return sa.case((column.value.is_(None), sa.null()), else_=sa.true())
    return column.value


def _whole_figures(table: Table, columns: Sequence[sampled.Column], sign: str) -> dict[str, WholeFigures]:
    """The figures of all rows, in one statement. A row that the sample could not show makes a rule less narrow."""
    wanted: list[SqlExpression] = []
    for index, column in enumerate(columns):
        source = table.columns[column.name]
        value = source.value
        words = [*words_for_nothing(column), ""]
        present = sa.and_(value.is_not(None), value.not_in(words)) if source.kind is Kind.TEXT else value.is_not(None)
        number: SqlExpression = sa.null()
        if column.is_number:
            number = value if source.kind is not Kind.TEXT else sa.func.replace(sa.func.trim(value), sign, ".")
            number = sa.try_cast(number, sa.Double)
        length = sa.func.length(value) if source.kind is Kind.TEXT else sa.null()
        members = list(column.counts) if column.is_category and source.kind is Kind.TEXT else []
        others = sa.and_(present, value.not_in(members)) if members else sa.false()
        questions = {
            "present": sa.func.count().filter(present),
            "distinct": sa.func.count(sa.distinct(sa.case((present, value)))) if source.kind is not Kind.OTHER else sa.null(),
            "lowest": sa.func.min(number),
            "highest": sa.func.max(number),
            "shortest": sa.func.min(length),
            "longest": sa.func.max(length),
            "others": sa.func.count().filter(others),
        }
        wanted += [expression.label(f"{name}{index}") for name, expression in questions.items()]
    row = table.backend.connection.execute(sa.select(*wanted).select_from(table.selectable)).mappings().one()
    names = ("present", "distinct", "lowest", "highest", "shortest", "longest", "others")
    return {column.name: WholeFigures(*(row[f"{name}{index}"] for name in names)) for index, column in enumerate(columns)}
