"""What the parent of a worker's processes does for them: it keeps the leases of their runs, and ends what hangs.

A process that is stuck in C code holds the interpreter, so no thread of its own can renew a lease or stop it; only its parent
can. Celery's hard time limit ends the process. Until then the parent keeps the run's lease: otherwise the sweep would give the
run to the next process, which would hang as well.
"""

import logging
import os
import signal
import socket
import threading
import time
from typing import Any
from uuid import UUID

from billiard.exceptions import TimeLimitExceeded
from celery.signals import task_failure, worker_ready
from celery.worker import state
from django.db import DatabaseError, InterfaceError, connection

from trust.clock import database_now
from trust.evidence.services import runs
from trust.messages import RUN_TASK

logger = logging.getLogger(__name__)

_SECONDS_AFTER_LIMIT = 30.0
"""Once Celery's own limit should have ended a process, the watch ends it."""


def worker_name(pid: int) -> str:
    """How a process of this machine is called in the rows of runs."""
    return f"{socket.gethostname()}:{pid}"


@worker_ready.connect
def start_watch(**_kwargs: Any) -> None:
    """Watch from a thread of the parent, for as long as it lives."""
    threading.Thread(target=_watch, name="watch of runs", daemon=True).start()


def _watch() -> None:
    seen: dict[str, float] = {}
    while True:
        time.sleep(runs.lease().total_seconds() / 3)
        try:
            requests = {one.id: one for one in list(state.active_requests) if one.name == RUN_TASK and one.worker_pid}
        except RuntimeError:  # the set changed while it was read
            continue
        now = time.monotonic()
        seen = {name: seen.get(name, now) for name in requests}
        for name, request in requests.items():
            _end_overdue(request, now - seen[name])
        _keep([(UUID(str(request.args[0])), request.worker_pid) for request in requests.values() if request.args])


def _end_overdue(request: Any, age: float) -> None:
    """Celery forgets its own timers where its loop starts again."""
    limit = request.task.time_limit
    if limit and age > limit + _SECONDS_AFTER_LIMIT and request.worker_pid != os.getpid():
        logger.error("Process %s is stuck in task %s and is ended.", request.worker_pid, request.id)
        try:
            os.kill(request.worker_pid, signal.SIGKILL)
        except ProcessLookupError:
            return


def _keep(held: list[tuple[UUID, int]]) -> None:
    if not held:
        return
    try:
        now = database_now()
        for run_id, pid in held:
            runs.keep_lease(run_id=run_id, worker=worker_name(pid), now=now)
    except (DatabaseError, InterfaceError) as error:
        logger.warning("The leases of %d runs could not be kept yet: %s", len(held), error)
    finally:
        connection.close()  # a process that is forked now must not inherit it


@task_failure.connect
def give_up_lease(sender: Any = None, exception: Any = None, args: Any = (), **_kwargs: Any) -> None:
    """In the parent, when Celery ends a process: the sweep may take the run at once."""
    if not isinstance(exception, TimeLimitExceeded) or getattr(sender, "name", "") != RUN_TASK or not args:
        return
    try:
        runs.end_lease(run_id=UUID(str(args[0])), now=database_now())
    except (DatabaseError, InterfaceError) as error:
        logger.warning("The lease of run %s runs out by itself: %s", args[0], error)
    finally:
        connection.close()
    sender.app.send_task("trust.sweep_runs", retry=False)
