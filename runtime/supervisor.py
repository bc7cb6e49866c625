"""The processes of one command: started with a log each, recorded, watched, and stopped in the reverse order."""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from runtime import processes
from runtime.registry import Record, stop_steps
from runtime.screen import CommandFailedError, step, tail
from runtime.server import EmbeddedServer

WATCH_SECONDS = 0.1
CONSOLE = ("-m", "runtime.console")
LARGEST_LOG_BYTES = 10 * 1024 * 1024


class StopRequestedError(BaseException):
    """Ctrl-C, SIGTERM or a closed terminal. Not an Exception: nothing on the way may take it for a failure of its own."""

    def __init__(self, number: int) -> None:
        super().__init__(f"signal {number}")
        self.number = number


class StopSignals:
    """Turns the signals that mean *stop* into StopRequestedError, never in the middle of starting a process."""

    def __init__(self) -> None:
        self._deferring = 0
        self._received: int | None = None
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # `nohup` asked not to be ended with its terminal. A script's background job starts with SIGINT ignored too, but
            # whoever sends it one means it.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._handle)

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        if self._deferring:
            self._received = number
        else:
            raise StopRequestedError(number)

    @contextlib.contextmanager
    def deferred(self) -> Iterator[None]:
        """Let the block finish first: a process that was started is then also recorded."""
        self._deferring += 1
        try:
            yield
        finally:
            self._deferring -= 1
        if not self._deferring and self._received is not None:
            raise StopRequestedError(self._received)

    def ignore(self) -> None:
        """For the stop itself, which takes a bounded time and must not be cut short."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)


@dataclass(frozen=True)
class ExitReport:
    """What a management command said: on standard output, and as the end of its standard error, indented."""

    status: int
    output: str
    errors: str


class Supervisor:
    """Everything that a command starts."""

    def __init__(self, root: Path, record: Record, signals: StopSignals) -> None:
        self.root = root
        self.record = record
        self.signals = signals
        self.logs = root / ".local" / "logs"
        self.servers: dict[str, EmbeddedServer] = {}
        self.programs: dict[str, subprocess.Popen[bytes]] = {}
        self.console: subprocess.Popen[bytes] | None = None
        self.logs.mkdir(mode=0o700, parents=True, exist_ok=True)

    def log_path(self, name: str) -> Path:
        """The log of that name; one that has grown large is put aside first."""
        path = self.logs / f"{name}.log"
        if path.exists() and path.stat().st_size > LARGEST_LOG_BYTES:
            path.replace(path.with_suffix(".log.1"))
        return path

    def start_server(self, name: str, server: EmbeddedServer) -> None:
        with self.signals.deferred():
            self.servers[name] = server
            server.start()

    def start(self, name: str, command: list[str], environment: Mapping[str, str]) -> None:
        """Start a program in a session of its own, so that Ctrl-C at the terminal reaches us and not it."""
        with self.signals.deferred(), self.log_path(name).open("ab") as log:
            child = subprocess.Popen(
                command,
                cwd=self.root,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
            self.programs[name] = child
            identity = processes.ProcessIdentity.of(child.pid)
            if identity:
                self.record.add(name, identity)

    def check(self) -> None:
        """Raise when something that should run has ended by itself, with the end of its log."""
        ended = [(name, child.poll(), self.logs / f"{name}.log") for name, child in self.programs.items()]
        ended += [(name, server.exit_status(), server.log) for name, server in self.servers.items()]
        for name, status, log in ended:
            if status is not None:
                how = f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
                raise CommandFailedError(f"The {name} process {how} by itself. The end of {log}:\n{tail(log)}")

    def sleep(self, seconds: float) -> None:
        """Wait, watching."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.check()
            time.sleep(WATCH_SECONDS)

    def open_console(self, environment: Mapping[str, str], program: tuple[str, ...] = CONSOLE) -> None:
        """Start the process that runs the commands of `manage`; it loads Django while the caller does something else."""
        with self.signals.deferred(), self.log_path("commands").open("ab") as errors:
            self.console = subprocess.Popen(
                [sys.executable, *program],
                cwd=self.root,
                env=dict(environment),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
            )

    def close_console(self) -> None:
        if self.console:
            self.console.terminate()
            with contextlib.suppress(BrokenPipeError):
                self.console.communicate()
            self.console = None

    def manage(self, arguments: list[str], label: str = "", accept: tuple[int, ...] = (0,)) -> ExitReport:
        """Run a management command in the console, watching the others. Raises when its exit status is not in `accept`."""
        log = self.log_path("commands")
        before = log.stat().st_size if log.exists() else 0
        with step(label) if label else contextlib.nullcontext():
            with log.open("ab") as errors:
                errors.write(f"\n$ manage.py {' '.join(arguments)}\n".encode())
                after_heading = errors.tell()
            status, output = self._ask_console(arguments)
        if status not in accept:
            with log.open("a") as errors_and_output:
                errors_and_output.write(output)
            how = f"`manage.py {' '.join(arguments)}` ended with status {status}"
            message = f"{how}. The end of {log}:\n{tail(log, start=before)}"
            raise CommandFailedError(message)
        return ExitReport(status, output, tail(log, start=after_heading))

    def _ask_console(self, arguments: list[str]) -> tuple[int, str]:
        """Exit status and output of one command. A console that ends by itself fails the command; the log says why."""
        console, answer = self.console, b""
        if console is None or console.stdin is None or console.stdout is None:
            raise RuntimeError("open_console comes first")
        with contextlib.suppress(BrokenPipeError):
            console.stdin.write(json.dumps(arguments).encode() + b"\n")
            console.stdin.flush()
        while not answer.endswith(b"\n"):
            if not select.select([console.stdout], [], [], WATCH_SECONDS)[0]:
                self.check()
            elif chunk := os.read(console.stdout.fileno(), 65536):
                answer += chunk
            else:
                return console.wait() or 1, answer.decode("utf-8", "replace")
        status, output = json.loads(answer)
        return int(status), str(output)

    def stop(self) -> None:
        """End everything: the programs, all signalled at once, then the servers that they talk to."""
        self.close_console()
        running = [(name, self.record.started[name]) for name in reversed(self.programs) if name in self.record.started]
        for name, process in running:
            processes.send(process, stop_steps(name)[0][0])
        for name, process in running:
            processes.stop(process, stop_steps(name), self.record.instance, is_signalled=True)
            self.programs[name].wait()
        for server in reversed(self.servers.values()):
            server.stop()
        self.record.remove()
