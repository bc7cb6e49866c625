"""Who claimed what, when and why: the history that triggers keep of a product or use case and its parts, an entry a call."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Model

from catalog.admin.changes import Names, action_of, differences, names_in, who
from catalog.models import (
    AccessPolicy,
    Consumer,
    DataProduct,
    InputPort,
    Measure,
    ObligationConfirmation,
    OutputPort,
    UseCase,
    UseCaseProduct,
)

SHOWN = 30
_HIDDEN = frozenset({"product_id", "use_case_id", "stage_since", "claims_changed_at"})
_LONGEST = 80
Tracked = Sequence[tuple[type[Model], str, str]]
_OF_PRODUCTS: Tracked = (
    (DataProduct, "pgh_obj_id", ""),
    (OutputPort, "product_id", "port"),
    (InputPort, "product_id", "input"),
    (AccessPolicy, "product_id", "policy"),
)
_OF_USE_CASES: Tracked = (
    (UseCase, "pgh_obj_id", ""),
    (UseCaseProduct, "use_case_id", "product"),
    (UseCase.consumers.through, "usecase_id", "consumer"),
    (Measure, "use_case_id", "measure"),
    (ObligationConfirmation, "use_case_id", "confirmation"),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """What changed at once. `who` is a username, `system`, or empty where nobody said; `lines` say what, in words.

    `why` is what whoever did it gave as a reason; mostly nothing.
    """

    at: datetime
    who: str
    action: str
    lines: tuple[str, ...]
    why: str = ""


@dataclass(frozen=True, slots=True)
class _Change:
    """One row of an event table, and the one before it of the same object."""

    model: type[Model]
    noun: str
    event: Any
    before: Any


def claim_history(product: DataProduct) -> list[Entry]:
    """The last entries of a product, newest first. Seven queries at most, whatever the length of the history."""
    return _history(_OF_PRODUCTS, product.pk)


def use_case_history(use_case: UseCase) -> list[Entry]:
    """The last entries of a use case, newest first. Nine queries at most, whatever the length of the history."""
    return _history(_OF_USE_CASES, use_case.pk)


def _history(tracked: Tracked, pk: int) -> list[Entry]:
    changes = [change for model, key, noun in tracked for change in _changes(model, {key: pk}, noun)]
    rows = [(change.model, row) for change in changes for row in (change.event, change.before)]
    names = names_in(rows, (user for change in changes if isinstance(user := _said(change).get("user"), int)))
    together: dict[Any, list[_Change]] = defaultdict(list)
    for change in changes:
        together[change.event.pgh_context_id or change.event.pgh_created_at].append(change)
    entries = [_entry(group, names) for group in together.values()]
    return sorted((entry for entry in entries if entry.lines), key=lambda entry: entry.at, reverse=True)[:SHOWN]


def _changes(model: type[Model], key: Mapping[str, Any], noun: str) -> list[_Change]:
    events = model.pgh_event_models["insert"].objects.filter(**key)  # type: ignore[attr-defined]  # set by pghistory.track
    newest = list(events.select_related("pgh_context").order_by("-pgh_id")[: 2 * SHOWN])
    older: dict[Any, Any] = {}
    changes = []
    for event in reversed(newest):
        changes.append(_Change(model, noun, event, older.get(event.pgh_obj_id)))
        older[event.pgh_obj_id] = event
    return changes


def _said(change: _Change) -> Mapping[str, Any]:
    return change.event.pgh_context.metadata if change.event.pgh_context else {}


def _entry(group: Sequence[_Change], names: Names) -> Entry:
    said = _said(group[0])
    lines = dict.fromkeys(line for change in group if (line := _line(change, names)))
    at = max(change.event.pgh_created_at for change in group)
    return Entry(at, who(said, names), action_of(said), tuple(lines), why=str(said.get("reason", "")))


def _line(change: _Change, names: Names) -> str:
    event, before = change.event, change.before
    named = f"{change.noun} {_name(event, names)} " if change.noun else ""
    if event.pgh_label == "insert":
        return f"{named}added" if named else "registered"
    if event.pgh_label == "delete":
        return f"{named}removed"
    if before is None:
        return f"{named}changed"
    changed = differences(change.model, before, event, names, hidden=_HIDDEN)
    return f"{named}{'; '.join(map(str, changed))}" if changed else ""


def _name(event: Any, names: Names) -> str:
    if hasattr(event, "upstream_id"):
        return names[DataProduct].get(event.upstream_id, str(event.upstream_id))
    if hasattr(event, "obligation"):
        named = (names[Consumer].get(event.consumer_id), names[DataProduct].get(event.product_id), event.obligation)
        return " ".join(str(one) for one in named)[:_LONGEST]
    if hasattr(event, "consumer_id"):
        return names[Consumer].get(event.consumer_id, str(event.consumer_id))
    if hasattr(event, "port_id"):
        product, port = names[DataProduct].get(event.product_id, ""), names[OutputPort].get(event.port_id or 0, "")
        return f"{product}/{port}" if port else product
    return f"{event.name} v{event.version}" if hasattr(event, "version") else str(event.name)
