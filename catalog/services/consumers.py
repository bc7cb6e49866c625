"""Consumers: registered by people who answer for them, cleared by governance, suspended and retired by either."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from catalog.models import Consumer, Person
from catalog.rules.consumers import (
    ASKING_SCOPES,
    MACHINES,
    ConsumerClaims,
    ConsumerDetails,
    demand_move_of_status,
    demand_registrable,
    demand_slug,
    demand_webhook_url,
)
from catalog.rules.errors import ConflictError, ForbiddenError, InvalidError
from catalog.rules.vocabulary import ConsumerKind, ConsumerStatus, Sensitivity
from catalog.services.people import find_person
from catalog.services.permissions import actor_name, is_governance, may_register, require_governance
from catalog.services.recording import recorded
from catalog.services.requests import locked
from catalog.services.validation import demand_clean


def consumer_of_person(person: Person) -> Consumer:
    """The consumer that a person is, made where there is none yet: clearance `internal` (our choice), slug the username."""
    own = Consumer.objects.filter(owner=person, kind=ConsumerKind.PERSON)
    if (found := own.first()) is not None:
        return found
    with recorded("create_consumer", person):
        # Two first keys at once would both make it: the row of the person lets them do so one after the other.
        Person.objects.select_for_update(no_key=True).get(pk=person.pk)
        if (found := own.first()) is not None:
            return found
        slug = person.username
        while Consumer.objects.filter(slug=slug).exists():
            slug = f"{slug}.person"
        return Consumer.objects.create(
            slug=slug, name=str(person), kind=ConsumerKind.PERSON, owner=person, clearance=Sensitivity.INTERNAL
        )


def details_of(consumer: Consumer) -> ConsumerDetails:
    """What is said of `consumer` today. Change it with `dataclasses.replace` and give it to `change_consumer`."""
    return ConsumerDetails(
        name=consumer.name,
        description=consumer.description,
        contact_email=consumer.contact_email,
        webhook_url=consumer.webhook_url,
    )


def may_manage(actor: Person | None, consumer: Consumer) -> bool:
    """Whether `actor` may change `consumer` and make keys for it: its owner, governance, or the system."""
    return is_governance(actor) or (actor is not None and actor.is_active and consumer.owner_id == actor.pk)


def require_may_manage(actor: Person | None, consumer: Consumer) -> None:
    """Raise `ForbiddenError` unless `actor` is the consumer's owner or acts for governance."""
    if not may_manage(actor, consumer):
        owner = consumer.owner.username
        raise ForbiddenError(
            f"{actor_name(actor)} may not change consumer {consumer.slug}: {owner} answers for it.",
            remedy=f"Ask {owner} or a member of the group 'governance' to do it.",
        )


def register_consumer(*, claims: ConsumerClaims, actor: Person | None) -> Consumer:
    """A new active consumer. Everybody with a role registers under their own name; governance and the system under anybody's.

    Raises `ConflictError` for a slug that is taken, `InvalidError` for an owner who does not exist or is inactive, and
    `ForbiddenError` for a clearance above `internal` that governance did not ask for.
    """
    owner = _accountable_owner(claims.owner, actor)
    demand_registrable(claims.kind)
    demand_slug(claims.slug)
    if claims.clearance.rank > Sensitivity.INTERNAL.rank:
        require_governance(actor, f"register a consumer with the clearance {claims.clearance}")
    # Who reads `olga` in a list of decisions must be able to trust that it was Olga.
    if Person.objects.filter(username__iexact=claims.slug).exists() and not is_governance(actor):
        raise _slug_exists(claims.slug)
    with recorded("register_consumer", actor):
        consumer = Consumer(slug=claims.slug, kind=claims.kind, owner=owner, clearance=claims.clearance)
        _assign(consumer, claims.details)
        try:
            with transaction.atomic():
                consumer.save(force_insert=True)
        except IntegrityError as error:
            raise _slug_exists(claims.slug) from error
    return consumer


def change_consumer(*, consumer: Consumer, details: ConsumerDetails, actor: Person | None) -> Consumer:
    """Make `details` hold for `consumer`, by its owner or governance. Kind and slug never change."""
    require_may_manage(actor, consumer)
    with _changing(consumer, "change_consumer", actor) as row:
        _demand_not_retired(row)
        if details_of(row) != details:
            _assign(row, details)
            row.save()
    return row


def set_clearance(*, consumer: Consumer, clearance: Sensitivity, actor: Person | None) -> Consumer:
    """Set the highest sensitivity that `consumer` may be given, as governance."""
    require_governance(actor, f"set the clearance of consumer {consumer.slug}")
    with _changing(consumer, "set_clearance", actor) as row:
        _demand_not_retired(row)
        if row.clearance != clearance:
            row.clearance = clearance
            row.save(update_fields=["clearance", "updated_at"])
    return row


