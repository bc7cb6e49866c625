"""The functions and triggers in the database: what the models declare, and the files in the `sql` folder of each app.

Migrations make tables only. After the last migration `install` compares each function and trigger with its source, by the
digest that the comment on it holds, and installs what differs in one transaction. Nothing is done where nothing differs. A
function or trigger whose source is gone is dropped.

A file has one subject: functions by `CREATE OR REPLACE FUNCTION name(arguments)`, each at the start of a line, and the triggers
that call them. Names in it are in lower case and without quotes.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import ProgrammingError
from django.dispatch import Signal
from pgtrigger import registry
from psycopg.errors import InvalidFunctionDefinition

database_is_ready = Signal()  # sent after every complete migration: tables, functions and triggers are there
MARK = "Touchstone installs this from"
# pgtrigger lets any session name triggers that are to be skipped (the setting `pgtrigger.ignore`), and its SQL for each trigger
# makes that function again. Nothing here uses it: no session skips the history, or what keeps a row as it is.
_NO_TRIGGER_IS_IGNORED = """
CREATE OR REPLACE FUNCTION public._pgtrigger_should_ignore(trigger_name name) RETURNS boolean LANGUAGE sql AS 'SELECT false';
"""
_TURN = 7105417002  # advisory lock: two migrations at the same time install one after the other
_FUNCTION = re.compile(r"^CREATE OR REPLACE FUNCTION (\w+)\(([^)]*)\)", re.MULTILINE)
_TRIGGER = re.compile(r"^CREATE (?:CONSTRAINT )?TRIGGER (\w+)\s+(?:BEFORE|AFTER)\s[^;]*?\sON\s+(\w+)", re.MULTILINE)
_CREATE = re.compile(r"^CREATE\b", re.MULTILINE)

# Of a partitioned table the trigger of the parent only: those of the partitions come and go with it.
_INSTALLED = """
SELECT 'FUNCTION', p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')', '', obj_description(p.oid, 'pg_proc')
FROM pg_proc p
WHERE p.pronamespace = 'public'::regnamespace AND obj_description(p.oid, 'pg_proc') LIKE %(mark)s
UNION ALL
SELECT 'TRIGGER', t.tgname, c.relname, obj_description(t.oid, 'pg_trigger')
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE c.relnamespace = 'public'::regnamespace AND t.tgparentid = 0
    AND (obj_description(t.oid, 'pg_trigger') LIKE %(mark)s OR t.tgname LIKE 'pgtrigger\\_%%')
