"""API keys: how they look, how they are made, found and revoked. Checking a request's key is `api.authentication`'s."""

import re
import secrets
import string
from collections.abc import Collection
from datetime import datetime, timedelta
from hashlib import sha256

from django.db import transaction

from api.access.scopes import Scope
from api.models import ApiKey
from catalog.models import Consumer, Person
from catalog.rules.errors import InvalidError, NotFoundError
from catalog.services.consumers import consumer_of_person

KEY_FORM = re.compile(r"ts_[a-z0-9]{10}_[A-Za-z0-9_-]{43}")
PREFIX_ALPHABET = string.ascii_lowercase + string.digits
LONGEST_LIFE = timedelta(days=366)


def new_key_text() -> tuple[str, str]:
    """A new key and its prefix: `ts_<prefix>_<secret>`, the secret 32 random bytes in base64url."""
    prefix = "".join(secrets.choice(PREFIX_ALPHABET) for _ in range(10))
    return f"ts_{prefix}_{secrets.token_urlsafe(32)}", prefix


def digest_of(key: str) -> str:
    """SHA-256 of the whole key, as hex. Plain and fast on purpose: 256 random bits cannot be guessed."""
    return sha256(key.encode()).hexdigest()


@transaction.atomic
def create_key(
    *,
    person: Person,
    name: str,
    scopes: Collection[str],
    now: datetime,
    expires_at: datetime | None = None,
    consumer: Consumer | None = None,
) -> tuple[ApiKey, str]:
    """A new key of `consumer`, or of the consumer that `person` is, and its text, which is kept nowhere and cannot be shown again.

    Raises `InvalidError`.
    """
    if not name.strip():
        raise InvalidError("An API key needs a name.", remedy="Give a name that says where the key is used.", field="name")
    if unknown := sorted(set(scopes) - set(Scope)):
        remedy = f"Use one or more of {', '.join(Scope)}."
        raise InvalidError(f"There is no scope {', '.join(unknown)}.", remedy=remedy, field="scopes")
    if not scopes:
        remedy = f"Use one or more of {', '.join(Scope)}."
        raise InvalidError("An API key needs a scope: without one it can do nothing.", remedy=remedy, field="scopes")
    if expires_at is not None and not now < expires_at <= now + LONGEST_LIFE:
        message = f"An API key must expire in the future and within {LONGEST_LIFE.days} days; {expires_at.isoformat()} is not."
        raise InvalidError(message, remedy="Give a moment in that range, or none for a key without an end.", field="expires_at")
    if not person.is_active:
        message = f"The account of {person.username} is inactive, so a key of it could do nothing."
        raise InvalidError(message, remedy="Activate the account first, or name another person.", field="person")
    text, prefix = new_key_text()
    ordered = [scope.value for scope in Scope if scope in scopes]
    key = ApiKey.objects.create(
        consumer=consumer or consumer_of_person(person),
        name=name.strip(),
        prefix=prefix,
        digest=digest_of(text),
        scopes=ordered,
        expires_at=expires_at,
    )
    return key, text


@transaction.atomic
def revoke_key(*, person: Person, key_id: int, now: datetime) -> ApiKey:
    """The key, of no use from this moment on; revoking it again changes nothing. Raises `NotFoundError`."""
    key = ApiKey.objects.select_for_update().filter(consumer__owner=person, pk=key_id).first()
    if key is None:
        message = f"{person.username} has no API key with id {key_id}."
        raise NotFoundError(message, remedy="List your keys with GET /api/v1/keys and use one of those ids.")
    if key.revoked_at is None:
        key.revoked_at = now
        key.save(update_fields=["revoked_at"])
    return key


def revoke_keys_named(*, person: Person, name: str, now: datetime) -> int:
    """How many keys of `person` with this name were revoked just now."""
    return ApiKey.objects.filter(consumer__owner=person, name=name, revoked_at=None).update(revoked_at=now)
