"""What must hold for a port, as data: Great Expectations' words with a dimension and a severity. Nothing here runs a check."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from catalog.rules.vocabulary import Dimension, Severity

UNKNOWN_VARIABLES = "unknown_variables"
"""In the `meta` of an expectation that holds a variable of its contract which nobody gave: why it is not run."""

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


@dataclass(frozen=True, slots=True)
class Expectation:
    """One expectation: `type` is Great Expectations' name (`expect_column_values_to_not_be_null`), `kwargs` its arguments.

    `dimension` is None only until a suite is stored: `trust` fills it from the type (see `trust.evidence.rules.dimensions`).
    """

    type: str
    kwargs: Mapping[str, Json] = field(default_factory=dict)
    severity: Severity = Severity.CRITICAL
    dimension: Dimension | None = None
    meta: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SuiteSpec:
    """The expectations of one port, in the order in which their results come back."""

    name: str
    expectations: tuple[Expectation, ...]
