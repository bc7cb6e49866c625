"""The history of every claim as one stream, newest first: a page reads a few rows of each table that takes part.

Each table of the history has an index by time. A page merges the newest rows of each, so that it costs the same however long
the history is; a person's changes are found by the contexts that name who acted.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pghistory.models
from django.apps import apps
from django.db import connection
from django.db.models import ForeignKey, Model

from catalog.models import Consumer, DataProduct, Deputy, DomainGovernor, Person, UseCase

ANCHORS: Mapping[type[Model], frozenset[str]] = {
    DataProduct: frozenset({"product", "dataproduct"}),
    Consumer: frozenset({"consumer"}),
    UseCase: frozenset({"use_case", "usecase"}),
}
"""What other claims belong to, and by which fields they say so. An input's `upstream` does not belong to its product."""
_PARENTS = frozenset({"port", "measure", "policy", "incident"})
"""By which fields a claim belongs to another one, and so to what that belongs to."""
_OF_A_PERSON = frozenset({Person.groups.through, Person.user_permissions.through, DomainGovernor, Deputy})
_BEGIN, _END = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of claim: its model, the model of its history, and how its rows lead to what they belong to.

    ways: for each anchor the SQL conditions that take a list of its ids.
    """

    model: type[Model]
    events: type[Model]
    ways: Mapping[type[Model], tuple[str, ...]]

    @property
    def name(self) -> str:
        return self.model._meta.label_lower

    @property
    def table(self) -> str:
        return str(self.events._meta.db_table)


@dataclass(frozen=True, slots=True, order=True)
class TrailPosition:
    """A row of the history: its moment, its table, its id there."""

    at: datetime
    table: str
    id: int


Objects = Mapping[type[Model], tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class TrailFilter:
    """What the trail is narrowed by; None where it is not. since <= at < until.

    kinds: names of kinds. actors: usernames (and person, their id), as the contexts have them. objects: what was looked for.
    reach: what the reader may see; None for those who see everything. Both hold people too, who belong to nothing.
    written_from: number of the first transaction of PostgreSQL whose rows are wanted, at most a billion ago.
    """

    kinds: frozenset[str] | None = None
    actors: tuple[str, ...] | None = None
    person: int | None = None
    objects: Objects | None = None
    reach: Objects | None = None
    since: datetime | None = None
    until: datetime | None = None
    written_from: int | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One row of the history with its context, and the row before it of the same object."""

    kind: Kind
    event: Any
    before: Any = None
    said: Mapping[str, Any] = field(default_factory=dict)


@cache
def kinds() -> Mapping[str, Kind]:
    """Every kind of claim that has a history, by its table."""
    found = {}
    for events in apps.get_models():
        if issubclass(events, pghistory.models.Event) and events._meta.managed and not events._meta.proxy:
            model: Any = events.pgh_tracked_model
            found[events._meta.db_table] = Kind(model, events, _ways(model, events))
    return dict(sorted(found.items()))


def _ways(model: type[Model], events: type[Model]) -> Mapping[type[Model], tuple[str, ...]]:
    columns = {one.column for one in events._meta.concrete_fields}
    ways: dict[type[Model], tuple[str, ...]] = {}
    if model in ANCHORS or model is Person:
        ways[model] = ("pgh_obj_id = ANY(%s::bigint[])",)
    if model in _OF_A_PERSON:
        ways[Person] = ("person_id = ANY(%s::bigint[])",)
    for anchor, names in ANCHORS.items():
        if model is anchor:
            continue
        direct = [
            f"{key.column} = ANY(%s::bigint[])"
            for key in model._meta.concrete_fields
            if isinstance(key, ForeignKey) and key.related_model is anchor and key.name in names and key.column in columns
        ]
        through = [
            f"{key.column} IN (SELECT id FROM {parent._meta.db_table} WHERE {owner.column} = ANY(%s::bigint[]))"
            for key in model._meta.concrete_fields
            if isinstance(key, ForeignKey) and key.column in columns and key.name in _PARENTS
            for parent in [key.related_model]
            for owner in parent._meta.concrete_fields
            if isinstance(owner, ForeignKey) and owner.related_model is anchor and owner.name in names
        ]
        if direct or through:
            ways[anchor] = tuple(direct or through)
    return ways


