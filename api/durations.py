"""Durations as requests give them: ISO 8601 in weeks, days, hours, minutes and whole seconds."""

import re
from datetime import timedelta

LONGEST_DURATION = timedelta(days=3660)
WANTED = f"a duration of ISO 8601 such as PT36H or P7D, above zero and at most {LONGEST_DURATION.days} days"
_DURATION = re.compile(r"P(?:(\d{1,4})W|(?:(\d{1,4})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,8})M)?(?:(\d{1,9})S)?)?)", re.ASCII)


def duration_of(value: object) -> timedelta | None:
    """The duration, above zero and at most `LONGEST_DURATION`; None for any other value."""
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return None
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    duration = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    return duration if timedelta(0) < duration <= LONGEST_DURATION else None
