"""Ages as requests give them: a number of seconds, or a duration of ISO 8601."""

import re
from datetime import timedelta

LONGEST_AGE = timedelta(days=3660)
WANTED = f"a number of seconds or a duration of ISO 8601 such as PT36H or P1D, above zero and at most {LONGEST_AGE.days} days"
_DURATION = re.compile(r"P(?:(\d{1,4})W|(?:(\d{1,4})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,8})M)?(?:(\d{1,9})S)?)?)", re.ASCII)


def age_of(value: object) -> timedelta | None:
    """The age, above zero and at most `LONGEST_AGE`; None for what is none, or lies outside of that."""
    age = timedelta(0)
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= LONGEST_AGE.total_seconds():
        age = timedelta(seconds=value)
    elif isinstance(value, str) and (found := _DURATION.fullmatch(value)) is not None:
        weeks, days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
        age = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    return age if timedelta(0) < age <= LONGEST_AGE else None
