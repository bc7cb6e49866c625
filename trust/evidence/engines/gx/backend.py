"""What the two backends say differently. Everything else is plain SQLAlchemy and the same on both."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import sqlalchemy as sa

from trust.evidence.engines.gx.columns import Column, SqlExpression
from trust.evidence.engines.gx.regex import Flavour

Row = Sequence[Any]


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
