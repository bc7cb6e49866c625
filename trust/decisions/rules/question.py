"""What is asked, by whom, and what was found: the words between the edges and `trust.decisions.services.decide`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec

from catalog.rules.ruling import PolicyInForce, RulingReason
from catalog.rules.scopes import Scope
from catalog.rules.vocabulary import ConsumerKind
from trust.vocabulary import DecisionChannel

SCOPE_OF = {
    DecisionChannel.TRUST: Scope.TRUST_READ,
    DecisionChannel.CHECK: Scope.TRUST_READ,
    DecisionChannel.EVALUATION: Scope.DECIDE,
    DecisionChannel.EVALUATIONS: Scope.DECIDE,
    DecisionChannel.SEARCH: Scope.DECIDE,
}
"""What a key needs to ask."""


FOR_OTHERS = " for others"
"""Behind the kind of an asker: governance lets it ask about other consumers."""


class PartInUseCase(StrEnum):
    """Whether a consumer acts in the use case that a question names. Unknown: there is none of this name, or it is retired."""

    MEMBER = "member"
    STRANGER = "stranger"
    UNKNOWN = "unknown"


class Question(msgspec.Struct, frozen=True):
    """One question about one product.

    purpose None: only whether the product is production-grade. minimum_score, maximum_evidence_age: the caller's own
    conditions, which change nothing about the product. as_of: the moment that the question is about; None for now. detail:
    `short` or `full`. properties: what else the caller sent along and wants to see in the log, as plain JSON values. subject:
    slug of the consumer that the question is about; None for the subject of the whole call. subject_kind: the kind of consumer
    that the subject must be: one of another kind is an unknown subject; None for any. refusal: why the answer is no before
    anything is looked up (another action, no such type of resource, a part that cannot be read): nothing is said about product
    or subject then, and it is logged like every other answer.
    """

    product: str
    purpose: str | None = None
    use_case: str | None = None
    action: str = "consume"
    minimum_score: float | None = None
    maximum_evidence_age: timedelta | None = None
    as_of: datetime | None = None
    detail: str = "short"
    properties: Mapping[str, Any] = msgspec.field(default_factory=dict)
    subject: str | None = None
    subject_kind: ConsumerKind | None = None
    refusal: RulingReason | None = None


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks. consumer_id, slug: the consumer of the key (a session: that of the person). key_id None: a session.

    person_id: for whom the key acts; what this person may not see does not exist. arrived_ns: `time.perf_counter_ns()` when the
    request came in. request_id: as echoed in `X-Request-ID`. digest: of the key; answers to an asker with one are remembered.
    """

    person_id: int
    consumer_id: int
    slug: str
    key_id: int | None
    request_id: str
    arrived_ns: int
    digest: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What is known about one question when its answer is put into words.

    trust: the trust answer of DESIGN.md section 5 as plain JSON values, None where the product does not exist for the asker.
    decision: production-grade, and permitted where a purpose was given. reasons: everything that stands in the way, those of
    the product first, then of permission, each `{gate?, code, message, remedy, owner}`. ruling: the log's `ruling` column.
    policies: those in force for the product, where a purpose was given.
    """

    question: Question
    channel: DecisionChannel
    subject: str
    decision: bool
    trust: Mapping[str, Any] | None
    reasons: tuple[Mapping[str, Any], ...] = ()
    obligations: tuple[Mapping[str, Any], ...] = ()
    determining: tuple[Mapping[str, Any], ...] = ()
    ruling: Mapping[str, Any] | None = None
    policies: tuple[PolicyInForce, ...] = ()


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer that is in the log. `body`: the JSON text as it was answered and stored."""

    decision_id: int
    decision: bool
    body: str
