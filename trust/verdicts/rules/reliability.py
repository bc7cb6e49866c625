"""How dependably a port's runs end well."""

from collections.abc import Iterable
from fractions import Fraction
from math import sqrt

from trust.evidence.rules.facts import PastRunFacts

_Z = 1.96
"""95% two-sided, DESIGN.md section 3."""


def wilson_lower_bound(successes: int, total: int, z: float = _Z) -> float:
    """Lower bound of the Wilson score interval for a share of successes, 0 to 1 (Wilson 1927); 0 where nothing was tried.

    It grows with the number of runs: 1 of 1 gives 0.21, 20 of 20 give 0.84.
    """
    if total <= 0:
        return 0.0
    share = successes / total
    centre = share + z * z / (2 * total)
    spread = z * sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    return min(max((centre - spread) / (1 + z * z / total), 0.0), 1.0)


def reliability_of(past_runs: Iterable[PastRunFacts], window: int) -> Fraction:
    """The bound for the `window` runs that started last; a run that could not look is not a success."""
    latest = sorted(past_runs, key=lambda run: (run.started_at, run.id))[-window:]
    bound = wilson_lower_bound(sum(run.is_success for run in latest), len(latest))
    return Fraction(bound)
