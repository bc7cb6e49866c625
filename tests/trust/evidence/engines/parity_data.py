"""One awkward table in every form that Touchstone reads, and the same read by pandas."""

import csv
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq

from catalog.rules.vocabulary import SourceKind
from trust.evidence.rules.evidence import Source

NAN, INF = math.nan, math.inf
SCHEMA = pa.schema(
    [
        ("id", pa.int64()),
        ("grp", pa.string()),
        ("qty", pa.int64()),
        ("small", pa.int32()),
        ("price", pa.float64()),
        ("ratio", pa.float64()),
        ("flag", pa.bool_()),
        ("day", pa.date32()),
        ("at", pa.timestamp("us")),
        ("name", pa.string()),
        ("code", pa.string()),
        ("word", pa.string()),
        ("big", pa.int64()),
        ("amount", pa.decimal128(10, 2)),
        ("nothing", pa.float64()),
        ("a", pa.int64()),
        ("b", pa.int64()),
        ("c", pa.int64()),
        ("x", pa.float64()),
        ("y", pa.float64()),
        ("left", pa.string()),
        ("right", pa.string()),
        ("iso", pa.string()),
        ("doc", pa.string()),
    ]
)


def _row(index: int, *values: Any) -> dict[str, Any]:
    return dict(zip(SCHEMA.names, (index, *values), strict=True))


def _day(n: int) -> date:
    return date(2024, 2, n)


def _at(n: int, hour: int) -> datetime:
    return datetime(2024, 2, n, hour, 30)  # noqa: DTZ001  # a timestamp without a zone is what is tested


ROWS = [
    _row(1, "red", 5, 3, 1.5, 0.5, True, _day(1), _at(1, 5), "Zoë", "007", "alpha", 2**60, Decimal("1.10"), None,
         1, 2, 3, 0.1, 0.1, "p", "p", "2024-02-01", '{"k": 1}'),
    _row(2, "red", None, 3, 2.5, INF, False, _day(2), _at(2, 6), "e\u0301c", "042", "Alpha", 2**60 + 1, Decimal("2.20"), None,
         2, 2, 2, 0.2, 0.3, "p", "q", "2024-13-01", "[1, 2"),
    _row(3, "blue", 7, 1, NAN, 2.0, True, _day(2), _at(2, 6), "👩\u200d👩\u200d👧", "7", "beta\n", 5, Decimal("2.20"), None,
         3, None, 1, NAN, 0.5, None, "q", "1 Feb 2024", "null"),
    _row(4, None, 7, 4, -3.25, -1.0, False, _day(29), _at(29, 23), "straße", "0x1F", "٣", 6, Decimal("-0.01"), None,
         None, None, 6, 4.0, 4.0, None, None, "nonsense", '"text"'),
    _row(5, "green", 9, 1, 0.0, 0.0, True, None, None, "", "1e3", "x y", 7, None, None,
         5, 1, 0, 5.0, NAN, "Z", "a", None, None),
    _row(6, "blue", -2, 5, 100.125, 0.25, False, _day(10), _at(10, 0), "ABC", "abc", "foo-bar", 2**60, Decimal("99.99"), None,
         4, 4, -2, NAN, NAN, "é", "e", "20240201", "{}"),
    _row(7, "red", 0, 5, 1e-9, 1.0, True, _day(10), _at(10, 0), "it's", "A-1", "100%", -(2**60), Decimal("0.00"), None,
         0, 0, 6, 7.5, 7.25, "", "", "2024-02-29", "true"),
    _row(8, "Red", 5, 1, 2.5, 3.5, True, _day(11), _at(11, 12), "a_b", "B-22", "C:\\x", 8, Decimal("5.00"), None,
         2, 3, 1, -1.0, -1.5, "m", "M", "2023-02-29", "7"),
]  # fmt: skip


@dataclass(frozen=True)
class Form:
    """A table in one form: the source to look at, and what pandas reads from the same file (or its like)."""

    name: str
    source: Source
    frame: Callable[[], pd.DataFrame]


def make_forms(folder: Path, rows: list[dict[str, Any]], database: str, table: str) -> dict[str, Form]:
    """Write `rows` as Parquet, CSV, JSON lines and as `public.table` of `database`."""
    parquet, text, lines = folder / f"{table}.parquet", folder / f"{table}.csv", folder / f"{table}.jsonl"
    pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), parquet)
    _write_csv(text, rows)
    lines.write_text("".join(json.dumps({k: _json(v) for k, v in row.items()}) + "\n" for row in rows), encoding="utf-8")
    make_table(database, table, rows)
    return {
        "parquet": Form("parquet", Source(SourceKind.PARQUET, str(parquet)), lambda: pd.read_parquet(parquet)),
        "csv": Form("csv", Source(SourceKind.CSV, str(text)), lambda: pd.read_csv(text)),
        "jsonl": Form("jsonl", Source(SourceKind.JSON_LINES, str(lines)), lambda: _read_lines(lines)),
        "postgres": Form(
            "postgres",
            Source(SourceKind.POSTGRES, f"public.{table}", connection="env:PARITY_DATABASE"),
            lambda: pd.read_parquet(parquet),
        ),
    }


def _read_lines(path: Path) -> pd.DataFrame:
    """Without pandas' guesses at dates and numbers in text: JSON has types of its own."""
    if not path.read_text(encoding="utf-8"):
        return pd.DataFrame()
    return pd.read_json(path, lines=True, dtype=False, convert_dates=False)


def _json(value: Any) -> Any:
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _write_csv(path: Path, rows: list[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(SCHEMA.names)
        for row in rows:
            writer.writerow(["" if value is None else value for value in row.values()])


_SQL_TYPES = {
    pa.int64(): "bigint",
    pa.int32(): "integer",
    pa.string(): "text",
    pa.float64(): "double precision",
    pa.bool_(): "boolean",
    pa.date32(): "date",
    pa.timestamp("us"): "timestamp",
    pa.decimal128(10, 2): "numeric(10,2)",
}


def make_table(database: str, table: str, rows: list[dict[str, Any]]) -> None:
    columns = ", ".join(f'"{field.name}" {_SQL_TYPES[field.type]}' for field in SCHEMA)
    marks = ", ".join(["%s"] * len(SCHEMA))
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(f'DROP TABLE IF EXISTS public."{table}"')
        connection.execute(f'CREATE TABLE public."{table}" ({columns})')
        with connection.cursor() as cursor:
            cursor.executemany(f'INSERT INTO public."{table}" VALUES ({marks})', [tuple(row.values()) for row in rows])
