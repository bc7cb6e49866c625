"""CSV: one reader for header and rows, values by the types that the contract declares (see `typed_texts`).

Reported and not guessed at: a header that names a column twice, rows of another length than the header, an open quote, an
encoding that is not the declared one.

DuckDB silently drops a last line that is longer than its buffer, so the end of a file is read first.
"""

import gzip
import io
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import duckdb

from catalog.rules.reading import FieldReading
from catalog.rules.vocabulary import LogicalType, SourceKind
from trust.evidence.engines.gx.columns import Column
from trust.evidence.engines.gx.dialects import Dialect, find_dialect
from trust.evidence.engines.gx.file_columns import file_columns, replace_by_typed, with_texts
from trust.evidence.engines.gx.file_problems import check_width, malformed
from trust.evidence.engines.gx.limits import MAX_LINE_BYTES
from trust.evidence.engines.gx.quoting import quoted_list, quoted_name, quoted_path, quoted_text
from trust.evidence.engines.gx.typed_texts import Cell, find_decimal_sign, typed_texts
from trust.evidence.rules.evidence import Source
from trust.evidence.sources.files import NULL_TEXTS

_CHUNK_BYTES = 1024 * 1024
# A text that no file will hold: with it as the only null text, DuckDB leaves missing values to us (and skips blank lines).
_NO_NULL_TEXT = "\x01touchstone: no text means null\x01"
_NUMBERS = {LogicalType.INTEGER, LogicalType.NUMBER}


def load_csv(
    connection: duckdb.DuckDBPyConnection, name: str, source: Source, paths: Sequence[str]
) -> tuple[dict[str, Column], dict[str, str]]:
    """The columns, and how the file was read. Several files are one table: columns by name, NULL where a file lacks one."""
    raw = f"{name}_raw"
    dialect = find_dialect(paths[0], source)
    names = _read(connection, raw, source, paths[0], dialect)
    for key, value in source.partitions[0] if source.partitions else ():
        default = "" if value is None else f" DEFAULT {quoted_text(value)}"
        connection.execute(f"ALTER TABLE {quoted_name(raw)} ADD COLUMN c{len(names)} VARCHAR{default}")
        names = [*names, key]
    for index, path in enumerate(paths[1:], 1):
        names = _append(connection, raw, source, path, names, dict(source.partitions[index]) if source.partitions else {})
    cells = [_cell(index, column, source) for index, column in enumerate(names)]
    sniffed, sign = list(dialect.sniffed), source.reading.decimal_sign
    if not source.reading.encoding:
        sniffed.append("encoding")
    if not sign:
        sniffed.append("decimal sign")
        may_be_comma = dialect.delimiter != ","
        sign = find_decimal_sign(connection, raw, cells, _may_be_number) if may_be_comma else "."
    cells = [replace(cell, decimal_sign=sign) for cell in cells]
    types = typed_texts(connection, raw, cells)
    named = [(column, one.physical) for column, one in zip(names, types, strict=True)]
    columns = with_texts(file_columns(named, source, untyped=True, text_dates=True), types, source)
    replace_by_typed(connection, raw, name, cells, types, columns)
    return columns, _shown(dialect, source, sign, sniffed)


def load_excel(
    connection: duckdb.DuckDBPyConnection, name: str, source: Source, paths: Sequence[str]
) -> tuple[dict[str, Column], dict[str, str]]:
    """The sheet that `excel_files` wrote as CSV."""
    as_written = replace(source.reading, delimiter=",", quote='"', encoding="utf-8", decimal_sign=".")
    columns, _ = load_csv(connection, name, replace(source, reading=as_written), paths)
    return columns, {}


def _shown(dialect: Dialect, source: Source, sign: str, sniffed: list[str]) -> dict[str, str]:
    shown = {
        "delimiter": "tab" if dialect.delimiter == "\t" else dialect.delimiter,
        "quote": dialect.quote or "none",
        "encoding": source.reading.encoding or "utf-8",
        "decimal sign": sign,
    }
    return shown | ({"sniffed": ", ".join(sniffed)} if sniffed else {})


def _may_be_number(cell: Cell) -> bool:
    return cell.declared is None or cell.declared in _NUMBERS


def _cell(index: int, column: str, source: Source) -> Cell:
    reading: FieldReading = source.reading.of(column)
    nulls = [*(NULL_TEXTS if source.null_values is None else source.null_values), *reading.null_values]
    text = f"c{index}"
    present = f"({text} IS NOT NULL AND NOT list_contains({quoted_list(nulls)}, {text}))"
    return Cell(text, present, source.declared_types.get(column), reading, is_excel=source.kind is SourceKind.EXCEL)


