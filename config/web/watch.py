"""Web processes that look after one another: one that does nothing any more is killed, and granian starts another.

A process whose interpreter is held by C code, or that is stopped, takes connections and never answers; nothing inside it can
notice. Each event loop writes the time into a file once a second, and kills a sibling whose time stands still too long.
"""

import asyncio
import contextlib
import logging
import os
import signal
import tempfile
import time
from pathlib import Path

TICK_SECONDS = 1.0
STILL_SECONDS = 20.0
"""Our choice: longer than any pause of a busy machine that was seen, shorter than the patience of most callers."""

log = logging.getLogger(__name__)


class Watch:
    """Of one process. The folder is named after the process that started it and its siblings."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.last = time.monotonic()
        self.folder = Path(tempfile.gettempdir(), f"touchstone-web-{os.getuid()}-{os.getppid()}")
        self.own = self.folder / str(os.getpid())

    def start(self) -> None:
        """Begin, unless there is no place of our own to write to: then nobody looks, and the log says so."""
        try:
            self.folder.mkdir(mode=0o700, exist_ok=True)
            if self.folder.is_symlink() or self.folder.stat().st_uid != os.getuid():
                raise PermissionError(f"{self.folder} is not ours")
            self._tick()
        except OSError as error:
            log.warning("Web processes do not look after one another: %s. A stopped one is found by /healthz only.", error)

    def stop(self) -> None:
        with contextlib.suppress(OSError):
            self.own.unlink(missing_ok=True)
            self.folder.rmdir()  # by the last one

    def _tick(self) -> None:
        now = time.monotonic()
        self.own.write_text(str(now))
        if now - self.last < 3 * TICK_SECONDS:  # else it was this process that stood still, perhaps with all others
            for file in self.folder.iterdir():
                self._look_at(file, now)
        self.last = now
        self.loop.call_later(TICK_SECONDS, self._tick)

    def _look_at(self, file: Path, now: float) -> None:
        with contextlib.suppress(OSError, ValueError):
            pid = int(file.name)
            if _parent_of(pid) != os.getppid():  # it ended, and the number may be somebody else's by now
                file.unlink(missing_ok=True)
            elif now - float(file.read_text()) > STILL_SECONDS:
                log.error("Web process %d did nothing for %.0f s and is killed; another takes its place.", pid, STILL_SECONDS)
                file.unlink(missing_ok=True)
                os.kill(pid, signal.SIGKILL)


def _parent_of(pid: int) -> int:
    """0 where there is no such process."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0
    return int(stat.rpartition(")")[2].split()[1])
