"""What is on record about rows that were sealed and are not any more what they were: which differences are explained by it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ErasedRow:
    """A sealed row in which a name was replaced: its leaf, in hex, before and after."""

    source: str
    row: int
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class RemovedRows:
    """Rows of a range of ids that were removed, all but those in `kept`: how many, and the SHA-256 (hex) of their leaves, one
    after the other by id.
    """

    source: str
    first: int
    last: int
    count: int
    digest: str
    kept: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Erasures:
    """All that is on record."""

    erased: tuple[ErasedRow, ...] = ()
    removed: tuple[RemovedRows, ...] = ()

    def __add__(self, other: "Erasures") -> "Erasures":
        return Erasures(self.erased + other.erased, self.removed + other.removed)

    def steps(self) -> Mapping[tuple[str, int, str], str]:
        """Source, row and leaf to the leaf that came after it."""
        return {(one.source, one.row, one.before): one.after for one in self.erased}


def to_plain(erasures: Erasures) -> dict[str, Any]:
    """Plain JSON values; `from_text` reads them back."""
    return {"erased": [asdict(one) for one in erasures.erased], "removed": [asdict(one) for one in erasures.removed]}


def from_text(statement: str) -> Erasures:
    """What a signed statement says."""
    plain = json.loads(statement)
    return Erasures(
        tuple(ErasedRow(**one) for one in plain["erased"]),
        tuple(RemovedRows(**{**one, "kept": tuple(one["kept"])}) for one in plain["removed"]),
    )


def leads_to(steps: Mapping[tuple[str, int, str], str], source: str, row: int, before: str, now: str) -> bool:
    """Whether the leaf `before` of a row became `now` by what is on record, in one step or in several."""
    seen = set()
    leaf: str | None = before
    while leaf is not None and leaf not in seen:
        seen.add(leaf)
        leaf = steps.get((source, row, leaf))
        if leaf == now:
            return True
    return False


def removed_by(removed: Sequence[RemovedRows], source: str, row: int) -> int | None:
    """The number of the first record that says this row is gone; None where none does."""
    for number, one in enumerate(removed):
        if one.source == source and one.first <= row <= one.last and row not in one.kept:
            return number
    return None
