"""What a check found, before it is redacted and reported."""

from dataclasses import dataclass
from typing import Any


@dataclass
class CheckFinding:
    """holds: the check's answer; None where there was nothing to look at, and then `message` says so.

    withheld: whether `observed` may hold values of the column (a minimum does, a count does not).
    """

    holds: bool | None
    element_count: int | None = None
    missing_count: int | None = None
    unexpected_count: int | None = None
    unexpected_percent: float | None = None
    observed: Any = None
    observed_is_value: bool = False
    samples: tuple[Any, ...] = ()
    message: str = ""
    wants_samples: bool = False


@dataclass
class CheckError:
    """A check that could not be evaluated, and why, in one sentence. `quotes_data`: the text may hold values of the data."""

    message: str
    quotes_data: bool = False


def count_rows(element_count: int, missing: int, unexpected: int, mostly: float) -> CheckFinding:
    """The finding of a row-wise check, by Great Expectations' arithmetic."""
    looked_at = element_count - missing
    if looked_at <= 0:
        return CheckFinding(None, element_count, missing, 0, None)
    holds = (float(looked_at) - float(unexpected)) / float(looked_at) >= mostly
    return CheckFinding(holds, element_count, missing, unexpected, unexpected / looked_at * 100, wants_samples=unexpected > 0)
