"""The end of a run: its results, the incidents that it opens or resolves, and the verdict, in one transaction."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from trust.evidence.models.run import Run
from trust.evidence.rules.evidence import Failure, RunEvidence
from trust.evidence.services.runs import (
    Claim,
    end_attempt,
    expired_runs,
    held,
    lost_worker,
    overdue_messages,
    store_results,
)
from trust.verdicts.models.verdict import Verdict
from trust.verdicts.services.judging import judge_product
from trust.verdicts.services.rule_incidents import settle_run


def complete_run(*, claim: Claim, evidence: RunEvidence, now: datetime) -> Verdict | None:
    """The verdict on what was found; None when the run is no longer held by this claim, and then nothing is written.

    Evidence that is a failure fails the run.
    """
    if evidence.failure is not None:
        return fail_run(claim=claim, failure=evidence.failure, now=now)
    with transaction.atomic():
        run = held(claim).select_for_update(no_key=True).first()
        if run is None:
            return None
        store_results(run=run, evidence=evidence, now=now)
        settle_run(run=run, now=now)
        return judge_product(product_id=claim.product_id, now=now, cause="run completed", run=run)


def fail_run(*, claim: Claim, failure: Failure, now: datetime) -> Verdict | None:
    """The verdict after a failed attempt; None when the run goes back to the queue, or is not held by this claim.

    A retryable failure goes back to the queue while attempts are left, each pause twice as long as the one before.
    """
    with transaction.atomic():
        run = held(claim).select_for_update(no_key=True).first()
        return None if run is None else _end_attempt(run, failure, claim.product_id, now)


def sweep_runs(*, now: datetime) -> list[UUID]:
    """Ids of the runs to enqueue: taken back from lost workers, or queued for so long that the message may be lost.

    A run that is out of attempts, or whose time is over, is failed instead.
    """
    expired = expired_runs(now)
    for run_id in expired.values_list("id", flat=True)[:500]:
        with transaction.atomic():  # one each: locks of several products at once could be taken in different orders
            run = (
                expired.select_for_update(of=("self",), no_key=True, skip_locked=True)
                .select_related("port")
                .filter(id=run_id)
                .first()
            )
            if run is not None:
                _end_attempt(run, lost_worker(run, now), run.port.product_id, now)
    return overdue_messages(now)


def _end_attempt(run: Run, failure: Failure, product_id: int, now: datetime) -> Verdict | None:
    if not end_attempt(run=run, failure=failure, now=now):
        return None
    settle_run(run=run, now=now)
    return judge_product(product_id=product_id, now=now, cause="run failed", run=run)
