"""Which results of checks may show values: not those of a field that is kept, also where it was classified after the run."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from catalog.rules.vocabulary import Sensitivity
from trust.evidence.rules.facts import CheckFacts, FieldFacts
from trust.evidence.rules.figures import RunFigures
from trust.vocabulary import CheckStatus

WITHHELD = "[redacted]"
_COUNTS = {
    "expect_column_unique_value_count_to_be_between",
    "expect_column_proportion_of_unique_values_to_be_between",
    "expect_column_proportion_of_non_null_values_to_be_between",
    "expect_column_values_to_be_of_type",
    "expect_column_values_to_be_in_type_list",
    "expect_column_missing_values_to_be_within_limits",
    "expect_column_invalid_values_to_be_within_limits",
    "expect_duplicate_values_to_be_within_limits",
}
"""Types that observe a number of values, or their type, and no value."""


@dataclass(frozen=True, slots=True)
class Redaction:
    """The columns of one port that are kept, those that it declares, and whether others are kept too."""

    kept: frozenset[str]
    declared: frozenset[str]
    keeps_undeclared: bool

    def concerns(self, kwargs: Mapping[str, Any]) -> bool:
        """Whether a check with these arguments looks at a kept column, or picks its rows by one."""
        names = {
            text
            for key, value in kwargs.items()
            if "column" in key and not key.startswith("reference")
            for text in (value if isinstance(value, list) else [value])
            if isinstance(text, str)
        }
        condition = f"{kwargs.get('row_condition') or ''} {kwargs.get('query') or ''}"
        undeclared = self.keeps_undeclared and not names <= self.declared
        return bool(names & self.kept) or undeclared or any(name in condition for name in self.kept)


def redaction_of(fields: Iterable[FieldFacts], sensitivity: Sensitivity | None) -> Redaction:
    """What a port with these `fields` keeps in a product of that `sensitivity`, which unclassified fields share."""
    fields = list(fields)
    kept = {field.name for field in fields if field.is_personal_data or not is_open(field.sensitivity or sensitivity)}
    return Redaction(frozenset(kept), frozenset(field.name for field in fields), not is_open(sensitivity))


def is_open(sensitivity: Sensitivity | None) -> bool:
    """Whether values of that sensitivity may be shown: stated, and not above internal."""
    return sensitivity is not None and sensitivity.rank <= Sensitivity.INTERNAL.rank


def observes_values(expectation_type: str) -> bool:
    """Whether what a check of that type observed may be a value of its column."""
    return expectation_type not in _COUNTS and not expectation_type.startswith("expect_table_")


def redact_figures(figures: RunFigures, redaction: Redaction) -> RunFigures:
    """The figures without values of kept columns: shares and counts stay."""
    columns = (
        replace(column, mean=None, lowest=None, highest=None) if redaction.concerns({"column": column.name}) else column
        for column in figures.columns
    )
    return replace(figures, columns=tuple(columns))


def redact(check: CheckFacts, redaction: Redaction) -> CheckFacts:
    """The check without what it saw of a kept column: counts stay, an observed value and a message that may quote it do not."""
    if not observes_values(check.type) or not redaction.concerns(check.kwargs):
        return check
    is_told_by_counts = check.status is not CheckStatus.FAILED or check.unexpected_count is not None
    was_withheld = check.observed_value == WITHHELD
    return replace(
        check,
        observed_value=None if check.observed_value is None else WITHHELD,
        message=check.message if is_told_by_counts or was_withheld else "",
    )
