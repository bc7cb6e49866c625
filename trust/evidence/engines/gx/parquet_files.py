"""Parquet, read in place. What DuckDB would read otherwise than it is written is read as it is meant.

- Text whose writer did not mark it as such (old Hive, Impala and Spark) comes as bytes: text, where all of it is UTF-8.
- Decimals of more than 38 digits would be rounded to a double: where all values have 38 digits or fewer, they are decimals of
  that size; else they are kept as text.
- A column that holds nothing but NULL and says so has the declared type, or none.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from catalog.rules.vocabulary import LogicalType
from trust.evidence.engines.gx.columns import Column, Kind
from trust.evidence.engines.gx.file_columns import file_columns, with_texts
from trust.evidence.engines.gx.file_problems import parquet_problem
from trust.evidence.engines.gx.quoting import literal_path, quoted_list, quoted_name, quoted_path
from trust.evidence.engines.gx.slices import typed_partitions
from trust.evidence.rules.evidence import Source

_DECIMAL_DIGITS = 38
_BATCH_ROWS = 50_000
_NULL = '"NULL"'
_TYPE_OF_NOTHING = {
    LogicalType.STRING: "VARCHAR",
    LogicalType.INTEGER: "BIGINT",
    LogicalType.BOOLEAN: "BOOLEAN",
    LogicalType.DATE: "DATE",
    LogicalType.TIMESTAMP: "TIMESTAMP",
    LogicalType.TIME: "TIME",
}


def long_decimals(source: Source, folder: Path, name: str) -> tuple[str | None, ...]:
    """For each file one with the decimals that DuckDB would round, written into the folder of the run; None without any."""
    wide: list[str | None] = []
    for index, path in enumerate(source.paths):
        try:
            schema = pq.read_schema(path)
        except (OSError, pa.ArrowException):
            wide.append(None)  # the engine says what is wrong with it
            continue
        columns = [
            field.name for field in schema if pa.types.is_decimal256(field.type) and field.type.precision > _DECIMAL_DIGITS
        ]
        # A name twice cannot be asked for by its name, and is refused later.
        columns = [column for column in columns if schema.names.count(column) == 1]
        target = str(folder / f"{name}-{index}.parquet")
        wide.append(_write_decimals(source, path, columns, target) if columns else None)
    return tuple(wide)


def _write_decimals(source: Source, path: str, columns: list[str], target: str) -> str:
    try:
        with pq.ParquetFile(path) as file:
            types = {column: _exact_type(file, column) for column in columns}
            with pq.ParquetWriter(target, pa.schema(types)) as writer:
                for batch in file.iter_batches(_BATCH_ROWS, columns=columns):
                    arrays = [pc.cast(batch.column(column), types[column]) for column in columns]
                    writer.write_batch(pa.record_batch(arrays, names=columns))
    except (OSError, pa.ArrowException) as error:
        raise parquet_problem(source.location, path) from error
    return target


def _exact_type(file: pq.ParquetFile, column: str) -> pa.DataType:
    scale = file.schema_arrow.field(column).type.scale
    if scale > _DECIMAL_DIGITS:
        return pa.string()
    narrow = pa.decimal128(_DECIMAL_DIGITS, scale)
    try:
        for batch in file.iter_batches(_BATCH_ROWS, columns=[column]):
            pc.cast(batch.column(column), narrow)
    except pa.ArrowInvalid:
        return pa.string()
    return narrow


class ParquetFiles(Protocol):
    """paths: as they are. wide: beside each, the file of its long decimals, if any."""

    @property
    def paths(self) -> tuple[str, ...]: ...

    @property
    def wide(self) -> tuple[str | None, ...]: ...


def load_parquet(
    connection: duckdb.DuckDBPyConnection, name: str, source: Source, files: ParquetFiles
) -> tuple[dict[str, Column], dict[str, str]]:
    """The columns by their own names, in order. Several files are one table: NULL where a file lacks a column."""
    keys = list(dict(source.partitions[0])) if source.partitions else []
    reader = _reader(connection, files, has_partitions=bool(keys))
    described = [(str(row[0]), str(row[1])) for row in connection.execute(f"DESCRIBE SELECT * FROM {reader}").fetchall()]
    described = [(column, physical) for column, physical in described if column not in keys]
    names = _names(connection, files.paths[0])
    if len(files.paths) > 1 or len(names) != len(described):
        names = [column for column, _ in described]
    read = [
        _as_meant(connection, reader, column, physical, source.declared_types.get(own))
        for own, (column, physical) in zip(names, described, strict=True)
    ]
    typed = typed_partitions(connection, f"{name}_partitions", source, keys)
    named = [(own, physical) for own, (physical, _) in zip(names, read, strict=True)]
    columns = file_columns([*named, *((key, one.physical) for key, one in zip(keys, typed, strict=True))], source)
    nothing = {own for own, (_, physical) in zip(names, described, strict=True) if physical == _NULL}
    long = {own for own, column in columns.items() if column.kind is Kind.TEXT and own in _long_decimals(files)}
    columns = {
        own: replace(
            column,
            zone=source.reading.of(own).time_zone,
            is_nothing=own in nothing,
            is_long_decimal=own in long,
            text_dates=own in keys,
            is_local=column.is_local and own not in keys,
            untyped=own in keys,
        )
        for own, column in columns.items()
    }
    of_keys = with_texts({key: columns[key] for key in keys}, typed, source)
    columns |= of_keys
    selected = [expression for _, expression in read] + [one.value for one in typed]
    listed = [column.sql_name for column in columns.values()]
    for key, one in zip(keys, typed, strict=True):
        for beside, expression in ((of_keys[key].spelled, quoted_name(key)), (of_keys[key].moments, one.moments)):
            if beside:
                listed.append(beside)
                selected.append(expression)
    view = f"{quoted_name(name)}({', '.join(map(quoted_name, listed))})"
    connection.execute(f"CREATE VIEW {view} AS SELECT {', '.join(selected)} FROM {reader}")
    # DESCRIBE reads the footer only: a file that was cut in its middle shows itself in the first page.
    # Not fetched into Python, which would want pytz for timestamps with a zone.
    connection.execute(f"CREATE TEMP TABLE probe AS SELECT * FROM {quoted_name(name)} LIMIT 1")
    connection.execute("DROP TABLE probe")
    return columns, {}


def _long_decimals(files: ParquetFiles) -> set[str]:
    return {field.name for path in files.wide if path for field in pq.read_schema(path)}


def _reader(connection: duckdb.DuckDBPyConnection, files: ParquetFiles, *, has_partitions: bool) -> str:
    # Parquet's statistics leave NaN out. Without `can_have_nan` DuckDB concludes from them that no value is NaN.
    options = f"can_have_nan=true, hive_partitioning={str(has_partitions).lower()}"
    if has_partitions:
        options += ", hive_types_autocast=false"
    if not any(files.wide):
        by_name = ", union_by_name=true" if len(files.paths) > 1 else ""
        paths = quoted_list([literal_path(path) for path in files.paths])
        return f"read_parquet({paths}, {options}{by_name})"
    parts = []
    for path, wide in zip(files.paths, files.wide, strict=True):
        one = f"read_parquet({quoted_path(path)}, {options})"
        if wide is None:
            parts.append(f"SELECT * FROM {one}")
            continue
        described = connection.execute(f"DESCRIBE SELECT * FROM read_parquet({quoted_path(wide)})").fetchall()
        replaced = ", ".join(f"wide.{quoted_name(row[0])} AS {quoted_name(row[0])}" for row in described)
        parts.append(
            f"SELECT file.* REPLACE ({replaced}) FROM {one} file POSITIONAL JOIN read_parquet({quoted_path(wide)}) wide"
        )
    return "(" + " UNION ALL BY NAME ".join(parts) + ")"


def _as_meant(
    connection: duckdb.DuckDBPyConnection, reader: str, column: str, physical: str, declared: LogicalType | None
) -> tuple[str, str]:
    """The type to go by, and the SQL that reads a value as that."""
    quoted = quoted_name(column)
    if physical == _NULL:
        kind = _TYPE_OF_NOTHING.get(declared, "DOUBLE") if declared else "DOUBLE"
        return kind, f"CAST({quoted} AS {kind})"
    if physical == "BLOB" and declared in {None, LogicalType.STRING} and _is_text(connection, reader, quoted):
        return "VARCHAR", f"decode({quoted})"
    return physical, quoted


def _is_text(connection: duckdb.DuckDBPyConnection, reader: str, column: str) -> bool:
    """Whether all bytes are UTF-8 without a NUL; the first that are not end the look."""
    text = f"TRY(decode({column}))"
    is_other = f"{column} IS NOT NULL AND ({text} IS NULL OR contains({text}, chr(0)))"
    try:
        return connection.execute(f"SELECT 1 FROM {reader} WHERE {is_other} LIMIT 1").fetchone() is None
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error:
        return False  # a damaged page: every column is read to its end, and the one that cannot be is named


def _names(connection: duckdb.DuckDBPyConnection, path: str) -> list[str]:
    """Top-level names as the file has them: DuckDB renames `A` beside `a`."""
    rows: Sequence[tuple[str, int | None]] = connection.execute(
        f"SELECT name, num_children FROM parquet_schema({quoted_path(path)})"
    ).fetchall()
    names: list[str] = []
    position = 1  # the first row is the root

    def skip(at: int) -> int:
        following = at + 1
        for _ in range(rows[at][1] or 0):
            following = skip(following)
        return following

    while position < len(rows):
        names.append(rows[position][0])
        position = skip(position)
    return names
