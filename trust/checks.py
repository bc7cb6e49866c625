"""Checks of the database itself: `manage.py check --deploy --database default`. Without `--database` they ask nothing of it."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register  # noqa: A004  Django's name
from django.db import connection

from trust.ledger.services.partitions import WARNING, rows_without_partition
from trust.ledger.services.runtime_role import excess_rights

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


LOOPBACK = {"127.0.0.1", "localhost", "[::1]", "testserver"}


def is_reached_from_elsewhere() -> bool:
    return not settings.DEBUG and bool(set(settings.ALLOWED_HOSTS) - LOOPBACK)


@register(Tags.security, deploy=True)
def its_own_address_is_known(**_: Any) -> list[CheckMessage]:
    """Warns where the issuer of signed answers would be whatever Host header a request came with."""
    if settings.TOUCHSTONE.public_url or not is_reached_from_elsewhere():
        return []
    message = "TOUCHSTONE_PUBLIC_URL is not set: signed answers name the address by which each request came as their issuer."
    hint = "Set it to the scheme and host by which consumers reach Touchstone."
    return [Warning(message, hint=hint, id="touchstone.W003")]


@register(Tags.security, deploy=True)
def the_proxy_is_known(**_: Any) -> list[CheckMessage]:
    """Warns where everybody's wrong passwords would count as those of one address, the proxy's."""
    if settings.TOUCHSTONE.trusted_proxies or not settings.TOUCHSTONE.https:
        return []
    message = "TOUCHSTONE_TRUSTED_PROXIES is not set: all sign-ins seem to come from the proxy, and are slowed down together."
    hint = "Set it to the address or network of the proxy that speaks TLS."
    return [Warning(message, hint=hint, id="touchstone.W004")]
