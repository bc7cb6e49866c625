"""DuckDB's words."""

from collections.abc import Iterator
from typing import Any

import duckdb
import sqlalchemy as sa

from trust.evidence.engines.gx.backend import Row
from trust.evidence.engines.gx.columns import Column, SqlExpression
from trust.evidence.engines.gx.limits import MAX_SAMPLES
from trust.evidence.engines.gx.regex import Flavour


class DuckDbBackend:
    name = "duckdb"
    regex_flavour = Flavour.RE2
    keeps_order = True

    def __init__(self, connection: sa.Connection, raw: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        self._raw = raw

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
