"""One server program in one directory: ports, passwords, start, stop, and what a killed owner left behind."""

import ctypes
import fcntl
import json
import os
import secrets
import shutil
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from runtime import processes
from runtime.account import can_enter, server_account
from runtime.directories import make_own_directory
from runtime.ports import find_free_port, is_free
from runtime.screen import CommandFailedError, tail

LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1  # prctl(2)
START_ATTEMPTS = 3  # somebody may take a free port between our look and the server's
START_SECONDS = 120.0  # a database that was killed replays its log first
SMALL_DISK_BYTES = 300 * 1024 * 1024


def write_private(path: Path, text: str) -> None:
    """Write a file that only we can read from its first byte on, whole or not at all."""
    partial = path.with_name(f"{path.name}.new")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    partial.replace(path)


class EmbeddedServer(ABC):
    """One server in one directory. `start` and `stop` may be called again and again; `url` stays the same between them."""

    name: str
    stop_steps: tuple[tuple[signal.Signals, float], ...]

    def __init__(
        self,
        directory: Path,
        *,
        durable: bool = True,
        log: Path | None = None,
        on_launch: Callable[[processes.ProcessIdentity], None] | None = None,
    ) -> None:
        """`durable=False` trades safety on a power cut for speed, and ends the server with the thread that started it:
        only for data that is thrown away.

        `on_launch` gets each process as soon as it exists, before it answers.
        """
        self.directory = directory
        self.data = directory / "data"
        self.durable = durable
        self.log = log or directory / "server.log"
        self.account = server_account()
        self.process: processes.ProcessIdentity | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._lock: int | None = None
        self._on_launch = on_launch

    @property
    @abstractmethod
    def url(self) -> str:
        """Where clients connect, the password included: never print it."""

    @abstractmethod
    def _prepare(self) -> None:
        """Make the data directory when there is none."""

    @abstractmethod
    def _launch(self, port: int) -> subprocess.Popen[bytes]:
        """Start the program on that port, in a session of its own."""

    @abstractmethod
    def _ask(self) -> str | None:
        """None when the server answers, else why it does not."""

    def _finish(self) -> None:
        """What is left to do once the server answers."""
        return

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    @property
    def port(self) -> int:
        """The port of the last start. Raises FileNotFoundError before the first."""
        return int((self.directory / "port").read_text())

    def secret(self, name: str) -> str:
        """A generated password, kept in a file that only we can read."""
        path = self.directory / "secrets.json"
        kept: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
        if name not in kept:
            kept[name] = secrets.token_urlsafe(32)
            write_private(path, json.dumps(kept))
        return kept[name]

    def start(self) -> None:
        """Return when the server answers. Raises CommandFailedError with the end of its log when it does not."""
        make_own_directory(self.directory, self.account)
        if not can_enter(self.directory, self.account):
            uid = self.account.uid if self.account else os.geteuid()
            message = (
                f"{self.name} runs as uid {uid}, which cannot enter {self.directory}. "
                "Use a folder that other users may pass through (throwaway_directory() makes one)."
            )
            raise CommandFailedError(message)
        self._take_lock()
        try:
            self._stop_leftovers()
            self._prepare()
            self._start_on_a_port()
            self._finish()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the server in order; its data stays. Does nothing when it is not running."""
        if self.process:
            processes.stop(self.process, self.stop_steps)
        if self._child:
            self._child.wait()
        for child in processes.working_in(self.data):  # a killed server's own children take a moment to notice
            processes.wait_for_end(child, 5)
        self.process = self._child = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def exit_status(self) -> int | None:
        """How the server ended by itself; None while it runs, and when it was never started."""
        return self._child.poll() if self._child else None

    def _take_lock(self) -> None:
        lock = os.open(self.directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            message = f"{self.name} in {self.directory} is already run by another process. Stop that one first (bin/down)."
            raise CommandFailedError(message) from None
        self._lock = lock

    def _stop_leftovers(self) -> None:
        """We hold the lock, so whatever works in our private data folder was left by an owner that was killed."""
        for leftover in sorted(processes.working_in(self.data), key=lambda process: process.start_ticks):
            processes.stop(leftover, self.stop_steps)

    def _start_on_a_port(self) -> None:
        recorded = self.directory / "port"
        port = int(recorded.read_text()) if recorded.exists() else 0
        for attempt in range(1, START_ATTEMPTS + 1):
            if not port or not is_free("127.0.0.1", port):
                port = find_free_port()
            recorded.write_text(f"{port}\n")
            self._child = self._launch(port)
            self.process = processes.ProcessIdentity.of(self._child.pid)
            if self.process and self._on_launch:
                self._on_launch(self.process)
            reason = self._wait_until_it_answers()
            if reason is None:
                return
            taken = "Address already in use" in tail(self.log)
            if not taken or attempt == START_ATTEMPTS:
                raise CommandFailedError(self._failure("did not start", reason))
            port = 0

    def _wait_until_it_answers(self) -> str | None:
        deadline = time.monotonic() + START_SECONDS
        reason: str | None = "it was not asked"
        while reason is not None and time.monotonic() < deadline:
            if self._child and self._child.poll() is not None:
                return f"it ended with status {self._child.returncode}"
            reason = self._ask()
            time.sleep(0.02 if reason else 0)
        return reason

    def _failure(self, what: str, reason: str) -> str:
        free = shutil.disk_usage(self.directory).free
        room = f"\nOnly {free // 1024**2} MB are free in {self.directory}: make room first." if free < SMALL_DISK_BYTES else ""
        return f"{self.name} {what}: {reason}. The end of {self.log}:\n{tail(self.log)}{room}"

    def _end_with_owner(self) -> None:
        """Runs in the new process: a server whose data is thrown away must not outlive a test run that was killed."""
        LIBC.prctl(PR_SET_PDEATHSIG, int(self.stop_steps[0][0]))

    def _open_log(self) -> int:
        return os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def _popen(self, command: list[str | Path], feed: str = "") -> subprocess.Popen[bytes]:
        """Start a server program in its data folder, with nothing of our environment but what it needs."""
        log = self._open_log()
        try:
            child = subprocess.Popen(
                command,
                cwd=self.data,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env={"PATH": os.defpath, "HOME": str(self.data), "LC_ALL": "C", "TZ": "UTC"},
                start_new_session=True,  # Ctrl-C at the terminal must reach us only: servers stop last
                preexec_fn=None if self.durable else self._end_with_owner,  # noqa: PLW1509  (one call into libc, no locks)
                **(self.account.as_popen_arguments() if self.account else {}),
            )
        finally:
            os.close(log)
        if child.stdin:
            with suppress(BrokenPipeError):  # it has ended already, and the caller asks for that next
                child.stdin.write(feed.encode())
                child.stdin.close()
        return child
