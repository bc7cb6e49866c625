"""When a suite is due: `PT24H`, `P1D`, `P1W` (ISO 8601 durations) or `0 6 * * 1-5` (cron, five fields, UTC)."""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise

from cronsim import CronSim, CronSimError

_DURATION = re.compile(r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
_SHORTEST, _LONGEST = timedelta(minutes=1), timedelta(days=366)
_ALLOWED = "give a duration such as PT24H, P1D or P1W (1 minute to 366 days), or five cron fields such as 0 6 * * 1-5"
# From one 1 March to another, five years on: every weekday falls on many dates, and two leap days are among them.
_FIRST_DAY, _LAST_DAY = datetime(2023, 2, 28, tzinfo=UTC), datetime(2028, 3, 1, tzinfo=UTC)


class InvalidScheduleError(ValueError):
    """A schedule that cannot be followed. The message quotes it and says what may be written instead."""


def interval(schedule: str) -> timedelta:
    """The longest time that `schedule` lets pass between two runs, 1 minute to 366 days. Raises `InvalidScheduleError`.

    For cron that is the longest gap (Friday to Monday for working days), because evidence must outlive it.
    """
    duration = _duration(schedule)
    return _longest_gap(schedule) if duration is None else duration


def next_due(schedule: str, last: datetime) -> datetime:
    """The moment (UTC) after `last`, which must be aware, at which `schedule` asks for the next run."""
    if last.tzinfo is None:
        raise ValueError(f"The last run's time {last} has no offset from UTC; give an aware time.")
    duration = _duration(schedule)
    if duration is not None:
        return last.astimezone(UTC) + duration
    interval(schedule)
    following: datetime = next(_cron(schedule, last.astimezone(UTC)))
    return following


def _duration(schedule: str) -> timedelta | None:
    """The duration that `schedule` writes; None where it is not written as one."""
    if not schedule.strip().upper().startswith("P"):
        return None
    match = _DURATION.fullmatch(schedule.strip().upper())
    if match is None or not any(match.groups()) or any(len(number or "") > 6 for number in match.groups()):
        raise InvalidScheduleError(f"Schedule {schedule[:80]!r} is not a duration of fixed length: {_ALLOWED}.")
    weeks, days, hours, minutes, seconds = (int(number or 0) for number in match.groups())
    duration = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    if not _SHORTEST <= duration <= _LONGEST:
        raise InvalidScheduleError(f"Schedule {schedule[:80]!r} is too short or too long: {_ALLOWED}.")
    return duration


def _cron(schedule: str, after: datetime) -> CronSim:
    if len(schedule.split()) != 5:
        raise InvalidScheduleError(f"Schedule {schedule[:80]!r} is neither a duration nor five cron fields: {_ALLOWED}.")
    try:
        return CronSim(" ".join(schedule.upper().split()), after)
    except CronSimError as error:
        raise InvalidScheduleError(f"Schedule {schedule[:80]!r} cannot be read ({error}): {_ALLOWED}.") from error


@lru_cache(maxsize=1024)
def _longest_gap(schedule: str) -> timedelta:
    """Longest gap of a cron schedule: within a day, or from the last time of one day to the first of the next that counts.

    The times of day are the same on every day that counts, so days and times are looked at apart: a schedule of every minute
    costs as little as one of every year.
    """
    cron = _cron(schedule, _FIRST_DAY)
    times = sorted(timedelta(hours=hour, minutes=minute) for hour in cron.hours for minute in cron.minutes)
    days = [_FIRST_DAY]
    for day in _cron(" ".join(["0", "0", *schedule.split()[2:]]), _FIRST_DAY):
        days.append(day)
        if day >= _LAST_DAY:
            break
    widest = max((later - earlier for earlier, later in pairwise(days[1:])), default=None)
    if widest is None or widest > _LONGEST:
        raise InvalidScheduleError(f"Schedule {schedule[:80]!r} lets more than a year pass between runs: {_ALLOWED}.")
    between_days = widest - times[-1] + times[0]
    return max([between_days, *(later - earlier for earlier, later in pairwise(times))])
