"""When somebody is reminded of what falls due: some time before, and once more when it is overdue."""

from collections.abc import Iterable
from datetime import datetime, timedelta

OVERDUE = "overdue"
BEFORE_ACKNOWLEDGEMENT = (timedelta(days=14), timedelta(days=3))
"""How long before an acknowledgement falls due its owner is reminded; our choice."""

BEFORE_EXCEPTION = timedelta(days=1)
VOID_FOR = timedelta(days=1)
"""How long claims must have stood unacknowledged before their owner is reminded; our choice: one who edits is not disturbed."""


def reminder_of(due_at: datetime, now: datetime, leads: Iterable[timedelta]) -> str:
    """Which reminder is owed at `now`: `overdue`, `before:<seconds>` with the shortest lead that has come, or empty: none yet.

    One name for one reminder, so that whoever was late sends the newest only, and each once.
    """
    if now >= due_at:
        return OVERDUE
    come = [lead for lead in leads if now >= due_at - lead]
    return f"before:{min(come).total_seconds():.0f}" if come else ""


def moment_key(moment: datetime | None) -> str:
    """A moment as a part of a reminder's key, to the second; `never` for None."""
    return "never" if moment is None else f"{moment:%Y%m%dT%H%M%S}"


def waiver_leads(life: timedelta) -> tuple[timedelta, ...]:
    """As before an acknowledgement, but never before half of its life is over; our choice."""
    return tuple(lead for lead in BEFORE_ACKNOWLEDGEMENT if lead <= life / 2)


def exception_leads(within: timedelta) -> tuple[timedelta, ...]:
    """A day before an exception must be closed, or a quarter of its time where that is less; our choice."""
    return (min(BEFORE_EXCEPTION, within / 4),)


def measure_leads(interval: timedelta) -> tuple[timedelta, ...]:
    """Three days before a value is due, or a quarter of its interval where that is less; our choice."""
    return (min(timedelta(days=3), interval / 4),)
