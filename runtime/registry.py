"""What a running command started, written down so that `bin/down` can end it when the command itself was killed.

One JSON file per command in `.local/run/`: the command's own process, a random instance number that its children carry in
their environment, the processes in the order of their start, and a throwaway folder if there is one.
"""

import json
import os
import secrets
import shutil
import signal
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from runtime import processes
from runtime.processes import INSTANCE_VARIABLE, ProcessIdentity
from runtime.screen import CommandFailedError

# PostgreSQL ends fast on SIGINT and waits for its clients on SIGTERM; everything else ends in order on SIGTERM.
STOP_STEPS: dict[str, tuple[tuple[signal.Signals, float], ...]] = {
    "postgres": ((signal.SIGINT, 30.0), (signal.SIGQUIT, 10.0)),
    # A run that is going on is given up after a while: its lease runs out and another worker takes it.
    "worker": ((signal.SIGTERM, 10.0), (signal.SIGQUIT, 5.0)),
}
DEFAULT_STOP_STEPS: tuple[tuple[signal.Signals, float], ...] = ((signal.SIGTERM, 10.0),)


def stop_steps(name: str) -> tuple[tuple[signal.Signals, float], ...]:
    """The signals that end a process of that name, each with the seconds it is given."""
    return STOP_STEPS.get(name, DEFAULT_STOP_STEPS)


def own_identity() -> ProcessIdentity:
    identity = ProcessIdentity.of(os.getpid())
    if identity is None:
        raise CommandFailedError("/proc is not mounted, so processes cannot be distinguished. Mount it, and start again.")
    return identity


@dataclass
class Record:
    """One command and what it started."""

    path: Path
    owner: ProcessIdentity = field(default_factory=own_identity)
    instance: str = field(default_factory=lambda: secrets.token_hex(8))
    started: dict[str, ProcessIdentity] = field(default_factory=dict)
    throwaway: str = ""

    @classmethod
    def read(cls, path: Path) -> "Record | None":
        """None when the file is gone, or was cut off by a full disk."""
        try:
            content = json.loads(path.read_text())
            return cls(
                path=path,
                owner=ProcessIdentity(**content["owner"]),
                instance=str(content["instance"]),
                started={name: ProcessIdentity(**identity) for name, identity in content["started"].items()},
                throwaway=str(content["throwaway"]),
            )
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None

    def write(self) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = self.path.with_suffix(".new")
        content = {"owner": asdict(self.owner), "instance": self.instance, "throwaway": self.throwaway}
        content["started"] = {name: asdict(identity) for name, identity in self.started.items()}
        partial.write_text(json.dumps(content, indent=1) + "\n")
        partial.replace(self.path)

    def add(self, name: str, process: ProcessIdentity) -> None:
        self.started[name] = process
        self.write()

    def child_environment(self) -> dict[str, str]:
        return {INSTANCE_VARIABLE: self.instance}

    def stop_started(self) -> list[str]:
        """End what was started, the last first. Returns the names of those that were still there."""
        found = []
        for name, process in reversed(self.started.items()):
            if process.is_alive() or processes.session_members(process.pid, self.instance):
                found.append(name)
            processes.stop(process, stop_steps(name), self.instance)
        return found

    def remove(self) -> None:
        """Forget the command, and remove its throwaway folder."""
        if self.throwaway and Path(self.throwaway).name.startswith("touchstone-"):
            shutil.rmtree(self.throwaway, ignore_errors=True)
        self.path.unlink(missing_ok=True)


def records(local: Path) -> Iterator[Record]:
    for path in sorted((local / "run").glob("*.json")):
        record = Record.read(path)
        if record:
            yield record


def sweep(local: Path) -> list[str]:
    """End what commands that are no longer alive left behind. Returns the names of the processes that were ended."""
    ended = []
    for record in records(local):
        if not record.owner.is_alive():
            ended += record.stop_started()
            record.remove()
    return ended
