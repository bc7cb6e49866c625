"""q_d of the score: what the checks of one dimension of one port amount to.

The plain weighted mean would rise when a failing check that is half credited (v up to 0.5) joins checks that are worse, or an
empty dimension. So q_d is the lowest weighted mean over the checks that are settled (passed, failed critical, error, skipped)
together with any choice of the half-credited ones, and 0 where nothing is settled (our choice: the smallest change that keeps
"adding a failing check never raises the score" true). Half-credited checks that would raise the mean are listed and left out.

Numbers are fractions until the very end, so that sums do not depend on their order and rounding happens once.
"""

from collections.abc import Sequence
from fractions import Fraction

from catalog.rules.vocabulary import Dimension, Severity
from trust.evidence.rules.facts import CheckFacts
from trust.evidence.rules.formatting import asked_rows, columns_of, failed_check
from trust.verdicts.rules.check_coverage import tolerance_of
from trust.verdicts.rules.evidence_status import AssessedEvidence, vacuity_of
from trust.verdicts.rules.gate_context import GateContext
from trust.verdicts.rules.outcome import CheckContribution, DimensionContribution
from trust.vocabulary import CheckStatus

Value = Fraction | int


def value_of(check: CheckFacts, assessed: AssessedEvidence, *, benefit: bool = False) -> Value:
    """v of one check, 0 to 1. With `benefit`, a check that could not be evaluated counts as if it had passed."""
    if check.status is CheckStatus.PASSED or assessed.passed(check):
        return 1
    if check.status in {CheckStatus.ERROR, CheckStatus.SKIPPED}:
        return 1 if benefit else 0
    asked = asked_rows(check)
    if check.severity is Severity.CRITICAL or not asked:
        return 0
    return Fraction(max(asked - (check.unexpected_count or 0), 0), 2 * asked)


def is_half_credited(check: CheckFacts) -> bool:
    """Whether a check failed without being critical."""
    return check.status is CheckStatus.FAILED and check.severity is not Severity.CRITICAL


def lowest_mean(settled: Sequence[tuple[int, Value]], half: Sequence[tuple[int, Value]]) -> tuple[Fraction, int]:
    """The lowest weighted mean over all of `settled` and any of `half`, and how many of `half`, taken from its start, it uses.

    Both hold (weight, value); `half` must be sorted by value. Taking the lowest while they are below the mean is exact, because
    a value below the mean lowers it and one above raises it.
    """
    if not settled:
        return Fraction(0), 0
    weight = sum(w for w, _ in settled)
    total: Value = sum(w * v for w, v in settled)
    used = 0
    for w, v in half:
        if v * weight >= total:
            break
        weight, total, used = weight + w, total + w * v, used + 1
    return Fraction(total) / weight, used


def quality_of(
    dimension: Dimension, assessed: AssessedEvidence, context: GateContext, *, benefit: bool = False
) -> tuple[Fraction, DimensionContribution]:
    """q_d of one port, 0 to 1, with every check that speaks to it. With `benefit`, what cannot be seen counts as good.

    All checks of a port come from one run, so f is the same for all of them and is multiplied at the end.
    """
    checks = [check for check in assessed.checks if check.dimension is dimension]
    rated = [(check, value_of(check, assessed, benefit=benefit)) for check in checks]
    weights = context.policy.severity_weights
    settled = [(c, v) for c, v in rated if not is_half_credited(c) and vacuity_of(c, assessed.place) is None]
    half = sorted(((c, v) for c, v in rated if is_half_credited(c)), key=lambda pair: (pair[1], pair[0].key, pair[0].id))
    mean, used = lowest_mean(
        [(weights[check.severity], value) for check, value in settled],
        [(weights[check.severity], value) for check, value in half],
    )
    counted = {id(check) for check, _ in settled} | {id(check) for check, _ in half[:used]}
    weight = context.policy.required_dimensions.get(dimension, 0.0)
    if benefit:
        mean = Fraction(1) if assessed.is_silent else mean
        return mean, DimensionContribution(assessed.port.name, dimension, weight, float(mean))
    mean *= Fraction(str(assessed.freshness))
    contributions = tuple(_contribution(check, assessed, context, is_counted=id(check) in counted) for check in checks)
    return mean, DimensionContribution(assessed.port.name, dimension, weight, float(mean), contributions)


def _contribution(
    check: CheckFacts, assessed: AssessedEvidence, context: GateContext, *, is_counted: bool
) -> CheckContribution:
    waiver = context.waivers.checks.get(check.key)
    vacuity = vacuity_of(check, assessed.place)
    left_out = f"cannot fail: {vacuity}" if vacuity else "left out: it would raise the mean or stand alone"
    return CheckContribution(
        check_id=check.id,
        key=check.key,
        port=assessed.port.name,
        type=check.type,
        column=", ".join(columns_of(check)) or None,
        dimension=check.dimension,
        severity=check.severity,
        status=check.status,
        weight=context.policy.severity_weights[check.severity],
        freshness=assessed.freshness,
        value=float(value_of(check, assessed)),
        is_counted=is_counted,
        tolerance=None if (asked := asked_rows(check)) is None else tolerance_of(check.type, check.kwargs, asked),
        element_count=check.element_count,
        unexpected_count=check.unexpected_count,
        waiver_id=waiver.id if waiver else None,
        note="" if is_counted else left_out,
        message="" if check.status is CheckStatus.PASSED else failed_check(check),
    )
