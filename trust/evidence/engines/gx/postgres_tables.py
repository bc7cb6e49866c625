"""PostgreSQL tables by push-down: one connection for a run, read-only, on one snapshot, with a time limit on each statement."""

import re
from collections.abc import Mapping

import psycopg
import sqlalchemy as sa

from catalog.rules.vocabulary import LogicalType
from trust.evidence.engines.gx.columns import Column, Kind
from trust.evidence.engines.gx.limits import MAX_COLUMNS, EngineLimits
from trust.evidence.rules.evidence import SourceProblemError
from trust.evidence.sources.postgres import split_table

_KINDS = {
    **dict.fromkeys(("int2", "int4", "int8", "oid"), Kind.INTEGER),
    **dict.fromkeys(("float4", "float8"), Kind.FLOAT),
    "numeric": Kind.DECIMAL,
    "bool": Kind.BOOLEAN,
    **dict.fromkeys(("text", "varchar", "bpchar", "citext", "uuid", "name"), Kind.TEXT),
    "date": Kind.DATE,
    **dict.fromkeys(("timestamp", "timestamptz"), Kind.TIMESTAMP),
    "time": Kind.TIME,
}
# A domain is looked through to the type that it is made of.
_COLUMNS = sa.text("""
    WITH RECURSIVE base AS (
        SELECT a.attname, a.attnum, format_type(a.atttypid, a.atttypmod) AS physical, t.oid, t.typname, t.typtype,
               t.typcategory, t.typbasetype, a.atttypmod
        FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
        WHERE a.attrelid = :relation AND a.attnum > 0 AND NOT a.attisdropped
        UNION ALL
        SELECT b.attname, b.attnum, b.physical, t.oid, t.typname, t.typtype, t.typcategory, t.typbasetype, b.atttypmod
        FROM base b JOIN pg_catalog.pg_type t ON t.oid = b.typbasetype WHERE b.typtype = 'd'
    )
    SELECT attname, physical, typname, typtype, typcategory, atttypmod FROM base WHERE typtype <> 'd' ORDER BY attnum
""")
_RELATION = sa.text("""
    SELECT c.oid, has_table_privilege(c.oid, 'SELECT') OR has_any_column_privilege(c.oid, 'SELECT')
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = :schema AND c.relname = :name AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
""")


def open_database(settings: Mapping[str, str], limits: EngineLimits) -> sa.Engine:
    """An engine of one connection to the checked settings, in a transaction that only reads, at UTC."""
    options = (
        f"-c default_transaction_read_only=on -c statement_timeout={limits.statement_timeout_seconds * 1000} -c timezone=UTC"
    )

    def connect() -> psycopg.Connection:
        given = {"connect_timeout": str(limits.connect_timeout_seconds), "application_name": "touchstone"} | dict(settings)
        return psycopg.connect(**given, options=options)  # type: ignore[arg-type]  # libpq takes its settings as text

    return sa.create_engine(
        "postgresql+psycopg://",
        creator=connect,
        poolclass=sa.pool.StaticPool,
        isolation_level="REPEATABLE READ",
        execution_options={"postgresql_readonly": True},
    )


def read_columns(connection: sa.Connection, location: str) -> dict[str, Column]:
    """Columns of `schema.table`, in order. Raises SourceProblemError where there is no such table or it may not be read."""
    schema, name = split_table(location)
    found = connection.execute(_RELATION, {"schema": schema, "name": name}).fetchone()
    if found is None:
        raise SourceProblemError(
            "source_missing",
            f"The database has no table {location!r}, or the account may not see it.",
            "Check the schema and the name of the table.",
        )
    if not found[1]:
        raise access_denied(location)
    rows = connection.execute(_COLUMNS, {"relation": found[0]}).fetchall()
    if len(rows) > MAX_COLUMNS:
        raise SourceProblemError(
            "source_too_wide", f"{location!r} has {len(rows):,} columns.", f"At most {MAX_COLUMNS:,} are read."
        )
    return {row.attname: _column(row.attname, row.physical, row.typname, row.typtype, row.typcategory) for row in rows}


def _column(name: str, physical: str, base: str, kind_of_type: str, category: str) -> Column:
    kind = Kind.TEXT if kind_of_type == "e" else _KINDS.get(base, Kind.OTHER)
    container = None
    if category == "A" or base in {"vector", "halfvec"}:
        container = LogicalType.ARRAY
    elif base in {"json", "jsonb", "hstore"} or category == "C":
        container = LogicalType.OBJECT
    return Column(
        name=name,
        sql_name=name,
        physical_type=physical,
        kind=Kind.OTHER if container else kind,
        container=container,
        has_zone=base == "timestamptz",
        is_local=base == "timestamp",
        is_whole=bool(re.match(r"numeric\(\d+(,0)?\)\Z", physical)),
        needs_cast=kind is Kind.DECIMAL or (kind is Kind.TEXT and base not in {"text", "varchar"}),
    )


def access_denied(location: str) -> SourceProblemError:
    return SourceProblemError(
        "source_access_denied",
        f"The account of the connection may not read {location!r}.",
        "Grant it SELECT on the table and USAGE on its schema.",
    )


def connection_problem(error: Exception, location: str) -> SourceProblemError:
    """A failed connection in our words: the driver's own may name accounts and hosts."""
    state = getattr(getattr(error, "orig", error), "sqlstate", None) or getattr(error, "sqlstate", None) or ""
    text = str(error).lower()
    if (
        state.startswith("28")
        or "authentication failed" in text
        or "no pg_hba.conf entry" in text
        or "no password supplied" in text
    ):
        return SourceProblemError(
            "source_access_denied",
            f"The database of {location!r} did not accept the account.",
            "Correct the account or its password.",
        )
    if state == "3D000" or ("database" in text and "does not exist" in text):
        return SourceProblemError(
            "source_missing", f"The database of {location!r} does not exist on its server.", "Correct the connection."
        )
    if state == "42501":
        return access_denied(location)
    if state == "57014":
        return SourceProblemError(
            "source_timeout",
            f"Reading {location!r} took longer than allowed.",
            "Raise the time limit or index the table.",
            retryable=True,
        )
    return SourceProblemError(
        "source_unreachable",
        f"The database of {location!r} cannot be reached, or the connection to it was lost.",
        "Check that the server runs and that the worker may connect to it; the run will be tried again.",
        retryable=True,
    )
