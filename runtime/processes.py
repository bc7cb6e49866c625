"""Processes by identity: process ids are used again, so a process is its id together with its start and the machine's boot."""

import os
import signal
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
POLL_SECONDS = 0.05
INSTANCE_VARIABLE = "TOUCHSTONE_INSTANCE"  # set for everything that one bin/up starts


@dataclass(frozen=True)
class ProcessStatus:
    """What `/proc/PID/stat` says: the state letter, the session, and the start in clock ticks since boot."""

    state: str
    session: int
    start_ticks: int


def read_status(pid: int) -> ProcessStatus | None:
    """None when there is no such process. The program's name may hold spaces and brackets: fields count from the last one."""
    try:
        fields = (PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return None
    return ProcessStatus(state=fields[0], session=int(fields[3]), start_ticks=int(fields[19])) if len(fields) > 19 else None


def boot_id() -> str:
    """Names this boot of the machine, so that a record made before a restart never matches a process of today."""
    return (PROC / "sys/kernel/random/boot_id").read_text().strip()


@dataclass(frozen=True)
class ProcessIdentity:
    """One process that is, or was, on this machine."""

    pid: int
    start_ticks: int
    boot: str

    @classmethod
    def of(cls, pid: int) -> "ProcessIdentity | None":
        status = read_status(pid)
        return cls(pid, status.start_ticks, boot_id()) if status else None

    def is_alive(self) -> bool:
        """A zombie is dead: it has ended and only waits for its parent to read how."""
        status = read_status(self.pid)
        return (
            status is not None
            and status.state not in "ZX"
            and status.start_ticks == self.start_ticks
            and self.boot == boot_id()
        )


def all_pids() -> Iterator[int]:
    return (int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit())


def session_members(leader_pid: int, instance: str) -> list[ProcessIdentity]:
    """The living processes of the session that `leader_pid` opened, the leader itself left out.

    Only those that carry `instance` in their environment: a session's number can be used again once its last member has ended.
    """
    mark = f"{INSTANCE_VARIABLE}={instance}".encode()
    members = []
    for pid in all_pids():
        status = read_status(pid)
        if status is None or status.session != leader_pid or pid == leader_pid or status.state in "ZX":
            continue
        try:
            ours = mark in (PROC / str(pid) / "environ").read_bytes().split(b"\0")
        except OSError:  # it has ended, or belongs to somebody else
            continue
        if ours:
            members.append(ProcessIdentity(pid, status.start_ticks, boot_id()))
    return members


def working_in(directory: Path) -> list[ProcessIdentity]:
    """The processes whose working directory is `directory`: for a private data folder, its server and that one's children."""
    found = []
    for pid in all_pids():
        try:
            at_home = (PROC / str(pid) / "cwd").readlink() == directory
        except OSError:  # it has ended, or belongs to somebody else
            continue
        identity = ProcessIdentity.of(pid) if at_home else None
        if identity and identity.is_alive():
            found.append(identity)
    return found


def send(process: ProcessIdentity, number: signal.Signals) -> None:
    """Signal exactly this process; one that has ended meanwhile is left in peace."""
    if process.is_alive():
        try:
            os.kill(process.pid, number)
        except ProcessLookupError:
            return


def wait_for_end(process: ProcessIdentity, seconds: float) -> bool:
    """True when it has ended within that time."""
    deadline = time.monotonic() + seconds
    while process.is_alive():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def stop(
    process: ProcessIdentity, steps: Sequence[tuple[signal.Signals, float]], instance: str = "", *, is_signalled: bool = False
) -> bool:
    """Send each signal and wait its seconds, until the process has ended; at last SIGKILL. True when it ended by itself.

    `is_signalled`: the first signal was sent already. Children that outlive their leader (the pool of a worker that was killed)
    are killed when they carry `instance`.
    """
    gentle = not process.is_alive()
    for position, (number, seconds) in enumerate(steps):
        if position or not is_signalled:
            send(process, number)
        if wait_for_end(process, seconds):
            gentle = True
            break
    else:
        send(process, signal.SIGKILL)
        wait_for_end(process, 5)
    for member in session_members(process.pid, instance) if instance else []:
        send(member, signal.SIGKILL)
    return gentle
