"""Checks of the ledger that somebody asked for: one at a time, by a worker, with its progress in the row that asked."""

import logging
from datetime import datetime, timedelta
from time import monotonic

from django.db import DatabaseError, IntegrityError, transaction
from joserfc.jwk import OKPKey

from catalog.models import Person
from catalog.rules.errors import ConflictError, ForbiddenError
from catalog.services.notifications import notify
from catalog.services.permissions import sees_everything
from trust.clock import database_now
from trust.ledger.models.audit import LedgerCheck
from trust.ledger.models.ledger import LedgerBatch
from trust.ledger.services.ledger_verification import Against, BrokenLedgerError, Keys, verify
from trust.ledger.signing import own_jwks
from trust.vocabulary import LedgerCheckStatus

logger = logging.getLogger(__name__)

LOST_AFTER = timedelta(minutes=15)
"""Whoever gave no sign of life for so long is gone (our choice; a batch takes seconds)."""
SECONDS_BETWEEN_SIGNS = 2.0


def may_check_ledger(person: Person) -> bool:
    """Governance and auditors."""
    return sees_everything(person)


def request_ledger_check(*, actor: Person, now: datetime) -> LedgerCheck:
    """A check that waits for a worker. Raises `ForbiddenError`, and `ConflictError` while another one is under way."""
    if not may_check_ledger(actor):
        raise ForbiddenError(
            f"{actor.username} may not have the ledger checked: that is for governance and auditors.",
            remedy="Ask one of them, or verify a decision yourself: GET /api/v1/decisions/{id}/proof.",
        )
    _give_up_lost(now)
    try:
        with transaction.atomic():
            return LedgerCheck.objects.create(requested_by=actor, requested_at=now)
    except IntegrityError as error:
        raise ConflictError(
            "The ledger is being checked already.",
            remedy="Wait for that check: its progress shows in the list.",
            code="check_open",
        ) from error


def carry_out_ledger_check() -> LedgerCheck | None:
    """Work off the check that waits; None where none does, or another worker has it. Safe to run twice.

    Not one transaction: each batch is proved in one of its own, and progress is to be seen meanwhile.
    """
    now = database_now()
    _give_up_lost(now)
    check = LedgerCheck.objects.filter(status=LedgerCheckStatus.WAITING).first()
    started = {"status": LedgerCheckStatus.RUNNING, "started_at": now, "progress_at": now}
    if check is None or not LedgerCheck.objects.filter(pk=check.pk, status=LedgerCheckStatus.WAITING).update(**started):
        return None
    keys, believed = _believed()
    LedgerCheck.objects.filter(pk=check.pk).update(believed=believed, batches_to_do=LedgerBatch.objects.count())
    try:
        batches, rows = _prove(check, keys)
    except BrokenLedgerError as error:
        _end(check, LedgerCheckStatus.BROKEN, fault=error.message, remedy=error.remedy)
        _tell(check, error)
    except DatabaseError as error:
        logger.exception("The check %d of the ledger could not be carried to its end.", check.pk)
        message = str(error).strip().partition("\n")[0] or type(error).__name__
        _end(check, LedgerCheckStatus.FAILED, fault=f"The database refused: {message}", remedy="Request the check again.")
    else:
        _end(check, LedgerCheckStatus.HOLDS, batches=batches, rows=rows)
    check.refresh_from_db()
    return check


def _prove(check: LedgerCheck, keys: Keys | None) -> tuple[int, int]:
    """Batches and rows that hold. Raises BrokenLedgerError."""
    batches = rows = 0
    shown_at = monotonic()
    for proved in verify(against=Against(keys=keys)):
        batches, rows = batches + 1, rows + proved.rows
        if monotonic() - shown_at > SECONDS_BETWEEN_SIGNS:
            shown_at = monotonic()
            _running(check).update(batches=batches, rows=rows, progress_at=database_now())
    _running(check).update(batches=batches, rows=rows)
    return batches, rows


def _believed() -> tuple[Keys | None, str]:
    """The keys of this installation's folder; without one, those that the database holds."""
    if own := own_jwks()["keys"]:
        return {jwk["kid"]: OKPKey.import_key(dict(jwk)) for jwk in own}, "this installation's folder"
    return None, "this database, which an intruder with write access could change too"


def _running(check: LedgerCheck):  # type: ignore[no-untyped-def]
    """The row, while it is still this worker's: one that was given up as lost is left as it is."""
    return LedgerCheck.objects.filter(pk=check.pk, status=LedgerCheckStatus.RUNNING)


def _end(check: LedgerCheck, status: LedgerCheckStatus, **found: str | int) -> None:
    now = database_now()
    _running(check).update(status=status, finished_at=now, progress_at=now, **found)


def _give_up_lost(now: datetime) -> None:
    lost = LedgerCheck.objects.filter(status=LedgerCheckStatus.RUNNING, progress_at__lt=now - LOST_AFTER)
    lost.update(
        status=LedgerCheckStatus.FAILED,
        finished_at=now,
        fault="The worker stopped responding for a quarter of an hour.",
        remedy="Request the check again.",
    )


def _tell(check: LedgerCheck, error: BrokenLedgerError) -> None:
    """Governance learns of it at once, whoever asked."""
    governance = Person.objects.governance()
    notify(
        key=f"ledger.broken:{check.pk}",
        kind="ledger.broken",
        subject="The ledger is broken",
        text=f"{error}\n\nFound by the check of the ledger {check.pk}, requested by {check.requested_by}.",
        now=database_now(),
        persons=governance,
        payload={"check": check.pk, "fault": error.message, "remedy": error.remedy},
    )
