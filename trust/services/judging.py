"""Judges products on what the database knows, writes verdicts, and sees to it that no reader is served an old one.

Locks: every judgement first takes the current rows of the product and of everything downstream, in the order of product ids
(`trust_lock_closure`), as the triggers on the claims do. Whoever holds them has read what was committed before; whoever
changes a fact afterwards waits and then marks the row invalidated. No change is lost, and nobody waits in a circle.
"""

import logging
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime
from graphlib import CycleError, TopologicalSorter

from django.db import OperationalError, connection, transaction
from django.db.models import Max, Q, QuerySet
from psycopg.errors import DeadlockDetected

from catalog.models import InputPort
from catalog.rules.errors import DomainError
from trust.models import CurrentVerdict, Run, TrustPolicyVersion, Verdict
from trust.queries.basis import basis_of
from trust.queries.facts import facts_of
from trust.queries.policies import current_policy
from trust.rules.answer import evidence_at, ready_made
from trust.rules.codec import digest, dump_facts, dump_outcome, load_facts, load_outcome
from trust.rules.facts import ProductFacts
from trust.rules.judge import judge
from trust.rules.outcome import Outcome
from trust.rules.vocabulary import GateStatus
from trust.services.recalls import note_verdict_change

logger = logging.getLogger(__name__)


def judge_product(*, product_id: int, now: datetime, cause: str, run: Run | None = None) -> Verdict:
    """The verdict that stands for the product at `now`, judged on the facts as they are in the database.

    A new row is written where the facts, the trust policy or the answer differ from the last row, where that one's time is
    over, and always for a finished `run`, which the row then names. Everything downstream of a new row is judged again before
    it is next shown. `now` is moved on to the latest judgement that this one can see, should clocks differ.
    """
    with transaction.atomic():
        _lock_closure(product_id)
        current = CurrentVerdict.objects.select_related("verdict_row").get(product_id=product_id)
        moment = _not_before_what_is_known(product_id, now)
        policy_row, policy = current_policy()
        facts = facts_of(product_id, moment, window=policy.reliability_window)
        outcome = judge(facts, policy, moment)
        row = current.verdict_row
        if row is None or run is not None or not _still_stands(row, facts, policy_row, moment):
            before, row = row, _write_verdict(current, facts, outcome, policy_row, run=run, cause=cause)
            _invalidate_downstream(product_id, moment)
            note_verdict_change(product_id=product_id, before=before, after=row)
        else:
            outcome = load_outcome(row.outcome)
        _show(current, row, outcome)  # also where the row stands: the product's version and contract are shown, and not judged
        current.invalidated = _has_unjudged_upstream(product_id, moment)
        # While an input is unjudged nobody is shown this verdict: the change that led to it still waits for its answer.
        current.invalidated_at = (current.invalidated_at or moment) if current.invalidated else None
        current.save()
        return row


def ensure_current(product_ids: Collection[int], now: datetime) -> None:
    """See to it that the current rows of these products may be shown at `now`; every reader calls this first.

    Costs one query where nothing has to be judged. Else judges what is invalidated or past its time, upstreams first, each
    once: what is then shown was true at some moment after the call. Facts that change meanwhile mark the rows again.
    """
    stale = set(_stale(now).filter(product_id__in=product_ids).values_list("product_id", flat=True))
    for product_id in _upstreams_first(stale, now) if stale else ():
        _judge_despite_deadlocks(product_id, now)


def judge_stale(*, now: datetime, limit: int = 500) -> int:
    """Number of products found invalidated or past their time and judged again, the longest overdue first, at most `limit`.

    A product that cannot be judged is logged and passed over, so that it does not hold up the others.
    """
    stale = list(_stale(now).order_by("valid_until").values_list("product_id", flat=True)[:limit])
    return sum(_try_to_judge(product_id, now) for product_id in stale)


def judge_upstreams(*, product_id: int, now: datetime) -> None:
    """Judge the stale inputs of a product ahead of itself, so that its own verdict leans on nothing old.

    Not needed for correctness: while an input is unjudged the product's answer is withheld.
    """
    inputs = InputPort.objects.filter(product_id=product_id, upstream__current_verdict__in=_stale(now))
    for upstream_id in inputs.values_list("upstream_id", flat=True):
        _try_to_judge(upstream_id, now)


def _try_to_judge(product_id: int, now: datetime) -> bool:
    try:
        ensure_current([product_id], now)
    except (DomainError, ValueError):
        logger.exception("Data product %s could not be judged; its answer stays withheld.", product_id)
        return False
    return True


def _judge_despite_deadlocks(product_id: int, now: datetime) -> None:
    """Judge, again where PostgreSQL chose this transaction to end a deadlock.

    Judgements alone never cause one. A transaction that changes several products one after another, in any order, can.
    """
    for _ in range(3):
        try:
            judge_product(product_id=product_id, now=now, cause=_cause(product_id))
        except OperationalError as error:
            if connection.in_atomic_block or not isinstance(error.__cause__, DeadlockDetected):
                raise
            logger.warning("Judging data product %s met a deadlock and is tried again.", product_id)
        else:
            return
    judge_product(product_id=product_id, now=now, cause=_cause(product_id))


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