def find_changes(
    sought: TrailFilter, *, size: int, after: TrailPosition | None = None
) -> tuple[list[Change], TrailPosition | None]:
    """At most `size` changes behind `after`, newest first, and where to go on; None at the end. One query to find them."""
    parts, values = [], []
    for kind in kinds().values():
        if sought.kinds is not None and kind.name not in sought.kinds:
            continue
        conditions, arguments = _conditions(kind, sought, after)
        if conditions is None:
            continue
        parts.append(
            f"(SELECT pgh_created_at AS at, '{kind.table}' AS source, pgh_id AS id FROM {kind.table} WHERE {conditions}"
            f" ORDER BY pgh_created_at DESC, pgh_id DESC LIMIT {size + 1})"
        )
        values += arguments
    if not parts:
        return [], None
    newest = f"SELECT at, source, id FROM ({' UNION ALL '.join(parts)}) AS newest"
    statement = f"{newest} ORDER BY at DESC, source, id DESC LIMIT {size + 1}"
    with connection.cursor() as cursor:
        # Planned for these very values: which of the indexes leads depends on them.
        cursor.execute(connection.ops.compose_sql(statement, values))  # type: ignore[attr-defined]  # of PostgreSQL's backend
        places = [TrailPosition(*row) for row in cursor.fetchall()]
    page = places[:size]
    return _read(page), page[-1] if len(places) > size else None


def every_change(sought: TrailFilter, *, at_once: int = 500) -> Iterator[Change]:
    """All of them, so many in memory at a time."""
    after: TrailPosition | None = None
    while True:
        changes, after = find_changes(sought, size=at_once, after=after)
        yield from changes
        if after is None:
            return


def _conditions(kind: Kind, sought: TrailFilter, after: TrailPosition | None) -> tuple[str | None, list[Any]]:
    conditions = ["pgh_created_at >= %s AND pgh_created_at < %s"]
    values: list[Any] = [sought.since or _BEGIN, sought.until or _END]
    if sought.written_from is not None:
        conditions.append("age(xmin) <= age(%s::xid)")  # of the 32 bits that a row keeps of its transaction's number
        values.append(str(sought.written_from % 2**32))
    if after is not None:
        if kind.table == after.table:
            conditions.append("pgh_created_at <= %s AND (pgh_created_at, pgh_id) < (%s, %s)")
            values += [after.at, after.at, after.id]
        else:
            conditions.append(f"pgh_created_at {'<=' if kind.table > after.table else '<'} %s")
            values.append(after.at)
    if sought.actors is not None:
        conditions.append(
            "pgh_context_id IN (SELECT id FROM pghistory_context WHERE metadata ->> 'actor' = ANY(%s::text[])"
            " UNION ALL SELECT id FROM pghistory_context WHERE metadata ->> 'caller' = ANY(%s::text[])"
            " UNION ALL SELECT id FROM pghistory_context WHERE metadata ->> 'user' = %s AND metadata ->> 'actor' IS NULL)"
        )
        values += [list(sought.actors), list(sought.actors), str(sought.person)]
    for objects in (sought.objects, sought.reach):
        if objects is None:
            continue
        ways = [(way, list(ids)) for model, ids in objects.items() if ids for way in kind.ways.get(model, ())]
        if not ways:
            return None, []
        conditions.append(f"({' OR '.join(way for way, _ in ways)})")
        values += [ids for _, ids in ways]
    return " AND ".join(conditions), values


def _read(places: Sequence[TrailPosition]) -> list[Change]:
    """The rows at these places with the ones before them: two queries for each table that is among them."""
    changes: dict[tuple[str, int], Change] = {}
    for table in {place.table for place in places}:
        kind = kinds()[table]
        rows: Any = kind.events._default_manager  # noqa: SLF001  the history's models have no other
        wanted = [place.id for place in places if place.table == table]
        events = list(rows.filter(pgh_id__in=wanted).select_related("pgh_context"))
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT e.pgh_id, (SELECT b.pgh_id FROM {table} b WHERE b.pgh_obj_id = e.pgh_obj_id AND b.pgh_id < e.pgh_id"
                f" ORDER BY b.pgh_id DESC LIMIT 1) FROM {table} e WHERE e.pgh_id = ANY(%s)",
                [wanted],
            )
            before = dict(cursor.fetchall())
        older = rows.in_bulk({number for number in before.values() if number is not None})
        for event in events:
            said = event.pgh_context.metadata if event.pgh_context else {}
            changes[table, event.pgh_id] = Change(kind, event, older.get(before[event.pgh_id]), said)
    return [changes[place.table, place.id] for place in places]
