"""What a person claims about a data product, as data. Contracts, the API and the admin produce these; services take them in."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from catalog.rules.vocabulary import Cadence, ConsumerKind, Effect, LogicalType, Sensitivity, SourceKind


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
    """The product itself. `domain` is a name or slug, made where it is missing; `owner` and `stewards` are usernames."""

    slug: str
    name: str
    domain: str
    owner: str
    stewards: tuple[str, ...] = ()
    version: str = "1.0.0"
    description: str = ""
    purpose: str = ""
    limitations: str = ""
    usage: str = ""
    tags: tuple[str, ...] = ()
    sensitivity: Sensitivity | None = None
    cadence: Cadence = Cadence.SCHEDULED
