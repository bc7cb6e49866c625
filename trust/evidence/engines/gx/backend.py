"""Where DuckDB and PostgreSQL differ. Everything else is plain SQLAlchemy and the same on both."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import duckdb
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from trust.evidence.engines.gx.columns import Column, Kind, SqlExpression
from trust.evidence.engines.gx.limits import MAX_SAMPLES
from trust.evidence.engines.gx.regex import Flavour

Row = Sequence[Any]
WHOLE_DAY = "^[0-9]{4}-[0-9]{2}-[0-9]{2}"


class Backend(Protocol):
    """A connection that only reads, with the words of its dialect."""

    name: str
    regex_flavour: Flavour
    keeps_order: bool

    @property
    def connection(self) -> sa.Connection: ...

    def stream(self, statement: sa.Select[Any], size: int) -> Iterator[list[Row]]:
        """Rows of `statement` in chunks of `size`, never all in memory."""

    def matches(self, text: SqlExpression, pattern: str) -> SqlExpression:
        """Whether `pattern`, already in this backend's dialect, is found anywhere in `text`."""

    def is_ascii(self, text: SqlExpression) -> SqlExpression: ...

    def ordered(self, column: Column) -> SqlExpression:
        """The column in an expression that sorts and compares text by code point, as Python does."""

    def order_statistics(self, column: Column, fractions: list[float]) -> SqlExpression:
        """The values at `fractions` of the sorted column, as a list, in one pass: discrete, nothing interpolated."""

    def most_repeated(self, size: SqlExpression, keys: list[SqlExpression], /) -> sa.Function[Any] | None:
        """An aggregate over groups: the keys of the largest, each as a list. None where that takes a pass of its own."""

    def is_one_of(self, value: SqlExpression, members: list[Any]) -> SqlExpression: ...

    def casts(self, text: SqlExpression, type_name: str) -> SqlExpression:
        """Whether `text` can be read as `type_name` (date, timestamp, time)."""

    def grouping(self, column: Column) -> SqlExpression:
        """The column in an expression whose groups are the values that Python tells apart."""

    def in_calendar(self, moment: SqlExpression, column: Column) -> SqlExpression:
        """An extreme of a column as Python can hold it: infinity is the end of its calendar. Others stay what they are."""


class DuckDbBackend:
    name = "duckdb"
    regex_flavour = Flavour.RE2
    keeps_order = True

    def __init__(self, connection: sa.Connection, raw: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        self._raw = raw

    @property
    def raw(self) -> duckdb.DuckDBPyConnection:
        """DuckDB's own connection, the same that `connection` wraps."""
        return self._raw

    def stream(self, statement: sa.Select[Any], size: int) -> Iterator[list[Row]]:
        compiled = statement.compile(dialect=self.connection.dialect, compile_kwargs={"render_postcompile": True})
        names = compiled.positiontup or []
        # The run's own connection: another would have neither its time zone nor, locked as it is, a way to set one.
        self._raw.execute(str(compiled), [compiled.params[name] for name in names])
        while rows := self._raw.fetchmany(size):
            yield list(rows)

    def matches(self, text: SqlExpression, pattern: str) -> SqlExpression:
        return sa.func.regexp_matches(text, pattern)

    def is_ascii(self, text: SqlExpression) -> SqlExpression:
        return sa.func.strlen(text) == sa.func.length(text)

    def ordered(self, column: Column) -> SqlExpression:
        return column.value

    def order_statistics(self, column: Column, fractions: list[float]) -> SqlExpression:
        wanted: SqlExpression = sa.literal_column("[" + ", ".join(repr(float(fraction)) for fraction in fractions) + "]")
        return sa.func.quantile_disc(column.number, wanted)

    def most_repeated(self, size: SqlExpression, keys: list[SqlExpression]) -> sa.Function[Any]:
        key = keys[0] if len(keys) == 1 else sa.func.row(*keys)
        return sa.func.arg_max(key, size, sa.literal_column(str(MAX_SAMPLES)))

    def is_one_of(self, value: SqlExpression, members: list[Any]) -> SqlExpression:
        return value.in_(members) if members else sa.false()

    def casts(self, text: SqlExpression, type_name: str) -> SqlExpression:
        targets: dict[str, sa.types.TypeEngine[Any]] = {"date": sa.Date(), "timestamp": sa.DateTime(), "time": sa.Time()}
        return sa.try_cast(text, targets[type_name]).is_not(None)

    def grouping(self, column: Column) -> SqlExpression:
        return column.value

    def in_calendar(self, moment: SqlExpression, _column: Column) -> SqlExpression:
        return moment


class PostgresBackend:
    name = "postgres"
    regex_flavour = Flavour.POSTGRES
    keeps_order = False

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection

    def stream(self, statement: sa.Select[Any], size: int) -> Iterator[list[Row]]:
        result = self.connection.execute(statement, execution_options={"stream_results": True, "max_row_buffer": size})
        try:
            for rows in result.partitions(size):
                yield list(rows)
        finally:
            result.close()

    def matches(self, text: SqlExpression, pattern: str) -> SqlExpression:
        return text.op("~", is_comparison=True)(sa.cast(pattern, sa.Text))

    def is_ascii(self, text: SqlExpression) -> SqlExpression:
        return sa.func.octet_length(text) == sa.func.char_length(text)

    def ordered(self, column: Column) -> SqlExpression:
        return sa.collate(column.value, "C") if column.kind is Kind.TEXT else column.value

    def order_statistics(self, column: Column, fractions: list[float]) -> SqlExpression:
        wanted = sa.cast(sa.literal(fractions, postgresql.ARRAY(sa.Double)), postgresql.ARRAY(sa.Double))
        return sa.func.percentile_disc(wanted).within_group(column.number)

    def most_repeated(self, _size: SqlExpression, _keys: list[SqlExpression]) -> sa.Function[Any] | None:
        return None

    def is_one_of(self, value: SqlExpression, members: list[Any]) -> SqlExpression:
        return value.in_(members) if members else sa.false()

    def casts(self, text: SqlExpression, type_name: str) -> SqlExpression:
        return sa.func.pg_input_is_valid(text, type_name)

    def grouping(self, column: Column) -> SqlExpression:
        return self.ordered(column)

    def in_calendar(self, moment: SqlExpression, column: Column) -> SqlExpression:
        if not column.kind.is_moment:
            return moment
        last = "9999-12-31" if column.kind is Kind.DATE else "9999-12-31 23:59:59.999999"
        kind = sa.Date() if column.kind is Kind.DATE else sa.DateTime()
        first_day, last_day = (sa.cast(sa.literal_column(f"'{day}'"), kind) for day in ("0001-01-01", last))
        inside = sa.func.greatest(sa.func.least(moment, last_day), first_day)
        return sa.case((moment.is_not(None), inside))  # both pass over NULL


def moment_in_text(backend: Backend, column: Column) -> SqlExpression:
    """The moment that the text of a column writes, in UTC without a zone; NULL where it writes none, or no whole date."""
    if column.moments:
        return sa.column(sa.sql.quoted_name(column.moments, quote=True))
    moment = sa.cast(sa.cast(column.value, sa.TIMESTAMP(timezone=True)), sa.DateTime)  # at the session's zone, UTC
    is_whole = backend.matches(column.value, WHOLE_DAY)
    return sa.case((sa.and_(is_whole, backend.casts(column.value, "timestamp")), moment))
