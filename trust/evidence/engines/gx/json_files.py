"""JSON lines: one object a line. A field has the one type that holds all of its values; text stays text, whatever it spells."""

import duckdb

from trust.evidence.engines.gx.columns import Column
from trust.evidence.engines.gx.file_columns import file_columns
from trust.evidence.engines.gx.file_problems import check_width, malformed
from trust.evidence.engines.gx.limits import MAX_LINE_BYTES
from trust.evidence.engines.gx.quoting import quoted_name, quoted_path, quoted_text
from trust.evidence.rules.evidence import Source


def load_json_lines(connection: duckdb.DuckDBPyConnection, name: str, source: Source) -> dict[str, Column]:
    raw = quoted_name(f"{name}_raw")
    connection.execute(
        f"CREATE TABLE {raw} AS SELECT json AS j FROM read_ndjson_objects({quoted_path(source.location)}, "
        f"maximum_object_size={MAX_LINE_BYTES}, ignore_errors=false)"
    )
    strangers = connection.execute(f"SELECT count(*) FROM {raw} WHERE json_type(j) <> 'OBJECT'").fetchone()
    if strangers and strangers[0]:
        raise malformed(source.location, f"{strangers[0]} of its lines are not JSON objects")
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
