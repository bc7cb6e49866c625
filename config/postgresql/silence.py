"""Remembers that the server did not answer in time, so that only one request at a time finds out whether it does again."""

import threading
import time

from config.postgresql.limits import PROBE_SECONDS


class Silence:
    """One in each process. Threads ask before they wait for the server."""

    def __init__(self) -> None:
        self.is_on = False
        self._lock = threading.Lock()
        self._next_probe_at = 0.0

    def begin(self) -> None:
        with self._lock:
            self.is_on, self._next_probe_at = True, time.monotonic() + PROBE_SECONDS

    def end(self) -> None:
        with self._lock:
            self.is_on = False

    def may_probe(self) -> bool:
        """True for one thread in each `PROBE_SECONDS`, and for all once the server has answered."""
        if not self.is_on:
            return True
        with self._lock:
            now = time.monotonic()
            if now < self._next_probe_at:
                return False
            self._next_probe_at = now + 2 * PROBE_SECONDS
            return True
