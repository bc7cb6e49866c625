"""How long a process waits for its database: the web briefly, workers longer, commands (as migrations) as long as it takes."""

from dataclasses import dataclass

from config.environment import Environment

PROBE_SECONDS = 1.0
"""How often, and how long, one thread of a process asks a server that has not answered in time; others are refused at once."""


@dataclass(frozen=True, slots=True)
class Limits:
    """In seconds; None is no limit.

    statement, lock, idle: kept by the server (`statement_timeout`, `lock_timeout`, `idle_in_transaction_session_timeout`).
    silence: kept here, for a server that does not keep anything any more, because it is frozen or out of reach; a stopped
    process's kernel still acknowledges, so that TCP notices nothing. connect: kept by psycopg, at least 2.
    """

    statement: float | None = None
    lock: float | None = None
    idle: float | None = None
    silence: float | None = None
    connect: int = 10

    @property
    def server_options(self) -> str:
        """As libpq's `options`."""
        settings = {
            "statement_timeout": self.statement,
            "lock_timeout": self.lock,
            "idle_in_transaction_session_timeout": self.idle,
        }
        return " ".join(f"-c {name}={1000 * seconds:.0f}" for name, seconds in settings.items() if seconds is not None)


def web_limits(environment: Environment) -> Limits:
    """A caller has an answer, or 503, within about these seconds: the wait for a thread and that for a lock have half each."""
    seconds = environment.web_statement_seconds
    return Limits(statement=seconds, lock=seconds / 2, idle=60, silence=seconds + 0.4, connect=2)


def worker_limits(environment: Environment) -> Limits:
    """Sealing, recalls and exports take long statements; a lock is left to who holds it, and the task comes again."""
    seconds = environment.worker_statement_seconds
    return Limits(statement=seconds, lock=60, idle=600, silence=seconds + 10, connect=10)


class _Process:
    limits = Limits()


def use(limits: Limits) -> None:
    """From the next connection on, in this process and in those that it forks."""
    _Process.limits = limits


def current() -> Limits:
    return _Process.limits
