"""Who changed a consumer, when, why and in what: the history that triggers keep of its row."""

from dataclasses import dataclass
from datetime import datetime

from catalog.admin.changes import deed, differences, names_in, who
from catalog.models import Consumer

SHOWN = 30


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
    names = names_in((Consumer, event) for event in newest)
    entries = []
    for event, before in list(zip(newest, [*newest[1:], None], strict=True))[:SHOWN]:
        said = event.pgh_context.metadata if event.pgh_context else {}
        is_first = before is None and event.pgh_label == "insert"
        text = "registered" if is_first else "; ".join(map(str, differences(Consumer, before, event, names)))
        why = f" ({said['reason']})" if said.get("reason") else ""
        entries.append(ConsumerEntry(event.pgh_created_at, who(said, names), f"{deed(said)}{why}", text))
    return entries