def set_enforcement_point(*, consumer: Consumer, is_enforcement_point: bool, actor: Person | None) -> Consumer:
    """Let `consumer` ask about other consumers, or no longer, as governance. Raises `InvalidError` for an AI."""
    require_governance(actor, f"say whether consumer {consumer.slug} may ask about others")
    if is_enforcement_point and consumer.kind in MACHINES:
        raise InvalidError(
            f"Consumer {consumer.slug} is an {consumer.kind}: an AI asks about itself only.",
            remedy="Let a service ask in the name of others.",
            code="kind_asks_for_itself",
            field="is_enforcement_point",
        )
    with _changing(consumer, "set_enforcement_point", actor) as row:
        _demand_not_retired(row)
        if row.is_enforcement_point != is_enforcement_point:
            row.is_enforcement_point = is_enforcement_point
            row.save(update_fields=["is_enforcement_point", "updated_at"])
    return row


def suspend_consumer(*, consumer: Consumer, actor: Person | None) -> Consumer:
    """Take all power from the consumer's keys, by its owner or governance, until governance reactivates it."""
    require_may_manage(actor, consumer)
    return _move(consumer, ConsumerStatus.SUSPENDED, "suspend_consumer", actor)


def reactivate_consumer(*, consumer: Consumer, actor: Person | None) -> Consumer:
    """Let a suspended consumer ask again, as governance. Its keys that were not revoked work again."""
    require_governance(actor, f"reactivate consumer {consumer.slug}")
    return _move(consumer, ConsumerStatus.ACTIVE, "reactivate_consumer", actor)


def retire_consumer(*, consumer: Consumer, actor: Person | None) -> Consumer:
    """Take the consumer out of use for ever, by its owner or governance: it keeps its name and its past."""
    require_may_manage(actor, consumer)
    return _move(consumer, ConsumerStatus.RETIRED, "retire_consumer", actor)


def hand_over_consumer(*, consumer: Consumer, owner: str, actor: Person | None) -> Consumer:
    """Make the active person `owner` answer for `consumer`.

    A key acts for its consumer's owner. Where governance hands over, the keys that only ask and read go on, for the new owner.
    The others are revoked, and all of them where the owner hands over: who knows a key could otherwise give themselves the
    rights of anybody whom they name.
    """
    require_may_manage(actor, consumer)
    person = find_person(username=owner, part="owner")
    with _changing(consumer, "hand_over_consumer", actor) as row:
        _demand_not_retired(row)
        if row.kind == ConsumerKind.PERSON:
            raise ConflictError(
                f"Consumer {row.slug} is {row.owner.username} in person and cannot be handed over.",
                remedy="Register a service, an ai_agent or an ai_model, and hand that over.",
                code="consumer_is_a_person",
            )
        if row.owner_id == person.pk:
            return row
        row.owner = person
        row.save(update_fields=["owner", "updated_at"])
        keys = row.api_keys.filter(revoked_at=None)
        if is_governance(actor):
            keys = keys.exclude(scopes__contained_by=list(ASKING_SCOPES))
        keys.update(revoked_at=timezone.now())
    return row


@contextmanager
def _changing(consumer: Consumer, action: str, actor: Person | None) -> Iterator[Consumer]:
    """The row of `consumer` as it is now, locked until the change is recorded; whoever may no longer change it is refused."""
    with recorded(action, actor):
        row = locked(consumer, "owner")
        require_may_manage(actor, row)
        yield row


def _move(consumer: Consumer, status: ConsumerStatus, action: str, actor: Person | None) -> Consumer:
    with _changing(consumer, action, actor) as row:
        demand_move_of_status(row.slug, ConsumerKind(row.kind), ConsumerStatus(row.status), status)
        if row.status != status:
            row.status = status
            row.save(update_fields=["status", "updated_at"])  # triggers block or free the keys: `api_block_keys`
    return row


def _accountable_owner(owner: str, actor: Person | None) -> Person:
    if not may_register(actor):
        raise ForbiddenError(
            f"{actor_name(actor)} may not register consumers: that needs a role.",
            remedy="Ask a member of the group 'governance' to add you to a group.",
        )
    if actor is not None and owner in {"", actor.username}:
        return actor
    if not is_governance(actor):
        raise ForbiddenError(
            f"{actor_name(actor)} may not register a consumer for {owner}.",
            remedy="Register it under your own name and hand it over, or ask a member of the group 'governance'.",
        )
    return find_person(username=owner, part="owner")


def _assign(consumer: Consumer, details: ConsumerDetails) -> None:
    """Raises `InvalidError`."""
    if not details.name.strip():
        message = f"Consumer {consumer.slug} needs a name."
        raise InvalidError(message, remedy="Enter a short name.", field="name")
    if details.webhook_url != consumer.webhook_url:
        demand_webhook_url(details.webhook_url, allows_loopback=settings.TOUCHSTONE.webhook_loopback)
    consumer.name, consumer.description = details.name.strip(), details.description
    consumer.contact_email, consumer.webhook_url = details.contact_email, details.webhook_url
    demand_clean(consumer, f"consumer {consumer.slug}", skip={"slug"})


def _demand_not_retired(consumer: Consumer) -> None:
    if consumer.status == ConsumerStatus.RETIRED:
        raise ConflictError(
            f"Consumer {consumer.slug} is retired and can no longer be changed.",
            remedy="Register a new consumer under another slug.",
            code="consumer_retired",
        )


def _slug_exists(slug: str) -> ConflictError:
    return ConflictError(
        f"A consumer or person is named {slug} already.", remedy="Choose another slug.", code="slug_exists", field="slug"
    )
