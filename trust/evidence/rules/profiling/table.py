"""A whole table: its columns, its key, its time column, and every defect."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from catalog.rules.vocabulary import LogicalType
from trust.evidence.rules.profiling.categories import category_defects
from trust.evidence.rules.profiling.columns import Column, few
from trust.evidence.rules.profiling.defects import Defect, DefectKind, is_explained
from trust.evidence.rules.profiling.figures import WholeFigures, figures_of
from trust.evidence.rules.profiling.keys import KeyDraft, find_key
from trust.evidence.rules.profiling.numbers import moment_sentinels, number_defects
from trust.evidence.rules.profiling.texts import stranger_defect, text_defects
from trust.evidence.rules.profiling.times import time_column, time_defects


@dataclass(frozen=True)
class TableProfile:
    """What the sample of a table shows. rows, figures: of the whole table; `columns` hold those of the sample. reading: how the
    source was read, by name."""

    rows: int
    columns: tuple[Column, ...]
    key: KeyDraft
    time: Column | None
    defects: tuple[Defect, ...]
    figures: Mapping[str, WholeFigures]
    reading: Mapping[str, str] = field(default_factory=dict)

    def defects_of(self, name: str) -> tuple[Defect, ...]:
        return tuple(defect for defect in self.defects if defect.column == name)


def profile_table(
    columns: Sequence[Column],
    rows: int,
    *,
    figures: Mapping[str, WholeFigures] | None = None,
    reading: Mapping[str, str] | None = None,
) -> TableProfile:
    """Profile every column, then the table as a whole."""
    defects: list[Defect] = []
    sentinels: dict[str, set[int]] = {}
    key = find_key(columns)
    for column in columns:
        if column.type is None:
            continue
        if (missing := _missing(column, columns)) is not None:
            defects.append(missing)
        if (words := _placeholders(column, columns)) is not None:
            defects.append(words)
        if column.strangers and (strange := stranger_defect(column, columns)) is not None:
            defects.append(strange)
        if column.type is LogicalType.STRING:
            defects += category_defects(column, columns)
            has_wrong_members = any(one.kind is DefectKind.WRONG_CATEGORY and one.column == column.name for one in defects)
            defects += [one for one in text_defects(column, columns) if not (has_wrong_members and _is_form(one))]
        elif column.is_number and (column.name,) != key.columns and not _is_key_like(column):
            defects += number_defects(column, columns)
        elif column.is_moment and (days := moment_sentinels(column, columns)) is not None:
            defects.append(days)
            sentinels[column.name] = {
                row for row, value in enumerate(column.values) if value is not None and value.date().isoformat() in days.values
            }
    defects += key.defects
    defects += time_defects(columns, sentinels)
    known = figures or {column.name: figures_of(column) for column in columns}
    return TableProfile(rows, tuple(columns), key, time_column(columns), tuple(defects), known, reading or {})


def _is_form(defect: Defect) -> bool:
    return defect.kind is DefectKind.MIXED_FORMAT


def _is_key_like(column: Column) -> bool:
    """Whether whole numbers only name things: how far one lies from another means nothing."""
    return column.type is LogicalType.INTEGER and column.name.lower().endswith(("id", "_key", "_no", "number"))


def _missing(column: Column, columns: Sequence[Column]) -> Defect | None:
    rows = len(column.blank)
    if not few(rows, column.rows) or is_explained(column.blank, column, columns):
        return None
    return Defect(DefectKind.NULLS, column.name, rows, column.rows, "have no value, where all others have one")


def _placeholders(column: Column, columns: Sequence[Column]) -> Defect | None:
    found = {word: count for word, count in column.placeholders.items() if word not in column.null_texts}
    rows = sum(found.values())
    if not few(rows, column.rows):
        return None
    hits = [row for row, text in enumerate(column.texts) if text in found]
    if is_explained(hits, column, columns):
        return None
    message = "hold a word that means no value"
    return Defect(DefectKind.SENTINEL, column.name, rows, column.rows, message, tuple(sorted(found))[:5])
