"""Sealing: new rows become the leaves of a Merkle tree, whose root is signed and chained to the one before."""

import logging
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import psycopg
from django.db import OperationalError, connection, transaction

from catalog.rules.moments import rfc_3339
from trust.clock import database_now
from trust.ledger.models.ledger import LedgerBatch
from trust.ledger.queries import ledger_rows
from trust.ledger.queries.ledger_rows import Source
from trust.ledger.rules.merkle import root_of, split_hashes
from trust.ledger.signing import canonical_json, sign

logger = logging.getLogger(__name__)

STATEMENT_TYPE = "touchstone-ledger+jws"
LARGEST_BATCH = 50_000  # leaves; our choice: 2 MB of hashes and ids, well under a second to hash
QUIET = timedelta(minutes=1)  # our choice: longer than a request takes
ATTEMPTS_TO_CUT = 3  # half a second each, and between them the writers that queued behind us have their turn
NO_BATCH_BEFORE = "0" * 64
ADVISORY_LOCK = 0x4C_45_44_47_45_52  # "LEDGER"


@dataclass(frozen=True)
class Segment:
    """The rows of one table in a batch: those with `after < id <= to`. columns: what the leaves cover; empty without rows."""

    source: str
    after: int
    to: int
    count: int = 0
    columns: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Contents:
    """What goes into one batch."""

    segments: list[Segment]
    row_ids: list[int]
    leaves: bytes


def seal(*, largest_batch: int = LARGEST_BATCH, quiet: timedelta = QUIET) -> Iterator[int]:
    """Seal everything that is there now, batch by batch; gives the number of each as soon as it is committed.

    Call it outside of transactions. A table whose writers do not finish in time is left to the next call. Raises
    KeyUnavailableError, with nothing sealed, where nothing can be signed.
    """
    cuts = {source: cut for source in ledger_rows.sources() if (cut := _cut(source)) is not None}
    while (batch := _seal_batch(cuts, largest_batch, quiet)) is not None:
        yield batch.number


def waiting_rows(last: LedgerBatch | None) -> list[tuple[str, int, int]]:
    """What is not sealed yet: table, number of rows, first id; only tables where there is something."""
    positions = positions_after(last)
    found = ((source.table, *ledger_rows.unsealed(source, positions.get(source.table, 0))) for source in ledger_rows.sources())
    return [(table, count, first) for table, count, first in found if first is not None]


def positions_after(batch: LedgerBatch | None) -> dict[str, int]:
    """Up to which id each table is sealed by this batch and those before it."""
    return {} if batch is None else {segment["source"]: segment["to"] for segment in batch.segments}


def statement_of(number: int, sealed_at: datetime, contents: Contents, root: str, previous: str) -> bytes:
    """What is signed of a batch: canonical JSON."""
    return canonical_json(
        {
            "kind": STATEMENT_TYPE,
            "number": number,
            "previous": previous,
            "root": root,
            "sealed_at": moment_text(sealed_at),
            "segments": [asdict(segment) for segment in contents.segments],
            "size": len(contents.row_ids),
        }
    )


def moment_text(moment: datetime) -> str:
    return rfc_3339(moment, timespec="microseconds")


def hash_of_statement(statement: str) -> str:
    """What the next batch names as `previous`."""
    return sha256(statement.encode()).hexdigest()


def _cut(source: Source) -> int | None:
    """Up to which id every row of this table is there for good; None while a writer, or a vacuum, keeps us from knowing."""
    for _ in range(ATTEMPTS_TO_CUT):
        try:
            with transaction.atomic(durable=True), connection.cursor() as cursor:  # its end gives the lock back
                cursor.execute("SELECT trust_ledger_cut(%s)", [source.table])
                return int(cursor.fetchone()[0])
        except OperationalError as error:
            if not isinstance(error.__cause__, psycopg.errors.LockNotAvailable):
                raise
    logger.warning("%s is in use for so long that its new rows are left to the next sealing.", source.table)
    return None


def _seal_batch(cuts: dict[Source, int], largest_batch: int, quiet: timedelta) -> LedgerBatch | None:
    """The next batch; None where nothing is left to seal, or another process is sealing."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [ADVISORY_LOCK])
        if cursor.fetchone() == (False,):
            return None
        last = LedgerBatch.objects.order_by("-number").defer("row_ids", "leaves", "signature").first()
        contents = _contents(positions_after(last), cuts, largest_batch, quiet)
        if not contents.row_ids:
            return None
        return _write(last, contents)


def _contents(positions: dict[str, int], cuts: dict[Source, int], largest_batch: int, quiet: timedelta) -> Contents:
    ledger_rows.pin_forms()
    segments: list[Segment] = []
    row_ids: list[int] = []
    hashes: list[bytes] = []
    for source in ledger_rows.sources():
        after = positions.get(source.table, 0)
        to = max(after, ledger_rows.last_settled_id(source, after, cuts.get(source, after), quiet))
        room = largest_batch - len(row_ids)
        if to == after or not room:
            segments.append(Segment(source.table, after, after))
            continue
        columns = ledger_rows.columns_of(source)
        leaves = ledger_rows.leaves_between(source, columns, after, to, limit=room)
        to = leaves.ids[-1] if len(leaves.ids) == room else to
        segments.append(Segment(source.table, after, to, len(leaves.ids), columns if leaves.ids else []))
        row_ids += leaves.ids
        hashes.append(leaves.hashes)
    return Contents(segments, row_ids, b"".join(hashes))


def _write(last: LedgerBatch | None, contents: Contents) -> LedgerBatch:
    number, previous = (last.number + 1, hash_of_statement(last.statement)) if last else (1, NO_BATCH_BEFORE)
    sealed_at = database_now()
    root = root_of(split_hashes(contents.leaves)).hex()
    statement = statement_of(number, sealed_at, contents, root, previous)
    return LedgerBatch.objects.create(
        number=number,
        sealed_at=sealed_at,
        size=len(contents.row_ids),
        segments=_plain(contents),
        row_ids=contents.row_ids,
        leaves=contents.leaves,
        root=root,
        previous=previous,
        statement=statement.decode(),
        signature=sign(statement, content_type=STATEMENT_TYPE),
    )


def _plain(contents: Contents) -> list[dict[str, Any]]:
    return [asdict(segment) for segment in contents.segments]
