"""Django's command line, where a database or an environment that cannot be used is one sentence, not a traceback."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import BaseCommand, execute_from_command_line
from django.db import DatabaseError, connection

OWNER_COMMANDS = {"migrate", "erase_person", "remove_decisions"}  # what changes tables, or rows that nothing else may


def run(arguments: list[str]) -> None:
    """Run a management command. Exits 1 where the database is away or not migrated, or a variable of the environment is wrong;
    any other fault stays as it is."""
    # They load every address and page, for faults that only an edit of the code makes: `check`, in `bin/test`, finds them.
    BaseCommand.requires_system_checks = ()
    try:
        with as_owner() if OWNER_COMMANDS.intersection(arguments[1:2]) else nullcontext():
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


@contextmanager
def as_owner() -> Iterator[None]:
    """Connect as the owner of the tables, where the environment names one besides the role of the processes."""
    kept = connection.settings_dict.copy()
    if settings.OWNER_SERVER:
        connection.close()
        connection.settings_dict.update(settings.OWNER_SERVER)
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(kept)


def database_fault() -> str | None:
    """What is wrong with the database as a whole, and what to do; None where it is there, migrated and of this version."""
    from django.db.migrations.executor import MigrationExecutor  # noqa: PLC0415  seldom needed, and slow to import

    from catalog.layout import other_layout  # noqa: PLC0415

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
