"""What workers and beat do. A task takes ids, calls one service and is safe to run twice; the rows are the truth."""

import logging
import os
import signal
from time import monotonic
from typing import Any
from uuid import UUID

from billiard import current_process
from celery import current_app, shared_task
from celery.signals import worker_init

from catalog.services import agreement_upkeep
from trust.clock import database_now
from trust.decisions.services import recall_notices
from trust.evidence.services import suites
from trust.evidence.worker_watch import worker_name
from trust.intake.services import jobs
from trust.ledger.services import ledger, ledger_checks, ledger_publishing, partitions
from trust.ledger.signing import KeyUnavailableError
from trust.messages import enqueue, enqueue_job
from trust.notices.services import account_notices, delivery
from trust.use_cases.services import use_case_upkeep
from trust.verdicts.services import execution, judging, product_upkeep, run_conclusion

logger = logging.getLogger(__name__)

JUDGING_SECONDS = 45.0  # our choice, as below
SEALING_SECONDS = 45.0  # our choice: before the next call comes, and other housekeeping has its turn
ASSESSING_SECONDS = 60.0  # our choice, as above; what is left comes first the next time


@worker_init.connect
def import_engine(**_kwargs: Any) -> None:
    """Import the engine before the pool forks: its processes share the memory, and no run waits for the import.

    What killed workers left of the data they read is removed.
    """
    from trust.evidence.engines import gx  # noqa: PLC0415  # web and beat never need it

    gx.remove_leftovers()


@shared_task(name="trust.execute_run")
def execute_run(run_id: str) -> None:
    """One attempt at a run, if it is there to be claimed.

    The heartbeat ends a run whose time is over, and this process if it hangs. Where the process is stuck in C code, no thread
    of it can do that: then Celery's hard limit, a little later, ends it from outside (`trust.evidence.worker_watch`).
    """
    execution.execute_run(run_id=UUID(run_id), worker=worker_name(os.getpid()), on_hang=_end_this_process)


def _end_this_process() -> None:
    """The pool replaces a process that dies; the worker itself, where there is no pool, is left alone."""
    if current_process().name != "MainProcess":
        os.kill(os.getpid(), signal.SIGKILL)


@shared_task(name="trust.do_job")
def do_job(job_id: str) -> None:
    """Try a contract, or draft one, if nobody has begun it."""
    jobs.do_job(job_id=UUID(job_id), now=database_now())


@shared_task(name="trust.look_after_jobs", expires=60)
def look_after_jobs() -> None:
    """Send lost messages again, end what lost its worker, and remove what was kept for its day."""
    now = database_now()
    for job_id in jobs.waiting_jobs(now):
        enqueue_job(job_id)
    jobs.end_lost_jobs(now)
    jobs.remove_expired_jobs(now)


@shared_task(name="trust.queue_due_runs", expires=60)
def queue_due_runs() -> None:
    """Queue the runs that schedules ask for."""
    enqueue(suites.queue_due_runs(now=database_now()))


@shared_task(name="trust.sweep_runs", expires=60)
def sweep_runs() -> None:
    """Take back the runs of lost workers, and send the messages again that a broker may have lost."""
    waiting = run_conclusion.sweep_runs(now=database_now())
    if waiting and _messages_on_their_way() < len(waiting):  # else workers are busy, and nothing is lost
        enqueue(waiting)


@shared_task(name="trust.judge_stale", expires=60)
def judge_stale() -> None:
    """Judge what time or facts have outdated, so that readers seldom have to wait for it."""
    judging.judge_stale(now=database_now(), seconds=JUDGING_SECONDS)


@shared_task(name="trust.count_daily_verdicts", expires=3600)
def count_daily_verdicts() -> None:
    """Count how the products stood at the end of each day that is over, for the trend of the desk."""
    product_upkeep.count_daily_verdicts(now=database_now())


@shared_task(name="trust.carry_out_recalls", expires=60)
def carry_out_recalls() -> None:
    """Tell whoever relied on a product whose verdict fell and stayed down, or rose again and stayed up."""
    recall_notices.carry_out_recalls(now=database_now())


@shared_task(name="trust.look_after_agreements", expires=60)
def look_after_agreements() -> None:
    """Write down which agreements have run out, and remind of those that soon will."""
    agreement_upkeep.expire_agreements(now=database_now())
    agreement_upkeep.remind_of_ends(now=database_now())


@shared_task(name="trust.look_after_products", expires=600)
def look_after_products() -> None:
    """Remind of acknowledgements and reviews that fall due and of waivers that end."""
    product_upkeep.look_after_products(now=database_now())


@shared_task(name="trust.look_after_use_cases", expires=300)
def look_after_use_cases() -> None:
    """Assess use cases, end overrides, tell of what fell and what is back, and remind of what falls due."""
    until = monotonic() + ASSESSING_SECONDS
    use_case_upkeep.look_after_readiness(now=database_now(), is_over=lambda: monotonic() > until)
    use_case_upkeep.remind(now=database_now())


@shared_task(name="trust.tell_of_account_changes", expires=60)
def tell_of_account_changes() -> None:
    """Notify governance of accounts that were changed."""
    account_notices.tell_of_account_changes(now=database_now())


@shared_task(name="trust.deliver_notices", expires=60)
def deliver_notices() -> None:
    """Send the e-mails and webhooks that are due. Several at once share the work."""
    delivery.deliver_due(now=database_now())


@shared_task(name="trust.make_partitions", expires=3600)
def make_partitions() -> None:
    """Keep the decision log's partitions of the coming year made, and complain where rows came before their partition."""
    if made := partitions.make_partitions():
        logger.info("Made %d partitions of the decision log.", made)
    if waiting := partitions.rows_without_partition():
        logger.warning(partitions.WARNING, waiting)


@shared_task(name="trust.seal_ledger", expires=60)
def seal_ledger() -> None:
    """Seal what was written since the last batch, and publish what is sealed. A backlog is worked off over several calls."""
    until = monotonic() + SEALING_SECONDS
    try:
        for _ in ledger.seal():
            if monotonic() > until:
                break
    except KeyUnavailableError as error:
        logger.error("The ledger is not sealed: %s", error)
    ledger_publishing.publish()


@shared_task(name="trust.check_ledger", expires=60)
def check_ledger() -> None:
    """Prove the ledger where somebody asked for it. Without a waiting check this costs two queries."""
    ledger_checks.carry_out_ledger_check()


def _messages_on_their_way() -> int:
    with current_app.connection_for_read() as connection:
        # kombu's types say that this is a name; it is what the broker answers.
        declared: Any = current_app.amqp.queues["runs"](connection.default_channel).queue_declare()
        count: int = declared.message_count
    return count
