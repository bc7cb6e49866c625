"""Statements that are prepared once per connection and then run without what Django and psycopg put around a statement.

For the paths where that counts. Inside a transaction (and so in most tests) the same statement runs through Django's cursor.
"""

import logging
from collections.abc import Iterable, Sequence
from weakref import WeakKeyDictionary

import psycopg
from django.db import DEFAULT_DB_ALIAS, DatabaseError, InterfaceError, connections
from psycopg import pq
from psycopg.errors import ConnectionTimeout, LockNotAvailable, QueryCanceled, error_from_result
from psycopg.generators import execute

log = logging.getLogger(__name__)

Row = tuple[str | None, ...]
_FORGOTTEN = (b"26000", b"0A000")
"""Of a statement that the server does not know any more, or whose tables have changed since: it is prepared anew."""
_TOOK_TOO_LONG = (ConnectionTimeout, LockNotAvailable, QueryCanceled)
_ESCAPED = str.maketrans({'"': '\\"', "\\": "\\\\"})
_prepared: WeakKeyDictionary[psycopg.Connection, set[bytes]] = WeakKeyDictionary()


class Statement:
    """One statement with `%s` for its arguments; they are given as text, and what it finds must be text too."""

    def __init__(self, name: str, text: str) -> None:
        self.name = f"touchstone_{name}".encode()
        self.text = text
        first, *others = text.split("%s")
        self.numbered = (first + "".join(f"${n}{part}" for n, part in enumerate(others, 1))).encode()

    def rows(self, *arguments: str | None) -> list[Row]:
        """What it finds. Raises what Django's cursor would; does not look first whether a kept connection still lives."""
        wrapper = connections[DEFAULT_DB_ALIAS]
        if wrapper.in_atomic_block:
            with wrapper.cursor() as cursor:
                cursor.execute(self.text, arguments)
                found: list[Row] = cursor.fetchall()
                return found
        wrapper.ensure_connection()
        with wrapper.wrap_database_errors:
            result = self._run(wrapper.connection, arguments)
        fields = range(result.nfields)
        return [tuple([_text(result.get_value(row, n)) for n in fields]) for row in range(result.ntuples)]

    def rows_if_connected(self, *arguments: str | None) -> list[Row]:
        """What it finds; nothing where it could not be run, which the log then says: the caller goes on without it.

        Django would ask `SELECT 1` first, to see whether a kept connection still lives: half of the time that this takes. Here
        the statement itself finds out, and Django reconnects.
        """
        try:
            return self.rows(*arguments)
        except (DatabaseError, InterfaceError) as error:
            if took_too_long(error):
                connections[DEFAULT_DB_ALIAS].close()
                raise  # another statement would wait as long again
            log.warning("%s could not be run and is passed over: %s", self.name.decode(), error)
            connections[DEFAULT_DB_ALIAS].close()
            return []

    def _run(self, connection: psycopg.Connection, arguments: Sequence[str | None]) -> pq.abc.PGresult:
        known = _prepared.setdefault(connection, set())
        values = [None if argument is None else argument.encode() for argument in arguments]
        if any(value is not None and b"\0" in value for value in values):  # libpq would take the text to end there
            raise psycopg.DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes")
        result = self._run_prepared(connection, known, values)
        if result.error_field(pq.DiagnosticField.SQLSTATE) in _FORGOTTEN:
            connection.pgconn.send_query(b"DEALLOCATE " + self.name)
            _result(connection)  # fails where it is gone, which is as good
            known.discard(self.name)
            result = self._run_prepared(connection, known, values)
        if result.status != pq.ExecStatus.TUPLES_OK:
            error = error_from_result(result)
            if connection.pgconn.status != pq.ConnStatus.OK:  # libpq gives no SQLSTATE for it, so psycopg cannot tell its kind
                raise psycopg.OperationalError(str(error)) from error
            raise error
        return result

    def _run_prepared(self, connection: psycopg.Connection, known: set[bytes], values: list[bytes | None]) -> pq.abc.PGresult:
        if self.name not in known:
            connection.pgconn.send_prepare(self.name, self.numbered)
            result = _result(connection)
            if result.status != pq.ExecStatus.COMMAND_OK:
                return result
            known.add(self.name)
        connection.pgconn.send_query_prepared(self.name, values)
        return _result(connection)


def _result(connection: psycopg.Connection) -> pq.abc.PGresult:
    """Of the statement that was just sent. By the connection's own wait, which ends when the server does not answer."""
    results: list[pq.abc.PGresult] = connection.wait(execute(connection.pgconn))
    return results[-1]


def took_too_long(error: Exception) -> bool:
    """Whether the database did not answer, or held something locked, for as long as this process waits for it."""
    return isinstance(error.__cause__, _TOOK_TOO_LONG)


def array_element(value: str | None) -> str:
    """A text as an element of the text of a PostgreSQL array."""
    return "NULL" if value is None else f'"{value.translate(_ESCAPED)}"'


def array_text(elements: Iterable[str]) -> str:
    return f"{{{','.join(elements)}}}"


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode()
