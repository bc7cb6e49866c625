"""Exports: rows in, lines of CSV or JSON out, one at a time, with who took them on record."""

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from catalog.models import Person
from catalog.rules.errors import ForbiddenError
from trust.clock import database_now
from trust.ledger.models.audit import Export

FORMATS = {"csv": "text/csv; charset=utf-8", "json": "application/json"}
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection), full-width forms too."""
_ROWS_AT_ONCE = 200
Row = Mapping[str, Any]


def begin_export(*, what: str, form: str, filters: Mapping[str, str], actor: Person, now: datetime) -> Export:
    """The record of an export that begins. Raises `ForbiddenError` for somebody without an active account."""
    if not actor.is_active:
        raise ForbiddenError(f"{actor.username} may not export anything: the account is closed.", remedy="Ask governance.")
    return Export.objects.create(what=what, format=form, filters=dict(filters), person=actor, started_at=now)


def stream(export: Export, columns: Sequence[str], rows: Iterable[Row]) -> Iterator[bytes]:
    """The export, piece by piece; the first comes before any row is read. At its end the record says how many rows it had.

    What breaks off is on record too, without an end. Its CSV has no last line that says so; its JSON does not close.
    """
    writer: Callable[[Sequence[str], Iterable[Row]], Iterator[str]] = _json if export.format == "json" else _csv
    counted = _Counted(rows)
    is_whole = False
    try:
        for piece in writer(columns, counted):
            yield piece.encode()
        is_whole = True
    finally:
        finished = {"finished_at": database_now()} if is_whole else {}
        Export.objects.filter(pk=export.pk).update(rows=counted.count, **finished)


class _Counted:
    def __init__(self, rows: Iterable[Row]) -> None:
        self.rows, self.count = rows, 0

    def __iter__(self) -> Iterator[Row]:
        for row in self.rows:
            self.count += 1
            yield row


class _Echo:
    """What `csv.writer` takes for a file: it gives back what is written."""

    def write(self, text: str) -> str:
        return text


def _csv(columns: Sequence[str], rows: Iterable[Row]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield writer.writerow(columns)
    lines: list[str] = []
    for row in rows:
        lines.append(writer.writerow([cell(row[column]) for column in columns]))
        if len(lines) == _ROWS_AT_ONCE:
            yield "".join(lines)
            lines.clear()
    yield "".join(lines)


def _json(columns: Sequence[str], rows: Iterable[Row]) -> Iterator[str]:
    yield "["
    separator = "\n"
    for row in rows:
        yield separator + json.dumps({column: plain(row[column]) for column in columns}, ensure_ascii=False)
        separator = ",\n"
    yield "\n]\n"


def cell(value: Any) -> Any:
    """A value for a spreadsheet: text that it would take for a formula gets an apostrophe in front."""
    cell = plain(value)
    if isinstance(cell, list | dict):
        cell = "; ".join(map(str, cell)) if isinstance(cell, list) else json.dumps(cell, ensure_ascii=False)
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, str):
        text = cell.replace("\0", "")
        return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text
    return "" if cell is None else cell


def plain(value: Any) -> Any:
    """As JSON has it: moments as text in UTC."""
    return value.isoformat() if isinstance(value, datetime) else value
