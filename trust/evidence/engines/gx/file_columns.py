"""The columns of a file, from DuckDB's names for types."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import duckdb

from catalog.rules.vocabulary import LogicalType
from trust.evidence.engines.gx.columns import Column, Kind
from trust.evidence.engines.gx.file_problems import check_width, malformed
from trust.evidence.engines.gx.quoting import quoted_name
from trust.evidence.engines.gx.typed_texts import Cell, TypedText
from trust.evidence.rules.evidence import Source

_KINDS = {
    **dict.fromkeys(
        (
            "TINYINT",
            "SMALLINT",
            "INTEGER",
            "BIGINT",
            "HUGEINT",
            "UTINYINT",
            "USMALLINT",
            "UINTEGER",
            "UBIGINT",
            "UHUGEINT",
            "BIGNUM",
        ),
        Kind.INTEGER,
    ),
    **dict.fromkeys(("FLOAT", "DOUBLE"), Kind.FLOAT),
    "BOOLEAN": Kind.BOOLEAN,
    **dict.fromkeys(("VARCHAR", "UUID"), Kind.TEXT),
    "DATE": Kind.DATE,
    **dict.fromkeys(
        ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMPTZ_NS", "TIMESTAMP WITH TIME ZONE"),
        Kind.TIMESTAMP,
    ),
    **dict.fromkeys(("TIME", "TIME_NS"), Kind.TIME),
}


def file_columns(
    named: list[tuple[str, str]], source: Source, *, untyped: bool = False, text_dates: bool = False
) -> dict[str, Column]:
    """untyped: every value is text in the file (CSV). text_dates: the format has no type for dates, so texts may be some."""
    check_width(len(named), source)
    repeated = [name for name, count in Counter(name for name, _ in named).items() if count > 1]
    if repeated:
        raise malformed(source.location, f"it has the column {', '.join(map(repr, repeated[:5]))} more than once")
    taken: set[str] = set()
    columns: dict[str, Column] = {}
    for index, (name, physical) in enumerate(named):
        sql_name = name if name.lower() not in taken and name else f"{name} #{index}"
        taken.add(sql_name.lower())
        columns[name] = _column(name, sql_name, physical, source, untyped=untyped, text_dates=text_dates)
    return columns


def with_texts(columns: dict[str, Column], types: Sequence[TypedText], source: Source) -> dict[str, Column]:
    """The columns of a text file with SQL names for what lies beside them: the text of a date, the moments of a text."""
    taken = {column.sql_name.lower() for column in columns.values()}
    found: dict[str, Column] = {}
    for (name, column), one in zip(columns.items(), types, strict=True):
        beside = f"{column.sql_name} #text" if one.is_spelled_out else f"{column.sql_name} #moments" if one.moments else ""
        while beside.lower() in taken:
            beside += "#"
        taken.add(beside.lower() or column.sql_name.lower())
        found[name] = replace(
            column,
            spelled=beside if one.is_spelled_out else "",
            moments="" if one.is_spelled_out else beside,
            zone=source.reading.of(name).time_zone,
            is_long_decimal=one.is_long_decimal,
        )
    return found


def replace_by_typed(
    connection: duckdb.DuckDBPyConnection,
    raw: str,
    name: str,
    cells: Sequence[Cell],
    types: Sequence[TypedText],
    columns: Mapping[str, Column],
) -> None:
    """Make of the table of texts `raw` the table `name` of typed values, and of what lies beside them."""
    selected: list[str] = []
    for cell, one, column in zip(cells, types, columns.values(), strict=True):
        selected.append(f"CASE WHEN {cell.present} THEN {one.value} END AS {quoted_name(column.sql_name)}")
        if column.spelled:
            selected.append(f"CASE WHEN {cell.present} THEN {cell.text} END AS {quoted_name(column.spelled)}")
        if column.moments:
            selected.append(f"CASE WHEN {cell.present} THEN {one.moments} END AS {quoted_name(column.moments)}")
    connection.execute(f"CREATE TABLE {quoted_name(name)} AS SELECT {', '.join(selected)} FROM {quoted_name(raw)}")
    connection.execute(f"DROP TABLE {quoted_name(raw)}")


def _column(name: str, sql_name: str, physical: str, source: Source, *, untyped: bool, text_dates: bool) -> Column:
    upper = physical.upper()
    decimal = re.match(r"DECIMAL\(\d+,(\d+)\)", upper)
    kind = Kind.DECIMAL if decimal else Kind.TEXT if upper.startswith("ENUM(") else _KINDS.get(upper, Kind.OTHER)
    container = None
    if upper.endswith("]"):  # also JSON[], a field of JSON lines that holds lists only
        container = LogicalType.ARRAY
    elif upper.startswith(("STRUCT", "MAP", "JSON")):
        container = LogicalType.MAP if upper.startswith("MAP") else LogicalType.OBJECT
    return Column(
        name=name,
        sql_name=sql_name,
        physical_type=physical,
        kind=Kind.OTHER if container else kind,
        untyped=untyped,
        text_dates=text_dates,
        declared=source.declared_types.get(name),
        container=container,
        has_zone=upper in {"TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ_NS"},
        is_local=kind is Kind.TIMESTAMP and not text_dates and "TZ" not in upper and "ZONE" not in upper,
        has_nanoseconds=upper in {"TIMESTAMP_NS", "TIMESTAMPTZ_NS"},
        is_whole=bool(decimal and decimal.group(1) == "0"),
        needs_cast=upper == "UUID" or upper.startswith("ENUM("),
    )
