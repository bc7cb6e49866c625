"""Keeps a worker's hold on its run while the engine works, and ends the run when its time is over."""

import logging
import threading
import time
from collections.abc import Callable
from types import TracebackType

from django.db import DatabaseError, InterfaceError, connection

from trust.clock import database_now
from trust.evidence.services.runs import Claim, lease, renew_lease, time_limit, time_limit_failure
from trust.verdicts.services.run_conclusion import fail_run

logger = logging.getLogger(__name__)

_GRACE_SECONDS = 5.0  # for an engine to come back by itself once its time is over


class Heartbeat:
    """Renews the lease of a claim every third of it, from a thread with a database connection of its own, until left.

    Ends by itself when the claim is lost, or, having failed the run, when the attempt's time is over: whatever the
    engine then still finds is dropped for want of a valid claim. `on_hang` is called where the engine does not even come back
    some seconds after that. A database that cannot be reached is asked again.
    """

    def __init__(self, claim: Claim, on_hang: Callable[[], None]) -> None:
        self._claim = claim
        self._on_hang = on_hang
        self._left = threading.Event()
        self._deadline = time.monotonic() + time_limit().total_seconds()
        self._thread = threading.Thread(target=self._beat, name=f"heartbeat of run {claim.run_id}", daemon=True)

    def __enter__(self) -> "Heartbeat":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._left.set()
        self._thread.join(timeout=10)

    def _beat(self) -> None:
        pause = lease().total_seconds() / 3
        try:
            while not self._left.wait(max(0.0, min(pause, self._deadline - time.monotonic()))):
                if not self._is_still_held():
                    break
        finally:
            connection.close()
        if time.monotonic() >= self._deadline and not self._left.wait(_GRACE_SECONDS):
            logger.error("The engine does not come back from run %s.", self._claim.run_id)
            self._on_hang()

    def _is_still_held(self) -> bool:
        try:
            if time.monotonic() >= self._deadline:
                fail_run(claim=self._claim, failure=time_limit_failure(self._claim.started_at), now=database_now())
                return False
            if renew_lease(claim=self._claim, now=database_now()):
                return True
            logger.warning("Run %s was given to another worker: this one did not respond in time.", self._claim.run_id)
        except (DatabaseError, InterfaceError) as error:
            logger.warning("The lease of run %s could not be renewed yet: %s", self._claim.run_id, error)
            connection.close()
            self._left.wait(0.5)
            return True
        return False
