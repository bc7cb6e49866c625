"""A person, and the machines that the person answers for, each with keys of its own: who acted must never be mistaken."""

from collections.abc import Collection
from typing import Any

from catalog.models import ApiKey, Consumer, Person
from catalog.rules.scopes import NOT_FOR_AI, Scope
from catalog.rules.vocabulary import ConsumerKind
from tests.api.callers import Caller
from tests.factories import make_consumer

FOR_AI = tuple(scope for scope in Scope if scope not in NOT_FOR_AI)
MACHINES = (ConsumerKind.SERVICE, ConsumerKind.AI_AGENT, ConsumerKind.AI_MODEL)


def make_machine(
    owner: Person, slug: str, kind: ConsumerKind = ConsumerKind.AI_AGENT, scopes: Collection[str] | None = None
) -> Caller:
    """A consumer of `owner` with a key of its own; without `scopes` all that its kind may have."""
    every = tuple(Scope) if kind is ConsumerKind.SERVICE else FOR_AI
    return Caller(owner, every if scopes is None else scopes, consumer=make_consumer(slug, owner=owner, kind=kind))


def consumer_of(caller: Caller) -> Consumer:
    return caller.key_row.consumer


def shown(key: ApiKey | None) -> dict[str, str] | None:
    """The member `caller` of an answer."""
    return {"consumer": key.consumer.slug, "key": key.prefix} if key else None


def said_of(row: Any) -> dict[str, Any]:
    """What the history says of the newest change of this row."""
    event = type(row).pgh_event_model.objects.filter(pgh_obj_id=row.pk).order_by("-pgh_id").first()
    return dict(event.pgh_context.metadata)
