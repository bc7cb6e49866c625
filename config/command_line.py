"""Django's command line, where a database that cannot be used is told as one sentence instead of a traceback."""

import sys

from django.core.management import execute_from_command_line
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor


def run(arguments: list[str]) -> None:
    """Run a management command. Exits 1 where the database is away or not migrated; any other fault stays as it is."""
    try:
        execute_from_command_line(arguments)
    except DatabaseError as error:
        if "--traceback" in arguments or (sentence := database_fault()) is None:
            raise
        sys.stderr.write(f"{sentence}\n")
        raise SystemExit(1) from error


def database_fault() -> str | None:
    """What is wrong with the database as a whole, and what to do; None where it is there and migrated."""
    connection.close()  # the failed command may have left a broken transaction
    try:
        connection.ensure_connection()
        executor = MigrationExecutor(connection)
        waiting = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    except DatabaseError as error:
        reason = str(error).strip().splitlines()[0]
        return f"The database cannot be used: {reason}. Start bin/up in another terminal, or set DATABASE_URL."
    if waiting:
        return f"The database lacks {waiting} migrations. Run `bin/manage migrate`, or start bin/up, which does it."
    return None
