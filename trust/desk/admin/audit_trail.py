"""The audit trail: who changed which claim, when, why and from what to what. One page, its filters, its export."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from catalog.admin.changes import FieldChange, Names, action_of, differences, names_in, who
from catalog.admin.reach import person_of
from catalog.models import Consumer, DataProduct, Person, UseCase
from catalog.queries import visible_use_cases
from catalog.services.permissions import sees_everything
from trust.desk.admin.version_changes import version_changes
from trust.ledger.admin.exports import export_response
from trust.ledger.queries.audit_trail import (
    Change,
    Kind,
    Objects,
    TrailFilter,
    TrailPosition,
    every_change,
    find_changes,
    kinds,
)

SIZE = 50
NOUNS = {
    "catalog.dataproduct_stewards": "steward of a product",
    "catalog.person_groups": "role of a person",
    "catalog.person_user_permissions": "permission of a person",
    "catalog.usecase_consumers": "consumer of a use case",
}
EXPORTED = ("at", "who", "action", "reason", "kind", "object", "deed", "changes")
_DEEDS = {"insert": "added", "update": "changed", "delete": "removed", "password_changed": "given another password"}
NOBODY = -1
Given = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Line:
    """One change as it is shown. address: of the object's page; empty where it has none."""

    at: datetime
    who: str
    action: str
    reason: str
    kind: str
    name: str
    address: str
    deed: str
    differences: Sequence[FieldChange]


def audit_trail(request: HttpRequest) -> HttpResponse:
    """The newest changes that the filters leave, and the way to older ones."""
    person = _reader(request)
    given, after = _given(request), _place(request.GET.get("older", ""))
    problem = ""
    changes: list[Change] = []
    following: TrailPosition | None = None
    try:
        changes, following = find_changes(sought_of(given, person), size=SIZE, after=after)
    except ValueError as error:
        problem = str(error)
    kept = urlencode({name: value for name, value in given.items() if value})
    context = {
        **admin.site.each_context(request),
        "title": "Audit trail",
        "lines": list(lines_of(changes)),
        "given": given,
        "problem": problem,
        "kinds": sorted({(noun(kind), kind.name) for kind in kinds().values()}),
        "newest": f"?{kept}" if after else None,
        "older": f"?{kept}&older={_place_text(following)}" if following else None,
        "filters": f"?{kept}",
        "now": timezone.now(),
    }
    return render(request, "touchstone/admin/audit_trail.html", context)


def export_audit_trail(request: HttpRequest, form: str) -> HttpResponseBase:
    """All that the filters leave."""
    person = _reader(request)
    try:
        sought = sought_of(_given(request), person)
    except ValueError as error:
        return HttpResponse(str(error), status=400, content_type="text/plain")
    return export_response(request, form, "audit trail", EXPORTED, _exported(sought))


def _reader(request: HttpRequest) -> Person:
    """Whoever has a role. Raises PermissionDenied for others."""
    if not request.user.has_perm("trust.view_export"):
        raise PermissionDenied
    return person_of(request)


def _given(request: HttpRequest) -> dict[str, str]:
    return {
        name: request.GET.get(name, "").replace("\0", "").strip() for name in ("person", "kind", "object", "since", "until")
    }


def sought_of(given: Given, person: Person) -> TrailFilter:
    """What is looked for, within what this person may see. Raises ValueError, in words, for a date that is none."""
    until = _day(given["until"])
    actor = Person.objects.filter(username=given["person"]).first() if given["person"] else None
    return TrailFilter(
        kinds=frozenset({given["kind"]}) if given["kind"] else None,
        actors=_names_of(actor, given["person"]) if given["person"] else None,
        person=actor.pk if actor else None,
        objects=_named(given["object"]) if given["object"] else None,
        reach=None if sees_everything(person) else _own(person),
        since=_day(given["since"]),
        until=until + timedelta(days=1) if until else None,
    )


def _names_of(actor: Person | None, username: str) -> tuple[str, ...]:
    """The names that this person ever acted under: the history keeps the name of the time."""
    if actor is None:
        return (username,)
    events = Person.pgh_event_models["insert"].objects.filter(pgh_obj_id=actor.pk)  # type: ignore[attr-defined]  # set by pghistory
    return tuple({username, *events.order_by().values_list("username", flat=True).distinct()})


