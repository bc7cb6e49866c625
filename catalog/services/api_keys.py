"""API keys: how they look, how they are made, found and revoked. Checking a request's key is `api.authentication`'s."""

import re
import secrets
import string
from collections.abc import Collection
from datetime import datetime, timedelta
from hashlib import sha256

from django.conf import settings
from django.db import transaction

from catalog.models import ApiKey, Consumer, Person
from catalog.rules.consumers import ASKING_SCOPES, MACHINES
from catalog.rules.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from catalog.rules.scopes import NOT_FOR_AI, RESERVED_SCOPES, Scope
from catalog.rules.vocabulary import ConsumerKind, ConsumerStatus
from catalog.services.consumers import consumer_of_person, require_may_manage
from catalog.services.permissions import is_governance
from catalog.services.recording import recorded
from catalog.services.requests import locked

KEY_FORM = re.compile(r"ts_[a-z0-9]{10}_[A-Za-z0-9_-]{43}")
PREFIX_ALPHABET = string.ascii_lowercase + string.digits
LONGEST_LIFE = timedelta(days=366)
MOST_REQUESTS_PER_MINUTE = 1_000_000


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
    requests_per_minute: int | None = None,
) -> tuple[ApiKey, str]:
    """A new key that `person` makes, of `consumer` or of the consumer that the person is, and its text, which is kept nowhere.

    Raises what `create_key_of` raises.
    """
    if not person.is_active:
        message = f"The account of {person.username} is inactive, so a key of it could do nothing."
        raise InvalidError(message, remedy="Activate the account first, or name another person.", field="person")
    return create_key_of(
        consumer=consumer or consumer_of_person(person),
        actor=person,
        name=name,
        scopes=scopes,
        now=now,
        expires_at=expires_at,
        requests_per_minute=requests_per_minute,
    )


def create_key_of(
    *,
    consumer: Consumer,
    actor: Person | None,
    name: str,
    scopes: Collection[str],
    now: datetime,
    expires_at: datetime | None = None,
    requests_per_minute: int | None = None,
) -> tuple[ApiKey, str]:
    """A new key of `consumer` and its text, which is kept nowhere and cannot be shown again. By its owner or governance.

    A key acts for the owner, so governance makes none that changes anything in somebody else's name, and none at all of a
    person: it could give both approvals of an agreement otherwise. The operator (`actor` None) makes every key.

    Raises `InvalidError`, `ForbiddenError`, and `ConflictError` where the consumer is not active.
    """
    require_may_manage(actor, consumer)
    if not name.strip():
        raise InvalidError("An API key needs a name.", remedy="Give a name that shows where the key is used.", field="name")
    _demand_scopes(scopes, ConsumerKind(consumer.kind))
    if expires_at is not None and not now < expires_at <= now + LONGEST_LIFE:
        message = f"An API key must expire in the future and within {LONGEST_LIFE.days} days; {expires_at.isoformat()} is not."
        raise InvalidError(message, remedy="Give a moment in that range, or none for a key without an end.", field="expires_at")
    _demand_limit(requests_per_minute, actor)
    text, prefix = new_key_text()
    with recorded("create_key", actor):
        # A suspension or a change of owner that is being written at this moment comes before or after, never in between.
        consumer = locked(consumer, "owner")
        require_may_manage(actor, consumer)
        _demand_own_voice(consumer, scopes, actor)
        _demand_active(consumer)
        key = ApiKey.objects.create(
            consumer=consumer,
            name=name.strip(),
            prefix=prefix,
            digest=digest_of(text),
            scopes=[scope.value for scope in Scope if scope in scopes],
            expires_at=expires_at,
            requests_per_minute=requests_per_minute,
        )
    return key, text


def limit_key(*, consumer: Consumer, key_id: int, requests_per_minute: int | None, actor: Person | None) -> ApiKey:
    """The key with another limit; None: the installation's default. It holds everywhere within a minute.

    Raises `NotFoundError`, `ForbiddenError`, `InvalidError`.
    """
    require_may_manage(actor, consumer)
    _demand_limit(requests_per_minute, actor)
    with recorded("limit_key", actor):
        key = _locked_key(consumer, key_id)
        if key.requests_per_minute != requests_per_minute:
            key.requests_per_minute = requests_per_minute
            key.save(update_fields=["requests_per_minute"])
    return key


def key_of_person(*, person: Person, key_id: int) -> ApiKey:
    """A key of the person or of one of their consumers. Raises `NotFoundError`."""
    key = ApiKey.objects.select_related("consumer").filter(consumer__owner=person, pk=key_id).first()
    if key is None:
        message = f"{person.username} has no API key with id {key_id}."
        raise NotFoundError(message, remedy="List your keys with GET /api/v1/keys and use one of those ids.")
    return key


