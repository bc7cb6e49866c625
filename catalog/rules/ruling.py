"""May this consumer use this product for this purpose? The words of the question and of its answer.

Who rules is `catalog.cedar`; here is frozen data only. The same question and policies give the same ruling: nothing here knows
the time, so policies that have run out and agreements that do not stand are left out before a ruling is asked for.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from catalog.rules.obligation import Obligation
from catalog.rules.vocabulary import ConsumerKind, Effect, Lifecycle, Sensitivity


@dataclass(frozen=True, slots=True)
class Subject:
    """The consumer who wants to use the data. `owner`: username of the person who answers for it."""

    slug: str
    kind: ConsumerKind
    clearance: Sensitivity
    owner: str


@dataclass(frozen=True, slots=True)
class Resource:
    """The data product. `sensitivity` None: unclassified, which counts as restricted."""

    slug: str
    domain: str
    sensitivity: Sensitivity | None
    lifecycle: Lifecycle
    owner: str


@dataclass(frozen=True, slots=True)
class AskedFor:
    """What the data is wanted for, and what is known of it at the moment of asking.

    score: effective trust score, 0 to 100. has_agreement: an agreement of this consumer for this product and purpose stands.
    """

    purpose: str
    score: float
    is_production_grade: bool
    has_agreement: bool = False
    use_case: str | None = None


@dataclass(frozen=True, slots=True)
class PolicyInForce:
    """One published access policy or guardrail that speaks about the product. `cedar` rules; the rest explains.

    digest: SHA-256 of what was published, as hex. is_guardrail: it forbids for a domain, a sensitivity or everything.
    consumer_kinds, purposes: empty means all. is_raw: governance wrote `cedar`, and only `effect` is known of what it says.
    """

    id: int
    name: str
    version: int
    digest: str
    effect: Effect
    cedar: str
    is_guardrail: bool = False
    is_raw: bool = False
    consumer_kinds: frozenset[ConsumerKind] = frozenset()
    purposes: frozenset[str] = frozenset()
    minimum_score: float | None = None
    agreement_required: bool = False
    obligations: tuple[Obligation, ...] = ()


@dataclass(frozen=True, slots=True)
class PolicyName:
    """Which version of which policy. id 0: the built-in clearance rule."""

    id: int
    name: str
    version: int
    digest: str


@dataclass(frozen=True, slots=True)
class RulingReason:
    """Why not: a stable code, one sentence, what would change it, and who can do that (a username or `governance`)."""

    code: str
    message: str
    remedy: str
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the policies say.

    determining: the policies that decided: the permits that hold, or the forbids that override; empty for a default deny.
    obligations: of the determining permits, each an object with `type`, without repetition. reasons: empty when permitted.
    request: the Cedar request with its entities, as plain JSON values: all that is needed to rule again.
    """

    is_permitted: bool
    determining: tuple[PolicyName, ...] = ()
    reasons: tuple[RulingReason, ...] = ()
    obligations: tuple[Mapping[str, Any], ...] = ()
    request: Mapping[str, Any] = field(default_factory=dict)
