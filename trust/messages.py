"""Messages to the workers: that a row waits. Send them after commit.

An unavailable broker loses nothing: the rows keep their state, and beat sends the messages once the broker is back.
"""

import logging
from collections.abc import Iterable
from uuid import UUID

from celery import current_app
from kombu.exceptions import KombuError
from kombu.exceptions import OperationalError as BrokerError

logger = logging.getLogger(__name__)

RUN_TASK = "trust.execute_run"
JOB_TASK = "trust.do_job"
_SECONDS_OF_REQUESTS = 60  # beat asks again each minute


def enqueue(run_ids: Iterable[UUID]) -> None:
    """Ask the workers to execute queued runs."""
    waiting = [str(run_id) for run_id in run_ids]
    try:
        with current_app.producer_or_acquire() as producer:
            for run_id in waiting:
                current_app.send_task(RUN_TASK, args=(run_id,), producer=producer, retry=False)
    except (BrokerError, KombuError, OSError) as error:
        logger.warning("The broker is unavailable (%s); %d runs stay queued until it is back.", error, len(waiting))


def enqueue_job(job_id: UUID) -> None:
    """Ask the workers to do a job."""
    try:
        current_app.send_task(JOB_TASK, args=(str(job_id),), retry=False)
    except (BrokerError, KombuError, OSError) as error:
        logger.warning("The broker is unavailable (%s); job %s waits until it is back.", error, job_id)


def enqueue_deliveries() -> None:
    """Ask the workers to send pending notifications."""
    _request("trust.deliver_notices")


def enqueue_ledger_check() -> None:
    """Ask the workers to carry out a pending check of the ledger."""
    _request("trust.check_ledger")


def _request(task: str) -> None:
    try:
        current_app.send_task(task, retry=False, expires=_SECONDS_OF_REQUESTS)
    except (BrokerError, KombuError, OSError) as error:
        logger.warning("The broker is unavailable (%s); %s starts once it is back.", error, task)