@transaction.atomic
def revoke_key(*, person: Person, key_id: int, now: datetime) -> ApiKey:
    """The key, of no use from this moment on; revoking it again changes nothing. Raises `NotFoundError`."""
    key = key_of_person(person=person, key_id=key_id)
    return revoke_key_of(consumer=key.consumer, key_id=key_id, actor=person, now=now)


def revoke_key_of(*, consumer: Consumer, key_id: int, actor: Person | None, now: datetime) -> ApiKey:
    """A key of `consumer`, of no use from this moment on. By the consumer's owner or governance; twice is the same as once.

    Raises `NotFoundError`, `ForbiddenError`.
    """
    require_may_manage(actor, consumer)
    with recorded("revoke_key", actor):
        key = _locked_key(consumer, key_id)
        if key.revoked_at is None:
            key.revoked_at = now
            key.save(update_fields=["revoked_at"])
    return key


def _locked_key(consumer: Consumer, key_id: int) -> ApiKey:
    key = ApiKey.objects.select_for_update(no_key=True, of=("self",)).filter(consumer=consumer, pk=key_id).first()
    if key is None:
        remedy = f"List its keys with GET /api/v1/consumers/{consumer.slug}/keys and use one of those ids."
        raise NotFoundError(f"Consumer {consumer.slug} has no API key with id {key_id}.", remedy=remedy)
    key.consumer = consumer
    return key


def _demand_scopes(scopes: Collection[str], kind: ConsumerKind) -> None:
    remedy = f"Use one or more of {', '.join(Scope)}."
    if reserved := sorted(RESERVED_SCOPES & set(scopes)):
        raise InvalidError(
            f"The scope {', '.join(reserved)} is reserved for a later version: no key can have it yet.",
            remedy=remedy,
            code="scope_reserved",
            field="scopes",
        )
    if unknown := sorted(set(scopes) - set(Scope)):
        raise InvalidError(f"There is no scope {', '.join(unknown)}.", remedy=remedy, field="scopes")
    if not scopes:
        raise InvalidError("An API key needs a scope: without one it can do nothing.", remedy=remedy, field="scopes")
    if kind in MACHINES and (refused := [scope.value for scope in Scope if scope in NOT_FOR_AI and scope in scopes]):
        raise InvalidError(
            f"A key of an {kind} never gets the scope {', '.join(refused)}: no AI changes what its own data is judged by.",
            remedy=f"Use one or more of {', '.join(scope for scope in Scope if scope not in NOT_FOR_AI)}.",
            code="scope_not_for_kind",
            field="scopes",
        )


def _demand_own_voice(consumer: Consumer, scopes: Collection[str], actor: Person | None) -> None:
    if actor is None or actor.pk == consumer.owner_id:
        return
    owner = consumer.owner.username
    if consumer.kind == ConsumerKind.PERSON:
        raise ForbiddenError(
            f"Only {owner} makes keys of consumer {consumer.slug}: it is {owner} in person.",
            remedy=f"Ask {owner} to make it, or register a service.",
            code="key_of_a_person",
        )
    if speaking := sorted(set(scopes) - ASKING_SCOPES):
        raise ForbiddenError(
            f"Only {owner} makes a key of {consumer.slug} with the scope {', '.join(speaking)}: it acts in {owner}'s name.",
            remedy=f"Ask {owner} to make it, or leave the scope out.",
            code="key_acts_for_owner",
            field="scopes",
        )


def _demand_limit(requests_per_minute: int | None, actor: Person | None) -> None:
    if requests_per_minute is None:
        return
    if not 1 <= requests_per_minute <= MOST_REQUESTS_PER_MINUTE:
        message = f"{requests_per_minute} requests per minute is no limit that a key can have."
        remedy = f"Give a number from 1 to {MOST_REQUESTS_PER_MINUTE}, or none for the installation's default."
        raise InvalidError(message, remedy=remedy, field="requests_per_minute")
    default = settings.TOUCHSTONE.key_requests_per_minute
    if requests_per_minute > default and not is_governance(actor):
        raise ForbiddenError(
            f"Only governance gives a key more than {default} requests per minute.",
            remedy=f"Give a number up to {default}, or ask a member of the group 'governance'.",
            field="requests_per_minute",
        )


def _demand_active(consumer: Consumer) -> None:
    if consumer.status != ConsumerStatus.ACTIVE:
        raise ConflictError(
            f"Consumer {consumer.slug} is {consumer.status}, so that a key of it could do nothing.",
            remedy=(
                "Register a new consumer."
                if consumer.status == ConsumerStatus.RETIRED
                else "Ask a member of the group 'governance' to reactivate it first."
            ),
            code=f"consumer_{consumer.status}",
        )
    if not consumer.owner.is_active:
        raise ConflictError(
            f"The account of {consumer.owner.username}, the owner of consumer {consumer.slug}, is inactive.",
            remedy="Ask a member of the group 'governance' to hand the consumer over to an active person.",
            code="person_inactive",
        )
