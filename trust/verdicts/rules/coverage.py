"""What the passed checks of a port speak for: dimensions and critical fields.

Only a check that passed and could have failed covers anything. An executed check that failed does not (our choice, stricter
than "has an executed check"): otherwise adding a failing check could turn an uncovered dimension into a covered one.
"""

from collections.abc import Collection
from dataclasses import dataclass
from fractions import Fraction

from catalog.rules.vocabulary import Dimension
from trust.evidence.rules.dimensions import dimension_of
from trust.evidence.rules.facts import CheckFacts
from trust.evidence.rules.formatting import columns_of
from trust.verdicts.rules.check_coverage import vouches_for_most
from trust.verdicts.rules.evidence_status import AssessedEvidence, vacuity_of
from trust.verdicts.rules.trust_policy import TrustPolicy


@dataclass(frozen=True, slots=True)
class PortCoverage:
    """What is covered at one port, whatever the age of its evidence. Tuples are sorted."""

    port: str
    required: tuple[Dimension, ...]
    uncovered: tuple[Dimension, ...]
    critical_fields: tuple[str, ...]
    uncovered_fields: tuple[str, ...]
    waivers_used: tuple[str, ...] = ()

    @property
    def dimension_share(self) -> Fraction:
        """Share of the required dimensions that are covered, 0 to 1; 1 where none is required."""
        return _share(len(self.required) - len(self.uncovered), len(self.required))

    @property
    def field_share(self) -> Fraction:
        """Share of the critical fields that are covered, 0 to 1; 1 where none is declared."""
        return _share(len(self.critical_fields) - len(self.uncovered_fields), len(self.critical_fields))


def _share(part: int, whole: int) -> Fraction:
    return Fraction(part, whole) if whole else Fraction(1)


def _looks_at_values(check: CheckFacts) -> bool:
    """Whether the values of a field are in better hands for a check: that it is there, or empty, says nothing good of them."""
    return dimension_of(check.type) is not Dimension.SCHEMA and check.type != "expect_column_values_to_be_null"


def coverage_of(assessed: AssessedEvidence, policy: TrustPolicy, accepted: Collection[str] = ()) -> PortCoverage:
    """What the checks of one port cover; those whose keys are `accepted` (waived) count as if they had passed.

    A check that lets more rows fail, or leaves more out, than the policy tolerates covers nothing.
    """
    speaking, waived = [], []
    rows = assessed.run.rows if assessed.run else None
    for check in assessed.checks:
        if not vouches_for_most(check, rows, policy.minimum_tolerance):
            continue
        if assessed.passed(check):
            speaking.append(check)
        elif check.key in accepted and vacuity_of(check, assessed.place) is None:
            speaking.append(check)
            waived.append(check.key)
    dimensions = {check.dimension for check in speaking}
    columns = {name for check in speaking if _looks_at_values(check) for name in columns_of(check)}
    critical = sorted(field.name for field in assessed.port.fields if field.is_critical)
    return PortCoverage(
        port=assessed.port.name,
        required=tuple(sorted(policy.required_dimensions)),
        uncovered=tuple(sorted(set(policy.required_dimensions) - dimensions)),
        critical_fields=tuple(critical),
        uncovered_fields=tuple(name for name in critical if name not in columns),
        waivers_used=tuple(sorted(waived)),
    )
