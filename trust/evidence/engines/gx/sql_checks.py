"""SQL rules of a contract, run as governance approved them: read-only, on the port's own table, within limits."""

import threading
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import isfinite
from typing import Any

import duckdb
import psycopg
import sqlalchemy as sa

from catalog.rules.expectation import Expectation
from catalog.rules.operators import OPERATORS, Bounds, OperatorError, bounds_of
from trust.evidence.engines.gx.backend import DuckDbBackend
from trust.evidence.engines.gx.execution import TouchstoneExecutionEngine
from trust.evidence.engines.gx.findings import CheckFinding
from trust.evidence.engines.gx.quoting import quoted_name
from trust.evidence.engines.gx.requests import Measurement
from trust.evidence.engines.gx.sql_guard import Query
from trust.evidence.rules.sql_rules import query_digest, query_of, with_names

SECONDS = 60
"""Longest time that one query may take (our choice): a rule is asked for at every run."""
_ARGUMENTS = {"query", "column", "tables", *OPERATORS}


class UnapprovedError(ValueError):
    """The text was never approved for this product. The message holds nothing of the data."""


@dataclass
class SqlCheck:
    """query: with its names filled in, and looked through. names: by which it may call the port's table."""

    query: Query
    bounds: Bounds
    engine: TouchstoneExecutionEngine
    names: tuple[str, ...]
    columns: tuple[str, ...]

    def measurements(self) -> Mapping[Hashable, Measurement]:
        return {("sql", self.query.text): self._result()}

    def _result(self) -> Measurement:
        table = self.engine.table
        run = self._on_files if isinstance(table.backend, DuckDbBackend) else self._in_database
        return _number(run())
        yield  # a generator must have one

    def conclude(self, values: Mapping[Hashable, Any]) -> CheckFinding:
        value = values["sql", self.query.text]
        if isinstance(value, Exception):
            raise value
        return CheckFinding(self.bounds.admits(value), observed=value, observed_is_value=True)

    def sampler(self) -> Measurement | None:
        return None

    def _on_files(self) -> list[Any]:
        table = self.engine.table
        assert isinstance(table.backend, DuckDbBackend)  # noqa: S101  # the caller asks only then
        raw = table.backend.raw
        known = {str(row[0]).lower() for row in raw.execute("SELECT table_name FROM information_schema.tables").fetchall()}
        self._refuse_hidden(known)
        columns = [column.value.label(sa.sql.quoted_name(column.sql_name, quote=True)) for column in table.columns.values()]
        view = sa.select(*columns).select_from(table.selectable)
        text = str(view.compile(dialect=table.backend.connection.dialect, compile_kwargs={"literal_binds": True}))
        for name in self.names:
            if name.lower() not in known:
                raw.execute(f"CREATE TEMP VIEW {quoted_name(name)} AS {text}")
        timer = threading.Timer(SECONDS, raw.interrupt)
        timer.start()
        try:
            described = raw.execute(f"DESCRIBE {self.query.text}").fetchall()
            _demand_number([str(row[1]) for row in described])
            return raw.execute(f"SELECT * FROM (\n{self.query.text}\n) AS result LIMIT 2").fetchall()
        except duckdb.InterruptException:
            raise ValueError(f"The query took longer than {SECONDS} s. Make it simpler.") from None
        finally:
            timer.cancel()
            for name in self.names:
                if name.lower() not in known:
                    raw.execute(f"DROP VIEW IF EXISTS temp.{quoted_name(name)}")

    def _in_database(self) -> list[Any]:
        connection = self.engine.table.backend.connection
        schema = quoted_name(str(getattr(self.engine.table.selectable, "schema", None) or "public"))
        savepoint = connection.begin_nested()
        try:
            driver: Any = connection.connection.driver_connection
            with driver.cursor() as cursor:
                cursor.execute(f"SET LOCAL statement_timeout = {SECONDS * 1000}")
                cursor.execute(f"SET LOCAL search_path = {schema}")
                hidden = [
                    name
                    for name in self.query.names
                    if cursor.execute("SELECT to_regclass(%s)", [quoted_name(name)]).fetchone()[0]
                ]
                self._refuse_hidden(set(hidden))
                # Prepared, since the server takes no second statement then.
                cursor.execute(f"SELECT * FROM (\n{self.query.text}\n) AS result LIMIT 2", prepare=True)
                if len(cursor.description or ()) != 1:
                    raise ValueError("The query returns several columns. Return one number.")
                return list(cursor.fetchall())
        except psycopg.Error as error:
            raise ValueError(_refusal(error)) from None
        finally:
            savepoint.rollback()

    def _refuse_hidden(self, known: set[str]) -> None:
        if both := sorted(self.query.names & known):
            raise ValueError(f"The query calls a part of its own {both[0]!r}, as a table is called. Give it another name.")


