"""JSON lines: one object a line. A field has the one type that holds all of its values.

Text stays text, whatever it spells, but for dates and times that the contract declares: JSON has no type for them.
"""

import codecs
import gzip
import secrets
from collections.abc import Sequence
from typing import Any

import duckdb

from trust.evidence.engines.gx.columns import Column
from trust.evidence.engines.gx.file_columns import file_columns, replace_by_typed, with_texts
from trust.evidence.engines.gx.file_problems import check_width, malformed
from trust.evidence.engines.gx.limits import MAX_LINE_BYTES
from trust.evidence.engines.gx.quoting import literal_path, quoted_list, quoted_name, quoted_text
from trust.evidence.engines.gx.slices import partition_cell
from trust.evidence.engines.gx.typed_texts import Cell, TypedText, typed_texts
from trust.evidence.rules.evidence import Source

_DECIMAL_DIGITS = 38
_LONG_DECIMAL = r"0[.]0*[1-9][0-9]{17,}|[1-9][0-9.]{18,}"
"""18 digits or more: what a double is written with has 17 at most. Also whole numbers, which are left alone."""
_PIECE = r'"(?:[^"\\]|\\.)*"|-?[0-9][0-9.]*(?:[eE][+-]?[0-9]+)?|[^"0-9-]+|-'


def load_json_lines(
    connection: duckdb.DuckDBPyConnection, name: str, source: Source, paths: Sequence[str]
) -> tuple[dict[str, Column], dict[str, str]]:
    """The columns, and how the file was read. Several files are one table."""
    raw_name = f"{name}_raw"
    raw = quoted_name(raw_name)
    for path in paths:
        _refuse_byte_order_mark(path, source)
    partitions = list(dict(source.partitions[0])) if source.partitions else []
    _read(connection, raw, source, paths, partitions)
    strangers = connection.execute(f"SELECT count(*) FROM {raw} WHERE json_type(j) <> 'OBJECT'").fetchone()
    if strangers and strangers[0]:
        raise malformed(source.location, f"{strangers[0]} of its lines are not JSON objects")
    mark = _mark_long_decimals(connection, raw)
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
    kinds = [_kind(connection, raw, key, mark) for key in keys]
    cells = [_cell(key, kind, source, mark) for key, kind in zip(keys, kinds, strict=True)]
    texts = [index for index, kind in enumerate(kinds) if kind == "VARCHAR"]
    types = [
        TypedText(kind.removesuffix("*"), _extract(key, kind.removesuffix("*"), mark), is_long_decimal="*" in kind)
        for key, kind in zip(keys, kinds, strict=True)
    ]
    for index, one in zip(texts, typed_texts(connection, raw_name, [cells[index] for index in texts]), strict=True):
        types[index] = one
    of_path = [partition_cell(key, f"p{index}", source) for index, key in enumerate(partitions)]
    cells, types, keys = cells + of_path, types + typed_texts(connection, raw_name, of_path), keys + partitions
    named = [(key, one.physical) for key, one in zip(keys, types, strict=True)]
    columns = with_texts(file_columns(named, source, text_dates=True), types, source)
    replace_by_typed(connection, raw_name, name, cells, types, columns)
    return columns, {"encoding": source.reading.encoding or "utf-8"}


def _read(
    connection: duckdb.DuckDBPyConnection, raw: str, source: Source, paths: Sequence[str], partitions: Sequence[str]
) -> None:
    """Make `raw` of the lines of all files: the object as `j`, and what the path says of it as `p0`, `p1`, ..."""

    def reader(files: Sequence[str]) -> str:
        listed = quoted_list([literal_path(path) for path in files])
        return (
            f"read_ndjson_objects({listed}, maximum_object_size={MAX_LINE_BYTES}, ignore_errors=false, hive_partitioning=false)"
        )

    if not partitions:
        connection.execute(f"CREATE TABLE {raw} AS SELECT json AS j FROM {reader(paths)}")
        return
    columns = ", ".join(f"p{index} VARCHAR" for index in range(len(partitions)))
    connection.execute(f"CREATE TABLE {raw} (j JSON, {columns})")
    for path, partition in zip(paths, source.partitions, strict=True):
        values = ", ".join("NULL" if value is None else quoted_text(value) for _, value in partition)
        connection.execute(f"INSERT INTO {raw} SELECT json, {values} FROM {reader([path])}")


def _cell(key: str, kind: str, source: Source, mark: str) -> Cell:
    """What the contract lists as no value is none where it is a text; JSON has a null of its own besides."""
    reading = source.reading.of(key)
    text = _text(key, mark)
    nulls = [*(source.null_values or ()), *reading.null_values]
    present = f"({text} IS NOT NULL)"
    if nulls and not kind.startswith("JSON"):
        is_null = f"json_type(j, {_path(key)}) = 'VARCHAR' AND list_contains({quoted_list(nulls)}, {text})"
        present = f"({text} IS NOT NULL AND NOT ({is_null}))"
    return Cell(text, present, source.declared_types.get(key), reading, has_numbers=False)


