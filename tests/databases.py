"""One migrated database for all pytest processes of a run, copied for each of them."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import ProgrammingError, connection
from psycopg.conninfo import make_conninfo
from psycopg.errors import InsufficientPrivilege

from tests.workers import WORKER

_LOCK = 0x746573747321  # of this module alone: one process makes the template, the others wait for it


@contextmanager
def _server() -> Iterator[Any]:
    """A cursor outside of the test databases, alone among the processes of all runs on this server."""
    with connection._nodb_cursor() as cursor:
        cursor.execute("SET lock_timeout = 0; SET statement_timeout = 0")  # the first one migrates: minutes on a busy machine
        cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        try:
            yield cursor
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def _use(name: str) -> None:
    connection.close()
    settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = name


def _drop(cursor: Any, name: str) -> None:
    """Drop a database. Autovacuum, which nobody but a superuser may end, may be at work in it for a moment."""
    for pause in (0.2, 0.5, 1, 2, 5):
        try:
            cursor.execute(f"DROP DATABASE {connection.ops.quote_name(name)} WITH (FORCE)")
        except ProgrammingError as error:
            if not isinstance(error.__cause__, InsufficientPrivilege):
                raise
            time.sleep(pause)
        else:
            return
    cursor.execute(f"DROP DATABASE {connection.ops.quote_name(name)} WITH (FORCE)")


def sources_database() -> str:
    """Connection string of the database beside it in which tests put the tables that ports read: no port reads our own."""
    parameters = {**connection.get_connection_params(), "dbname": f"{connection.settings_dict['NAME']}_sources"}
    names = ("user", "password", "host", "port", "dbname")
    return make_conninfo(**{name: parameters[name] for name in names if parameters.get(name)})


@contextmanager
def migrated_database() -> Iterator[None]:
    """Let this process use a freshly migrated database, and an empty one for sources.

    They are dropped at the end, and the template with the last of them.
    """
    original = str(connection.settings_dict["NAME"])
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))[:8]
    template, own = f"test_{original}_{run}", f"test_{original}_{run}_{WORKER or 'main'}"
    quote = connection.ops.quote_name
    with _server() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [template])
        if not cursor.fetchone():
            connection.settings_dict["TEST"]["NAME"] = template
            connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
            connection.close()
        cursor.execute(f"CREATE DATABASE {quote(own)} TEMPLATE {quote(template)}")
        cursor.execute(f"CREATE DATABASE {quote(f'{own}_sources')}")
    _use(own)
    yield
    _use(original)
    with _server() as cursor:
        _drop(cursor, own)
        _drop(cursor, f"{own}_sources")
        cursor.execute("SELECT count(*) FROM pg_database WHERE starts_with(datname, %s)", [f"{template}_"])
        if cursor.fetchone() == (0,):
            _drop(cursor, template)
