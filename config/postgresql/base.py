"""The backend itself; Django looks for `DatabaseWrapper` in a module of this name.

`Silence` remembers that the server did not answer in time: only one request at a time then tries whether it does again.
"""

import logging
import threading
import time
from typing import Any, TypeVar

import psycopg
from django.db.backends.postgresql import base
from psycopg import IsolationLevel
from psycopg.abc import PQGen
from psycopg.errors import ConnectionTimeout, _WaitTimeout

from config.postgresql.limits import PROBE_SECONDS, current


class Silence:
    """One in each process. Threads ask before they wait for the server."""

    def __init__(self) -> None:
        self.is_on = False
        self._lock = threading.Lock()
        self._next_probe_at = 0.0

    def begin(self) -> None:
        with self._lock:
            self.is_on, self._next_probe_at = True, time.monotonic() + PROBE_SECONDS

    def end(self) -> None:
        with self._lock:
            self.is_on = False

    def may_probe(self) -> bool:
        """True for one thread in each `PROBE_SECONDS`, and for all once the server has answered."""
        if not self.is_on:
            return True
        with self._lock:
            now = time.monotonic()
            if now < self._next_probe_at:
                return False
            self._next_probe_at = now + 2 * PROBE_SECONDS
            return True


log = logging.getLogger(__name__)
RV = TypeVar("RV")
silence = Silence()
NOT_ASKED = "the server did not answer in time a moment ago, so it is not asked now"


class TimedConnection(psycopg.Connection[Any]):
    """Every wait for the server ends. One that took too long closes the connection: what the server did is then unknown."""

    silence_seconds: float | None = None

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        limit = self.silence_seconds
        if limit is None or timeout is not None:  # without a limit, or a wait for notifications, which ends by itself
            return super().wait(gen, interval, timeout)
        if silence.is_on:
            if not silence.may_probe():
                self.pgconn.finish()
                raise ConnectionTimeout(NOT_ASKED)
            limit = min(limit, PROBE_SECONDS)
        try:
            found = super().wait(gen, interval, limit)
        except _WaitTimeout:
            self.pgconn.finish()
            silence.begin()
            log.error("PostgreSQL did not answer within %.1f s; the connection was closed.", limit)
            message = f"the server did not answer within {limit:.1f} s"
            raise ConnectionTimeout(message) from None
        if silence.is_on:
            silence.end()
            log.warning("PostgreSQL answers again.")
        return found


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's, on connections that end their waits."""

    def get_connection_params(self) -> dict[str, Any]:
        parameters: dict[str, Any] = super().get_connection_params()
        limits = current()
        own = (limits.server_options, str(parameters.get("options") or ""))  # what the URL says comes last, and wins
        parameters["options"] = " ".join(filter(None, own))
        parameters.setdefault("connect_timeout", limits.connect)
        return parameters

    def get_new_connection(self, conn_params: dict[str, Any]) -> TimedConnection:
        self.isolation_level = IsolationLevel.READ_COMMITTED
        limits = current()
        if limits.silence is not None and not silence.may_probe():
            raise ConnectionTimeout(NOT_ASKED)
        try:
            connection = TimedConnection.connect(**conn_params)
        except ConnectionTimeout:
            if limits.silence is not None:
                silence.begin()
            raise
        connection.silence_seconds = limits.silence
        silence.end()
        return connection
