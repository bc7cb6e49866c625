"""The temporary folder of a run on files: marked as in use, bounded in size, and removed also when its process was killed."""

import fcntl
import logging
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

logger = logging.getLogger(__name__)

PREFIX = "touchstone-"
_MARK = "in-use"
_SECONDS_BETWEEN_LOOKS = 0.2
_SECONDS_TO_MARK = 3600.0
"""A folder without a mark is being made, or was left by a version that made none."""


class RunFolder:
    """A folder of its own, locked for as long as this process lives or until it is removed."""

    def __init__(self, parent: str | None) -> None:
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        self._descriptor = os.open(self.path / _MARK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._descriptor)

    def size(self) -> int:
        """Bytes on disk of everything inside; what goes away while it is looked at counts for nothing."""
        total = 0
        for folder, _, names in os.walk(self.path):
            for name in names:
                try:
                    total += (Path(folder) / name).stat().st_size
                except OSError:
                    continue
        return total


class SizeGuard:
    """Calls `stop` again and again, from a thread, while the folder is larger than `most` bytes."""

    def __init__(self, folder: RunFolder, most: int, stop: Callable[[], None]) -> None:
        self._folder, self._most, self._stop = folder, most, stop
        self._left = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="size of the run's folder", daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._left.set()
        self._thread.join(timeout=10)

    def _watch(self) -> None:
        while not self._left.wait(_SECONDS_BETWEEN_LOOKS):
            if self._folder.size() > self._most:
                self._stop()


def remove_leftovers(parent: str | None = None) -> int:
    """How many folders of killed processes were removed. One whose process lives is locked and stays."""
    removed = 0
    for path in Path(parent or tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            if path.is_dir() and not path.is_symlink() and path.stat().st_uid == os.getuid() and _is_abandoned(path):
                shutil.rmtree(path)
                removed += 1
        except OSError as error:
            logger.warning("The leftover folder %s could not be removed: %s", path, error)
    if removed:
        logger.info("Removed %d temporary folders of runs whose process was killed.", removed)
    return removed


def _is_abandoned(path: Path) -> bool:
    try:
        descriptor = os.open(path / _MARK, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return (path / "run.duckdb").exists() and time.time() - path.stat().st_mtime > _SECONDS_TO_MARK
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True
