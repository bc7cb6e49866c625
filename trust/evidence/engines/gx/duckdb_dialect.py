"""A small SQLAlchemy dialect for DuckDB, ours because duckdb-engine does not work under Great Expectations.

It knows what Great Expectations and our own statements need and no more: no reflection through `pg_catalog`, no ORM, and one
connection for the whole life of an engine, because Great Expectations fetches after it has given its connection back.
"""

from collections.abc import Sequence
from typing import Any

import duckdb
import sqlalchemy as sa
from sqlalchemy.engine import default, interfaces
from sqlalchemy.sql import compiler


class Cursor:
    """A DB-API cursor that holds its rows, so that a later statement on the same connection cannot take them away."""

    arraysize = 1000
    rowcount = -1

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._rows: list[tuple[Any, ...]] = []
        self._next = 0
        self.description: Any = None

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> None:
        result = self._connection.execute(statement, list(parameters))
        self.description = result.description
        self._rows = result.fetchall() if self.description else []
        self._next = 0

    def fetchone(self) -> tuple[Any, ...] | None:
        if self._next >= len(self._rows):
            return None
        self._next += 1
        return self._rows[self._next - 1]

    def fetchmany(self, size: int | None = None) -> list[tuple[Any, ...]]:
        start, self._next = self._next, self._next + (size or self.arraysize)
        return self._rows[start : self._next]

    def fetchall(self) -> list[tuple[Any, ...]]:
        start, self._next = self._next, len(self._rows)
        return self._rows[start:]

    def close(self) -> None:
        self._rows = []


class Connection:
    """What SQLAlchemy takes for a DB-API connection. Nothing is ever written, so a transaction has nothing to do."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.raw = connection

    def cursor(self) -> Cursor:
        return Cursor(self.raw)

    def commit(self) -> None:
        """Nothing to commit: every statement only reads."""

    def rollback(self) -> None:
        """Nothing to roll back: every statement only reads."""

    def close(self) -> None:
        self.raw.close()


# ruff: noqa: ARG002  # SQLAlchemy gives its methods more than DuckDB needs


class DuckDbTypeCompiler(compiler.GenericTypeCompiler):
    def visit_INTEGER(self, type_: Any, **kw: Any) -> str:  # noqa: N802  # SQLAlchemy's name
        return "BIGINT"

    def visit_double(self, type_: Any, **kw: Any) -> str:
        return "DOUBLE"

    def visit_DATETIME(self, type_: Any, **kw: Any) -> str:  # noqa: N802  # SQLAlchemy's name
        return "TIMESTAMP"

    def visit_TIMESTAMP(self, type_: Any, **kw: Any) -> str:  # noqa: N802  # SQLAlchemy's name
        return "TIMESTAMPTZ" if type_.timezone else "TIMESTAMP"

    def visit_NUMERIC(self, type_: Any, **kw: Any) -> str:  # noqa: N802  # SQLAlchemy's name
        return "HUGEINT"  # a whole number of any size: the one thing that our statements cast to Numeric


class DuckDbCompiler(compiler.SQLCompiler):
    def visit_try_cast(self, element: sa.TryCast[Any], **kw: Any) -> str:
        return f"TRY_CAST({self.process(element.clause, **kw)} AS {self.process(element.typeclause, **kw)})"


class DuckDbDialect(default.DefaultDialect):
    name = "duckdb"
    driver = "touchstone"
    default_paramstyle = "qmark"
    supports_statement_cache = True
    supports_native_boolean = True
    supports_native_decimal = True
    supports_sane_rowcount = False
    type_compiler_cls = DuckDbTypeCompiler
    statement_compiler = DuckDbCompiler

    @classmethod
    def import_dbapi(cls) -> Any:
        return duckdb

    def initialize(self, connection: sa.Connection) -> None:
        """Nothing to ask of the server: there is none."""

    def do_ping(self, dbapi_connection: Any) -> bool:
        return True

    def has_table(self, connection: sa.Connection, table_name: str, schema: str | None = None, **kw: Any) -> bool:
        return table_name in self.get_table_names(connection, schema)

    def get_table_names(self, connection: sa.Connection, schema: str | None = None, **kw: Any) -> list[str]:
        statement = "SELECT table_name FROM information_schema.tables ORDER BY table_name"
        return [row[0] for row in connection.exec_driver_sql(statement)]

    def get_columns(
        self, connection: sa.Connection, table_name: str, schema: str | None = None, **kw: Any
    ) -> list[interfaces.ReflectedColumn]:
        statement = (
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = ? ORDER BY ordinal_position"
        )
        return [
            {"name": name, "type": _sqlalchemy_type(physical), "nullable": True, "default": None}
            for name, physical in connection.exec_driver_sql(statement, (table_name,))
        ]


def _sqlalchemy_type(physical: str) -> sa.types.TypeEngine[Any]:
    """The SQLAlchemy type that stands for a DuckDB type, for Great Expectations' own metrics."""
    known: dict[str, type[sa.types.TypeEngine[Any]]] = {
        "BOOLEAN": sa.BOOLEAN,
        "DATE": sa.DATE,
        "DOUBLE": sa.DOUBLE,
        "FLOAT": sa.FLOAT,
        "TIME": sa.TIME,
        "TIMESTAMP": sa.TIMESTAMP,
        "VARCHAR": sa.VARCHAR,
        "SMALLINT": sa.SMALLINT,
        "INTEGER": sa.INTEGER,
        "BIGINT": sa.BIGINT,
    }
    base = physical.partition("(")[0]
    return sa.DECIMAL() if base == "DECIMAL" else known.get(base, sa.VARCHAR)()


def sqlalchemy_engine(connection: duckdb.DuckDBPyConnection) -> sa.Engine:
    """A SQLAlchemy engine on one open DuckDB connection, which it keeps until it is disposed of."""
    wrapped = Connection(connection)
    return sa.create_engine(
        "duckdb://", poolclass=sa.pool.StaticPool, creator=lambda: wrapped, _initialize=False, pool_reset_on_return=None
    )


sa.dialects.registry.register("duckdb", __name__, "DuckDbDialect")
