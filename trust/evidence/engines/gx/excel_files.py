"""Excel: one sheet of an .xlsx file, written as CSV into the folder of the run and read from there by declared type.

An .xlsx file is an archive that may unpack to anything: what it unpacks to is counted before it is read, row by row.
"""

import csv
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from catalog.rules.texts import cut
from trust.evidence.engines.gx.file_problems import malformed, too_large_on_disk
from trust.evidence.engines.gx.limits import MAX_COLUMNS
from trust.evidence.rules.evidence import Source

MOST_UNPACKED_BYTES = 256 * 1024 * 1024
MOST_PARTS = 10_000
_CHUNK_BYTES = 1024 * 1024
_ENCRYPTED = bytes.fromhex("d0cf11e0a1b11ae1")
"""How old Office files begin, and .xlsx files with a password."""


def write_sheet(source: Source, path: str, target: Path, most_bytes: int) -> str:
    """Write the declared sheet, else the first, as CSV. Its name. Raises SourceProblemError where it cannot be read."""
    import openpyxl  # noqa: PLC0415  # slow to import, and only this needs it

    _demand_small(source, path)
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
    except Exception as error:  # whatever the library makes of a file that is none
        raise malformed(source.location, "it is not an Excel file (.xlsx), or is damaged") from error
    try:
        sheets = {sheet.title: sheet for sheet in book.worksheets}
        wanted = source.reading.sheet or next(iter(sheets), "")
        if wanted not in sheets:
            known = cut(", ".join(map(repr, sheets)) or "none", 300)
            raise malformed(source.location, f"it has no sheet {wanted!r}; its sheets are {known}")
        sheet = sheets[wanted]
        sheet.reset_dimensions()  # what the file claims of its size is not believed
        _write(source, sheet.iter_rows(values_only=True), target, most_bytes)
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, SyntaxError, OSError, EOFError) as error:
        raise malformed(source.location, "a sheet of it is damaged") from error
    finally:
        book.close()
    return wanted


def _demand_small(source: Source, path: str) -> None:
    """Unpack all of it once, into nothing: an archive may claim any size of its parts."""
    with Path(path).open("rb") as file:
        if file.read(len(_ENCRYPTED)) == _ENCRYPTED:
            raise malformed(
                source.location, "it has a password, or is of the old format .xls", "Save it as .xlsx without a password."
            )
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED_BYTES:
                raise _too_large(source)
            for part in parts:
                with archive.open(part) as content:
                    while content.read(_CHUNK_BYTES):
                        pass
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError) as error:
        raise malformed(source.location, "it is not an Excel file (.xlsx), or is damaged") from error


def _too_large(source: Source) -> Exception:
    return malformed(
        source.location,
        f"it unpacks to more than {MOST_UNPACKED_BYTES // 1_000_000:,} MB or {MOST_PARTS:,} parts",
        "Offer the data as Parquet or CSV, or split the file.",
    )


def _write(source: Source, rows: Iterable[tuple[Any, ...]], target: Path, most_bytes: int) -> None:
    """Rows without any value are left out, and so are columns to the right of the last name in the header."""
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        width = 0
        for cells in _filled(rows):
            if not width:
                width = len(cells)
                if width > MAX_COLUMNS:
                    raise malformed(source.location, f"it has {width:,} columns; at most {MAX_COLUMNS:,} are read")
            if len(cells) > width:
                raise malformed(source.location, "a row has more values than the header")
            writer.writerow([*cells, *[""] * (width - len(cells))])
            if file.tell() > most_bytes:
                raise too_large_on_disk(source.location)
        if not width:
            raise malformed(source.location, "its sheet is empty")


def _filled(rows: Iterable[tuple[Any, ...]]) -> Iterator[list[str]]:
    for row in rows:
        cells = [_text(value) for value in row]
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            yield cells


def _text(value: Any) -> str:  # noqa: PLR0911  # one return for each kind
    """A value as a text file would spell it: dates as ISO 8601, whole numbers whole."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time.min else value.isoformat(sep=" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    return str(value).replace("\0", "\ufffd")
