"""Proving the ledger: every batch is worked out again from the rows themselves and held against what was signed."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import Any

from django.db import transaction
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from catalog.rules.errors import DomainError
from trust.ledger.models.ledger import LedgerBatch, SigningKey
from trust.ledger.queries import ledger_rows
from trust.ledger.queries.ledger_rows import SMALLEST_ID, Leaves, Source
from trust.ledger.rules.erasures import Erasures, leads_to, removed_by
from trust.ledger.rules.merkle import HASH_BYTES, root_of, split_hashes
from trust.ledger.services.erasures import UnknownErasureError, on_record
from trust.ledger.services.ledger import NO_BATCH_BEFORE, STATEMENT_TYPE, hash_of_statement, moment_text, positions_after
from trust.ledger.signing import ALGORITHM

Keys = Mapping[str, OKPKey]
GRACE = timedelta(minutes=10)  # our choice: rows this old are sealed where worker and beat run
ASK_PUBLISHED = "Keep the database as it is, and compare with what was published outside and with the backups."

AFTER_ROTATION = "Where you know that the key was rotated, save /.well-known/jwks.json again and verify with that. Else:"


class BrokenLedgerError(DomainError):
    """The first thing at which the ledger and the rows, or the ledger and its signatures, do not agree."""

    code = "ledger_broken"

    def __init__(self, message: str, remedy: str = ASK_PUBLISHED) -> None:
        super().__init__(message, remedy=remedy)


@dataclass(frozen=True)
class Proved:
    """A batch that holds. rows: in it. erased, removed: how many of them are, on record, not what they were, or gone."""

    batch: LedgerBatch
    rows: int
    erased: int = 0
    removed: int = 0


@dataclass(frozen=True)
class Against:
    """What a ledger is held against.

    keys: the only keys that are believed, by kid; None for those that the database holds. published: statements by number, as
    they were published. grace: how old a row may be that no batch holds yet.
    """

    keys: Keys | None = None
    published: Mapping[int, str] = field(default_factory=dict)
    grace: timedelta = GRACE


class _Record:
    """What is on record about erased and removed rows, and how much of it the batches have borne out so far."""

    def __init__(self, erasures: Erasures) -> None:
        self.steps, self.removed = erasures.steps(), erasures.removed
        self.digests = [sha256() for _ in self.removed]
        self.counts = [0 for _ in self.removed]
        self.batch_erased = self.batch_removed = 0

    def as_sealed(self, source: str, kept: Leaves, rows: Leaves) -> Leaves:
        """The rows as they were sealed, as far as the record explains why they are not that any more."""
        was = dict(zip(kept.ids, split_hashes(kept.hashes), strict=False))
        now = list(zip(rows.ids, split_hashes(rows.hashes), strict=True))  # an id can be there twice, where one was inserted
        for place, (row, leaf) in enumerate(now):
            sealed = was.pop(row, leaf)
            if sealed != leaf and leads_to(self.steps, source, row, sealed.hex(), leaf.hex()):
                self.batch_erased += 1
                now[place] = (row, sealed)
        for row, sealed in was.items():
            if (number := removed_by(self.removed, source, row)) is not None:
                self.digests[number].update(sealed)
                self.counts[number] += 1
                self.batch_removed += 1
                now.append((row, sealed))
        now.sort(key=lambda one: one[0])
        return Leaves([row for row, _ in now], b"".join(leaf for _, leaf in now))

    def check_removed(self) -> None:
        """Raise BrokenLedgerError where a record claims to have removed other rows than are gone. After all batches."""
        for one, count, digest in zip(self.removed, self.counts, self.digests, strict=True):
            if (one.count, one.digest) != (count, digest.hexdigest()):
                raise BrokenLedgerError(
                    f"{count} rows of {one.source} from {one.first} to {one.last} are gone; the record of their removal says "
                    f"{one.count}, or names others."
                )


def verify(*, first: int = 1, against: Against) -> Iterator[Proved]:
    """Prove batch by batch from number `first`, then that nothing is missing behind the last. Raises BrokenLedgerError."""
    keys = keys_of_database()
    if against.keys is not None:
        keys = against.keys
    known = {source.table: source for source in ledger_rows.sources()}
    try:
        record = _Record(on_record(keys))
    except UnknownErasureError as error:
        raise BrokenLedgerError(str(error)) from error
    last, is_whole = _batch_before(first), first <= 1
    while (batch := LedgerBatch.objects.filter(number__gte=first).order_by("number").first()) is not None:
        expected = 1 if last is None else last.number + 1
        if batch.number != expected:
            raise BrokenLedgerError(f"Batch {expected} was removed: batch {batch.number} is the next that is there.")
        _check_published(batch, against.published)
        _check_statement(batch, keys)
        _check_chain(batch, last)
        with transaction.atomic():
            ledger_rows.pin_forms()
            record.batch_erased = record.batch_removed = 0
            _check_rows(batch, known, record)
        yield Proved(batch, batch.size, record.batch_erased, record.batch_removed)
        last, first = batch, batch.number + 1
    if is_whole:
        record.check_removed()
    _check_end(last, known, against)


def keys_of_database() -> Keys:
    """The public keys by kid, each proved to be the one that its thumbprint names."""
    keys = {}
    for row in SigningKey.objects.order_by("id"):
        try:
            key = OKPKey.import_key(row.jwk)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise BrokenLedgerError(f"Row {row.pk} of trust_signingkey was changed: it holds no key.") from error
        if key.thumbprint() != row.kid:
            raise BrokenLedgerError(f"Row {row.pk} of trust_signingkey was changed: its key is not the one of kid {row.kid}.")
        keys[row.kid] = key
    return keys


def _batch_before(first: int) -> LedgerBatch | None:
    if first <= 1:
        return None
    before = LedgerBatch.objects.filter(number=first - 1).first()
    if before is None:
        raise BrokenLedgerError(f"Batch {first - 1} is not there, so the chain cannot be followed from batch {first}.")
    return before


def _check_published(batch: LedgerBatch, published: Mapping[int, str]) -> None:
    if published.get(batch.number, batch.statement) != batch.statement:
        raise BrokenLedgerError(f"The statement of batch {batch.number} is not the one that was published.")


def _check_statement(batch: LedgerBatch, keys: Keys) -> None:
    """The signature is by a known key, over this statement, and the columns say what the statement says."""
    place = f"of batch {batch.number}"
    try:
        kid = str(jws.extract_compact(batch.signature.encode()).headers().get("kid"))
        if kid not in keys:
            raise BrokenLedgerError(
                f"The signature {place} is by the key {kid}, which is none of those believed.",
                remedy=f"{AFTER_ROTATION} {ASK_PUBLISHED}",
            )
        signed = jws.deserialize_compact(batch.signature, keys[kid], algorithms=[ALGORITHM])
    except (JoseError, ValueError) as error:
        raise BrokenLedgerError(f"The signature {place} was changed: it is not valid for what it signs.") from error
    if signed.headers().get("typ") != STATEMENT_TYPE or signed.payload != batch.statement.encode():
        raise BrokenLedgerError(f"The statement {place} was changed: it is not what was signed.")
    stated: dict[str, Any] = json.loads(batch.statement)
    shown = {
        "number": batch.number,
        "sealed_at": moment_text(batch.sealed_at),
        "size": batch.size,
        "segments": batch.segments,
        "root": batch.root,
        "previous": batch.previous,
    }
    for name, value in shown.items():
        if stated.get(name) != value:
            raise BrokenLedgerError(f"The column {name} {place} was changed: it differs from the signed statement.")


def _check_chain(batch: LedgerBatch, last: LedgerBatch | None) -> None:
    """The batch names the one before, and starts at each table where that one ended."""
    previous = NO_BATCH_BEFORE if last is None else hash_of_statement(last.statement)
    if batch.previous != previous:
        raise BrokenLedgerError(f"Batch {batch.number} is not chained to the batch before it that is there.")
    positions = positions_after(last)
    for segment in batch.segments:
        if segment["after"] != positions.pop(segment["source"], 0):
            raise BrokenLedgerError(f"Batch {batch.number} does not go on in {segment['source']} where the one before ended.")
    if positions:
        raise BrokenLedgerError(f"Batch {batch.number} leaves out {min(positions)}, which the one before still sealed.")


def _check_rows(batch: LedgerBatch, known: Mapping[str, Source], record: _Record) -> None:
    """The stored leaves lead to the signed root, and the rows that are there now give the stored leaves, but for what is on
    record as erased or removed.
    """
    stored = split_hashes(bytes(batch.leaves))
    actual: list[bytes] = []
    difference, start = None, 0
    for segment in batch.segments:
        count = segment["count"]
        rows = _leaves_now(batch, segment, known)
        kept = Leaves(
            batch.row_ids[start : start + count], bytes(batch.leaves[start * HASH_BYTES : (start + count) * HASH_BYTES])
        )
        start += count
        if rows != kept:
            rows = record.as_sealed(segment["source"], kept, rows)
        actual += split_hashes(rows.hashes)
        if difference is None and rows != kept:
            difference = f"{segment['source']}: {_first_difference(kept, rows)}"
    if root_of(stored).hex() == batch.root:
        if difference:
            raise BrokenLedgerError(f"Batch {batch.number} does not fit the rows. {difference}.")
        if len(batch.row_ids) != batch.size:
            raise BrokenLedgerError(f"The column row_ids of batch {batch.number} was changed: it has not one id for each row.")
    elif root_of(actual).hex() == batch.root:
        raise BrokenLedgerError(f"The column leaves of batch {batch.number} was changed. The rows are as they were sealed.")
    else:
        where = f"First difference in {difference}" if difference else "Rows and leaves agree with each other"
        raise BrokenLedgerError(f"Neither the leaves of batch {batch.number} nor the rows lead to the signed root. {where}.")


def _leaves_now(batch: LedgerBatch, segment: Mapping[str, Any], known: Mapping[str, Source]) -> Leaves:
    if segment["to"] == segment["after"]:
        return Leaves([], b"")
    source = known.get(segment["source"])
    if source is None:
        raise BrokenLedgerError(
            f"Batch {batch.number} seals {segment['source']}, which this version does not know.", ASK_VERSION
        )
    columns = segment["columns"] or ledger_rows.columns_of(source)
    if gone := sorted(set(columns) - set(ledger_rows.columns_of(source))):
        raise BrokenLedgerError(f"Batch {batch.number} covers columns of {source.table} that are gone: {', '.join(gone)}.")
    return ledger_rows.leaves_between(source, columns, segment["after"] or SMALLEST_ID, segment["to"])


ASK_VERSION = "Verify with the version of Touchstone that sealed it, or a later one."


def _first_difference(kept: Leaves, rows: Leaves) -> str:
    """Which row was changed, removed or inserted first, by ids and hashes in order."""
    pairs_kept = list(zip(kept.ids, split_hashes(kept.hashes), strict=False))
    pairs_now = list(zip(rows.ids, split_hashes(rows.hashes), strict=True))
    for was, now in zip(pairs_kept, pairs_now, strict=False):
        if was == now:
            continue
        if was[0] == now[0]:
            return f"row {was[0]} was changed after it was sealed"
        if was[1] == now[1]:
            return f"row {now[0]} is as it was sealed, but the batch's column row_ids was changed and says {was[0]}"
        return f"row {now[0]} was inserted" if now[0] < was[0] else f"row {was[0]} was removed"
    if len(pairs_kept) > len(pairs_now):
        return f"row {pairs_kept[len(pairs_now)][0]} was removed"
    if len(pairs_now) > len(pairs_kept):
        return f"row {pairs_now[len(pairs_kept)][0]} was inserted"
    return "the batch's column row_ids was changed"


def _check_end(last: LedgerBatch | None, known: Mapping[str, Source], against: Against) -> None:
    """Nothing was published that is gone, and no row has waited too long to be sealed."""
    end = 0 if last is None else last.number
    if missing := sorted(number for number in against.published if number > end):
        raise BrokenLedgerError(f"Batch {missing[0]} was published and is gone, with what came after it.")
    positions = positions_after(last)
    for source in known.values():
        count, first = ledger_rows.unsealed(source, positions.get(source.table) or SMALLEST_ID, against.grace)
        if count:
            raise BrokenLedgerError(
                f"{count} rows of {source.table}, from {first} on, are in no batch though they are older than "
                f"{against.grace.total_seconds() / 60:g} minutes: the last batches were removed, or nothing is sealing.",
                "Look with `bin/manage ledger status` whether batches are being sealed. If not, start worker and beat; "
                "if they are, compare with what was published: `bin/manage ledger verify --published FILE`.",
            )
