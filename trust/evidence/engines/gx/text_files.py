"""Files of text. CSV is read as pandas.read_csv reads it by default, except that what is broken is reported and not guessed at.

What the contract declares as a string stays the text of the file, whatever it spells: `01000`, `+49`, `1.10`.

Reported: a header that names a column twice, rows of another length than the header, an open quote, an encoding that is not
UTF-8. All values of another column are looked at before it gets its type: boolean, whole number, number, else text.

JSON lines are one object a line. A field has the one type that holds all of its values; text stays text, whatever it spells.

DuckDB silently drops a last line that is longer than its buffer, so the end of a file is read first.
"""

import codecs
import csv
import gzip
import io
import zlib
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb

from catalog.rules.vocabulary import LogicalType
from trust.evidence.engines.gx.columns import Column
from trust.evidence.engines.gx.file_columns import file_columns
from trust.evidence.engines.gx.file_problems import check_width, malformed, wrong_encoding
from trust.evidence.engines.gx.limits import MAX_LINE_BYTES
from trust.evidence.engines.gx.quoting import quoted_list, quoted_name, quoted_path, quoted_text, quoted_tuple
from trust.evidence.rules.evidence import Source
from trust.evidence.sources.files import NULL_TEXTS

_CHUNK_BYTES = 1024 * 1024

# A text that no file will hold: with it as the only null text, DuckDB leaves missing values to us (and skips blank lines).
_NO_NULL_TEXT = "\x01touchstone: no text means null\x01"
_INTEGER = r"^\s*[+-]?[0-9]+\s*$"
_FLOAT = (
    r"^\s*[+-]?([0-9]+\.?[0-9]*([eE][+-]?[0-9]+)?|\.[0-9]+([eE][+-]?[0-9]+)?"
    r"|[iI][nN][fF]([iI][nN][iI][tT][yY])?)\s*$"
)
_BOOLEANS = ("True", "TRUE", "true", "False", "FALSE", "false")  # what pandas takes for a boolean


def demand_ending(path: str) -> None:
    """Raise SourceProblemError where the last line is longer than a line may be. Only the end of a plain file is read."""
    if _last_line_bytes(path) > MAX_LINE_BYTES:
        raise malformed(path, f"its last line is longer than {MAX_LINE_BYTES:,} bytes")


def _last_line_bytes(path: str) -> int:
    """How long the last line is, counted no further than a line may be."""
    if path.lower().endswith(".gz"):
        return _last_packed_line_bytes(path)
    with Path(path).open("rb") as file:
        size = file.seek(0, io.SEEK_END)
        file.seek(max(size - MAX_LINE_BYTES - _CHUNK_BYTES, 0))
        end = file.read().rstrip(b"\r\n")
    return len(end) - _after_break(end)


