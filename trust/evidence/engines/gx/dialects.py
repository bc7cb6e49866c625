"""How a CSV file separates and quotes its values: as declared, else as its first lines show."""

import csv
import gzip
import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from catalog.rules.reading import NO_QUOTE
from trust.evidence.engines.gx.file_problems import malformed, wrong_encoding
from trust.evidence.engines.gx.limits import MAX_LINE_BYTES
from trust.evidence.rules.evidence import Source

DELIMITERS = (",", ";", "\t", "|")
_LOOKED_AT = 1024 * 1024
_RECORDS = 100


@dataclass(frozen=True)
class Dialect:
    """quote: empty where no value is quoted. width: how many values the first record has. sniffed: what was not declared."""

    delimiter: str
    quote: str
    width: int
    has_rows: bool
    sniffed: tuple[str, ...] = field(default=())


def find_dialect(path: str, source: Source) -> Dialect:
    """The dialect of a file of UTF-8. Raises SourceProblemError where its beginning cannot be read, or there is no header."""
    start = _start(path, source)
    try:
        text = start.decode("utf-8-sig", errors="strict" if len(start) < MAX_LINE_BYTES else "ignore")
    except UnicodeDecodeError as error:
        raise wrong_encoding(source.location, start[: error.start].count(b"\n") + 1) from error
    declared = source.reading
    quote = "" if declared.quote == NO_QUOTE else declared.quote or '"'
    delimiter = declared.delimiter or _delimiter(path, text, quote, source.declared_types)
    records = _records(text, delimiter, quote, strict=True)
    try:
        first = next((row for row in records if row), None)
    except csv.Error as error:
        raise malformed(source.location, f"its header cannot be read ({error})") from error
    if first is None:
        raise malformed(source.location, "it has no header")
    has_rows = bool(text[_length_of(text, records.line_num) :].strip("\r\n"))
    sniffed = tuple(name for name in ("delimiter", "quote") if not getattr(declared, name))
    return Dialect(delimiter, quote, len(first), has_rows, sniffed)


def _start(path: str, source: Source) -> bytes:
    opened: Any = gzip.open if path.lower().endswith(".gz") else open
    try:
        with opened(path, "rb") as binary:
            start: bytes = binary.read(MAX_LINE_BYTES)
    except (OSError, EOFError) as error:
        raise malformed(source.location, f"it cannot be unpacked ({error})") from error
    return start


def _delimiter(path: str, text: str, quote: str, declared: Iterable[str]) -> str:
    """The separator that gives the columns that are declared; else the first by which all lines have as many values."""
    if ".tsv" in Path(path).name.lower():
        return "\t"
    beginning = text[:_LOOKED_AT]
    if len(text) > _LOOKED_AT:
        beginning = beginning[: max(beginning.rfind("\n"), beginning.rfind("\r"))]
    names, best, consistent = set(declared), (0, ","), ""
    for delimiter in DELIMITERS:
        rows = _sample(beginning, delimiter, quote)
        found = len(names & set(rows[0])) if rows else 0
        if found > best[0]:
            best = (found, delimiter)
        if not consistent and rows and len(rows[0]) > 1 and len({len(row) for row in rows}) == 1:
            consistent = delimiter
    return best[1] if best[0] else consistent or ","


def _sample(text: str, delimiter: str, quote: str) -> list[list[str]]:
    rows: list[list[str]] = []
    try:
        for row in _records(text, delimiter, quote, strict=False):
            if row:
                rows.append(row)
            if len(rows) == _RECORDS:
                break
    except csv.Error:
        return rows[:1]
    return rows


def _records(text: str, delimiter: str, quote: str, *, strict: bool) -> Any:
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE
    file = io.StringIO(text, newline="")
    return csv.reader(file, delimiter=delimiter, quotechar=quote or None, quoting=quoting, strict=strict)


def _length_of(text: str, lines: int) -> int:
    """Characters of the first lines of a text."""
    file = io.StringIO(text, newline="")
    for _ in range(lines):
        file.readline()
    return file.tell()
