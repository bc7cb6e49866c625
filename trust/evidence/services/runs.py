"""The queue of runs: asking for one, claiming it, holding it by a lease, finishing it, and taking back what a worker lost.

The row is the queue. A claim is one conditional update; whoever finishes a run proves with the token of the claim that it
is still his, in the transaction that writes the results and the verdict. So a run that two workers executed still has one
result and one verdict. Locks are taken in the order run, then current rows (as the trigger on finished runs does).

Real data holds texts and numbers that PostgreSQL's JSON type refuses; `storable` replaces them.
"""

import logging
import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet

from catalog.models import OutputPort, Person
from catalog.rules.errors import ConflictError
from catalog.rules.expectation import Json
from catalog.rules.moments import shown
from catalog.rules.texts import storable_text
from catalog.rules.vocabulary import Lifecycle
from catalog.services.permissions import require_can_look_after
from trust.evidence.models.run import CheckResult, Run, RunCause
from trust.evidence.models.suite import Suite
from trust.evidence.queries.facts import port_digest
from trust.evidence.rules.dimensions import dimension_of
from trust.evidence.rules.evidence import CheckEvidence, Failure, RunEvidence
from trust.evidence.rules.figures import figures_to_json
from trust.vocabulary import RunStatus


def storable(value: Json) -> Json:
    """`value` with NUL characters and lone surrogates as U+FFFD, and with `nan`, `inf` and `-inf` as texts."""
    if isinstance(value, str):
        return storable_text(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, list | tuple):
        return [storable(item) for item in value]
    if isinstance(value, dict):
        return {storable_text(str(key)): storable(item) for key, item in value.items()}
    return value


logger = logging.getLogger(__name__)

_FIRST_PAUSE = timedelta(seconds=5)
_LONGEST_PAUSE = timedelta(minutes=5)
_MESSAGE_IS_LATE = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Claim:
    """A worker's hold on a running row: `token` proves it, until the lease runs out and another takes the row."""

    run_id: UUID
    product_id: int
    token: UUID
    attempt: int
    started_at: datetime


def request_run(*, port: OutputPort, actor: Person | None, now: datetime, cause: RunCause = RunCause.REQUEST) -> Run:
    """A queued run of the port's suite: a new one, or the one that is queued already.

    Raises `ConflictError` for a retired product, a removed port and a port without a suite, `ForbiddenError` for whoever may
    not ask.
    Enqueue the run after commit (`trust.messages.enqueue`).
    """
    require_can_look_after(actor, port.product)
    if port.product.lifecycle == Lifecycle.RETIRED:
        raise ConflictError(
            f"Data product {port.product.slug} is retired, so its port {port.name} is not run any more.",
            remedy="Publish the product again first, if you need it.",
            code="product_retired",
        )
    if port.removed_at is not None:
        raise ConflictError(
            f"Data product {port.product.slug} no longer offers port {port.name}, so it is not run any more.",
            remedy="Register a contract that has the port, if you need it again.",
            code="port_removed",
        )
    suite = Suite.objects.filter(port=port, is_current=True).first()
    if suite is None:
        raise ConflictError(
            f"Port {port.name} of data product {port.product.slug} has no suite, so there is nothing to run.",
            remedy="Give its contract quality rules and register it again.",
            code="port_without_suite",
        )
    for _ in range(10):
        run = Run(
            port=port,
            suite=suite,
            cause=cause,
            requested_by=actor,
            requested_at=now,
            not_before=now,
            max_attempts=settings.TOUCHSTONE.run_max_attempts,
        )
        # The database keeps one queued run per port; on a conflict the other one serves as well, unless it was just claimed.
        Run.objects.bulk_create([run], ignore_conflicts=True)
        queued = Run.objects.filter(port=port, status=RunStatus.QUEUED).first()
        if queued is not None:
            return queued
    raise ConflictError(
        f"Runs of port {port.name} of data product {port.product.slug} are claimed faster than they are requested.",
        remedy="Check the runs in progress, then try again.",
        code="runs_busy",
    )


def claim_run(*, run_id: UUID, worker: str, now: datetime) -> Claim | None:
    """The hold of `worker` on a queued run, for one lease; None when there is nothing to take, which is normal.

    The claim also fixes what is run: the suite and the place that are the port's at this moment.
    """
    with transaction.atomic():
        run = (
            Run.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
            .select_related("port")
            .filter(id=run_id, status=RunStatus.QUEUED, not_before__lte=now)
            .first()
        )
        if run is None:
            return None
        suite_id = Suite.objects.filter(port=run.port, is_current=True).values_list("id", flat=True).first()
        token = uuid4()
        Run.objects.filter(id=run_id).update(
            status=RunStatus.RUNNING,
            attempt=F("attempt") + 1,
            worker=worker[:200],
            lease_token=token,
            lease_expires_at=now + lease(),
            started_at=now,
            suite_id=suite_id or run.suite_id,
            port_digest=port_digest(run.port),
        )
        return Claim(run_id, run.port.product_id, token, run.attempt + 1, now)


def renew_lease(*, claim: Claim, now: datetime) -> bool:
    """Whether the run is still held by this claim; if so, for one lease more."""
    return held(claim).update(lease_expires_at=now + lease()) == 1


def keep_lease(*, run_id: UUID, worker: str, now: datetime) -> None:
    """Renew the lease of the run that `worker` holds, until the attempt's time is over; by its parent, should it be stuck."""
    held = Run.objects.filter(id=run_id, status=RunStatus.RUNNING, worker=worker, started_at__gt=now - time_limit())
    held.update(lease_expires_at=now + lease())


