"""The Celery application. Messages carry ids only: the rows in PostgreSQL are the truth, the broker may lose everything."""

import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, worker_init
from kombu import Queue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# Django's checks import the whole API, which workers and beat have no use for; `bin/test` makes them.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

from config.environment import Environment
from config.postgresql.limits import use, worker_limits

environment = Environment()
SENDER_TIMEOUT_SECONDS = 2.0  # of who only sends a message


def limit_waits(**_signal: Any) -> None:
    """Of workers and beat for the database; in time for the pool, whose processes are forked."""
    use(worker_limits(environment))


worker_init.connect(limit_waits)
beat_init.connect(limit_waits)


def limit_sending() -> None:
    """For the web, which only sends: a frozen broker is not waited for either. The sweep sends the message later."""
    app.conf.broker_transport_options = {**app.conf.broker_transport_options, "socket_timeout": SENDER_TIMEOUT_SECONDS}


RUN_GRACE_SECONDS = 15.0
"""For a process that can still end its run by itself once the run's time is over."""
TASK_SECONDS = 600.0
"""Hard limit of every other task (our choice): each takes a minute at most and is asked for again by beat."""

app = Celery("touchstone")
app.conf.update(
    broker_url=environment.redis_url.get_secret_value(),
    result_backend=None,
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    # Hard limits: the parent ends the process, whatever code it is stuck in, and the message counts as done.
    task_time_limit=TASK_SECONDS,
    task_annotations={
        "trust.execute_run": {"time_limit": environment.run_time_limit_seconds + RUN_GRACE_SECONDS},
        "trust.do_job": {"time_limit": environment.run_time_limit_seconds + RUN_GRACE_SECONDS},
        "trust.check_ledger": {"time_limit": 6 * 3600.0},  # it reads the whole ledger
    },
    worker_prefetch_multiplier=1,
    worker_max_tasks_per_child=200,  # engines hold native memory; a fresh child gives it back
    worker_cancel_long_running_tasks_on_connection_loss=False,  # the lease decides, not the broker connection
    broker_connection_retry_on_startup=True,
    broker_connection_timeout=2.0,
    broker_connection_max_retries=None,  # a worker waits for its broker for ever
    broker_transport_options={
        "visibility_timeout": 2 * environment.run_time_limit_seconds,
        # Who only sends a message does not wait: the row stays queued, and the sweep sends the message later.
        "max_retries": 1,
        "interval_start": 0.0,
        "interval_step": 0.1,
        "interval_max": 0.1,
        "socket_connect_timeout": 2.0,
        "socket_timeout": 20.0,
        "socket_keepalive": True,
        "health_check_interval": 10,
    },
    # Queues are served in turn: neither a thousand waiting runs nor a slow webhook holds up the sweep and the judging.
    task_queues=[Queue("housekeeping"), Queue("runs"), Queue("notices")],
    task_default_queue="housekeeping",
    task_routes={
        "trust.execute_run": {"queue": "runs"},
        "trust.do_job": {"queue": "runs"},
        "trust.deliver_notices": {"queue": "notices"},
    },
    task_serializer="json",
    accept_content=["json"],
    timezone="UTC",
    beat_schedule={
        "queue-due-runs": {"task": "trust.queue_due_runs", "schedule": 60.0},
        "sweep-runs": {"task": "trust.sweep_runs", "schedule": min(15.0, environment.run_lease_seconds / 2)},
        "look-after-jobs": {"task": "trust.look_after_jobs", "schedule": 60.0},
        "judge-stale": {"task": "trust.judge_stale", "schedule": 60.0},
        "carry-out-recalls": {"task": "trust.carry_out_recalls", "schedule": 60.0},
        "check-ledger": {"task": "trust.check_ledger", "schedule": 60.0},
        "seal-ledger": {"task": "trust.seal_ledger", "schedule": 60.0},
        "look-after-agreements": {"task": "trust.look_after_agreements", "schedule": 60.0},
        "look-after-products": {"task": "trust.look_after_products", "schedule": 600.0},
        "look-after-use-cases": {"task": "trust.look_after_use_cases", "schedule": 300.0},
        "tell-of-account-changes": {"task": "trust.tell_of_account_changes", "schedule": 60.0},
        "deliver-notices": {"task": "trust.deliver_notices", "schedule": 60.0},
        # Once a day would do, but a beat that is restarted each night would never come to it.
        "make-partitions": {"task": "trust.make_partitions", "schedule": 3600.0},
        "count-daily-verdicts": {"task": "trust.count_daily_verdicts", "schedule": 3600.0},
    },
)
app.autodiscover_tasks(["trust"])