"""


@dataclass(frozen=True)
class Part:
    """A function, its arguments in the name, or a trigger of a table."""

    kind: str
    name: str
    table: str = ""

    def __str__(self) -> str:
        return f"{self.name} ON {self.table}" if self.table else self.name


@dataclass(frozen=True)
class Source:
    """What is installed together. `name` is what the comment on its parts says: a file, or a trigger of a model."""

    name: str
    text: str
    parts: tuple[Part, ...]
    model_hash: str = ""

    @cached_property
    def expected(self) -> dict[Part, str]:
        """Each part with the comment that it has when it is up to date."""
        comment = f"{MARK} {self.name}, {sha256(self.text.encode()).hexdigest()}"
        # pgtrigger writes its own hash into the comment on a trigger, and reads it there.
        return {part: self.model_hash if self.model_hash and part.kind == "TRIGGER" else comment for part in self.parts}


class SqlFileError(Exception):
    """A file in an `sql` folder has a statement that cannot be installed."""


def sources() -> list[Source]:
    """Everything that the database should hold: of the models, then of the files."""
    return [*_model_sources(), *_file_sources()]


def is_up_to_date() -> bool:
    """Whether the database holds every function and trigger as its source says, and none besides."""
    with connection.cursor() as cursor:
        return _installed(cursor) == _expected(sources())


def install() -> list[str]:
    """Bring the functions and triggers of the database in line with their sources. Returns the names of what was changed."""
    wanted = sources()
    expected = _expected(wanted)
    with connection.cursor() as cursor:
        if _installed(cursor) == expected:
            return []
        with transaction.atomic():
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_TURN])
            installed = _installed(cursor)
            changed = [s for s in wanted if any(installed.get(part) != text for part, text in s.expected.items())]
            stale = sorted(installed.keys() - expected.keys(), key=lambda part: (part.kind == "FUNCTION", part.name))
            for part in stale:
                _drop(cursor, part)
            for source in changed:
                _install(cursor, source)
    return [*(source.name for source in changed), *(f"{part.kind.lower()} {part} (dropped)" for part in stale)]


def _model_sources() -> Iterator[Source]:
    for model, trigger in registry.registered():
        compiled = trigger.compile(model)
        pgid = compiled.sql.pgid
        parts = (Part("FUNCTION", f"{pgid}()"), Part("TRIGGER", pgid, model._meta.db_table))
        yield Source(f"{model._meta.label}:{trigger.name}", compiled.install_sql + _NO_TRIGGER_IS_IGNORED, parts, compiled.hash)


def _file_sources() -> Iterator[Source]:
    for app in apps.get_app_configs():
        if getattr(app, "has_sql", False):
            for path in sorted(Path(app.path, "sql").glob("*.sql")):
                yield read_source(f"{app.label}/sql/{path.name}", path.read_text(encoding="utf-8"))


def read_source(name: str, text: str) -> Source:
    """The functions and triggers that a file makes. Raises `SqlFileError` where it makes anything else."""
    functions = [Part("FUNCTION", f"{function}({arguments})") for function, arguments in _FUNCTION.findall(text)]
    triggers = [Part("TRIGGER", trigger, table) for trigger, table in _TRIGGER.findall(text)]
    if not functions or len(_CREATE.findall(text)) != len(functions) + len(triggers):
        message = (
            f"{name} has a statement that is neither CREATE OR REPLACE FUNCTION name(arguments) nor CREATE TRIGGER. Write each "
            "at the start of a line, its name in lower case; tables and indexes belong in a migration."
        )
        raise SqlFileError(message)
    return Source(name, text, (*functions, *triggers))


def _expected(wanted: list[Source]) -> dict[Part, str]:
    return {part: comment for source in wanted for part, comment in source.expected.items()}


def _installed(cursor: CursorWrapper) -> dict[Part, str | None]:
    """What is in the database of ours, with the comments on it."""
    cursor.execute(_INSTALLED, {"mark": f"{MARK} %"})
    return {Part(kind, name, table): comment for kind, name, table, comment in cursor.fetchall()}


def _install(cursor: CursorWrapper, source: Source) -> None:
    for part in source.parts:
        if part.kind == "TRIGGER":
            _drop(cursor, part)
    try:
        with transaction.atomic():
            cursor.execute(source.text)
    except ProgrammingError as error:
        if not isinstance(error.__cause__, InvalidFunctionDefinition):
            raise
        # It returns something else than before. Rights on it are lost: `grant_runtime_role` gives them after every migration.
        for part in source.parts:
            if part.kind == "FUNCTION":
                _drop(cursor, part)
        cursor.execute(source.text)
    for part, comment in source.expected.items():
        cursor.execute(f"COMMENT ON {part.kind} {part} IS '{comment}'")


def _drop(cursor: CursorWrapper, part: Part) -> None:
    cursor.execute(f"DROP {part.kind} IF EXISTS {part}")


def install_after_migrations(**options: Any) -> None:
    """Receives Django's `post_migrate` of the last app. Waits for the rest where only some of the migrations were applied."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return
    changed = install()
    if changed and options["verbosity"] > 0:
        options["stdout"].write(f"  Installed functions and triggers from {len(changed)} sources\n")
    database_is_ready.send(sender=install)
