"""Tries and drafts that a worker does for who asks over HTTP. The row is the queue; it is kept for a day."""

import logging
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from catalog.models import Person
from catalog.rules.claims import PortClaims
from catalog.rules.errors import ConflictError, DomainError
from catalog.services.permissions import require_can_register
from trust.clock import database_now
from trust.evidence.rules.evidence import SourceProblemError
from trust.evidence.services.port_locations import demand_own_data
from trust.evidence.services.runs import storable, time_limit
from trust.intake.models.job import IntakeJob, IntakeJobKind
from trust.intake.services.drafting import draft_contract, draft_to_json, find_data
from trust.intake.services.trying import failed_trial, trial_to_json, try_contract
from trust.messages import enqueue_job

logger = logging.getLogger(__name__)

KEPT_FOR = timedelta(days=1)
MOST_WAITING = 5
"""Jobs of one person that have not ended (our choice): the engine of the workers is for everybody."""


def request_job(
    *, kind: IntakeJobKind, content: bytes = b"", filename: str = "", data: str = "", actor: Person, now: datetime
) -> IntakeJob:
    """A job in the queue. Raises `ForbiddenError` for who may not register, `ConflictError` where too many of theirs wait."""
    require_can_register(actor)
    waiting = IntakeJob.objects.filter(requested_by=actor, finished_at=None, requested_at__gt=now - time_limit())
    if waiting.count() >= MOST_WAITING:
        raise ConflictError(
            f"{MOST_WAITING} tries or drafts of {actor.username} have not ended yet.",
            remedy="Wait until one of them has ended, and ask again.",
            code="too_many_waiting",
        )
    job = IntakeJob.objects.create(
        kind=kind,
        content=content,
        filename=filename,
        data=data,
        requested_by=actor,
        requested_at=now,
        expires_at=now + KEPT_FOR,
    )
    transaction.on_commit(lambda: enqueue_job(job.id))
    return job


def do_job(*, job_id: UUID, now: datetime) -> None:
    """Do the job, if nobody has begun it. Whatever goes wrong is its result: nobody waits for ever."""
    if not IntakeJob.objects.filter(id=job_id, started_at=None).update(started_at=now):
        return
    job = IntakeJob.objects.select_related("requested_by").get(id=job_id)
    try:
        result = _result(job)
    except SourceProblemError as problem:
        failure = problem.failure
        result = _failed(job, failure.code, failure.message, failure.remedy)
    except DomainError as error:
        result = _failed(job, error.code, " ".join([error.message, *error.details]), error.remedy)
    except Exception as error:
        logger.exception("Job %s ended with an error.", job_id)
        remedy = "Ask the operator for the worker's log of this moment, and report it with the contract."
        result = _failed(job, "job_crashed", f"The {job.kind} ended with {type(error).__name__}.", remedy)
    IntakeJob.objects.filter(id=job_id).update(result=storable(result), finished_at=database_now())


def waiting_jobs(now: datetime) -> list[UUID]:
    """Ids of jobs whose message may be lost."""
    late = IntakeJob.objects.filter(started_at=None, requested_at__lt=now - timedelta(seconds=10))
    return list(late.values_list("id", flat=True)[:100])


def remove_expired_jobs(now: datetime) -> int:
    """Number of jobs that were kept for their day and are gone now."""
    return IntakeJob.objects.filter(expires_at__lte=now).delete()[0]


def end_lost_jobs(now: datetime) -> None:
    """Give a result to jobs whose worker never came back."""
    lost = IntakeJob.objects.filter(finished_at=None, started_at__lt=now - time_limit() - timedelta(minutes=1))
    remedy = "Make the data or the suite smaller, or raise TOUCHSTONE_RUN_TIME_LIMIT_SECONDS, and ask again."
    took = f"It took longer than {time_limit().total_seconds():.0f} s, or its worker was lost."
    for job in lost:
        job.result, job.finished_at = _failed(job, "time_limit", took, remedy), now
        job.save(update_fields=["result", "finished_at"])


def _failed(job: IntakeJob, code: str, message: str, remedy: str) -> dict[str, Any]:
    if job.kind == IntakeJobKind.DRAFT:
        return {"contract": None, "failure": {"code": code, "message": message, "remedy": remedy}}
    return failed_trial(code, message, remedy)


def _draft(job: IntakeJob, now: datetime) -> dict[str, Any]:
    """The draft of a file, without any of its values; nothing where another owner redacts fields of it."""
    path, kind, _ = find_data(job.data, settings.TOUCHSTONE.data_roots)  # of a folder with the slash that makes it one
    demand_own_data(PortClaims("draft", kind, path), slug="", actor=job.requested_by)
    return {**draft_to_json(draft_contract(data=job.data, now=now, show_values=False)), "failure": None}


def _result(job: IntakeJob) -> dict[str, Any]:
    if job.kind == IntakeJobKind.DRAFT:
        return _draft(job, database_now())
    trial = try_contract(
        content=bytes(job.content),
        filename=job.filename,
        actor=job.requested_by,
        now=database_now(),
        data=job.data,
    )
    return trial_to_json(trial)
