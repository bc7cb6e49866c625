"""Everything that an assessment may look at, as data. What is not in here cannot influence readiness.

Facts are stored with the assessment made on them. Tuples are sets in disguise: their order carries no meaning. Times are
aware (UTC). Windows (90 days, 30 days, ...) are those of the readiness policy and end at `known_at`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from msgspec import UNSET, UnsetType

from catalog.rules.vocabulary import Autonomy, Better, Lifecycle, Sensitivity, UseCaseStage
from trust.vocabulary import GateName, VerdictStatus


@dataclass(frozen=True, slots=True)
class Presence:
    """A named person. last_seen_at: the newest sign of life (account made, login, acknowledgement, confirmation, report)."""

    username: str
    is_active: bool = True
    name: str = ""
    last_seen_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class UsedProductFacts:
    """One data product that the use case consumes.

    verdict, valid_until: what stands for it at `known_at`; None where it was never judged. open_gates: those that do not pass;
        failed_gates: those of them that failed, the others are unknown.
    cause: the verdict's own sentence about its trouble. observed_since: its first verdict.
    observed_for, good_for: how much of the window had a verdict at all, and a production-grade one.
    """

    slug: str
    lifecycle: Lifecycle
    deprecation_ends_at: datetime | None = None
    sensitivity: Sensitivity | None = None
    verdict: VerdictStatus | None = None
    valid_until: datetime | None = None
    open_gates: tuple[GateName, ...] = ()
    failed_gates: tuple[GateName, ...] = ()
    cause: str = ""
    observed_since: datetime | None = None
    observed_for: timedelta = timedelta(0)
    good_for: timedelta = timedelta(0)
    owner: Presence | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None


@dataclass(frozen=True, slots=True)
class ConsumerFacts:
    """One consumer that acts in the use case."""

    slug: str
    is_active: bool = True
    clearance: Sensitivity = Sensitivity.INTERNAL
    owner: Presence | None = None


@dataclass(frozen=True, slots=True)
class ConfirmationFacts:
    """The confirmation of one obligation, by `catalog.models.ObligationConfirmation.obligation`."""

    obligation: str
    confirmed_by: str
    confirmed_at: datetime


@dataclass(frozen=True, slots=True)
class GrantFacts:
    """One consumer and one product of the use case, for its purpose.

    is_permitted: what the policies say, None where they could not be evaluated or the purpose is unknown. reasons: why not.
    needs_agreement: a policy that would permit asks for an agreement. agreement_until: the end of the one that stands; None:
    none stands. agreement_waits: one is requested.
    obligations: canonical JSON of each obligation that comes with the permission.
    asked, last_asked_at: questions that named this use case within the asking window, and the newest.
    denied, unanswered_denials, oldest_unanswered_denial_at, denied_decision_id: how many of them were denied; those of them
        after which no fallback was reported; the oldest of these and its decision.
    """

    consumer: str
    product: str
    is_permitted: bool | None = None
    reasons: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    needs_agreement: bool = False
    agreement_until: datetime | None = None
    agreement_waits: bool = False
    obligations: tuple[str, ...] = ()
    confirmations: tuple[ConfirmationFacts, ...] = ()
    asked: int = 0
    last_asked_at: datetime | None = None
    denied: int = 0
    unanswered_denials: int = 0
    oldest_unanswered_denial_at: datetime | None = None
    denied_decision_id: int | None = None


@dataclass(frozen=True, slots=True)
class MisuseFacts:
    """A use that did not rest on a valid yes. why: `denied`, `before_the_answer`, `answer_expired` or `other_use_case`."""

    decision_id: int
    consumer: str
    at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class ExceptionFacts:
    """One exception of an output that was opened or closed within the window, or is open."""

    id: int
    opened_at: datetime
    due_at: datetime
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class MeasureFacts:
    """One measure and the newest value that was reported for it."""

    name: str
    interval: timedelta
    created_at: datetime
    target: float
    better: Better = Better.AT_LEAST
    unit: str = ""
    owner: Presence | None = None
    value: float | None = None
    observed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RecallFacts:
    """One recall of a product of the use case that named one of its consumers."""

    id: int
    product: str
    consumer: str
    sent_at: datetime
    acknowledged_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class UseCaseFacts:
    """One use case at one moment.

    known_at: the clock of the database when these facts were read; what claims to come later does not count.
    uses, misuses: reported uses of answers within the asking window, and those that did not rest on a valid yes.
    """

    slug: str
    known_at: datetime
    name: str = ""
    stage: UseCaseStage = UseCaseStage.IDEA
    created_at: datetime | None = None
    purpose: str = ""
    autonomy: Autonomy = Autonomy.ADVISES
    business_owner: Presence | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    claims_changed_at: datetime | None = None
    workflow: str = ""
    system: str = ""
    step: str = ""
    outputs_owner: Presence | None = None
    exceptions_owner: Presence | None = None
    exceptions_within: timedelta | None = None
    has_fallback: bool = False
    explainability_required: bool | None = None
    has_explainability_requirement: bool = False
    has_explainability_met: bool = False
    products: tuple[UsedProductFacts, ...] = ()
    consumers: tuple[ConsumerFacts, ...] = ()
    grants: tuple[GrantFacts, ...] = ()
    uses: int = 0
    misuses: tuple[MisuseFacts, ...] = ()
    exceptions: tuple[ExceptionFacts, ...] = ()
    measures: tuple[MeasureFacts, ...] = ()
    recalls: tuple[RecallFacts, ...] = ()
    # Which of the documentation texts are there and say nothing, in words. Unset it stays out of the bytes: facts from before
    # keep their digest.
    placeholders: tuple[str, ...] | UnsetType = UNSET


FALLBACK, REQUIREMENT, MET = "the fallback", "what must be explained", "how that is met"
"""What `UseCaseFacts.placeholders` names."""


def placeholders(facts: UseCaseFacts, texts: Collection[str]) -> str:
    """In brackets, which of these texts are only a placeholder; empty where none is."""
    found = () if facts.placeholders is UNSET else tuple(name for name in facts.placeholders if name in texts)
    return f" (only a placeholder: {' and '.join(found)})" if found else ""