def end_lease(*, run_id: UUID, now: datetime) -> None:
    """Let the next sweep fail the run, whose time is over and whose process was ended."""
    over = Run.objects.filter(id=run_id, status=RunStatus.RUNNING, started_at__lte=now - time_limit())
    over.update(lease_expires_at=now)


def lease() -> timedelta:
    """How long a worker may be silent."""
    return timedelta(seconds=settings.TOUCHSTONE.run_lease_seconds)


def time_limit() -> timedelta:
    """How long one attempt may take."""
    return timedelta(seconds=settings.TOUCHSTONE.run_time_limit_seconds)


def time_limit_failure(started_at: datetime) -> Failure:
    """The failure of an attempt that took too long. It is not tried again: it would take as long."""
    return Failure(
        code="time_limit",
        message=f"The run that began at {shown(started_at)} took longer than {time_limit().total_seconds():.0f} s.",
        remedy="Make the suite smaller, or raise TOUCHSTONE_RUN_TIME_LIMIT_SECONDS, then request a new run.",
    )


def store_results(*, run: Run, evidence: RunEvidence, now: datetime) -> None:
    """Complete the run with what an engine found. Judging it is `trust.verdicts.services.run_conclusion`'s."""
    CheckResult.objects.bulk_create(
        [_row(run, position, result) for position, result in enumerate(evidence.results)], batch_size=500
    )
    run.status = RunStatus.COMPLETED
    run.finished_at = now
    run.failure = None
    run.evidence_status = evidence.status
    run.rows = evidence.rows
    run.seconds = evidence.seconds
    run.columns = [
        {"name": storable_text(c.name), "physical_type": c.physical_type, "logical_types": sorted(c.logical_types)}
        for c in evidence.columns
    ]
    run.data_time = evidence.data_time
    run.reading = dict(evidence.reading)
    run.figures = {} if evidence.figures is None else storable(figures_to_json(evidence.figures))
    run.save()


def end_attempt(*, run: Run, failure: Failure, now: datetime) -> bool:
    """Whether the run failed for good; a retryable failure puts it back into the queue while attempts are left."""
    reason = {"code": failure.code, "message": failure.message, "remedy": failure.remedy}
    if failure.retryable and run.attempt < run.max_attempts:
        logger.warning("Run %s goes back to the queue: %s", run.id, failure.message)
        pause = min(_FIRST_PAUSE * (1 << (run.attempt - 1)), _LONGEST_PAUSE)
        _put_back(run, reason, now + (timedelta(0) if failure.code == "worker_lost" else pause))
        return False
    logger.warning("Run %s failed: %s", run.id, failure.message)
    run.status = RunStatus.FAILED
    run.finished_at = now
    run.failure = reason
    run.save()
    return True


def expired_runs(now: datetime) -> QuerySet[Run]:
    """Runs whose lease has run out, the longest overdue first."""
    return Run.objects.filter(status=RunStatus.RUNNING, lease_expires_at__lte=now).order_by("lease_expires_at")


def overdue_messages(now: datetime) -> list[UUID]:
    """Ids of queued runs whose message may be lost, or whose pause before a further attempt is over."""
    late = Run.objects.filter(status=RunStatus.QUEUED).filter(
        Q(not_before__lte=now - _MESSAGE_IS_LATE) | Q(not_before__lte=now, attempt__gt=0)
    )
    return list(late.order_by("not_before").values_list("id", flat=True)[:500])


def held(claim: Claim) -> QuerySet[Run]:
    """The run, while this claim holds it."""
    return Run.objects.filter(id=claim.run_id, status=RunStatus.RUNNING, lease_token=claim.token)


def lost_worker(run: Run, now: datetime) -> Failure:
    """Why a run whose lease ran out did not end. Whoever kills every worker (memory, a crash) does so `max_attempts` times."""
    if run.started_at is not None and now - run.started_at >= time_limit():
        return time_limit_failure(run.started_at)
    return Failure(
        code="worker_lost",
        message=f"The worker {run.worker} stopped responding (attempt {run.attempt} of {run.max_attempts}).",
        remedy="Check the worker's log and the memory of its machine, then request a new run.",
        retryable=True,
    )


def _put_back(run: Run, reason: dict[str, str], not_before: datetime) -> None:
    """Queue the run again; where a newer run of the port waits already, keep its row under a lease until `not_before`."""
    this = Run.objects.filter(id=run.id)
    try:
        with transaction.atomic():
            this.update(
                status=RunStatus.QUEUED,
                not_before=not_before,
                failure=reason,
                worker="",
                lease_token=None,
                lease_expires_at=None,
                started_at=None,
            )
    except IntegrityError:  # one queued run per port; the sweeper tries again once that one is claimed
        this.update(lease_token=uuid4(), lease_expires_at=not_before, failure=reason)


def _row(run: Run, position: int, result: CheckEvidence) -> CheckResult:
    expectation = result.expectation
    return CheckResult(
        run=run,
        position=position,
        type=expectation.type,
        kwargs=dict(expectation.kwargs),
        meta=dict(expectation.meta),
        dimension=expectation.dimension or dimension_of(expectation.type),
        severity=expectation.severity,
        status=result.status,
        element_count=result.element_count,
        missing_count=result.missing_count,
        unexpected_count=result.unexpected_count,
        unexpected_percent=result.unexpected_percent,
        observed_value=storable(result.observed_value),
        samples=storable(list(result.samples)),
        message=storable_text(result.message),
    )
