"""Django's command line, where a database or an environment that cannot be used is told as one sentence, not a traceback."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from catalog.layout import other_layout

OWNER_COMMANDS = {"migrate"}  # what makes and changes tables


def run(arguments: list[str]) -> None:
    """Run a management command. Exits 1 where the database is away or not migrated, or a variable of the environment is wrong;
    any other fault stays as it is."""
    owner_url = os.environ.get("TOUCHSTONE_OWNER_DATABASE_URL", "").strip()
    if owner_url and OWNER_COMMANDS.intersection(arguments[1:2]):
        os.environ["DATABASE_URL"] = owner_url  # before the settings are read
    try:
        execute_from_command_line(arguments)
    except ImproperlyConfigured as error:
        if "--traceback" in arguments:
            raise
        sys.stderr.write(f"{error}\n")
        raise SystemExit(1) from error
    except DatabaseError as error:
        if "--traceback" in arguments or (sentence := database_fault()) is None:
            raise
        sys.stderr.write(f"{sentence}\n")
        raise SystemExit(1) from error


def database_fault() -> str | None:
    """What is wrong with the database as a whole, and what to do; None where it is there, migrated and of this version."""
    connection.close()  # the failed command may have left a broken transaction
    try:
        connection.ensure_connection()
        executor = MigrationExecutor(connection)
        waiting = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
        if sentence := other_layout():
            return sentence
    except DatabaseError as error:
        reason = str(error).strip().splitlines()[0]
        return (
            f"The database cannot be used: {reason}. Start bin/up in another terminal, or let DATABASE_URL name one that runs."
        )
    if waiting:
        return f"The database lacks {waiting} migrations. Run `bin/manage migrate`, or start bin/up, which does it."
    return None
