"""Bounds on a number or a share of rows as Great Expectations' `mostly`, exactly; None where no share says the same."""

import math
from dataclasses import dataclass
from decimal import Decimal

from catalog.rules.operators import Bounds


class UnmappableError(ValueError):
    """A rule that no expectation says exactly. The message completes "..., because"."""


@dataclass(frozen=True, slots=True)
class Shares:
    """Which shares of rows a rule demands, as `mostly`: at least `good` hold, at least `bad` do not. None: no demand."""

    good: float | None = None
    bad: float | None = None

    @property
    def is_absolute(self) -> bool:
        """Whether every row must hold."""
        return self.good == 1.0 and self.bad is None


def demand_sense(bounds: Bounds, unit: str) -> None:
    """Raise `UnmappableError` for bounds that any data meets, or none, and for a unit that is neither rows nor percent."""
    if unit not in {"rows", "percent"}:
        raise UnmappableError(f"its unit '{unit}' is neither rows nor percent")
    outcomes = bounds.outcomes(0, None if unit == "rows" else 100, is_whole=unit == "rows")
    if True not in outcomes:
        raise UnmappableError("no data can meet it")
    if False not in outcomes:
        raise UnmappableError("any data meets it, so it checks nothing")


def shares_of(bounds: Bounds, unit: str) -> Shares | None:
    """`bounds` on the number (`rows`) or the share (`percent`) of bad rows, as shares. Raises `UnmappableError`.

    None where no share says it. Great Expectations knows shares only: of the absolute numbers, "none" and "at least one" are
    the same as a share, every other depends on how many rows there will be. A share below p is not the same as one of p: the
    next float above stands for "more than", which is exact for any table of fewer than ten billion rows (two different shares
    are further apart).
    """
    demand_sense(bounds, unit)
    if bounds.excluded:
        return None
    if unit == "rows":
        return {(0, 0): Shares(good=1.0), (1, None): Shares(bad=math.nextafter(0.0, 1.0))}.get(bounds.as_counts())
    low, high = bounds.low, bounds.high
    is_low_idle = low is None or low < 0 or (low == 0 and not bounds.is_open_low)
    is_high_idle = high is None or high > 100 or (high == 100 and not bounds.is_open_high)
    return Shares(
        good=None if is_high_idle or high is None else _mostly((100 - high) / 100, more_than=bounds.is_open_high),
        bad=None if is_low_idle or low is None else _mostly(low / 100, more_than=bounds.is_open_low),
    )


def _mostly(share: Decimal, *, more_than: bool) -> float:
    return math.nextafter(float(share), 2.0) if more_than else float(share)
