"""Parquet, read where it lies."""

import duckdb

from trust.evidence.engines.gx.columns import Column
from trust.evidence.engines.gx.file_columns import file_columns
from trust.evidence.engines.gx.quoting import quoted_name, quoted_names, quoted_path
from trust.evidence.rules.evidence import Source


def load_parquet(connection: duckdb.DuckDBPyConnection, name: str, source: Source) -> dict[str, Column]:
    # Parquet's statistics leave NaN out. Without `can_have_nan` DuckDB concludes from them that no value is NaN.
    reader = f"read_parquet({quoted_path(source.location)}, hive_partitioning=false, can_have_nan=true)"
    described = connection.execute(f"DESCRIBE SELECT * FROM {reader}").fetchall()
    names = _parquet_names(connection, source.location)
    if len(names) != len(described):
        names = [row[0] for row in described]
    columns = file_columns([(own, row[1]) for own, row in zip(names, described, strict=True)], source)
    connection.execute(f"CREATE VIEW {quoted_name(name)}({quoted_names(columns)}) AS SELECT * FROM {reader}")
    # DESCRIBE reads the footer only: a file that was cut in its middle shows itself in the first page.
    # Not fetched into Python, which would want pytz for timestamps with a zone.
    connection.execute(f"CREATE TEMP TABLE probe AS SELECT * FROM {quoted_name(name)} LIMIT 1")
    connection.execute("DROP TABLE probe")
    return columns


def _parquet_names(connection: duckdb.DuckDBPyConnection, path: str) -> list[str]:
    """Top-level names as the file has them: DuckDB renames `A` beside `a`."""
    rows = connection.execute(f"SELECT name, num_children FROM parquet_schema({quoted_path(path)})").fetchall()
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
