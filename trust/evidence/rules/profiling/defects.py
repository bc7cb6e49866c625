"""What is wrong with a part of the rows, and the question whether another column explains it."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from catalog.rules.vocabulary import LogicalType
from trust.evidence.rules.profiling.columns import MOST_CATEGORIES, Column

_FEW_PARTS, _ROWS_OF_A_PART = 10, 20
"""Of smaller parts some would consist of such rows by chance."""


class DefectKind(StrEnum):
    NULLS = "nulls"
    OUTLIERS = "outliers"
    SENTINEL = "sentinel"
    DUPLICATE_KEY = "duplicate_key"
    MIXED_FORMAT = "mixed_format"
    TRUNCATED_TEXT = "truncated_text"
    WRONG_CATEGORY = "wrong_category"
    STALE_SLICE = "stale_slice"


@dataclass(frozen=True, slots=True)
class Defect:
    """Rows of a column that do not fit the others.

    rows: how many, of the `looked_at`. message: a sentence without values of the data. values: some of them, for those who may
    read the data. where: the rows of the sample.
    """

    kind: DefectKind
    column: str
    rows: int
    looked_at: int
    message: str
    values: tuple[str, ...] = ()
    where: frozenset[int] = field(default=frozenset(), repr=False, compare=False)

    @property
    def share(self) -> float:
        return self.rows / self.looked_at if self.looked_at else 0.0


def is_explained(rows: Collection[int], column: Column, others: Iterable[Column]) -> bool:
    """Whether another column tells which rows these are: a cancelled flight has no departure, an amount in yen is large.

    Some values of the other column, in which most rows are such rows, hold nine of ten of them; or hardly one lies outside of a
    small part of the table: aircraft without a number are all of flights that never departed.
    """
    hits = set(rows)
    return any(_tells(labels, hits) for other in others if other.name != column.name for labels in _labels(other))


def _tells(labels: Sequence[Any], hits: Collection[int]) -> bool:
    total = Counter(labels)
    found = Counter(labels[row] for row in hits)
    covered = sum(count for label, count in found.items() if count >= 0.5 * total[label])
    part = {label for label, count in found.items() if count * len(labels) >= 4 * len(hits) * total[label]}
    inside, size = sum(found[label] for label in part), sum(total[label] for label in part)
    is_in_a_part = len(total) <= _FEW_PARTS and inside >= 0.95 * len(hits) and size <= 0.25 * len(labels)
    return covered >= 0.9 * len(hits) or is_in_a_part


def _labels(other: Column) -> Iterator[Sequence[Any]]:
    """A word for each row: its value, where there are few; and whether it has one."""
    scalar = other.type in {LogicalType.STRING, LogicalType.INTEGER, LogicalType.BOOLEAN}
    if scalar and 1 < len(other.counts) <= max(MOST_CATEGORIES, other.rows // _ROWS_OF_A_PART):
        yield other.values
    if other.blank:
        yield [row in other.blank for row in range(other.rows)]
