"""Judges products on what the database knows, writes verdicts, and sees to it that no reader is served an old one.

What has to be judged is judged upstreams first, many products in one transaction, which is bounded so that its locks are held
briefly. Locks: every judgement first takes the current rows of its products, in the order of product ids, as the triggers on
the claims do (`trust_lock_closure`). Whoever holds them has read what was committed before; whoever changes a fact afterwards
waits and then marks the row invalidated. No change is lost, and nobody waits in a circle.

Whatever is built from a stale product is stale too: triggers mark everything downstream, an answer is valid no longer than
those of its inputs, and it is not shown while an input waits. So judging stale products need not touch what is downstream.
"""

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from time import monotonic
from typing import TypeVar

from django.db import OperationalError, connection, transaction
from psycopg.errors import DeadlockDetected

from catalog.models import InputPort
from catalog.rules.errors import DomainError
from trust.evidence.models.run import Run
from trust.verdicts.models.verdict import CurrentVerdict, Verdict
from trust.verdicts.queries.lineage import stale_upstreams_first
from trust.verdicts.services.judging_context import Judgement, judging_context

logger = logging.getLogger(__name__)

MOST_IN_ONE_TRANSACTION = 100
"""Products that one transaction judges at most (our choice: some 0.2 s)."""
_MOST_BYTES = 4_000_000  # of facts as they were stored last: products with thousands of checks come a few at a time
_SEEDS = 1_000  # stale products that the backlog is looked at from at a time; all that they are built from is judged with them
_LOOKED_UP_AT_ONCE = 1_000
_ATTEMPTS = 3
Done = TypeVar("Done")


def judge_product(*, product_id: int, now: datetime, cause: str, run: Run | None = None) -> Verdict:
    """The verdict that stands for the product at `now`, judged on the facts as they are in the database.

    A new row is written where the facts, the trust policy or the answer differ from the last row, where that one's time is
    over, and always for a finished `run`, which the row then names. Everything downstream of a new row is judged again before
    it is next shown. `now` is moved on to the latest judgement that this one can see, should clocks differ.
    """
    with transaction.atomic():
        _lock_closure(product_id)
        current = CurrentVerdict.objects.defer("body").get(product_id=product_id)
        context = judging_context([current], now)
        found = context.judge(current, run=run, cause=cause)
        context.write([found])
        if found.is_new:
            _invalidate_downstream(product_id, found.row.judged_at)
        return found.row


def ensure_current(product_ids: Collection[int], now: datetime) -> None:
    """See to it that the current rows of these products may be shown at `now`; every reader calls this first.

    Costs one query for each `_LOOKED_UP_AT_ONCE` products where nothing has to be judged. Else judges what is invalidated or
    past its time, upstreams first, each once: what is then shown was true at some moment after the call. Facts that change
    meanwhile mark the rows again. Raises `DomainError` or `ValueError` where one of them cannot be judged, after the others of
    its piece were.
    """
    ids = list(product_ids)
    for start in range(0, len(ids), _LOOKED_UP_AT_ONCE):
        _ensure_current(ids[start : start + _LOOKED_UP_AT_ONCE], now)


def _ensure_current(product_ids: Sequence[int], now: datetime) -> None:
    for _ in range(_ATTEMPTS):
        stale = list(CurrentVerdict.objects.stale(now).filter(product_id__in=product_ids).values_list("product_id", flat=True))
        if not stale:
            return
        work = Work(now)
        work.judge(stale_upstreams_first(stale, now))
        if work.failures:
            raise next(iter(work.failures.values()))
        if not work.left:
            return
    # Inputs change faster than they are judged: the answers are what was true a moment ago, and are marked as such.
    for product_id in stale_upstreams_first(stale, now):
        _despite_deadlocks(partial(judge_product, product_id=product_id, now=now, cause="product or policy changed"))


def judge_stale(*, now: datetime, seconds: float = 45.0) -> int:
    """Number of products found invalidated or past their time and judged again, the longest overdue and their inputs first.

    Works the backlog off for `seconds`, and goes on at the next call. Several at once share it: each passes over what another
    holds. A product that cannot be judged is logged and passed over with what is built from it, and holds up nobody else.
    """
    began, judged, tried = monotonic(), 0, set[int]()
    moment = now
    while monotonic() - began < seconds:
        overdue = CurrentVerdict.objects.stale(moment).order_by("valid_until").values_list("product_id", flat=True)
        seeds = [product_id for product_id in overdue[: len(tried) + _SEEDS] if product_id not in tried]
        if not seeds:
            break
        work = Work(moment, is_sharing=True, until=began + seconds)
        work.judge(stale_upstreams_first(seeds, moment))
        judged += work.judged
        tried.update(seeds, work.left, work.failures)
        moment = now + timedelta(seconds=monotonic() - began)
    return judged


