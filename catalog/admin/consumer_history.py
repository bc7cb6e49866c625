"""Who changed a consumer, when and in what: the history that triggers keep of its row."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from catalog.models import Consumer, Person

SHOWN = 30
_UNTOLD = frozenset({"id", "created_at", "updated_at"})


@dataclass(frozen=True, slots=True)
class ConsumerEntry:
    """One change. `who` is a username, `system`, or empty where nobody said."""

    at: datetime
    who: str
    deed: str
    text: str


def consumer_history(consumer: Consumer) -> list[ConsumerEntry]:
    """The last changes, newest first. Two queries, whatever the length of the history."""
    events = Consumer.pgh_event_model.objects.filter(pgh_obj_id=consumer.pk)  # type: ignore[attr-defined]  # set by pghistory
    newest = list(events.select_related("pgh_context").order_by("-pgh_id")[: SHOWN + 1])
    owners = {event.owner_id for event in newest}
    names = dict(Person.objects.filter(pk__in=owners).values_list("pk", "username"))
    pairs = zip(newest, [*newest[1:], None], strict=True)
    return [_entry(event, before, names) for event, before in pairs][:SHOWN]


def _entry(event: Any, before: Any, names: dict[int, str]) -> ConsumerEntry:
    said = event.pgh_context.metadata if event.pgh_context else {}
    text = "registered" if before is None and event.pgh_label == "insert" else _changes(event, before, names)
    deed = str(said.get("action", "")).replace("_", " ")
    return ConsumerEntry(event.pgh_created_at, str(said.get("actor", "")), deed, text)


def _changes(event: Any, before: Any, names: dict[int, str]) -> str:
    told = []
    for field in Consumer._meta.concrete_fields:
        old, new = getattr(before, field.attname, None), getattr(event, field.attname, None)
        if field.attname in _UNTOLD or old == new:
            continue
        if field.attname == "owner_id":
            old, new = names.get(old or 0, old), names.get(new or 0, new)
        told.append(f"{field.verbose_name}: {old or 'nothing'} → {new or 'nothing'}")
    return "; ".join(told)
