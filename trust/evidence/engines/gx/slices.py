"""Partitions of the data: what the path of a file says of all of its rows, and the newest part of a table."""

from collections.abc import Sequence

import duckdb

from trust.evidence.engines.gx.columns import Column, Kind
from trust.evidence.engines.gx.file_problems import malformed
from trust.evidence.engines.gx.quoting import quoted_name, quoted_text
from trust.evidence.engines.gx.typed_texts import Cell, TypedText, typed_texts
from trust.evidence.rules.evidence import Source


def typed_partitions(connection: duckdb.DuckDBPyConnection, name: str, source: Source, keys: Sequence[str]) -> list[TypedText]:
    """The type of each partition by its values in the paths; SQL reads it from a column of the key's own name."""
    if not keys:
        return []
    columns = ", ".join(f"{quoted_name(key)} VARCHAR" for key in keys)
    connection.execute(f"CREATE TEMP TABLE {quoted_name(name)} ({columns})")
    values = sorted({tuple(dict(one)[key] or "" for key in keys) for one in source.partitions})
    missing = {key: any(dict(one)[key] is None for one in source.partitions) for key in keys}
    marks = ", ".join("?" for _ in keys)
    connection.executemany(f"INSERT INTO {quoted_name(name)} VALUES ({marks})", [list(row) for row in values])
    cells = [partition_cell(key, quoted_name(key), source, has_empty=missing[key]) for key in keys]
    typed = typed_texts(connection, name, cells)
    connection.execute(f"DROP TABLE {quoted_name(name)}")
    return typed


def slice_shown(source: Source, field: str, value: str) -> str:
    """What a run says of its slice: nothing of a redacted field's value."""
    return f"{field}: the newest" if field in source.redacted_columns else f"{field} = {value}"


def partition_cell(key: str, text: str, source: Source, *, has_empty: bool = True) -> Cell:
    """A partition as a column of text."""
    present = f"({text} IS NOT NULL AND {text} <> '')" if has_empty else f"({text} IS NOT NULL)"
    return Cell(text, present, source.declared_types.get(key), source.reading.of(key))


def keep_newest(
    connection: duckdb.DuckDBPyConnection, name: str, source: Source, columns: dict[str, Column]
) -> tuple[dict[str, Column], dict[str, str]]:
    """Leave only the rows of the newest value of the partition field, where the port asks for that; of moments the newest day.

    A partition in the path was chosen with the files already. Raises SourceProblemError where the field has no newest value.
    """
    field = source.reading.partition
    if source.reading.slice != "newest" or "slice" in source.notes:
        return columns, {}
    column = columns.get(field)
    if column is None:
        raise malformed(
            source.location, f"it has no column {field!r}, by which the newest slice is told", "Correct touchstone.partition."
        )
    value = quoted_name(column.moments or column.sql_name)
    if column.kind is Kind.TIMESTAMP or column.moments:
        value = f"CAST({value} AS DATE)"
    elif not (column.kind.is_number or column.kind is Kind.DATE):
        raise malformed(
            source.location,
            f"the column {field!r} holds {column.holds}, so none is the newest",
            "Declare it as a date, or name another.",
        )
    newest = connection.execute(f"SELECT CAST(max({value}) AS VARCHAR) FROM {quoted_name(name)}").fetchone()
    if newest is None or newest[0] is None:
        raise malformed(source.location, f"the column {field!r} has no value, so there is no newest slice")
    everything = f"{name}_everything"
    kind = connection.execute("SELECT table_type FROM information_schema.tables WHERE table_name = ?", [name]).fetchone()
    what = "VIEW" if kind and kind[0] == "VIEW" else "TABLE"
    connection.execute(f"ALTER {what} {quoted_name(name)} RENAME TO {quoted_name(everything)}")
    condition = f"CAST({value} AS VARCHAR) = {quoted_text(newest[0])}"
    connection.execute(f"CREATE VIEW {quoted_name(name)} AS SELECT * FROM {quoted_name(everything)} WHERE {condition}")
    return columns, {"slice": slice_shown(source, field, newest[0])}
