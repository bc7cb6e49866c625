"""One page of the log of answers: filtered, newest first, and never dearer than looking at so many of its rows.

Every index of the log leads from one column through time, and holds the other columns that a list is narrowed by. A page looks
at the newest `LOOKED_AT` entries of the index that leaves fewest, without the answers themselves, and says how far back that
was where it did not find enough.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection

LOOKED_AT = 10_000
"""Index entries that one page looks at, at most (our choice: they take some 10 ms)."""
PROBED = 1_000
"""Which filter leaves fewest is seen from how far back its newest so many entries reach."""
MOST_WAYS = 200
"""Who searches for, or may see, the answers of more products and consumers than this is served by going through the log."""
_COVERED = ("use_case", "consumer_id", "product_id", "purpose", "decision", "channel")
_OLDER = " AND asked_at <= %s AND (asked_at, id) < (%s, %s)"
_BEGIN, _END = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Parties:
    """Answers about one of these products, or to one of these consumers."""

    products: tuple[int, ...] = ()
    consumers: tuple[int, ...] = ()

    @property
    def ways(self) -> int:
        return len(self.products) + len(self.consumers)


@dataclass(frozen=True, slots=True)
class LogFilter:
    """What a list is narrowed by; None where it is not. since <= asked_at < until.

    parties: what was searched for. reach: what the reader may see; None for those who see everything.
    """

    decision_id: int | None = None
    use_case: str | None = None
    consumer_id: int | None = None
    product_id: int | None = None
    purpose: str | None = None
    decision: bool | None = None
    channel: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    parties: Parties | None = None
    reach: Parties | None = None


@dataclass(frozen=True, slots=True, order=True)
class LogPosition:
    """A place in the log: that of this answer."""

    asked_at: datetime
    id: int


@dataclass(frozen=True, slots=True)
class Found:
    """places: of the answers found, newest first. stopped_at: how far was looked, where that was not to the end.

    next: from where to go on in the same direction; None at the end of the log.
    """

    places: tuple[LogPosition, ...]
    next: LogPosition | None = None
    stopped_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Lead:
    """What leads to the entries: values of columns, each by an index of its own. None of them: time alone."""

    name: str
    ways: tuple[tuple[str, Any], ...] = ()


def find_page(wanted: LogFilter, *, size: int, after: LogPosition | None = None, to_newer: bool = False) -> Found:
    """At most `size` answers behind `after`, the older ones or the newer ones. Five queries at most."""
    scan = _Scan(wanted, size, after, to_newer)
    lead = scan.lead()
    ways = max(1, len(lead.ways))
    is_narrowed = bool(scan.conditions.keys() - {lead.name})
    room = max(2 * size, LOOKED_AT // ways) if is_narrowed else size + 1
    found = scan.matches(lead, room)
    horizon = scan.horizon(lead, room) if is_narrowed and (ways > 1 or len(found) <= size) else None
    if horizon is not None:  # behind it some of the ways were not looked at
        found = [place for place in found if (place <= horizon if to_newer else place >= horizon)]
    page = tuple(found[:size])
    shown = page[::-1] if to_newer else page
    if len(found) > size:
        return Found(shown, next=page[-1])
    return Found(shown) if horizon is None else Found(shown, next=horizon, stopped_at=horizon.asked_at)


class _Scan:
    """Through the log in one direction, from one place."""

    def __init__(self, wanted: LogFilter, size: int, after: LogPosition | None, to_newer: bool) -> None:
        self.wanted, self.size, self.to_newer = wanted, size, to_newer
        self.conditions = _conditions(wanted)
        self.order = "asked_at, id" if to_newer else "asked_at DESC, id DESC"
        self.bounds = "asked_at >= %s AND asked_at < %s"
        self.bound_values: list[Any] = [wanted.since or _BEGIN, wanted.until or _END]
        if after is not None:
            # The time alone is what every index begins with; the pair settles what was asked at the same moment.
            self.bounds += " AND asked_at >= %s AND (asked_at, id) > (%s, %s)" if to_newer else _OLDER
            self.bound_values += [after.asked_at, after.asked_at, after.id]

    def lead(self) -> _Lead:
        """Products and consumers where they are given, else whose they are, else the purpose, else time alone."""
        given = [_Lead(name, ((name, value),)) for name in _COVERED[:4] if (value := getattr(self.wanted, name)) is not None]
        if given and given[0].name == "use_case":  # no other index holds it
            return given[0]
        if self.wanted.decision_id is not None:
            return _Lead("decision_id", (("id", self.wanted.decision_id),))
        if [lead.name for lead in given] in ([], ["purpose"]):
            for name, parties in (("parties", self.wanted.parties), ("reach", self.wanted.reach)):
                if parties is not None and parties.ways <= MOST_WAYS:
                    products = [("product_id", product) for product in parties.products]
                    return _Lead(name, (*products, *(("consumer_id", consumer) for consumer in parties.consumers)))
        return self._fewest(given) if given else _Lead("time")

    def _fewest(self, given: Sequence[_Lead]) -> _Lead:
        if len(given) == 1:
            return given[0]
        reached = []
        for lead in given:
            if (horizon := self.horizon(lead, PROBED)) is None:
                return lead
            reached.append(horizon)
        return given[reached.index((max if self.to_newer else min)(reached))]

    def matches(self, lead: _Lead, room: int) -> list[LogPosition]:
        """The first that are wanted among the first `room` entries of each way, and one more than a page holds."""
        rest = [condition for name, condition in self.conditions.items() if name != lead.name]
        where = " AND ".join(text for text, _ in rest) or "true"
        arguments = [value for _, values in rest for value in values]
        entries = f"SELECT * FROM ({{}} LIMIT {room}) AS seen WHERE {where} ORDER BY {self.order} LIMIT {self.size + 1}"
        return self._run(lead, entries, arguments, f"LIMIT {self.size + 1}")

    def horizon(self, lead: _Lead, room: int) -> LogPosition | None:
        """The `room`th entry, of the way on which it comes first; None where no way has so many."""
        found = self._run(lead, f"{{}} OFFSET {room - 1} LIMIT 1", [], "LIMIT 1")
        return found[0] if found else None

    def _run(self, lead: _Lead, entries: str, arguments: Sequence[Any], limit: str) -> list[LogPosition]:
        if lead.name in {"parties", "reach"} and not lead.ways:
            return []
        columns = sorted({column for column, _ in lead.ways})
        parts, values = [], []
        for column in columns:
            keys = [value for name, value in lead.ways if name == column]
            one = entries.format(self._entries(f"{column} = {'%s' if len(keys) == 1 else 'own.key'}"))
            if len(keys) == 1:
                parts.append(f"SELECT asked_at, id FROM ({one}) AS way")
                values += [keys[0], *self.bound_values, *arguments]
            else:
                parts.append(
                    f"SELECT way.asked_at, way.id FROM unnest(%s::bigint[]) AS own(key) CROSS JOIN LATERAL ({one}) AS way"
                )
                values += [keys, *self.bound_values, *arguments]
        if not columns:
            parts = [f"SELECT asked_at, id FROM ({entries.format(self._entries('true'))}) AS way"]
            values = [*self.bound_values, *arguments]
        union = parts[0] if len(parts) == 1 else " UNION ".join(f"({part})" for part in parts)  # each answer once
        with connection.cursor() as cursor:
            # Values are put into the text, so that the statement is planned for them: planned for any values at all, it would
            # sort months of entries to show the newest few.
            statement = f"SELECT asked_at, id FROM ({union}) AS found ORDER BY {self.order} {limit}"
            cursor.execute(connection.ops.compose_sql(statement, values))  # type: ignore[attr-defined]  # of PostgreSQL's backend
            return [LogPosition(*row) for row in cursor.fetchall()]

    def _entries(self, condition: str) -> str:
        columns = ", ".join(_COVERED if self.wanted.use_case is not None else _COVERED[1:])
        return f"SELECT asked_at, id, {columns} FROM trust_decision WHERE {condition} AND {self.bounds} ORDER BY {self.order}"


def _conditions(wanted: LogFilter) -> Mapping[str, tuple[str, list[Any]]]:
    """Every condition by its name. Whose answers may be seen needs no asking where the product or the consumer is theirs."""
    conditions: dict[str, tuple[str, list[Any]]] = {
        name: (f"{name} = %s", [value]) for name in _COVERED if (value := getattr(wanted, name)) is not None
    }
    if wanted.decision_id is not None:
        conditions["decision_id"] = ("id = %s", [wanted.decision_id])
    either = "(product_id = ANY(%s::bigint[]) OR consumer_id = ANY(%s::bigint[]))"
    if wanted.parties is not None:
        conditions["parties"] = (either, [[*wanted.parties.products], [*wanted.parties.consumers]])
    reach = wanted.reach
    if reach is not None and wanted.product_id not in reach.products and wanted.consumer_id not in reach.consumers:
        conditions["reach"] = (either, [[*reach.products], [*reach.consumers]])
    return conditions
