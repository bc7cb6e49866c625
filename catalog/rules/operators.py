"""The operators of ODCS (`mustBe`, `mustBeLessThan`, ...) as bounds on a number: a library metric, or what an SQL rule returns.

`mustBeBetween` leaves out both ends: the standard calls it equivalent to `mustBeGreaterThan` and `mustBeLessThan`. It says no
such thing of `mustNotBeBetween`, so there the ends are not allowed either, which is the stricter reading. Several operators at
once must all hold.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from itertools import chain, pairwise
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
_WORDS = {
    "mustBe": "exactly {0}",
    "mustNotBe": "not {0}",
    "mustBeGreaterThan": "more than {0}",
    "mustBeGreaterOrEqualTo": "at least {0}",
    "mustBeLessThan": "less than {0}",
    "mustBeLessOrEqualTo": "at most {0}",
    "mustBeBetween": "more than {0} and less than {1}",
    "mustNotBeBetween": "less than {0} or more than {1}",
}


class OperatorError(ValueError):
    """Operators that make no bounds. The message completes "..., because"."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The values that a number may have. None: no bound on that side; `is_open_*`: the bound itself is not allowed.

    excluded: ranges in the middle, ends included, that it may not have either.
    """

    low: Decimal | None = None
    high: Decimal | None = None
    is_open_low: bool = False
    is_open_high: bool = False
    excluded: tuple[tuple[Decimal, Decimal], ...] = ()

    def admits(self, value: Fraction | Decimal | int) -> bool:
        """Whether the number may be `value`: exact, however it is written."""
        number = Fraction(value)
        if self.low is not None and (number < Fraction(self.low) or (self.is_open_low and number == Fraction(self.low))):
            return False
        if self.high is not None and (number > Fraction(self.high) or (self.is_open_high and number == Fraction(self.high))):
            return False
        return not any(Fraction(low) <= number <= Fraction(high) for low, high in self.excluded)

    def as_counts(self) -> tuple[int, int | None]:
        """(smallest, largest) whole number of 0 or more between low and high; largest None where there is no upper bound."""
        low = 0 if self.low is None else math.floor(self.low) + 1 if self.is_open_low else math.ceil(self.low)
        if self.high is None:
            return max(low, 0), None
        return max(low, 0), math.ceil(self.high) - 1 if self.is_open_high else math.floor(self.high)

    def outcomes(self, least: int | None, most: int | None, *, is_whole: bool) -> frozenset[bool]:
        """What `admits` can answer for the numbers from `least` to `most` (None: without end); is_whole: whole numbers only."""
        ends = (self.low, self.high, least, most, *chain(*self.excluded))
        edges = {Fraction(end) for end in ends if end is not None}
        if not edges:
            return frozenset({True})
        ordered = sorted(edges)
        if is_whole:
            points = {Fraction(math.floor(edge) + step) for edge in ordered for step in (-1, 0, 1, 2)}
        else:
            points = edges | {(one + other) / 2 for one, other in pairwise(ordered)}
            points |= {ordered[0] - 1, ordered[-1] + 1}
        return frozenset(
            self.admits(point) for point in points if (least is None or point >= least) and (most is None or point <= most)
        )

    def _and_at_least(self, number: Decimal, *, is_open: bool) -> "Bounds":
        if self.low is None or number > self.low or (number == self.low and is_open):
            return replace(self, low=number, is_open_low=is_open)
        return self

    def _and_at_most(self, number: Decimal, *, is_open: bool) -> "Bounds":
        if self.high is None or number < self.high or (number == self.high and is_open):
            return replace(self, high=number, is_open_high=is_open)
        return self

    def _without(self, low: Decimal, high: Decimal, *, is_count: bool) -> "Bounds":
        if is_count and low <= 0:
            return self._and_at_least(high, is_open=True)
        return replace(self, excluded=(*self.excluded, (low, high)))


def bounds_of(rule: Mapping[str, Any], *, is_count: bool = True) -> Bounds:
    """What all operators in `rule` demand together. is_count: the number is never negative. Raises `OperatorError`."""
    bounds = Bounds()
    given = [(name, rule[name]) for name in OPERATORS if rule.get(name) is not None]
    if not given:
        raise OperatorError("it has no operator such as mustBe")
    for operator, value in given:
        bounds = _narrowed(bounds, operator, value, is_count=is_count)
    return bounds


def _narrowed(bounds: Bounds, operator: str, value: Any, *, is_count: bool) -> Bounds:
    if operator in {"mustBeBetween", "mustNotBeBetween"}:
        if not isinstance(value, list | tuple) or len(value) != 2:
            raise OperatorError(f"{operator} is {value!r}, not a list of two numbers")
        low, high = (_number(operator, one) for one in value)
        if low > high:
            raise OperatorError(f"{operator} has its larger number first")
        if operator == "mustNotBeBetween":
            return bounds._without(low, high, is_count=is_count)  # noqa: SLF001
        return bounds._and_at_least(low, is_open=True)._and_at_most(high, is_open=True)  # noqa: SLF001
    number = _number(operator, value)
    if operator == "mustNotBe":
        return bounds._without(number, number, is_count=is_count)  # noqa: SLF001
    if operator in {"mustBe", "mustBeGreaterThan", "mustBeGreaterOrEqualTo"}:
        bounds = bounds._and_at_least(number, is_open=operator == "mustBeGreaterThan")  # noqa: SLF001
    if operator in {"mustBe", "mustBeLessThan", "mustBeLessOrEqualTo"}:
        bounds = bounds._and_at_most(number, is_open=operator == "mustBeLessThan")  # noqa: SLF001
    return bounds


def operators_in(rule: Mapping[str, Any]) -> dict[str, Any]:
    """The operators of `rule` with their numbers."""
    return {name: rule[name] for name in OPERATORS if rule.get(name) is not None}


def in_words(rule: Mapping[str, Any]) -> str:
    """`less than 100 and not 7`, for a sentence; `anything` without operators."""
    found = []
    for name, value in operators_in(rule).items():
        numbers = value if isinstance(value, list | tuple) and len(value) == 2 else [value, value]
        found.append(_WORDS[name].format(*(f"{one:,}" if isinstance(one, int) else str(one) for one in numbers)))
    return " and ".join(found) or "anything"


def _number(operator: str, value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise OperatorError(f"{operator} is {value!r}, not a number")
    if not math.isfinite(value):  # the model takes the text "Infinity" for a number
        raise OperatorError(f"{operator} is {value}, which is no number that can be compared")
    return Decimal(str(value))