def _read(connection: duckdb.DuckDBPyConnection, table: str, source: Source, path: str, dialect: Dialect) -> list[str]:
    """Make `table` of the rows of one file, columns c0, c1, ...; the names in its header."""
    check_width(dialect.width, source)
    _demand_ending(path, source)
    fields = "{" + ", ".join(f"'c{index}': 'VARCHAR'" for index in range(dialect.width)) + "}"
    quoted = quoted_name(table)
    connection.execute(
        f"CREATE TABLE {quoted} AS SELECT * FROM read_csv({quoted_path(path)}, auto_detect=false, header=false, skip=0, "
        f"delim={quoted_text(dialect.delimiter)}, quote={quoted_text(dialect.quote)}, escape={quoted_text(dialect.quote)}, "
        f"columns={fields}, nullstr={quoted_list([_NO_NULL_TEXT])}, "
        f"strict_mode=true, null_padding=false, hive_partitioning=false, "
        f"max_line_size={MAX_LINE_BYTES}, buffer_size={2 * MAX_LINE_BYTES})"
    )
    header = connection.execute(f"SELECT * FROM {quoted} WHERE rowid = 0").fetchone() or ()
    found = connection.execute(f"SELECT count(*) FROM {quoted}").fetchone()
    if dialect.has_rows and not (found and found[0] > 1):
        raise malformed(source.location, "a quote in the middle of a value hides its rows: quote the whole value")
    connection.execute(f"DELETE FROM {quoted} WHERE rowid = 0")
    names = [written or f"Unnamed: {index}" for index, written in enumerate(header)]
    repeated = [written for written, count in Counter(names).items() if count > 1]
    if repeated:
        raise malformed(source.location, f"its header names {', '.join(map(repr, repeated[:5]))} more than once")
    return names


def _append(
    connection: duckdb.DuckDBPyConnection,
    raw: str,
    source: Source,
    path: str,
    names: list[str],
    partition: Mapping[str, str | None],
) -> list[str]:
    """Add the rows of one more file to `raw`; the names of its columns then."""
    part = f"{raw}_part"
    own = _read(connection, part, source, path, find_dialect(path, source))
    if twice := set(own) & set(partition):
        raise malformed(source.location, f"{', '.join(map(repr, sorted(twice)))} is a column and a folder of its path")
    for added in [written for written in own if written not in names]:
        connection.execute(f"ALTER TABLE {quoted_name(raw)} ADD COLUMN c{len(names)} VARCHAR")
        names = [*names, added]
    check_width(len(names), source)
    targets = ", ".join(f"c{names.index(written)}" for written in [*own, *partition])
    values = "".join(", NULL" if value is None else f", {quoted_text(value)}" for value in partition.values())
    connection.execute(f"INSERT INTO {quoted_name(raw)} ({targets}) SELECT *{values} FROM {quoted_name(part)}")
    connection.execute(f"DROP TABLE {quoted_name(part)}")
    return names


def _demand_ending(path: str, source: Source) -> None:
    """Raise SourceProblemError where the last line is longer than a line may be. Only the end of a plain file is read."""
    if _last_line_bytes(path, source) > MAX_LINE_BYTES:
        raise malformed(source.location, f"its last line is longer than {MAX_LINE_BYTES:,} bytes")


def _last_line_bytes(path: str, source: Source) -> int:
    """How long the last line is, counted no further than a line may be."""
    if path.lower().endswith(".gz"):
        return _last_packed_line_bytes(path, source)
    with Path(path).open("rb") as file:
        size = file.seek(0, io.SEEK_END)
        file.seek(max(size - MAX_LINE_BYTES - _CHUNK_BYTES, 0))
        end = file.read().rstrip(b"\r\n")
    return len(end) - _after_break(end)


def _last_packed_line_bytes(path: str, source: Source) -> int:
    """Of a packed file, which cannot be read from its end: the longest line, since no other may be longer either."""
    longest = current = 0
    try:
        with gzip.open(path, "rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                first = next((place for place in (chunk.find(b"\n"), chunk.find(b"\r")) if place >= 0), len(chunk))
                longest = max(longest, current + first)
                current = len(chunk) - _after_break(chunk) + (current if first == len(chunk) else 0)
    except (OSError, EOFError, zlib.error) as error:
        raise malformed(source.location, f"it cannot be unpacked ({error})") from error
    return longest


def _after_break(text: bytes) -> int:
    """Where the last line of `text` begins; 0 where it has no line break."""
    return max(text.rfind(b"\n"), text.rfind(b"\r")) + 1
