"""ODCS operators as bounds on a metric, and bounds as Great Expectations' `mostly`: exactly, or not at all.

`mustBeBetween` includes both ends, as SQL's BETWEEN does: our choice, since tools disagree and the standard does not say.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

OPERATORS = (
    "mustBe",
    "mustNotBe",
    "mustBeGreaterThan",
    "mustBeGreaterOrEqualTo",
    "mustBeLessThan",
    "mustBeLessOrEqualTo",
    "mustBeBetween",
    "mustNotBeBetween",
)


class UnmappableError(ValueError):
    """A rule that no expectation says exactly. The message completes "..., because"."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The values that a metric may have. None: no bound on that side; `is_open_*`: the bound itself is not allowed."""

    low: Decimal | None = None
    high: Decimal | None = None
    is_open_low: bool = False
    is_open_high: bool = False

    def as_counts(self) -> tuple[int, int | None]:
        """(smallest, largest) whole number of 0 or more within the bounds; largest None where there is no upper bound."""
        low = 0 if self.low is None else math.floor(self.low) + 1 if self.is_open_low else math.ceil(self.low)
        if self.high is None:
            return max(low, 0), None
        return max(low, 0), math.ceil(self.high) - 1 if self.is_open_high else math.floor(self.high)


@dataclass(frozen=True, slots=True)
class Shares:
    """Which shares of rows a rule demands, as `mostly`: at least `good` hold, at least `bad` do not. None: no demand."""

    good: float | None = None
    bad: float | None = None

    @property
    def is_absolute(self) -> bool:
        """Whether every row must hold."""
        return self.good == 1.0 and self.bad is None


def bounds_of(rule: Mapping[str, Any], *, default: Decimal | None = None) -> Bounds:
    """What the one operator in `rule` demands; exactly `default` where there is none. Raises `UnmappableError`."""
    given = [name for name in OPERATORS if rule.get(name) is not None]
    if not given and default is not None:
        return Bounds(default, default)
    if len(given) != 1:
        raise UnmappableError(
            f"it has the operators {', '.join(given)} at once" if given else "it has no operator such as mustBe"
        )
    operator = given[0]
    value = rule[operator]
    if operator in {"mustBeBetween", "mustNotBeBetween"}:
        low, high = (_number(operator, one) for one in value)
        if low > high:
            raise UnmappableError(f"{operator} has its larger number first")
        if operator == "mustBeBetween":
            return Bounds(low, high)
        if low <= 0:
            return Bounds(low=high, is_open_low=True)
        raise UnmappableError("no expectation leaves out a range in the middle")
    number = _number(operator, value)
    if operator == "mustNotBe":
        if number != 0:
            raise UnmappableError("no expectation leaves out a single number other than 0")
        return Bounds(low=number, is_open_low=True)
    return {
        "mustBe": Bounds(number, number),
        "mustBeGreaterThan": Bounds(low=number, is_open_low=True),
        "mustBeGreaterOrEqualTo": Bounds(low=number),
        "mustBeLessThan": Bounds(high=number, is_open_high=True),
        "mustBeLessOrEqualTo": Bounds(high=number),
    }[operator]


def shares_of(bounds: Bounds, unit: str) -> Shares:
    """`bounds` on the number (`rows`) or the share (`percent`) of bad rows, as shares. Raises `UnmappableError`.

    Great Expectations knows shares only: of the absolute numbers, "none" and "at least one" are the same as a share, every
    other depends on how many rows there will be. A share below p is not the same as one of p: the next float above stands for
    "more than", which is exact for any table of fewer than ten billion rows (two different shares are further apart).
    """
    if unit == "rows":
        smallest, largest = bounds.as_counts()
        _demand_sense(can_hold=largest is None or largest >= smallest, can_fail=smallest > 0 or largest is not None)
        if (smallest, largest) == (0, 0):
            return Shares(good=1.0)
        if (smallest, largest) == (1, None):
            return Shares(bad=math.nextafter(0.0, 1.0))
        raise UnmappableError("it allows a number of rows; Great Expectations tolerates shares only, so give it in percent")
    if unit != "percent":
        raise UnmappableError(f"its unit '{unit}' is neither rows nor percent")
    low, high = bounds.low, bounds.high
    can_hold = (low is None or low < 100 or (low == 100 and not bounds.is_open_low)) and (
        high is None or high > 0 or (high == 0 and not bounds.is_open_high)
    )
    is_low_idle = low is None or low < 0 or (low == 0 and not bounds.is_open_low)
    is_high_idle = high is None or high > 100 or (high == 100 and not bounds.is_open_high)
    _demand_sense(can_hold=can_hold, can_fail=not (is_low_idle and is_high_idle))
    return Shares(
        good=None if is_high_idle or high is None else _mostly((100 - high) / 100, more_than=bounds.is_open_high),
        bad=None if is_low_idle or low is None else _mostly(low / 100, more_than=bounds.is_open_low),
    )


def _demand_sense(*, can_hold: bool, can_fail: bool) -> None:
    if not can_hold:
        raise UnmappableError("no data can meet it")
    if not can_fail:
        raise UnmappableError("any data meets it, so it checks nothing")


def _mostly(share: Decimal, *, more_than: bool) -> float:
    return math.nextafter(float(share), 2.0) if more_than else float(share)


def _number(operator: str, value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UnmappableError(f"{operator} is {value!r}, not a number")
    if not math.isfinite(value):  # the model takes the text "Infinity" for a number
        raise UnmappableError(f"{operator} is {value}, which is no number that can be compared")
    return Decimal(str(value))
