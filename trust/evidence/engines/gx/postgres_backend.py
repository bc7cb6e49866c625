"""PostgreSQL's words."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from trust.evidence.engines.gx.backend import Row
from trust.evidence.engines.gx.columns import Column, Kind, SqlExpression
from trust.evidence.engines.gx.regex import Flavour


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
