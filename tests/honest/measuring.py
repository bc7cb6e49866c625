"""How many defects are named, and how many honest tables raise a false alarm: the figures of docs/contracts.md."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from catalog.rules.vocabulary import LogicalType
from tests.honest.defects import with_defect
from tests.honest.tables import TABLES
from tests.honest.words import HonestTable, Rows, seeded
from trust.evidence.rules.profiling.columns import typed_column
from trust.evidence.rules.profiling.defects import DefectKind
from trust.evidence.rules.profiling.table import TableProfile, profile_table

SHARES = (0.01, 0.05)
_TYPES: list[tuple[type, LogicalType]] = [
    (bool, LogicalType.BOOLEAN),
    (int, LogicalType.INTEGER),
    (float, LogicalType.NUMBER),
    (datetime, LogicalType.TIMESTAMP),
    (date, LogicalType.DATE),
]


@dataclass
class Figures:
    """named, asked: by defect and share. alarms: of `honest` tables without a defect, those in which one was named."""

    named: Counter[tuple[DefectKind, float]] = field(default_factory=Counter)
    asked: Counter[tuple[DefectKind, float]] = field(default_factory=Counter)
    alarms: int = 0
    honest: int = 0
    remarks: list[str] = field(default_factory=list)


def profile(rows: Rows, *, as_text: bool) -> TableProfile:
    """The profile of a table without a file. as_text: as a CSV file would hold it."""
    columns = [typed_column(name, *_typed(values, as_text=as_text), written=as_text) for name, values in rows.items()]
    return profile_table(columns, columns[0].rows)


def _typed(values: Sequence[Any], *, as_text: bool) -> tuple[LogicalType, list[Any]]:
    present = [value for value in values if value is not None]
    kinds = {type(value) for value in present}
    if kinds == {int, float} and not as_text:
        return LogicalType.NUMBER, list(values)
    alike = len(kinds) == 1
    if alike and not as_text:
        for kind, logical_type in _TYPES:
            if isinstance(present[0], kind):
                return logical_type, list(values)
    texts = [None if value is None else str(value).lower() if isinstance(value, bool) else str(value) for value in values]
    return LogicalType.STRING, texts


def measure(
    seeds: Iterable[int], rows: int, *, tables: Sequence[HonestTable] = TABLES, tell: Callable[[str], None] = lambda _: None
) -> Figures:
    """Every defect in every table that has a place for it, at each share, and every table without one."""
    figures = Figures()
    for seed in seeds:
        for table in tables:
            as_text = seed % 2 == 1
            honest = table.make(seeded(f"{table.name} {seed}"), rows)
            found = profile(honest, as_text=as_text).defects
            figures.honest += 1
            figures.alarms += bool(found)
            if found:
                figures.remarks.append(f"false alarm: {table.name} {seed}: {found}")
            for kind in DefectKind:
                for share in SHARES:
                    made = with_defect(table, honest, kind.value, share, seeded(f"{table.name} {seed} {kind} {share}"))
                    if made is None:
                        continue
                    bad, column = made
                    named = {(one.kind, one.column) for one in profile(bad, as_text=as_text).defects}
                    # A slice or a key may show itself in another column than the one that was changed.
                    free = kind in {DefectKind.STALE_SLICE, DefectKind.DUPLICATE_KEY} and any(one == kind for one, _ in named)
                    is_named = free or (kind, column) in named
                    figures.asked[kind, share] += 1
                    figures.named[kind, share] += is_named
                    if not is_named:
                        figures.remarks.append(
                            f"not named: {table.name} {seed}: {kind} {share:.0%} in {column}; named: {named}"
                        )
            tell(f"{table.name} {seed}")
    return figures


def as_table(figures: Figures) -> str:
    """The figures as a table in Markdown."""
    lines = ["| defect | named at 1% of rows | at 5% |", "| --- | --- | --- |"]
    for kind in DefectKind:
        cells = [f"{figures.named[kind, share]} of {figures.asked[kind, share]}" for share in SHARES]
        lines.append(f"| {kind.value.replace('_', ' ')} | {' | '.join(cells)} |")
    total, asked = figures.named.total(), figures.asked.total()
    lines.append(
        f"\nAll: {total} of {asked} ({total / asked:.1%}). False alarms: {figures.alarms} of {figures.honest} honest tables."
    )
    return "\n".join(lines)
