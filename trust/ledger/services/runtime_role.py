"""Two roles of PostgreSQL: the owner makes and changes tables, the runtime role reads and writes rows in them.

Triggers refuse changes of what was answered, but whoever owns a table can switch them off. The processes therefore run as a
role to which the database does not even grant the change. Which rights it has is stated here and nowhere else.
"""

from collections.abc import Mapping
from typing import Any, Protocol

import psycopg
from django.apps import apps
from psycopg import sql

from catalog.rules.errors import ConflictError

SCHEMA = "public"
_LOCK = 7_316_002  # any number that no other advisory lock of this database uses
_REMEDY = "Let the processes run as a role of their own: docs/operations.md, section `Two roles of PostgreSQL`, says how."


class Cursor(Protocol):
    """One of psycopg or of Django."""

    def execute(self, query: Any, params: Any = ..., /) -> Any: ...
    def fetchone(self) -> Any: ...
    def fetchall(self) -> list[Any]: ...


def append_only_tables() -> dict[str, tuple[str, ...]]:
    """The tables in which nothing is ever changed or deleted, each with the columns that may be: none but what is named."""
    from pghistory.models import Event  # noqa: PLC0415  importable only once the apps are loaded

    events = {model._meta.db_table: () for model in apps.get_models() if issubclass(model, Event)}
    return events | {
        "catalog_contract": ("is_current",),
        "django_admin_log": (),
        "pghistory_context": ("metadata", "updated_at"),  # who did what, and why: a request that goes on adds to it
        "trust_checkresult": (),
        "trust_dailyverdictcount": (),
        "trust_decision": (),
        "trust_decisionuse": (),
        "trust_erasure": (),
        "trust_export": ("finished_at", "rows"),  # who took what: only its end is written later
        "trust_incidententry": (),
        "trust_ledgerbatch": ("published_at",),
        "trust_outcomereport": (),
        "trust_readiness": (),
        "trust_signingkey": (),
        "trust_sqlapproval": ("withdrawn_at", "withdrawn_by_id", "withdrawn_caller_id"),
        "trust_suite": ("is_current",),
        "trust_trustpolicyversion": ("is_current", "published_at", "published_by_id"),
        "trust_verdict": (),
    }


def grant_runtime_role(*, owner_url: str, role: str, password: str = "") -> bool:
    """Give `role` exactly the rights of a runtime role on the tables that there are, and on those that are made later.

    A role that is missing is made, with that password. True when it was made. Safe to repeat; wanted after every migration:
    until then a new table can be read and inserted into. Raises ConflictError where the role could change decisions whatever
    it is granted, or is missing and cannot be made.
    """
    with psycopg.connect(owner_url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        is_new = not _exists(cursor, role)
        if is_new:
            _make(cursor, role, password)
        if power := _inborn_power(cursor, role):
            raise ConflictError(f"The role {role} cannot be the runtime role: it {power}.", remedy=_REMEDY)
        _grant(cursor, sql.Identifier(role))
        if kept := excess_rights(cursor, role):
            raise ConflictError(f"The role {role} could still {kept[0]}.", remedy="Revoke what was granted to it or to PUBLIC.")
    return is_new


def _exists(cursor: Cursor, role: str) -> bool:
    return bool(_row(cursor, "SELECT 1 FROM pg_roles WHERE rolname = %s", role))


def _make(cursor: Cursor, role: str, password: str) -> None:
    (may_make_roles,) = _row(cursor, "SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user")
    if not password or not may_make_roles:
        missing = "no password is known for it" if may_make_roles else "the owner of the tables may not make roles"
        raise ConflictError(
            f"There is no role {role}, and {missing}.",
            remedy=f"Let a superuser of the database run: CREATE ROLE {role} LOGIN PASSWORD '...'",
        )
    # CREATE ROLE takes no parameters; psycopg quotes the literal.
    cursor.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(role), sql.Literal(password)))


