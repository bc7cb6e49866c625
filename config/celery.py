"""The Celery application. Messages carry ids only: the rows in PostgreSQL are the truth, the broker may lose everything."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from config.environment import Environment

environment = Environment()

app = Celery("touchstone")
app.conf.update(
    broker_url=environment.redis_url.get_secret_value(),
    result_backend=None,
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    worker_max_tasks_per_child=200,  # engines hold native memory; a fresh child gives it back
    worker_cancel_long_running_tasks_on_connection_loss=False,  # the lease decides, not the broker connection
    broker_connection_retry_on_startup=True,
    broker_transport_options={"visibility_timeout": 2 * environment.run_time_limit_seconds},
    task_serializer="json",
    accept_content=["json"],
    timezone="UTC",
    beat_schedule={
        "queue-due-runs": {"task": "trust.queue_due_runs", "schedule": 60.0},
        "sweep-runs": {"task": "trust.sweep_runs", "schedule": min(15.0, environment.run_lease_seconds / 2)},
        "judge-stale": {"task": "trust.judge_stale", "schedule": 60.0},
    },
)
app.autodiscover_tasks(["trust"])
