"""What a measurement may ask of a table. Equal questions are asked once, and scalars of one round in one scan.

A measurement is a generator: it yields a request and is sent the answer, until it returns its value. The scheduler in
`measure` walks all measurements of a run in step, so that one SELECT answers what all of them ask in a round.
"""

from collections.abc import Callable, Generator, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from trust.evidence.engines.gx.columns import Column, SqlExpression
from trust.evidence.engines.gx.domain import Domain


@dataclass(frozen=True)
class Scalars:
    """Aggregates over the whole table, by key. The answer maps each key to its value."""

    expressions: dict[Hashable, SqlExpression]


@dataclass(frozen=True)
class Groups:
    """The distinct combinations of `columns` among the rows of `domain`. The answer is a `GroupCounts`."""

    columns: tuple[Column, ...]
    domain: Domain

    @property
    def key(self) -> Hashable:
        return ("groups", tuple(column.name for column in self.columns), self.domain.key)


@dataclass(frozen=True, slots=True)
class GroupCounts:
    """distinct: how many combinations there are. repeated_rows: how many rows share theirs with another row.

    most_repeated: the combinations that most rows share, each a list, where that takes no other pass; else None.
    """

    distinct: int
    repeated_rows: int
    most_repeated: list[Any] | None = None


@dataclass(frozen=True)
class OrderStatistics:
    """The values at `positions` (from 0) of the sorted non-NULL values of `column`; `count` of them there are."""

    column: Column
    domain: Domain
    count: int
    positions: tuple[int, ...]


@dataclass(frozen=True)
class Rows:
    """The rows of a statement that returns few; remembered under `key`, if it has one."""

    statement: sa.Select[Any]
    key: Hashable = None


@dataclass(frozen=True)
class Visit:
    """Every row of a statement, in chunks, in order. The answer is None: `visitor` keeps what it needs."""

    statement: sa.Select[Any]
    visitor: Callable[[Sequence[Sequence[Any]]], None] = field(compare=False)


Request = Scalars | Groups | OrderStatistics | Rows | Visit
Measurement = Generator[Request, Any, Any]