def _last_packed_line_bytes(path: str) -> int:
    """Of a packed file, which cannot be read from its end: the longest line, since no other may be longer either."""
    longest = current = 0
    try:
        with gzip.open(path, "rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                first = next((place for place in (chunk.find(b"\n"), chunk.find(b"\r")) if place >= 0), len(chunk))
                longest = max(longest, current + first)
                current = len(chunk) - _after_break(chunk) + (current if first == len(chunk) else 0)
    except (OSError, EOFError, zlib.error) as error:
        raise malformed(path, f"it cannot be unpacked ({error})") from error
    return longest


def _after_break(text: bytes) -> int:
    """Where the last line of `text` begins; 0 where it has no line break."""
    return max(text.rfind(b"\n"), text.rfind(b"\r")) + 1


def load_csv(connection: duckdb.DuckDBPyConnection, name: str, source: Source) -> dict[str, Column]:
    delimiter = "\t" if ".tsv" in Path(source.location).name.lower() else ","
    header, lines, has_rows = _header(source.location, delimiter)
    check_width(len(header), source)
    demand_ending(source.location)
    fields = "{" + ", ".join(f"'c{index}': 'VARCHAR'" for index in range(len(header))) + "}"
    raw = f"{name}_raw"
    connection.execute(
        f"CREATE TABLE {quoted_name(raw)} AS SELECT * FROM read_csv({quoted_path(source.location)}, "
        f"auto_detect=false, header=false, skip={lines}, "
        f"delim={quoted_text(delimiter)}, quote='\"', escape='\"', columns={fields}, nullstr={quoted_list([_NO_NULL_TEXT])}, "
        f"strict_mode=true, null_padding=false, max_line_size={MAX_LINE_BYTES}, buffer_size={2 * MAX_LINE_BYTES})"
    )
    found = connection.execute(f"SELECT count(*) FROM {quoted_name(raw)}").fetchone()
    if has_rows and not (found and found[0]):
        raise malformed(source.location, "a quote in the middle of a value hides its rows: quote the whole value")
    nulls = quoted_list(list(NULL_TEXTS if source.null_values is None else source.null_values))
    connection.execute(
        f"CREATE VIEW {quoted_name(raw + '_nulls')} AS SELECT "
        + ", ".join(f"list_contains({nulls}, c{i}) AS n{i}, c{i}" for i in range(len(header)))
        + f" FROM {quoted_name(raw)}"
    )
    texts = {i for i, name in enumerate(header) if source.declared_types.get(name) is LogicalType.STRING}
    kinds = ["VARCHAR" if i in texts else kind for i, kind in enumerate(_infer(connection, raw, len(header)))]
    columns = file_columns(list(zip(header, kinds, strict=True)), source, untyped=True, text_dates=True)
    casts = ", ".join(
        f"CASE WHEN n{i} THEN NULL ELSE {_cast(f'c{i}', kind)} END AS {quoted_name(column.sql_name)}"
        for i, (column, kind) in enumerate(zip(columns.values(), kinds, strict=True))
    )
    connection.execute(f"CREATE TABLE {quoted_name(name)} AS SELECT {casts} FROM {quoted_name(raw + '_nulls')}")
    connection.execute(f"DROP VIEW {quoted_name(raw + '_nulls')}")
    connection.execute(f"DROP TABLE {quoted_name(raw)}")
    return columns


def _cast(column: str, kind: str) -> str:
    if kind == "VARCHAR":
        return column
    return f"lower({column}) = 'true'" if kind == "BOOLEAN" else f"CAST(trim({column}) AS {kind})"


def _infer(connection: duckdb.DuckDBPyConnection, raw: str, width: int) -> list[str]:
    """The type of each column by all of its values: boolean, whole number, number, else text; numbers for none at all."""
    kinds: list[str] = []
    step = 100
    for start in range(0, width, step):
        wanted = []
        for i in range(start, min(start + step, width)):
            present = f"NOT n{i}"
            whole = f"{present} AND regexp_matches(c{i}, {quoted_text(_INTEGER)})"
            wanted += [
                f"count(*) FILTER ({present})",
                f"count(*) FILTER ({present} AND c{i} IN {quoted_tuple(_BOOLEANS)})",
                f"count(*) FILTER ({whole} AND TRY_CAST(trim(c{i}) AS BIGINT) IS NOT NULL)",
                f"count(*) FILTER ({whole})",
                f"count(*) FILTER ({present} AND regexp_matches(c{i}, {quoted_text(_FLOAT)}))",
                f"count(*) FILTER ({whole} AND TRY_CAST(trim(c{i}) AS UBIGINT) IS NOT NULL)",
            ]
        row = connection.execute(f"SELECT {', '.join(wanted)} FROM {quoted_name(raw + '_nulls')}").fetchone() or ()
        kinds += [_kind_of(*row[i : i + 6]) for i in range(0, len(row), 6)]
    return kinds


def _kind_of(present: int, booleans: int, integers: int, digits: int, numbers: int, unsigned: int) -> str:
    if present == 0:
        return "DOUBLE"
    if booleans == present:
        return "BOOLEAN"
    if integers == present:
        return "BIGINT"
    if unsigned == present:
        return "UBIGINT"
    if digits > integers and digits == present:
        return "VARCHAR"  # whole numbers that no integer holds stay text, as in pandas
    return "DOUBLE" if numbers == present else "VARCHAR"


def _header(path: str, delimiter: str) -> tuple[list[str], int, bool]:
    """Column names of a CSV file, at which record they stand (from 1), and whether rows follow.

    Raises SourceProblemError where they cannot be read or two are the same.
    """
    opened: Any = gzip.open if path.lower().endswith(".gz") else open
    try:
        with opened(path, "rb") as binary:
            start = binary.read(MAX_LINE_BYTES)
    except (OSError, EOFError) as error:
        raise malformed(path, f"it cannot be unpacked ({error})") from error
    try:
        text = start.decode("utf-8-sig", errors="strict" if len(start) < MAX_LINE_BYTES else "ignore")
    except UnicodeDecodeError as error:
        raise wrong_encoding(path, start[: error.start].count(b"\n") + 1) from error
    records = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        record, names = next(((number, row) for number, row in enumerate(records, 1) if row), (0, []))
    except csv.Error as error:
        raise malformed(path, f"its header cannot be read ({error})") from error
    has_rows = bool(text[_length_of(text, records.line_num) :].strip("\r\n"))
    names = [name or f"Unnamed: {index}" for index, name in enumerate(names)]
    if not names:
        raise malformed(path, "it has no header")
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise malformed(path, f"its header names {', '.join(map(repr, repeated[:5]))} more than once")
    return names, record, has_rows


def _length_of(text: str, lines: int) -> int:
    """Characters of the first lines of a text."""
    file = io.StringIO(text, newline="")
    for _ in range(lines):
        file.readline()
    return file.tell()


def load_json_lines(connection: duckdb.DuckDBPyConnection, name: str, source: Source) -> dict[str, Column]:
    raw = quoted_name(f"{name}_raw")
    _refuse_byte_order_mark(source.location)
    connection.execute(
        f"CREATE TABLE {raw} AS SELECT json AS j FROM read_ndjson_objects({quoted_path(source.location)}, "
        f"maximum_object_size={MAX_LINE_BYTES}, ignore_errors=false)"
    )
    strangers = connection.execute(f"SELECT count(*) FROM {raw} WHERE json_type(j) <> 'OBJECT'").fetchone()
    if strangers and strangers[0]:
        raise malformed(source.location, f"{strangers[0]} of its lines are not JSON objects")
    repeated = connection.execute(
        f"SELECT rowid + 1 FROM {raw} WHERE len(json_keys(j)) <> len(list_distinct(json_keys(j))) LIMIT 1"
    ).fetchone()
    if repeated:
        raise malformed(source.location, f"the object in line {repeated[0]} has a name twice")
    keys = [
        row[0]
        for row in connection.execute(
            "SELECT key FROM (SELECT unnest(json_keys(j)) AS key, generate_subscripts(json_keys(j), 1) AS place, "
            f"rowid AS line FROM {raw}) GROUP BY key ORDER BY min(line * 100000 + place)"
        ).fetchall()
    ]
    check_width(len(keys), source)
    if not keys:
        raise malformed(source.location, "none of its objects has a field")
    kinds = [_kind(connection, raw, key) for key in keys]
    columns = file_columns(list(zip(keys, kinds, strict=True)), source, text_dates=True)
    values = [
        f"{_extract(key, kind)} AS {quoted_name(column.sql_name)}"
        for key, kind, column in zip(keys, kinds, columns.values(), strict=True)
    ]
    connection.execute(f"CREATE TABLE {quoted_name(name)} AS SELECT {', '.join(values)} FROM {raw}")
    connection.execute(f"DROP TABLE {raw}")
    return columns


def _refuse_byte_order_mark(path: str) -> None:
    opened: Any = gzip.open if path.lower().endswith(".gz") else open
    try:
        with opened(path, "rb") as binary:
            start = binary.read(len(codecs.BOM_UTF8))
    except (OSError, EOFError):
        return  # whoever reads it next says what is wrong with it
    if start == codecs.BOM_UTF8:
        raise malformed(path, "it begins with a byte order mark, which JSON does not allow", "Write it without one.")


def _path(key: str) -> str:
    escaped = key.replace("\\", "\\\\").replace('"', '\\"')
    return quoted_text(f'$."{escaped}"')


def _extract(key: str, kind: str) -> str:
    if kind.startswith("JSON"):
        return f"CASE WHEN json_type(j, {_path(key)}) <> 'NULL' THEN CAST(json_extract(j, {_path(key)}) AS VARCHAR) END"
    return f"CAST(json_extract_string(j, {_path(key)}) AS {kind})"


def _kind(connection: duckdb.DuckDBPyConnection, raw: str, key: str) -> str:
    """The one type that holds all values of a field; text where they differ; numbers where there are none."""
    text = f"json_extract_string(j, {_path(key)})"
    found = connection.execute(
        f"SELECT list(DISTINCT json_type(j, {_path(key)})), "
        f"bool_and(TRY_CAST({text} AS BIGINT) IS NOT NULL) FILTER (json_type(j, {_path(key)}) <> 'NULL') FROM {raw}"
    ).fetchone()
    kinds = {kind for kind in (found[0] if found else []) if kind not in {None, "NULL"}}
    if not kinds:
        return "DOUBLE"
    if kinds <= {"BIGINT", "UBIGINT"}:
        return "BIGINT" if found and found[1] else "HUGEINT"
    if kinds <= {"BIGINT", "UBIGINT", "HUGEINT", "DOUBLE"}:
        return "DOUBLE"
    if kinds == {"BOOLEAN"}:
        return "BOOLEAN"
    if kinds == {"ARRAY"}:
        return "JSON[]"
    return "JSON" if kinds <= {"OBJECT", "ARRAY"} else "VARCHAR"
