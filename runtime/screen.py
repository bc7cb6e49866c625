"""What the commands show: one line per step, with the seconds counted while it runs, and refusals as one sentence."""

import errno
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TICK_ON_TERMINAL_SECONDS = 1.0
TICK_IN_LOG_SECONDS = 10.0  # a log keeps every line, a terminal overwrites the last one


class CommandFailedError(Exception):
    """A command cannot go on. The text says what happened, to what, and what to do next."""

    def __init__(self, message: str, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code


# The machine's doing, not a fault of the program: reported as a sentence, without a traceback.
MACHINE_FAULTS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM})


def machine_fault(error: OSError) -> str | None:
    """A sentence for an error that the person at the machine has to mend; None for any other."""
    if error.errno not in MACHINE_FAULTS:
        return None
    where = f" at {error.filename}" if error.filename else ""
    return f"{error.strerror}{where}. Make room or change the permissions there, and start again: nothing was lost."


def say(text: str = "", end: str = "\n") -> None:
    """Write to the screen at once. A terminal that went away is no error: the servers still have to be stopped."""
    try:
        sys.stdout.write(text + end)
        sys.stdout.flush()
    except (OSError, ValueError):
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115  (print nowhere from now on)


def complain(text: str) -> None:
    """Write a refusal to standard error."""
    try:
        sys.stderr.write(f"touchstone: {text}\n")
        sys.stderr.flush()
    except (OSError, ValueError):
        sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115  (as in `say`)


@contextmanager
def step(label: str) -> Iterator[None]:
    """Show `label` while the block runs, then how long it took, in seconds."""
    started = time.monotonic()
    finished = threading.Event()
    on_terminal = sys.stdout.isatty()

    def tick() -> None:
        while not finished.wait(TICK_ON_TERMINAL_SECONDS if on_terminal else TICK_IN_LOG_SECONDS):
            seconds = int(time.monotonic() - started)
            if on_terminal:
                say(f"\r  {label} ... {seconds} s", end="")
            else:
                say(f"  {label} ... {seconds} s so far")

    say(f"  {label} ...", end="" if on_terminal else "\n")
    ticker = threading.Thread(target=tick, daemon=True)
    ticker.start()
    outcome = "stopped after"
    try:
        yield
        outcome = "done in"
    finally:
        finished.set()
        ticker.join()
        start_of_line = "\r\033[K" if on_terminal else ""
        say(f"{start_of_line}  {label}: {outcome} {time.monotonic() - started:.1f} s")


def tail(path: Path, lines: int = 20, start: int = 0) -> str:
    """The last lines of a log after its first `start` bytes, indented, or a remark that there is nothing in it."""
    try:
        text = path.read_bytes()[start:][-16_000:].decode("utf-8", "replace").strip()
    except OSError as error:
        return f"    ({path} cannot be read: {error.strerror})"
    return "\n".join(f"    {line}" for line in text.splitlines()[-lines:]) or f"    ({path} is empty)"