def _named(slug: str) -> Objects:
    """Whatever has this slug, with all that belongs to it; a person by username. Nothing at all where there is none."""
    found: dict[Any, tuple[int, ...]] = {
        model: tuple(model.objects.filter(slug=slug).values_list("pk", flat=True)) for model in (DataProduct, Consumer, UseCase)
    }
    return found | {Person: tuple(Person.objects.filter(username=slug).values_list("pk", flat=True))}


def _own(person: Person) -> Objects:
    """The products that this person owns or looks after, their consumers, the use cases that they may see, and themselves."""
    products = DataProduct.objects.looked_after_by(person).order_by()
    return {
        DataProduct: tuple(products.values_list("pk", flat=True)),
        Consumer: tuple(Consumer.objects.filter(owner=person).order_by().values_list("pk", flat=True)),
        UseCase: tuple(visible_use_cases(person).order_by().values_list("pk", flat=True).distinct()),
        Person: (person.pk,),
    }


def lines_of(changes: Iterable[Change]) -> Iterator[Line]:
    """The changes in words. A handful of queries for the names of all of them."""
    listed = list(changes)
    rows = [(change.kind.model, row) for change in listed for row in (change.event, change.before) if row is not None]
    users = {user for change in listed if isinstance(user := change.said.get("user"), int)}
    names, versions = names_in(rows, users), version_changes(listed)
    for change in listed:
        event, model = change.event, change.kind.model
        field_changes = differences(model, None if event.pgh_label == "insert" else change.before, event, names)
        yield Line(
            at=event.pgh_created_at,
            who=who(change.said, names),
            action=action_of(change.said),
            reason=str(change.said.get("reason", "")),
            kind=noun(change.kind),
            name=_name(event, names),
            address=_address(change),
            deed=_DEEDS.get(event.pgh_label, event.pgh_label),
            differences=[]
            if event.pgh_label == "delete"
            else [*field_changes, *versions.get((change.kind.table, event.pgh_id), ())],
        )


def noun(kind: Kind) -> str:
    return NOUNS.get(kind.name, str(kind.model._meta.verbose_name))


def _name(event: Any, names: Names) -> str:
    """What the object calls itself in its history, else whose it is, else its number."""
    for field in ("slug", "username", "title", "name", "purpose"):
        if value := getattr(event, field, ""):
            return f"{value} v{event.version}" if field == "name" and hasattr(event, "version") else str(value)
    if name := names[Person].get(getattr(event, "person_id", None) or 0):
        return name
    return f"v{event.version}" if hasattr(event, "version") else f"no. {event.pgh_obj_id}"


def _address(change: Change) -> str:
    meta = change.kind.model._meta
    if change.event.pgh_label == "delete":
        return ""
    try:
        return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[change.event.pgh_obj_id])
    except NoReverseMatch:
        return ""


def _exported(sought: TrailFilter) -> Iterator[dict[str, Any]]:
    waiting: list[Change] = []
    for change in every_change(sought):
        waiting.append(change)
        if len(waiting) == SIZE:
            yield from map(_row, lines_of(waiting))
            waiting.clear()
    yield from map(_row, lines_of(waiting))


def _row(line: Line) -> dict[str, Any]:
    return {
        "at": line.at,
        "who": line.who,
        "action": line.action,
        "reason": line.reason,
        "kind": line.kind,
        "object": line.name,
        "deed": line.deed,
        "changes": [str(difference) for difference in line.differences],
    }


def _day(text: str) -> datetime | None:
    try:
        return datetime.combine(datetime.strptime(text, "%Y-%m-%d").date(), time(), UTC) if text else None  # noqa: DTZ007 a date
    except ValueError:
        message = f"{text!r} is not a date. Write it as 2026-11-23."
        raise ValueError(message) from None


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _place_text(place: TrailPosition) -> str:
    return f"{(place.at - _EPOCH) // timedelta(microseconds=1)}-{place.table}-{place.id}"


def _place(text: str) -> TrailPosition | None:
    """The place behind which to go on; None, and so the newest, where it cannot be read."""
    moment, _, rest = text.partition("-")
    table, _, number = rest.rpartition("-")
    if table not in kinds() or not all(part.isascii() and part.isdigit() and len(part) < 18 for part in (moment, number)):
        return None
    return TrailPosition(_EPOCH + timedelta(microseconds=int(moment)), table, int(number))