def _not_before_what_is_known(product_id: int, now: datetime) -> datetime:
    """`now`, or the latest judgement among the product and its inputs where that is later.

    Between taking the time and getting the locks, others may have judged: a verdict dated before theirs would not count what
    they saw, and the history of a product would run backwards.
    """
    known = CurrentVerdict.objects.filter(
        Q(product_id=product_id) | Q(product__downstream_ports__product_id=product_id)
    ).aggregate(latest=Max("judged_at"))["latest"]
    return max(now, known) if known else now


def _still_stands(row: Verdict, facts: ProductFacts, policy: TrustPolicyVersion, now: datetime) -> bool:
    """Whether `row` says what a new judgement would: same facts but for the moment of reading, same policy, in its time."""
    if row.policy_id != policy.id or row.valid_until <= now:
        return False
    return dump_facts(replace(load_facts(row.facts), known_at=facts.known_at)) == dump_facts(facts)


def _write_verdict(
    current: CurrentVerdict, facts: ProductFacts, outcome: Outcome, policy: TrustPolicyVersion, *, run: Run | None, cause: str
) -> Verdict:
    stored = dump_facts(facts)
    changed_at = current.invalidated_at if current.invalidated else None
    return Verdict.objects.create(
        product_id=current.product_id,
        verdict=outcome.verdict,
        raw_score=outcome.raw_score,
        score=outcome.score,
        effective_score=outcome.effective_score,
        grade=outcome.grade,
        failing_gates=[gate.gate for gate in outcome.gates if gate.status in {GateStatus.FAILED, GateStatus.UNKNOWN}],
        judged_at=outcome.judged_at,
        valid_until=outcome.valid_until,
        policy=policy,
        run=run,
        cause=cause,
        facts_changed_at=changed_at if changed_at and changed_at < outcome.judged_at else None,
        facts=stored.decode(),
        facts_sha256=digest(stored),
        outcome=dump_outcome(outcome).decode(),
    )


def _show(current: CurrentVerdict, row: Verdict, outcome: Outcome) -> None:
    """Copy onto the current row what lists and answers are read from. `outcome` is that of `row`, at whatever moment."""
    current.verdict_row = row
    current.verdict = row.verdict
    current.raw_score, current.score, current.effective_score = row.raw_score, row.score, row.effective_score
    current.grade = row.grade
    current.failing_gates = row.failing_gates
    current.judged_at, current.valid_until = row.judged_at, row.valid_until
    current.evidence_at = evidence_at(outcome)
    current.body = ready_made(outcome)
    current.reason_codes = [gate.code for gate in outcome.open_gates]
    current.basis = basis_of(current.product_id, outcome)


def _stale(now: datetime) -> QuerySet[CurrentVerdict]:
    return CurrentVerdict.objects.exclude(invalidated=False, valid_until__gt=now)


def _has_unjudged_upstream(product_id: int, now: datetime) -> bool:
    """Whether an input product waits to be judged: what is said here leans on its old answer and must not be shown yet.

    Inputs that are themselves built from the product stay out: in a circle everybody would wait for everybody.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM catalog_inputport i JOIN trust_currentverdict c ON c.product_id = i.upstream_id "
            "WHERE i.product_id = %s AND (c.invalidated OR c.valid_until IS NULL OR c.valid_until <= %s) "
            "AND i.upstream_id NOT IN (SELECT trust_closure(ARRAY[%s]::bigint[])))",
            [product_id, now, product_id],
        )
        found: tuple[bool] = cursor.fetchone()
    return found[0]


def _cause(product_id: int) -> str:
    current = CurrentVerdict.objects.only("invalidated", "verdict_row").get(product_id=product_id)
    if current.verdict_row_id is None:
        return "first judgement"
    return "facts changed" if current.invalidated else "time passed"


def _upstreams_first(products: Iterable[int], now: datetime) -> list[int]:
    """These products and whatever stale product they are built from, every one after its inputs. Circles are cut anywhere."""
    inputs: dict[int, set[int]] = {}
    frontier = set(products)
    while frontier:
        inputs |= {product_id: set() for product_id in frontier}
        pairs = InputPort.objects.filter(product_id__in=frontier, upstream__current_verdict__in=_stale(now))
        for product_id, upstream_id in pairs.values_list("product_id", "upstream_id"):
            inputs[product_id].add(upstream_id)
        frontier = {upstream for upstreams in inputs.values() for upstream in upstreams} - set(inputs)
    return _sorted_by_inputs(inputs)


def _sorted_by_inputs(inputs: dict[int, set[int]]) -> list[int]:
    while True:
        try:
            return list(TopologicalSorter(inputs).static_order())
        except CycleError as error:
            circle: list[int] = error.args[1]  # each node is an input of the next
            inputs[circle[1]].discard(circle[0])
