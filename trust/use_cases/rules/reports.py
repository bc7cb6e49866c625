"""Which moments may be reported about a use case, and by when an exception must be closed."""

from datetime import datetime, timedelta

FURTHEST_BACK = timedelta(days=366)
"""How old what is reported may be, a leap year; our choice: what nobody reported for longer is no evidence of today."""
EXCEPTION_TIME = timedelta(days=7)
"""By when an exception must be closed where the use case does not say; our choice."""


def is_in_time(moment: datetime, now: datetime) -> bool:
    """Whether something of `moment` may be reported at `now`: not of the future, at most 366 days old."""
    return now - FURTHEST_BACK <= moment <= now


def exception_due_at(opened_at: datetime, within: timedelta | None) -> datetime:
    """By when an exception must be closed: `within` as the use case says it, else a week."""
    return opened_at + (EXCEPTION_TIME if within is None else within)
