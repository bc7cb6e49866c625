"""Writes and reads the record of what was erased or removed from sealed rows. See docs/proof.md."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime

from django.db import connection, transaction
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from catalog.models import Person
from catalog.rules.errors import ForbiddenError
from trust.ledger.models.erasure import Erasure
from trust.ledger.rules.erasures import Erasures, from_text, to_plain
from trust.ledger.services.ledger import ADVISORY_LOCK
from trust.ledger.signing import ALGORITHM, canonical_json, sign
from trust.vocabulary import ErasureKind

STATEMENT_TYPE = "touchstone-erasure+jws"


class UnknownErasureError(Exception):
    """A record that is not signed by a believed key, or was changed. The message names it."""


def demand_superuser(actor: Person, action: str) -> None:
    """Raise `ForbiddenError` unless `actor` is an active superuser. `action` completes "may not ..."."""
    if not (actor.is_active and actor.is_superuser):
        raise ForbiddenError(
            f"{actor.username} may not {action}: that is for superusers.",
            remedy="Name a superuser with --as, who answers for it.",
            code="superuser_only",
        )


def record(*, kind: ErasureKind, erasures: Erasures, reason: str, by: Person, now: datetime) -> Erasure:
    """Sign and keep what was done. Raises KeyUnavailableError where nothing can be signed."""
    statement = canonical_json({"kind": kind.value, "at": now.isoformat(), **to_plain(erasures)})
    signature = sign(statement, content_type=STATEMENT_TYPE)
    return Erasure.objects.create(kind=kind, at=now, by=by, reason=reason, statement=statement.decode(), signature=signature)


def on_record(keys: Mapping[str, OKPKey]) -> Erasures:
    """All that is on record, by believed keys. Raises `UnknownErasureError` for a record that none of them signed."""
    found = Erasures()
    for row in Erasure.objects.order_by("id"):
        try:
            kid = str(jws.extract_compact(row.signature.encode()).headers().get("kid"))
            signed = jws.deserialize_compact(row.signature, keys[kid], algorithms=[ALGORITHM])
        except (JoseError, ValueError, KeyError) as error:
            message = f"The record {row.pk} of trust_erasure is not signed by a believed key."
            raise UnknownErasureError(message) from error
        if signed.headers().get("typ") != STATEMENT_TYPE or signed.payload != row.statement.encode():
            message = f"The record {row.pk} of trust_erasure was changed: it is not what was signed."
            raise UnknownErasureError(message)
        found += from_text(row.statement)
    return found


@contextmanager
def unprotected(tables: Sequence[str]) -> Iterator[None]:
    """A transaction in which the triggers of these tables do not act and nothing is sealed. Only their owner may open one."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ADVISORY_LOCK])
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in tables:
            cursor.execute(f"ALTER TABLE {connection.ops.quote_name(table)} DISABLE TRIGGER USER")
        yield
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in tables:
            cursor.execute(f"ALTER TABLE {connection.ops.quote_name(table)} ENABLE TRIGGER USER")
