"""Checks of the database itself: `manage.py check --deploy --database default`. Without `--database` they ask nothing of it."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Tags, Warning, register  # noqa: A004  Django's name
from django.db import connection

from trust.services.partitions import WARNING, rows_without_partition
from trust.services.runtime_role import excess_rights

_ROLES = "Let the processes run as a role of their own: docs/operations.md, section `Two roles of PostgreSQL`, says how."


@register(Tags.security, deploy=True)
def what_was_answered_cannot_be_changed(*, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Warns when the role of DATABASE_URL could change or delete what is append-only."""
    if not databases:
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        role: str = cursor.fetchone()[0]
        excess = excess_rights(cursor, role)
    if not excess:
        return []
    more = f", and {len(excess) - 1} more of the kind" if len(excess) > 1 else ""
    return [Warning(f"The database role {role} of the processes could {excess[0]}{more}.", hint=_ROLES, id="touchstone.W001")]


@register(Tags.database, deploy=True)
def decisions_have_their_partition(*, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Warns when decisions came before the partition of their month was made."""
    if not databases or "trust_decision" not in connection.introspection.table_names():
        return []
    waiting = rows_without_partition()
    return [Warning(WARNING % waiting, id="touchstone.W002")] if waiting else []
