"""The trust score: 0 to 100, from five parts. It explains and ranks; it never overrules a gate.

raw = 40*quality + 15*reliability + 15*freshness + 15*coverage + 15*governance (weights from the trust policy).
  quality      mean of q_d over required dimensions (policy weights), each the mean over ports, so an empty port is felt
  reliability  the lowest Wilson bound among the ports: a product is as dependable as its weakest port
  freshness    mean over ports of what is left of the data's age against its service level; static data counts 1
  coverage     mean over ports of two shares: required dimensions covered, critical fields covered (against the required share)
  governance   mean of six shares, see `trust.verdicts.rules.governance_measures`
Each data warning takes 2 points from quality, 10 at most; the gate `score` asks for the score before that.
Shares that rest on a run fade with the run's age. Without output ports the first four are 0.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from fractions import Fraction
from math import floor, sqrt

from catalog.rules.vocabulary import Cadence
from trust.evidence.rules.facts import PastRunFacts
from trust.verdicts.rules import freshness
from trust.verdicts.rules.coverage import coverage_of
from trust.verdicts.rules.evidence_status import AssessedEvidence
from trust.verdicts.rules.gate_context import GateContext
from trust.verdicts.rules.governance_measures import governance_terms
from trust.verdicts.rules.outcome import DimensionContribution, PartContribution, Term
from trust.verdicts.rules.quality import quality_of
from trust.vocabulary import Grade, Part

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


_POINTS_OF_A_WARNING = 2
_MOST_POINTS_OF_WARNINGS = Fraction(10)
"""What data warnings take from quality: our choice, a grade at most."""

Share = tuple[str, Fraction]
"""The name of a term and its measure, 0 to 1."""

_GRADES = ((90, Grade.A), (80, Grade.B), (70, Grade.C), (60, Grade.D))


@dataclass(frozen=True, slots=True)
class ScoreCard:
    """A raw score, 0 to 100 with one decimal, and everything it is made of; and what it would be without data warnings."""

    raw: float
    before_warnings: float
    parts: tuple[PartContribution, ...]
    dimensions: tuple[DimensionContribution, ...]


def grade_of(score: float) -> Grade:
    """A from 90, B from 80, C from 70, D from 60, else F."""
    return next((grade for lowest, grade in _GRADES if score >= lowest), Grade.F)


def one_decimal(number: Fraction) -> float:
    """`number` rounded half up to one decimal: the only rounding there is."""
    return floor(number * 10 + Fraction(1, 2)) / 10


def score_of(context: GateContext, *, benefit: bool = False) -> ScoreCard:
    """The raw score. With `benefit`, the score if everything that cannot be seen (ports without evidence that is believed,
    checks that erred, ages that nobody knows, the age of evidence) were good: below that no new evidence can lift it.
    """
    quality, dimensions = _quality(context, benefit=benefit)
    reliability = [(s.port.name, _reliability(s, context, benefit=benefit)) for s in context.assessed_ports]
    freshness = [(s.port.name, data_freshness(s, context, benefit=benefit)) for s in context.assessed_ports]
    coverage = [share for s in context.assessed_ports for share in _coverage(s, context, benefit=benefit)]
    governance = governance_terms(context, benefit=benefit)
    nothing = Fraction(1 if benefit else 0)
    measures = {
        Part.QUALITY: quality,
        Part.RELIABILITY: (min((measure for _, measure in reliability), default=nothing), _terms(reliability)),
        Part.FRESHNESS: (_mean(freshness, nothing), _terms(freshness)),
        Part.COVERAGE: (_mean(coverage, nothing), _terms(coverage)),
        Part.GOVERNANCE: (_mean(governance, nothing), _terms(governance)),
    }
    weights = {part: Fraction(str(context.policy.part_weights[part])) for part in Part}
    points = {part: weights[part] * measure for part, (measure, _) in measures.items()}
    before = sum(points.values(), Fraction(0))
    deduction = min(Fraction(_POINTS_OF_A_WARNING * len(context.warnings)), _MOST_POINTS_OF_WARNINGS, points[Part.QUALITY])
    points[Part.QUALITY] -= deduction
    parts = tuple(
        PartContribution(part, float(measure), float(weights[part]), float(points[part]), terms)
        for part, (measure, terms) in measures.items()
    )
    if context.warnings:
        parts = tuple(replace(one, deduction=float(deduction)) if one.part is Part.QUALITY else one for one in parts)
    return ScoreCard(one_decimal(before - deduction), one_decimal(before), parts, dimensions)


def _mean(shares: Sequence[Share], nothing: Fraction) -> Fraction:
    """The plain mean of the measures; `nothing` where there are none."""
    return sum((measure for _, measure in shares), Fraction(0)) / len(shares) if shares else nothing


def _terms(shares: Sequence[Share]) -> tuple[Term, ...]:
    return tuple(Term(name, float(measure)) for name, measure in shares)


def _quality(
    context: GateContext, *, benefit: bool
) -> tuple[tuple[Fraction, tuple[Term, ...]], tuple[DimensionContribution, ...]]:
    """Mean over required dimensions of the mean over ports; where no dimension is required, nothing is left to prove: 1.

    Other dimensions that have checks are listed with weight 0, so that no check is hidden.
    """
    weights = {name: Fraction(str(weight)) for name, weight in context.policy.required_dimensions.items()}
    seen = {check.dimension for assessed in context.assessed_ports for check in assessed.checks}
    weighted, contributions, terms = Fraction(0), [], []
    nothing = Fraction(1 if benefit else 0)
    for dimension in sorted(set(weights) | seen):
        rated = [quality_of(dimension, assessed, context, benefit=benefit) for assessed in context.assessed_ports]
        measure, weight = _mean([(dimension, mean) for mean, _ in rated], nothing), weights.get(dimension, Fraction(0))
        contributions += [contribution for _, contribution in rated]
        terms.append(Term(dimension, float(measure), float(weight)))
        weighted += weight * measure
    total = sum(weights.values())
    mean = weighted / total if total else Fraction(1) if context.assessed_ports else nothing
    return (mean, tuple(terms)), tuple(contributions)


def _reliability(assessed: AssessedEvidence, context: GateContext, *, benefit: bool) -> Fraction:
    if benefit and not assessed.port.past_runs:
        return Fraction(1)
    return reliability_of(assessed.port.past_runs, context.policy.reliability_window)


def data_freshness(assessed: AssessedEvidence, context: GateContext, *, benefit: bool = False) -> Fraction:
    """What is left of the data's age: 1 within the service level, 0 at twice that, fading also with the age of the run.

    Static data counts 1; an age that cannot be seen counts 0, with `benefit` 1.
    """
    port, run = assessed.port, assessed.run
    if port.cadence is Cadence.STATIC:
        return Fraction(1)
    is_unseen = assessed.is_silent if benefit else not assessed.is_believed
    if run is None or is_unseen or port.service_level is None or run.data_time is None:
        return Fraction(1 if benefit else 0)
    if run.data_time > run.finished_at + context.policy.clock_skew:
        return Fraction(1 if benefit else 0)
    age = max(context.now - run.data_time, timedelta(0))
    share = Fraction(str(freshness.remaining_share(age, port.service_level)))
    return share if benefit else share * Fraction(str(assessed.freshness))


def _coverage(assessed: AssessedEvidence, context: GateContext, *, benefit: bool) -> tuple[Share, Share]:
    found = coverage_of(assessed, context.policy)
    asked = Fraction(str(context.policy.critical_field_share))
    fields = min(found.field_share / asked, Fraction(1)) if asked else Fraction(1)
    fading = Fraction(1) if benefit else Fraction(str(assessed.freshness))
    dimensions = found.dimension_share * fading
    fields *= fading
    if assessed.is_silent if benefit else not assessed.is_believed:
        dimensions = fields = Fraction(1 if benefit else 0)
    return (f"{found.port}: dimensions", dimensions), (f"{found.port}: critical fields", fields)