def _inborn_power(cursor: Cursor, role: str) -> str:
    """Why no grant could hold this role back; empty where nothing does."""
    row = _row(
        cursor,
        """
        SELECT r.rolsuper, r.rolcreaterole, EXISTS (
            SELECT 1 FROM pg_class c WHERE c.relnamespace = %s::regnamespace AND c.relkind IN ('r', 'p')
            AND pg_has_role(r.oid, c.relowner, 'MEMBER'))
        FROM pg_roles r WHERE r.rolname = %s
        """,
        SCHEMA,
        role,
    )
    is_superuser, makes_roles, owns = row or (False, False, False)
    if is_superuser:
        return "is a superuser"
    if makes_roles:
        return "may make roles"
    return "owns tables, or belongs to the role that does" if owns else ""


def _grant(cursor: Cursor, role: sql.Identifier) -> None:
    schema = sql.Identifier(SCHEMA)
    database = sql.Identifier(*_row(cursor, "SELECT current_database()"))
    for statement in (
        "REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC, {role}",
        "REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC, {role}",
        "GRANT USAGE ON SCHEMA {schema} TO {role}",
        # Strict, so that a partition of the months to come and a new append-only table are never open to changes.
        "ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT SELECT, INSERT ON TABLES TO {role}",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT USAGE ON SEQUENCES TO {role}",
        "GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {role}",
    ):
        cursor.execute(sql.SQL(statement).format(schema=schema, database=database, role=role))
    fixed = append_only_tables()
    cursor.execute(
        """
        SELECT c.relname, root.relname
        FROM pg_class c JOIN pg_class root ON root.oid = coalesce(pg_partition_root(c.oid), c.oid)
        WHERE c.relnamespace = %s::regnamespace AND c.relkind IN ('r', 'p') ORDER BY 1
        """,
        [SCHEMA],
    )
    for table, root in cursor.fetchall():
        name = sql.Identifier(SCHEMA, table)
        cursor.execute(sql.SQL("REVOKE ALL ON TABLE {} FROM {}").format(name, role))
        for right in _rights(root, fixed):
            cursor.execute(sql.SQL("GRANT {} ON TABLE {} TO {}").format(right, name, role))


def _rights(table: str, fixed: Mapping[str, tuple[str, ...]]) -> list[sql.Composable]:
    if table == "django_migrations":
        return [sql.SQL("SELECT")]
    if table not in fixed:
        return [sql.SQL("SELECT, INSERT, UPDATE, DELETE")]
    columns = fixed[table]
    changes = [sql.SQL("UPDATE ({})").format(sql.SQL(", ").join(map(sql.Identifier, columns)))] if columns else []
    return [sql.SQL("SELECT, INSERT"), *changes]


def excess_rights(cursor: Cursor, role: str) -> list[str]:
    """What `role` could do that nobody should: one phrase each; empty for a runtime role, and where nothing is migrated yet."""
    if _row(cursor, "SELECT to_regclass('trust_decision')") == (None,):
        return []
    if power := _inborn_power(cursor, role):
        return [f"change decisions, for it {power}"]
    cursor.execute(
        """
        SELECT c.relname, p.word FROM pg_class c JOIN pg_class root ON root.oid = coalesce(pg_partition_root(c.oid), c.oid),
            unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER']) AS p(word)
        WHERE c.relnamespace = %(schema)s::regnamespace AND c.relkind IN ('r', 'p') AND root.relname = ANY(%(tables)s)
            AND has_table_privilege(%(role)s, c.oid, p.word)
        ORDER BY 1, 2
        """,
        {"schema": SCHEMA, "tables": list(append_only_tables()), "role": role},
    )
    found = [f"{word} {table}" for table, word in cursor.fetchall()]
    can_make = _row(cursor, "SELECT has_schema_privilege(%s, %s, 'CREATE')", role, SCHEMA) == (True,)
    return [*found, "make tables"] if can_make else found


def _row(cursor: Cursor, query: str, *values: str) -> tuple[Any, ...]:
    """The one row, empty where there is none."""
    cursor.execute(query, values)
    row: tuple[Any, ...] | None = cursor.fetchone()
    return row or ()