def judge_upstreams(*, product_id: int, now: datetime) -> None:
    """Judge the stale inputs of a product ahead of itself, so that its own verdict leans on nothing old.

    Not needed for correctness: while an input is unjudged the product's answer is withheld.
    """
    inputs = InputPort.objects.filter(product_id=product_id, upstream__current_verdict__in=CurrentVerdict.objects.stale(now))
    for upstream_id in inputs.values_list("upstream_id", flat=True):
        try:
            ensure_current([upstream_id], now)
        except (DomainError, ValueError):
            logger.exception("Data product %s could not be evaluated; its answer stays withheld.", upstream_id)


@dataclass(slots=True)
class Work:
    """Judging stale products in bounded transactions. `left`: those with an input that waits still, or that somebody holds.

    is_sharing: pass over what another transaction holds instead of waiting for it. until: when to stop, by `monotonic`.
    """

    now: datetime
    is_sharing: bool = False
    until: float | None = None
    judged: int = 0
    left: set[int] = field(default_factory=set)
    failures: dict[int, Exception] = field(default_factory=dict)

    def judge(self, upstreams_first: Sequence[int]) -> None:
        """Judge these products in this order, some at a time. What is not stale any more is not judged."""
        for start in range(0, len(upstreams_first), MOST_IN_ONE_TRANSACTION):
            for batch in _light_enough(upstreams_first[start : start + MOST_IN_ONE_TRANSACTION]):
                if self.until is not None and monotonic() > self.until:
                    return
                self._batch(batch)

    def _batch(self, product_ids: Sequence[int]) -> None:
        judged, left, failures = _despite_deadlocks(partial(self.judge_together, product_ids))
        self.judged += judged
        self.left |= left
        self.failures |= failures

    @transaction.atomic
    def judge_together(self, product_ids: Sequence[int]) -> tuple[int, set[int], dict[int, Exception]]:
        """One transaction: how many were judged, which were left, and which could not be judged."""
        locked = CurrentVerdict.objects.select_for_update(no_key=True, skip_locked=self.is_sharing).defer("body")
        currents = {row.product_id: row for row in locked.filter(product_id__in=product_ids).order_by("product_id")}
        left = set(product_ids) - set(currents)
        stale = [currents[key] for key in product_ids if key in currents and not currents[key].is_current(self.now)]
        if not stale:
            return 0, left, {}
        context = judging_context(stale, self.now)
        # What was read of those that are judged here is old by the time that they are: they are taken from `context.answers`
        # only after their own judgement.
        for current in stale:
            context.answers.pop(current.product_id, None)
        found: list[Judgement] = []
        failures: dict[int, Exception] = {}
        for current in stale:
            product_id = current.product_id
            if context.leans_on_stale(product_id, self.now):
                left.add(product_id)
                continue
            try:
                found.append(context.judge(current))
            except (DomainError, ValueError) as error:
                logger.exception("Data product %s could not be evaluated; its answer stays withheld.", product_id)
                failures[product_id] = error
        if found:
            context.write(found)
        return len(found), left, failures


def _despite_deadlocks(judge_once: Callable[[], Done]) -> Done:
    """Do it, again where PostgreSQL chose this transaction to end a deadlock.

    Judgements alone never cause one. A transaction that changes several products one after another, in any order, can.
    """
    for _ in range(_ATTEMPTS):
        try:
            return judge_once()
        except OperationalError as error:
            if connection.in_atomic_block or not isinstance(error.__cause__, DeadlockDetected):
                raise
            logger.warning("A judgement met a deadlock and is tried again.")
    return judge_once()


def _light_enough(product_ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """The same products in pieces whose facts, as far as they were stored before, fit into memory together."""
    if len(product_ids) == 1:
        yield product_ids
        return
    with connection.cursor() as cursor:
        # The length is read without the text: it stands beside the pointer to it.
        cursor.execute(
            "SELECT c.product_id, octet_length(v.facts) FROM trust_currentverdict c "
            "JOIN trust_verdict v ON v.id = c.verdict_row_id WHERE c.product_id = ANY (%s)",
            [list(product_ids)],
        )
        weights: dict[int, int] = dict(cursor.fetchall())
    piece: list[int] = []
    weight = 0
    for product_id in product_ids:
        if piece and weight + weights.get(product_id, 0) > _MOST_BYTES:
            yield piece
            piece, weight = [], 0
        piece.append(product_id)
        weight += weights.get(product_id, 0)
    yield piece


def _lock_closure(product_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT trust_lock_closure(ARRAY[%s]::bigint[])", [product_id])


def _invalidate_downstream(product_id: int, moment: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE trust_currentverdict SET invalidated = true, invalidated_at = %s "
            "WHERE NOT invalidated AND product_id <> %s AND product_id IN (SELECT trust_closure(ARRAY[%s]::bigint[]))",
            [moment, product_id, product_id],
        )
