"""How a check of the ledger stands."""

from enum import StrEnum


class LedgerCheckStatus(StrEnum):
    """`failed`: it could not be looked to the end, which proves nothing."""

    WAITING = "waiting"
    RUNNING = "running"
    HOLDS = "holds"
    BROKEN = "broken"
    FAILED = "failed"
