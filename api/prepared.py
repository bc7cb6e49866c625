"""Statements that are prepared once per connection and then run without what Django and psycopg put around a statement.

For the one path where that counts. Inside a transaction (and so in most tests) the same statement runs through Django's cursor.
"""

import logging
from collections.abc import Sequence
from weakref import WeakKeyDictionary

import psycopg
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import pq

log = logging.getLogger(__name__)

Row = tuple[str | None, ...]
_prepared: WeakKeyDictionary[psycopg.Connection, set[bytes]] = WeakKeyDictionary()


class Statement:
    """One statement with `%s` for its arguments, which are given and come back as text."""

    def __init__(self, name: str, text: str) -> None:
        self.name = f"touchstone_{name}".encode()
        self.text = text
        first, *others = text.split("%s")
        self.numbered = (first + "".join(f"${n}{part}" for n, part in enumerate(others, 1))).encode()

    def rows(self, arguments: Sequence[str]) -> list[Row] | None:
        """What it finds; None where it could not be run, which the log then says: the ordinary way may still succeed.

        Django would ask `SELECT 1` first, to see whether a kept connection still lives: half of the time that this takes. Here
        the statement itself finds out.
        """
        wrapper = connections[DEFAULT_DB_ALIAS]
        if wrapper.in_atomic_block:
            return self._rows_of_cursor(wrapper, arguments)
        try:
            wrapper.ensure_connection()
            result = self._run(wrapper.connection, arguments)
        except (OperationalError, InterfaceError, psycopg.Error) as error:
            log.warning("%s could not be run and is passed over: %s", self.name.decode(), error)
            wrapper.close()
            return None
        return [tuple(_text(result.get_value(row, n)) for n in range(result.nfields)) for row in range(result.ntuples)]

    def _run(self, connection: psycopg.Connection, arguments: Sequence[str]) -> pq.abc.PGresult:
        known = _prepared.setdefault(connection, set())
        pgconn = connection.pgconn
        if self.name not in known:
            _demand(pgconn.prepare(self.name, self.numbered), pq.ExecStatus.COMMAND_OK)
            known.add(self.name)
        result = pgconn.exec_prepared(self.name, [argument.encode() for argument in arguments])
        _demand(result, pq.ExecStatus.TUPLES_OK)
        return result

    def _rows_of_cursor(self, wrapper: BaseDatabaseWrapper, arguments: Sequence[str]) -> list[Row]:
        with wrapper.cursor() as cursor:
            cursor.execute(self.text, arguments)
            return [tuple(None if value is None else str(value) for value in row) for row in cursor.fetchall()]


def _demand(result: pq.abc.PGresult, status: pq.ExecStatus) -> None:
    if result.status != status:
        raise psycopg.OperationalError(result.error_message.decode(errors="replace").strip() or "the connection is gone")


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode()
