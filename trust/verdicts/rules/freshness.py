"""How a share falls with age: 1 up to a span, then linearly to 0 at twice the span, in steps of 1% (our choice).

The steps are there so that a score stands still for a while and an answer can say until when it holds.
"""

from datetime import datetime, timedelta

_STEPS = 100


def remaining_share(age: timedelta, span: timedelta) -> float:
    """1.0 while age <= span, 0.0 from 2*span on, whole hundredths rounded down in between.

    A span of nothing leaves no time to fall in: 1 at age 0, then 0.
    """
    if age <= span:
        return 1.0
    if span <= timedelta(0) or age - span >= span:
        return 0.0
    return ((span - (age - span)) * _STEPS // span) / _STEPS


def boundaries(start: datetime, span: timedelta, now: datetime) -> tuple[datetime, ...]:
    """The moments around `now` after which `remaining_share` of something that began at `start` is lower.

    At such a moment itself the share is still the old one.
    """
    age = now - start
    if age < span or span <= timedelta(0):
        return later(start, span)
    if age - span > span:
        return ()
    step = min((span - (age - span)) * _STEPS // span, _STEPS)
    # The last whole microsecond at which the share is still s/100 is 2*span - s*span/100, rounded down.
    return tuple(moment for s in (step, step - 1) if s >= 0 for moment in later(start, 2 * span + (-s * span) // _STEPS))


def later(start: datetime, span: timedelta) -> tuple[datetime, ...]:
    """The moment, or none where it lies beyond the calendar: nothing changes then that anybody could see."""
    try:
        return (start + span,)
    except OverflowError:
        return ()
