"""Removes decisions that are older than they are kept, and puts on record which: the ledger still verifies, and says so."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from django.db import connection
from django.db.models import Min

from catalog.models import Person
from catalog.rules.errors import ConflictError
from catalog.services.recording import recorded
from catalog.services.requests import demand_reason
from trust.ledger.models.ledger import LedgerBatch
from trust.ledger.rules.erasures import Erasures, RemovedRows
from trust.ledger.rules.merkle import HASH_BYTES
from trust.ledger.services.erasures import demand_superuser, record, unprotected
from trust.ledger.services.ledger import positions_after
from trust.verdicts.models.recall import Recall
from trust.verdicts.queries.policies import current_policy
from trust.vocabulary import ErasureKind

TABLE = "trust_decision"
# An exception that is open rests on its answer, whatever its age.
_OLD = """
    FROM trust_decision d WHERE d.id <= %s
    AND NOT EXISTS (SELECT 1 FROM trust_outputexception x WHERE x.decision_id = d.id AND x.closed_at IS NULL)
"""


@dataclass(frozen=True, slots=True)
class Removal:
    """What was removed, or would be. first, last: ids, 0 where there is nothing."""

    count: int
    first: int = 0
    last: int = 0


def removable(*, before: datetime, now: datetime) -> Removal:
    """The decisions that were given before that moment, are sealed and looked back at no more, up to the first that is younger
    or is not.
    """
    before = min(before, _looked_back_to(now))
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(min(id) - 1, 9223372036854775807) FROM trust_decision WHERE asked_at >= %s", [before])
        oldest_kept = cursor.fetchone()[0]
        last = min(oldest_kept, positions_after(LedgerBatch.objects.order_by("-number").first()).get(TABLE, 0))
        cursor.execute(f"SELECT count(*), coalesce(min(d.id), 0), coalesce(max(d.id), 0) {_OLD}", [last])
        return Removal(*cursor.fetchone())


def remove_decisions(*, before: datetime, reason: str, actor: Person, now: datetime) -> Removal:
    """Remove what `removable` finds. Raises `ForbiddenError` for all but superusers, `ConflictError` where there is nothing."""
    demand_superuser(actor, "remove decisions")
    said = demand_reason(reason, "A removal of decisions")
    with recorded("remove_decisions", actor, said), unprotected([TABLE]):
        found = removable(before=before, now=now)
        if not found.count:
            raise ConflictError(
                f"No sealed decision is older than {before:%Y-%m-%d %H:%M} UTC and looked back at no more.",
                remedy="Nothing to do. `bin/manage ledger seal` seals what waits.",
            )
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT d.id {_OLD} ORDER BY d.id", [found.last])
            ids = [row[0] for row in cursor.fetchall()]
            cursor.execute("DELETE FROM trust_decision WHERE id = ANY(%s::bigint[])", [ids])
            cursor.execute("SELECT id FROM trust_decision WHERE id BETWEEN %s AND %s ORDER BY id", [found.first, found.last])
            kept = tuple(row[0] for row in cursor.fetchall())
        removed = RemovedRows(TABLE, found.first, found.last, found.count, _digest_of_leaves(frozenset(ids)), kept)
        record(kind=ErasureKind.RETENTION, erasures=Erasures(removed=(removed,)), reason=said, by=actor, now=now)
    return found


def _looked_back_to(now: datetime) -> datetime:
    """From when on recalls name who relied on an answer, also those that are open, and use cases are assessed by the log."""
    policy = current_policy()[1]
    fallen = Recall.objects.filter(closed_at=None).aggregate(first=Min("fallen_at"))["first"] or now
    return min(fallen - policy.recall_window, now - policy.readiness.asking_window)


def _digest_of_leaves(ids: frozenset[int]) -> str:
    """Of the leaves that the batches hold of these rows, by id."""
    leaves = {}
    for batch in LedgerBatch.objects.order_by("number").iterator(chunk_size=10):
        start = 0
        for segment in batch.segments:
            if segment["source"] == TABLE:
                for place in range(start, start + segment["count"]):
                    if batch.row_ids[place] in ids:
                        leaves[batch.row_ids[place]] = bytes(batch.leaves[place * HASH_BYTES : (place + 1) * HASH_BYTES])
            start += segment["count"]
    return sha256(b"".join(leaves[row] for row in sorted(leaves))).hexdigest()
