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
from trust.verdicts.rules.check_coverage import (
    asks_for_values,
    fills_most,
    is_aggregate,
    looks_at_many,
    vouches_for_most,
)
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


_OF_AGGREGATES = {Dimension.ACCURACY, Dimension.TIMELINESS}
"""The dimensions that one figure of a column can speak for; of the others most values may be wrong while it holds."""
_OF_SEVERAL_COLUMNS = ("expect_compound_columns_", "expect_multicolumn_", "expect_select_column_")
"""Together the columns are right; each of them may hold anything."""


def _speaks_for(check: CheckFacts, rows: int | None, least: float) -> Dimension | None:
    """The dimension that a passed check covers; None where it looks at too little of the data."""
    if is_aggregate(check.type) and check.dimension not in _OF_AGGREGATES:
        return None
    if not looks_at_many(check, rows):
        return None
    is_indirect = check.dimension is Dimension.COMPLETENESS and not asks_for_values(check.type)
    return None if is_indirect and not fills_most(check, rows, least) else check.dimension


def _looks_at_values(check: CheckFacts) -> bool:
    """Whether the values of a field are in better hands for a check: that it is there, or empty, says nothing good of them."""
    if dimension_of(check.type) is Dimension.SCHEMA or check.type == "expect_column_values_to_be_null":
        return False
    return not (is_aggregate(check.type) or check.type.startswith(_OF_SEVERAL_COLUMNS))


def _filled(check: CheckFacts, speaking: Collection[CheckFacts], rows: int | None, least: float) -> bool:
    """Whether a check shows that its column has values: it asks for them and passed, or it counted few that are missing."""
    if check.type == "expect_column_values_to_be_null":
        return False
    return (asks_for_values(check.type) and check in speaking) or fills_most(check, rows, least)


def coverage_of(assessed: AssessedEvidence, policy: TrustPolicy, accepted: Collection[str] = ()) -> PortCoverage:
    """What the checks of one port cover; those whose keys are `accepted` (waived) count as if they had passed.

    A check that lets more rows fail, or leaves more out, than the policy tolerates covers nothing. A critical field is covered
    where its values are checked and it is shown to have values: by a check for missing ones, or by a count of them.
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
    least = policy.minimum_tolerance
    dimensions = {_speaks_for(check, rows, least) for check in speaking}
    columns = {name for check in speaking if _looks_at_values(check) for name in columns_of(check)}
    filled = {
        names[0] for check in assessed.checks if len(names := columns_of(check)) == 1 and _filled(check, speaking, rows, least)
    }
    critical = sorted(field.name for field in assessed.port.fields if field.is_critical)
    return PortCoverage(
        port=assessed.port.name,
        required=tuple(sorted(policy.required_dimensions)),
        uncovered=tuple(sorted(set(policy.required_dimensions) - dimensions)),
        critical_fields=tuple(critical),
        uncovered_fields=tuple(name for name in critical if name not in columns or name not in filled),
        waivers_used=tuple(sorted(waived)),
    )