def sql_check(expectation: Expectation, engine: TouchstoneExecutionEngine, approved: frozenset[str]) -> SqlCheck:
    """The check of an SQL rule. Raises ValueError or LookupError where it is not approved, or no plain SELECT of its table."""
    kwargs = expectation.kwargs
    if unknown := sorted(set(kwargs) - _ARGUMENTS):
        raise ValueError(f"Unknown arguments {', '.join(unknown)}; it takes {', '.join(sorted(_ARGUMENTS))}.")
    query = query_of(kwargs)
    if query_digest(query) not in approved:
        raise UnapprovedError(
            f"Not run: governance has not approved this SQL (digest {query_digest(query)[:12]}). Ask for it: "
            "bin/manage approve_sql SLUG --as USERNAME, or POST /api/v1/products/SLUG/sql-approvals."
        )
    try:
        bounds = bounds_of(kwargs, is_count=False)
    except OperatorError as error:
        raise ValueError(f"The operators cannot be used: {error}.") from error
    column, table = kwargs.get("column"), engine.table
    of_column = quoted_name(engine.column(column).sql_name) if isinstance(column, str) else None
    schema, name = getattr(table.selectable, "schema", None), str(getattr(table.selectable, "name", "data"))
    if isinstance(table.backend, DuckDbBackend):
        given = kwargs.get("tables")
        names = tuple(str(one) for one in given) if isinstance(given, list) else ()
        object_name = "touchstone_object"
        names = (object_name, *dict.fromkeys(one for one in names if one and "." not in one))
        paths: set[tuple[str, ...]] = {(one,) for one in names}
    else:
        names = ()
        object_name = f"{quoted_name(schema)}.{quoted_name(name)}" if schema else quoted_name(name)
        paths = {(name,), (str(schema), name)}
    parsed = Query(with_names(query, object_name, of_column), paths)
    text = parsed.text.lower()
    read = tuple(one for one in table.columns if parsed.reads_all or one.lower() in text)
    return SqlCheck(parsed, bounds, engine, names, read)


def _demand_number(types: list[str]) -> None:
    numbers = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "U", "DECIMAL", "FLOAT", "DOUBLE", "BOOLEAN", "BIGNUM")
    if len(types) != 1 or not types[0].startswith(numbers) or "[" in types[0]:
        raise ValueError(f"The query returns {', '.join(types) or 'nothing'}. Return one number, or true or false.")


def _number(rows: list[Any]) -> Any:
    if len(rows) != 1 or len(rows[0]) != 1:
        raise ValueError(f"The query returns {'no row' if not rows else 'several rows'}. Return one row with one number.")
    value = rows[0][0]
    if isinstance(value, bool):
        return int(value)
    if not isinstance(value, int | float | Decimal) or not isfinite(value):
        raise ValueError("The query returns no number. Return one number, or true or false.")
    return Decimal(repr(value)) if isinstance(value, float) else value


def _refusal(error: psycopg.Error) -> str:
    """A refusal of the database in our words: its own text may quote the data."""
    if error.sqlstate == "57014":
        return f"The query took longer than {SECONDS} s. Make it simpler."
    if error.sqlstate == "42501":
        return "The account of the connection may not read what the query needs. Grant it SELECT."
    return f"The database could not run the query ({type(error).__name__}). Check its names, types and dialect."
