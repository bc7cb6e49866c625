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
# Written out, since two bound values would make two expressions of one that is grouped by.
_UTC = sa.literal_column("'UTC'", sa.Text)

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


class BigNum(sa.types.UserDefinedType[Any]):
    """DuckDB's whole numbers of any size."""

    cache_ok = True

    def get_col_spec(self, **_kw: Any) -> str:
        return "BIGNUM"


@dataclass(frozen=True)
class Column:
    """One column of a source.

    name: as the source writes it, and as expectations name it. sql_name: its name in SQL, which may differ where DuckDB
        cannot tell two names apart (`a` and `A`).
    untyped: from a CSV file, where everything is text and the kind was inferred. text_dates: its text may hold dates
        (CSV, JSON lines), because the format has no type for them. declared: the logical type that the contract declares.
    container: the logical type of a nested column (array, object, map). has_zone: a timestamp with a time zone.
    spelled: SQL name of the text that a file spells its dates with. moments: SQL name of the moments that its text spells,
        NULL where it spells none. zone: of its timestamps that say none, and of bounds that say none.
    is_local: a timestamp without a zone in a source that has types; those of text files are in UTC already.
    is_nothing: its type says that it holds no value at all. is_long_decimal: its text holds decimals of more digits than any
        type does.
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
    spelled: str = ""
    moments: str = ""
    zone: str = ""
    is_local: bool = False
    has_nanoseconds: bool = False
    is_nothing: bool = False
    is_long_decimal: bool = False

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
            return sa.func.timezone(_UTC, self.raw) if self.has_nanoseconds else sa.cast(self.raw, sa.DateTime)
        if self.is_local and self.zone:
            zone = sa.literal_column("'" + self.zone.replace("'", "''") + "'", sa.Text)
            return sa.func.timezone(_UTC, sa.func.timezone(zone, self.raw))
        return self.raw

    @property
    def shown(self) -> SqlExpression:
        """A value as the source has it: the text of a date in a text file, a local time as it is written."""
        if self.spelled:
            return sa.column(quoted_name(self.spelled, quote=True))
        return self.raw if self.is_local and self.zone else self.value

    @property
    def is_bignum(self) -> bool:
        """Whether it holds whole numbers of more digits than DuckDB's integers."""
        return self.physical_type == "BIGNUM"

    @property
    def holds(self) -> str:
        """What its values are called in a message."""
        if self.kind is Kind.OTHER:
            return "nested values" if self.container else "values of a type that is not known here"
        if self.is_long_decimal:
            return "decimals of more than 38 digits, which are told apart and not ordered"
        return "text" if self.kind is Kind.TEXT else f"{self.kind.value}s"

    @property
    def number(self) -> SqlExpression:
        """The column with True as 1, so that it can be summed, and compared with numbers."""
        return sa.cast(self.value, sa.Integer) if self.kind is Kind.BOOLEAN else self.value

    @property
    def is_moment_in_text(self) -> bool:
        """Whether its text is to be compared as moments: the contract says so, or all of it spells some."""
        return bool(self.moments)

    def logical_types(self) -> frozenset[LogicalType]:
        """What the physical type alone says; see `observation` for what the values say."""
        if self.container is not None:
            return frozenset({self.container})
        if self.is_long_decimal:
            return frozenset({LogicalType.NUMBER})
        types = _LOGICAL_OF_KIND[self.kind]
        if self.kind is Kind.DECIMAL and self.is_whole:
            types |= {LogicalType.INTEGER}
        if self.untyped:
            types |= {LogicalType.STRING}
        return types
