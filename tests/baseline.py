"""Gives the database back what the migrations put into it after a test that commits.

Django's own ways do not fit: a flush takes away the purposes, groups and the first trust policy, and its serialized rollback
writes them again as updates, which append-only tables refuse.
"""

from typing import Any

from django.db import connection, transaction
from django.test import TransactionTestCase

# Not trust_decision: it refuses to be truncated, its partitions one by one do not.
_TABLES = """
SELECT quote_ident(tablename) FROM pg_tables
WHERE schemaname = 'public' AND tablename NOT IN ('django_migrations', 'trust_decision') ORDER BY tablename
"""


def keep_baseline() -> None:
    """Copy every filled table of the freshly migrated database aside, and put it back after each test that commits."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_TABLES)
        tables = [row[0] for row in cursor.fetchall()]
        cursor.execute("DROP SCHEMA IF EXISTS baseline CASCADE")
        cursor.execute("CREATE SCHEMA baseline")
        filled = []
        for table in tables:
            cursor.execute(f"SELECT EXISTS (SELECT 1 FROM {table})")
            if cursor.fetchone() == (True,):
                cursor.execute(f"CREATE TABLE baseline.{table} AS TABLE {table}")
                filled.append(table)
    restore = [
        f"TRUNCATE {', '.join(tables)}",
        # The triggers would write history for what is already in it.
        *(f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in filled),
        *(f"INSERT INTO {table} SELECT * FROM baseline.{table}" for table in filled),
        "SET CONSTRAINTS ALL IMMEDIATE",
        *(f"ALTER TABLE {table} ENABLE TRIGGER USER" for table in filled),
    ]

    def _fixture_teardown(_case: Any) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '30s'")  # somebody's open transaction is told, not waited for
            for statement in restore:
                cursor.execute(statement)

    TransactionTestCase._fixture_teardown = _fixture_teardown  # type: ignore[attr-defined]
