"""What the demo's data holds, asked of the files with plain SQL: no engine, no contract, nothing of ours in between."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb
from django.conf import settings

DATA = Path(settings.BASE_DIR) / "demo" / "data"
TABLES = {
    **{
        name: f"read_csv('{DATA}/nycflights13/{name}.csv', header=true, nullstr=['', 'NA'])"
        for name in ("airlines", "airports", "planes")
    },
    **{name: f"read_parquet('{DATA}/nycflights13/{name}.parquet')" for name in ("weather", "flights")},
}
TAIL_NUMBER = "^N[1-9]([0-9]{0,4}|[0-9]{0,3}[A-HJ-NP-Z]|[0-9]{0,2}[A-HJ-NP-Z]{2})$"
STATION = "Amtrak|Rail (Station|Terminal)|(Train|Union|Penn|St|Bay) Station|^All Airports$"


@dataclass(frozen=True)
class Finding:
    """One number of the data: what plain SQL says, what the issue of record says where it does, and the check that must agree.

    column: the check's column, columns joined with a comma, or empty for the whole table. kwargs: arguments that tell apart
    checks of the same type, column and severity.
    """

    table: str
    type: str
    column: str
    sql: str
    status: str
    severity: str
    attribute: str = "unexpected_count"
    known: int | None = None
    kwargs: tuple[tuple[str, object], ...] = ()

    def __str__(self) -> str:
        return f"{self.table}-{self.type.removeprefix('expect_')}-{self.column or 'table'}-{self.severity}"

    @property
    def count(self) -> int:
        return ask(self.sql)


@cache
def ask(sql: str) -> int:
    """The one whole number that `sql` gives. The tables have the names of their files."""
    with duckdb.connect() as connection:
        for name, source in TABLES.items():
            connection.execute(f"create view {name} as select * from {source}")
        row = connection.execute(sql).fetchone()
    assert row is not None
    return int(row[0])


def rows(table: str, known: int, status: str = "passed", severity: str = "critical") -> Finding:
    return Finding(
        table,
        "expect_table_row_count_to_equal",
        "",
        f"select count(*) from {table}",
        status,
        severity,
        "observed_value",
        known,
    )


def missing(table: str, column: str, severity: str, *, status: str = "failed", known: int | None = None) -> Finding:
    sql = f"select count(*) from {table} where {column} is null"
    return Finding(table, "expect_column_values_to_not_be_null", column, sql, status, severity, known=known)


FINDINGS = [
    rows("airlines", 16),
    rows("airports", 1458),
    rows("planes", 3322),
    rows("flights", 336776),
    rows("weather", 26115, status="failed", severity="warning"),
    missing("flights", "dep_time", "warning", known=8255),
    missing("flights", "dep_time", "critical", status="passed", known=8255),
    missing("flights", "tailnum", "warning", known=2512),
    Finding(
        "flights",
        "expect_column_values_to_exist_in_reference",
        "tailnum",
        "select count(*) from flights where tailnum not in (select tailnum from planes)",
        "failed",
        "critical",
        known=50094,
    ),
    Finding(
        "flights",
        "expect_column_values_to_exist_in_reference",
        "dest",
        "select count(*) from flights where dest not in (select faa from airports)",
        "failed",
        "critical",
        known=7602,
    ),
    Finding(
        "flights",
        "expect_column_values_to_exist_in_reference",
        "carrier",
        "select count(*) from flights where carrier not in (select carrier from airlines)",
        "passed",
        "critical",
    ),
    Finding(
        "flights",
        "expect_column_values_to_match_regex",
        "tailnum",
        f"select count(*) from flights where not regexp_matches(tailnum, '{TAIL_NUMBER}')",
        "failed",
        "warning",
    ),
    Finding(
        "flights",
        "expect_column_values_to_be_between",
        "distance",
        "select count(*) from flights where distance < 50",
        "failed",
        "warning",
    ),
    Finding(
        "flights",
        "expect_compound_columns_to_be_unique",
        "year,month,day,carrier,flight,origin",
        "select coalesce(sum(n), 0) from (select count(*) n from flights "
        "group by year, month, day, carrier, flight, origin having n > 1)",
        "passed",
        "critical",
    ),
    Finding(
        "weather",
        "expect_column_values_to_be_between",
        "wind_speed",
        "select count(*) from weather where wind_speed > 253",
        "failed",
        "critical",
        known=1,
    ),
    Finding(
        "weather",
        "expect_compound_columns_to_be_unique",
        "origin,year,month,day,hour",
        "select sum(n) from (select count(*) n from weather group by origin, year, month, day, hour having n > 1)",
        "failed",
        "critical",
        known=6,
    ),
    missing("weather", "pressure", "warning"),
    missing("weather", "temp", "critical", status="passed"),
    missing("planes", "speed", "critical", known=3299),
    missing("planes", "year", "warning"),
    Finding(
        "planes",
        "expect_column_values_to_be_between",
        "seats",
        "select count(*) from planes where seats < 9",
        "failed",
        "warning",
    ),
    Finding(
        "planes",
        "expect_column_values_to_not_be_in_set",
        "type",
        "select count(*) from planes where type = 'Rotorcraft'",
        "failed",
        "warning",
    ),
    Finding(
        "airports",
        "expect_column_values_to_be_between",
        "lat",
        "select count(*) from airports where lat not between 18 and 72",
        "failed",
        "critical",
    ),
    Finding(
        "airports",
        "expect_column_values_to_be_between",
        "lon",
        "select count(*) from airports where lon not between -180 and -66",
        "failed",
        "critical",
        kwargs=(("max_value", -66),),
    ),
    Finding(
        "airports",
        "expect_column_values_to_be_between",
        "tz",
        "select count(*) from airports where tz not between -10 and -5",
        "failed",
        "critical",
    ),
    Finding(
        "airports",
        "expect_column_values_to_not_match_regex",
        "name",
        f"select count(*) from airports where regexp_matches(name, '{STATION}')",
        "failed",
        "warning",
    ),
    Finding(
        "airports",
        "expect_column_values_to_match_regex",
        "tzone",
        "select count(*) from airports where not regexp_matches(tzone, '^(America|Pacific)/')",
        "failed",
        "critical",
    ),
    Finding(
        "airports",
        "expect_column_values_to_not_be_in_set",
        "dst",
        "select count(*) from airports where dst = 'U'",
        "failed",
        "warning",
    ),
    missing("airports", "tzone", "critical", status="passed"),
]
"""Every number that the documents name, and the check results that must say the same."""