def _refuse_byte_order_mark(path: str, source: Source) -> None:
    opened: Any = gzip.open if path.lower().endswith(".gz") else open
    try:
        with opened(path, "rb") as binary:
            start = binary.read(len(codecs.BOM_UTF8))
    except (OSError, EOFError):
        return  # whoever reads it next says what is wrong with it
    if start == codecs.BOM_UTF8:
        raise malformed(source.location, "it begins with a byte order mark, which JSON does not allow", "Write it without one.")


def _path(key: str) -> str:
    escaped = key.replace("\\", "\\\\").replace('"', '\\"')
    return quoted_text(f'$."{escaped}"')


def _extract(key: str, kind: str, mark: str) -> str:
    if kind.startswith("JSON"):
        nested = f"CAST(json_extract(j, {_path(key)}) AS VARCHAR)"
        if mark:
            marked = quoted_text(f'"{mark}([^"]*)"')
            nested = f"regexp_replace({nested}, {marked}, '\\1', 'g')"
        return f"CASE WHEN json_type(j, {_path(key)}) <> 'NULL' THEN {nested} END"
    return f"CAST({_text(key, mark)} AS {kind})"


def _text(key: str, mark: str) -> str:
    text = f"json_extract_string(j, {_path(key)})"
    return f"replace({text}, {quoted_text(mark)}, '')" if mark else text


def _kind(connection: duckdb.DuckDBPyConnection, raw: str, key: str, mark: str) -> str:  # noqa: PLR0911  # one for each kind
    """The one type that holds all values of a field; text where they differ; numbers where there are none.

    `VARCHAR*`: decimals of more digits than any type holds.
    """
    text, kind = f"json_extract_string(j, {_path(key)})", f"json_type(j, {_path(key)})"
    if mark:
        kind = f"CASE WHEN {kind} = 'VARCHAR' AND starts_with({text}, {quoted_text(mark)}) THEN 'DECIMAL' ELSE {kind} END"
        text = f"replace({text}, {quoted_text(mark)}, '')"
    present = f"FILTER (json_type(j, {_path(key)}) <> 'NULL')"
    found = connection.execute(
        f"SELECT list(DISTINCT {kind}), bool_and(TRY_CAST({text} AS BIGINT) IS NOT NULL) {present}, "
        f"bool_and(regexp_matches({text}, '\\A-?[0-9]+\\z')) {present}, "
        f"bool_and(regexp_matches({text}, '\\A-?[0-9]+([.][0-9]+)?\\z')) {present}, "
        f"max(length(regexp_extract({text}, '\\A-?0*([0-9]*)', 1))), "
        f"max(length(regexp_extract({text}, '[.]([0-9]+)', 1))) FROM {raw}"
    ).fetchone() or ([], None, None, None, 0, 0)
    kinds = {kind for kind in (found[0] or []) if kind not in {None, "NULL"}}
    if not kinds:
        return "DOUBLE"
    if kinds <= {"BIGINT", "UBIGINT"}:
        return "BIGINT" if found[1] else "HUGEINT"
    if kinds <= {"BIGINT", "UBIGINT", "HUGEINT", "DOUBLE", "DECIMAL"}:
        if found[2]:  # DuckDB calls a whole number of more than 64 bits a double, and keeps its digits
            return "BIGNUM"
        if "DECIMAL" not in kinds or not found[3]:
            return "DOUBLE"
        whole, fraction = found[4], found[5]
        return f"DECIMAL({whole + fraction},{fraction})" if whole + fraction <= _DECIMAL_DIGITS else "VARCHAR*"
    if kinds == {"BOOLEAN"}:
        return "BOOLEAN"
    if kinds == {"ARRAY"}:
        return "JSON[]"
    return "JSON" if kinds <= {"OBJECT", "ARRAY"} else "VARCHAR"


def _mark_long_decimals(connection: duckdb.DuckDBPyConnection, raw: str) -> str:
    """Turn decimals of more digits than a double holds into texts that begin with the mark that comes back; empty without any.

    DuckDB reads them as doubles. A text of the file itself stays what it is: nobody can guess the mark.
    """
    found = connection.execute(
        f"SELECT 1 FROM {raw} WHERE regexp_matches(CAST(j AS VARCHAR), {quoted_text(_LONG_DECIMAL)}) LIMIT 1"
    ).fetchone()
    if found is None:
        return ""
    mark = f"{secrets.token_hex(16)}:"
    tokens = f"regexp_extract_all(CAST(j AS VARCHAR), {quoted_text(_PIECE)})"
    is_long = f"regexp_full_match(token, {quoted_text('-?(' + _LONG_DECIMAL + ')')}) AND contains(token, '.')"
    marked = f"CASE WHEN {is_long} THEN '\"{mark}' || token || '\"' ELSE token END"
    connection.execute(
        f"UPDATE {raw} SET j = CAST(array_to_string(list_transform({tokens}, lambda token: {marked}), '') AS JSON) "
        f"WHERE regexp_matches(CAST(j AS VARCHAR), {quoted_text(_LONG_DECIMAL)})"
    )
    return mark
