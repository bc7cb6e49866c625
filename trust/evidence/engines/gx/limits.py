"""How much one check may cost, and the clock that stops it. All our choice."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

MAX_SAMPLES = 20
# Samples are the distinct values among so many failing rows: a full DISTINCT would cost another scan.
SAMPLED_ROWS = 200
MAX_DISTINCT_IN_PYTHON = 2_000_000
PYTHON_SECONDS_PER_CHUNK = 20
MAX_COLUMNS = 2_000
# A line of a CSV or JSON lines file; a longer one is a mistake or an attack.
MAX_LINE_BYTES = 16 * 1024 * 1024
MAX_SAMPLE_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class EngineLimits:
    """What a run may use of the machine. `memory`: DuckDB's own limit, as it writes it. `temp_mb`: its files on disk."""

    memory: str = "512MB"
    threads: int = 2
    temp_directory: str | None = None
    temp_mb: int = 10_240
    statement_timeout_seconds: int = 600
    connect_timeout_seconds: int = 10


@contextmanager
def python_time_limit(seconds: float = PYTHON_SECONDS_PER_CHUNK) -> Iterator[None]:
    """Stops Python code, also inside the regular expression engine, which looks for signals as it goes.

    Signals reach the main thread only, where workers run their tasks; in another thread there is no limit.
    Raises TimeoutError.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise TimeoutError(f"The check took longer than {seconds:g} s in Python. Use a simpler pattern.")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
