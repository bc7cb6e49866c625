"""What a person claims about a data product, as data, and which stage of its life may follow which.

Contracts, the API and the admin produce claims; services take them in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from catalog.rules.reading import UNDECLARED, Reading
from catalog.rules.vocabulary import Cadence, ConsumerKind, Effect, Lifecycle, LogicalType, Sensitivity, SourceKind


@dataclass(frozen=True, slots=True)
class FieldClaims:
    """A column. `logical_type` None: not said; `sensitivity` None: unclassified."""

    name: str
    logical_type: LogicalType | None = None
    physical_type: str = ""
    description: str = ""
    required: bool = False
    sensitivity: Sensitivity | None = None
    personal: bool = False
    critical: bool = False


@dataclass(frozen=True, slots=True)
class PortClaims:
    """A readable dataset and its fields, in order. See `catalog.models.OutputPort` for what each value means."""

    name: str
    source_kind: SourceKind
    location: str
    description: str = ""
    connection: str = ""
    time_column: str = ""
    service_level: timedelta | None = None
    allow_empty: bool = False
    null_values: tuple[str, ...] | None = None
    reading: Reading = UNDECLARED
    fields: tuple[FieldClaims, ...] = ()


@dataclass(frozen=True, slots=True)
class InputClaims:
    """An upstream data product, by slug."""

    product: str
    required: bool = True


@dataclass(frozen=True, slots=True)
class PolicyClaims:
    """One access policy of a product, or a guardrail, by name. What may be in it is ruled by `catalog.rules.access_policy`.

    obligations: short names and objects with `type`. cedar: raw Cedar text instead of kinds, purposes, score and agreement;
    it says its own effect, so `effect` is passed over. domain (slug), minimum_sensitivity: where a guardrail applies.
    """

    name: str
    effect: Effect = Effect.FORBID
    consumer_kinds: tuple[ConsumerKind, ...] = ()
    purposes: tuple[str, ...] = ()
    minimum_score: int | None = None
    obligations: tuple[str | Mapping[str, Any], ...] = ()
    expires_at: datetime | None = None
    agreement_required: bool = False
    domain: str | None = None
    minimum_sensitivity: Sensitivity | None = None
    cedar: str | None = None


@dataclass(frozen=True, slots=True)
class ProductClaims:
    """The product itself. `domain` is a name or slug, made where it is missing; `owner` and `stewards` are usernames, an empty
    owner is nobody."""

    slug: str
    name: str
    domain: str
    owner: str
    owner_is_provisional: bool = False
    stewards: tuple[str, ...] = ()
    version: str = "1.0.0"
    description: str = ""
    purpose: str = ""
    limitations: str = ""
    usage: str = ""
    tags: tuple[str, ...] = ()
    sensitivity: Sensitivity | None = None
    cadence: Cadence = Cadence.SCHEDULED


LIFECYCLE_TRANSITIONS: Mapping[Lifecycle, frozenset[Lifecycle]] = {
    Lifecycle.DRAFT: frozenset({Lifecycle.PUBLISHED, Lifecycle.RETIRED}),
    Lifecycle.PUBLISHED: frozenset({Lifecycle.DEPRECATED}),
    Lifecycle.DEPRECATED: frozenset({Lifecycle.PUBLISHED, Lifecycle.RETIRED}),
    Lifecycle.RETIRED: frozenset(),
}
"""Which stage of life may follow which. Draft → published → deprecated → retired, and three decisions of ours.

A deprecation can be taken back, because that only gives consumers something. A draft can be retired, because nobody builds on
it. A published product cannot be retired at once, because its consumers must be warned first. Retired is final: a slug that
comes back with other data behind it would be believed for its past.
"""


class LifecycleTransitionError(ValueError):
    """A step that the lifecycle does not allow. The message says what is allowed instead."""


def can_move(current: Lifecycle, target: Lifecycle) -> bool:
    """Whether `target` may follow `current`; staying where one is always may, so that registering twice changes nothing."""
    return target is current or target in LIFECYCLE_TRANSITIONS[current]


def demand_move(current: Lifecycle, target: Lifecycle) -> None:
    """Raise `LifecycleTransitionError` unless `target` may follow `current`."""
    if can_move(current, target):
        return
    allowed = " or ".join(sorted(LIFECYCLE_TRANSITIONS[current]))
    rest = f"from {current} it can only become {allowed}" if allowed else "retired is final; register a new product instead"
    raise LifecycleTransitionError(f"A {current} data product cannot become {target}: {rest}.")
