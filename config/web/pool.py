"""The threads that answer. A request that finds all of them busy waits its turn, but not for ever."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue

log = logging.getLogger(__name__)

Work = Callable[[], None]


class Job:
    """One request that waits. The first to take it deals with it: a thread, or the end of its patience. No other keeps it."""

    __slots__ = ("_claim", "_give_up", "_work", "since")

    def __init__(self, work: Work, give_up: Work) -> None:
        self._work, self._give_up = work, give_up
        self.since = time.monotonic()
        self._claim = threading.Lock()

    @property
    def is_taken(self) -> bool:
        return self._claim.locked()

    def take(self) -> tuple[Work, Work] | None:
        """What is to be done, and what instead, for the first who asks; None for everybody else."""
        if not self._claim.acquire(blocking=False):
            return None
        taken = self._work, self._give_up
        del self._work, self._give_up  # they hold the request and its connection
        return taken


class Pool:
    """A fixed number of threads with one queue. Each thread keeps a database connection, as Django's do."""

    def __init__(self, name: str, threads: int) -> None:
        self._queue: SimpleQueue[Job | None] = SimpleQueue()
        self._waiting: deque[Job] = deque()  # touched by the event loop only
        self._threads = [threading.Thread(target=self._serve, name=f"{name}-{n}", daemon=True) for n in range(1, threads + 1)]
        for thread in self._threads:
            thread.start()

    def submit(self, work: Work, give_up: Work) -> None:
        """Have `work` done by a thread, or `give_up` called by `expire` when none is free in time. For the event loop."""
        job = Job(work, give_up)
        self._forget_taken()
        self._waiting.append(job)
        self._queue.put(job)

    def expire(self, patience_seconds: float) -> None:
        """Give up the requests that have waited longer. For the event loop, some times a second."""
        self._forget_taken()
        oldest = time.monotonic() - patience_seconds
        while self._waiting and self._waiting[0].since < oldest:
            if taken := self._waiting.popleft().take():
                taken[1]()

    def close(self, seconds: float) -> None:
        """Let the threads finish what they do, at most so long."""
        deadline = time.monotonic() + seconds
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _serve(self) -> None:
        while (job := self._queue.get()) is not None:
            taken = job.take()
            if taken is None:
                continue
            try:
                taken[0]()
            except BaseException:  # the thread must live on, whatever one request does
                log.exception("A request could not be answered")
            del job, taken

    def _forget_taken(self) -> None:
        while self._waiting and self._waiting[0].is_taken:
            self._waiting.popleft()
