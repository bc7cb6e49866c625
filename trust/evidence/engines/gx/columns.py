"""A column as SQL sees it: its kind, the expression that reads it, and the logical types that its physical type satisfies.

Great Expectations on pandas takes NaN for a missing value. So do we: `value` turns NaN into NULL wherever a number may
hold one, and every count, aggregate and comparison is built on `value`.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import quoted_name
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from catalog.rules.vocabulary import LogicalType


class Kind(StrEnum):
    """What may be done with the values of a column, independent of the backend's own type names."""

    INTEGER = "integer"
    FLOAT = "float"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    TEXT = "text"
    DATE = "date"
    TIMESTAMP = "timestamp"
    TIME = "time"
    OTHER = "other"

    @property
    def is_number(self) -> bool:
        return self in {Kind.INTEGER, Kind.FLOAT, Kind.DECIMAL}

    @property
    def is_summable(self) -> bool:
        """Whether a mean makes sense; pandas counts True as 1."""
        return self.is_number or self is Kind.BOOLEAN

    @property
    def is_moment(self) -> bool:
        return self in {Kind.DATE, Kind.TIMESTAMP}


SqlExpression = sa.ColumnElement[Any]

_LOGICAL_OF_KIND: dict[Kind, frozenset[LogicalType]] = {
    Kind.INTEGER: frozenset({LogicalType.INTEGER, LogicalType.NUMBER}),
    Kind.FLOAT: frozenset({LogicalType.NUMBER}),
    Kind.DECIMAL: frozenset({LogicalType.NUMBER}),
    Kind.BOOLEAN: frozenset({LogicalType.BOOLEAN}),
    Kind.TEXT: frozenset({LogicalType.STRING}),
    Kind.DATE: frozenset({LogicalType.DATE}),
    Kind.TIMESTAMP: frozenset({LogicalType.TIMESTAMP}),
    Kind.TIME: frozenset({LogicalType.TIME}),
    Kind.OTHER: frozenset(),
}


class IsNan(FunctionElement[bool]):
    """Whether a number is NaN, in the words of the backend."""

    name = "is_nan"
    inherit_cache = True
    type = sa.Boolean()


@compiles(IsNan)
def _compare_with_nan(element: IsNan, compiler: SQLCompiler, **kw: Any) -> str:
    return f"({compiler.process(element.clauses, **kw)} = 'NaN')"


@compiles(IsNan, "duckdb")
def _call_isnan(element: IsNan, compiler: SQLCompiler, **kw: Any) -> str:
    return f"isnan({compiler.process(element.clauses, **kw)})"


@dataclass(frozen=True)
class Column:
    """One column of a source.

    name: as the source writes it, and as expectations name it. sql_name: its name in SQL, which may differ where DuckDB
        cannot tell two names apart (`a` and `A`).
    untyped: from a CSV file, where everything is text and the kind was inferred. text_dates: its text may hold dates
        (CSV, JSON lines), because the format has no type for them. declared: the logical type that the contract declares.
    container: the logical type of a nested column (array, object, map). has_zone: a timestamp with a time zone.
    """

    name: str
    sql_name: str
    physical_type: str
    kind: Kind
    untyped: bool = False
    text_dates: bool = False
    declared: LogicalType | None = None
    container: LogicalType | None = None
    has_zone: bool = False
    is_whole: bool = False
    needs_cast: bool = False

    @property
    def raw(self) -> SqlExpression:
        return sa.column(quoted_name(self.sql_name, quote=True))

    @property
    def value(self) -> SqlExpression:
        """The column with every missing value as NULL."""
        if self.kind is Kind.FLOAT or (self.kind is Kind.DECIMAL and self.needs_cast):
            return sa.case((IsNan(self.raw), sa.null()), else_=self.raw)
        if self.kind is Kind.TEXT and self.needs_cast:
            return sa.cast(self.raw, sa.Text)
        if self.has_zone:
            return sa.cast(self.raw, sa.DateTime)
        return self.raw

    @property
    def number(self) -> SqlExpression:
        """The column with True as 1, so that it can be summed, and compared with numbers."""
        return sa.cast(self.value, sa.Integer) if self.kind is Kind.BOOLEAN else self.value

    @property
    def is_moment_in_text(self) -> bool:
        """Whether its text is to be compared as moments: the contract says so, and the file has no type for them."""
        return self.text_dates and self.kind is Kind.TEXT and self.declared in {LogicalType.DATE, LogicalType.TIMESTAMP}

    def logical_types(self) -> frozenset[LogicalType]:
        """What the physical type alone says; see `observation` for what the values say."""
        if self.container is not None:
            return frozenset({self.container})
        types = _LOGICAL_OF_KIND[self.kind]
        if self.kind is Kind.DECIMAL and self.is_whole:
            types |= {LogicalType.INTEGER}
        if self.untyped:
            types |= {LogicalType.STRING}
        return types
