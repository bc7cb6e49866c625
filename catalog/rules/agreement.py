"""Who must approve an agreement, who may, and how long it may last. An approval is never given by whoever asked.

Two parts can be needed: the product owner's, always; and governance's, where the product is above `internal` or unclassified.
The four eyes: whoever made the request or answers for the consumer approves nothing, and nobody gives both parts. Where that
leaves the product's owner out, governance gives the owner's part. Who answered for the consumer or owned the product at any
moment since the request counts as if they still did. An approval counts for the highest sensitivity that the product had from
the request until it was given, and for less: if the product has become more sensitive since, it must be given again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from catalog.rules.sensitivity import effective_sensitivity
from catalog.rules.vocabulary import AgreementStatus, Sensitivity

LONGEST_LIFE = timedelta(days=366)
"""From the request to the end, a leap year; our choice: a grant that nobody looks at again for longer is no grant."""
LONGEST_NOTICE = timedelta(days=7)
"""How long before its end an agreement is reminded of, or a quarter of its life where that is shorter; our choice."""

TRANSITIONS: Mapping[AgreementStatus, frozenset[AgreementStatus]] = {
    AgreementStatus.REQUESTED: frozenset(
        {AgreementStatus.ACTIVE, AgreementStatus.REJECTED, AgreementStatus.WITHDRAWN, AgreementStatus.EXPIRED}
    ),
    AgreementStatus.ACTIVE: frozenset({AgreementStatus.EXPIRED, AgreementStatus.REVOKED}),
    AgreementStatus.REJECTED: frozenset(),
    AgreementStatus.WITHDRAWN: frozenset(),
    AgreementStatus.EXPIRED: frozenset(),
    AgreementStatus.REVOKED: frozenset(),
}
"""What may follow what. A request expires when its end comes before its answer."""


class Part(StrEnum):
    """One of the two approvals that an agreement can need."""

    OWNER = "owner"
    GOVERNANCE = "governance"


@dataclass(frozen=True, slots=True)
class Approval:
    """An approval that was given: by whom (a person's id), and for which sensitivity of the product."""

    by: int
    sensitivity: Sensitivity


@dataclass(frozen=True, slots=True)
class Request:
    """What a request's approval depends on. People are ids, one for each person, whatever the number of their accounts.

    sensitivity: the highest that the product had since the request, None: unclassified. former_askers, former_owners: who else
    owned the consumer, and the product, at any moment since then.
    """

    requester: int
    consumer_owner: int
    product_owner: int
    sensitivity: Sensitivity | None
    owner_approval: Approval | None = None
    governance_approval: Approval | None = None
    former_askers: frozenset[int] = frozenset()
    former_owners: frozenset[int] = frozenset()

    @property
    def beneficiaries(self) -> frozenset[int]:
        """Who asked, and who answers or answered for the consumer that would profit: none of them approves."""
        return self.former_askers | {self.requester, self.consumer_owner}

    @property
    def owners(self) -> frozenset[int]:
        """Who owned the product at any moment since the request."""
        return self.former_owners | {self.product_owner}

    @property
    def owner_stands_aside(self) -> bool:
        """Whether governance must give the owner's part, because an owner of the product is among those who ask."""
        return not self.owners.isdisjoint(self.beneficiaries)


class Refusal(StrEnum):
    """Why somebody cannot approve."""

    BENEFICIARY = "beneficiary"
    GAVE_THE_OTHER = "gave_the_other"
    NOT_AN_APPROVER = "not_an_approver"
    ALREADY_GIVEN = "already_given"


def needed_parts(sensitivity: Sensitivity | None) -> frozenset[Part]:
    """Which approvals a product of this sensitivity asks for."""
    is_above_internal = effective_sensitivity(None, sensitivity).rank > Sensitivity.INTERNAL.rank
    return frozenset(Part) if is_above_internal else frozenset({Part.OWNER})


def standing_approvals(request: Request) -> dict[Part, Approval]:
    """The approvals that still count: given for a sensitivity that is not below the product's of now."""
    now = effective_sensitivity(None, request.sensitivity)
    given = {Part.OWNER: request.owner_approval, Part.GOVERNANCE: request.governance_approval}
    return {part: approval for part, approval in given.items() if approval and approval.sensitivity.rank >= now.rank}


def missing_parts(request: Request) -> frozenset[Part]:
    """What must still be given before the agreement becomes active; empty: it may."""
    return needed_parts(request.sensitivity) - standing_approvals(request).keys()


def part_of(request: Request, *, actor: int, is_governance: bool, is_deputy: bool = False) -> Part | Refusal:
    """The approval that `actor` would give next, or why there is none for them to give.

    is_deputy: whether they stand in for the product's owner.
    """
    if actor in request.beneficiaries:
        return Refusal.BENEFICIARY
    can_give = set()
    speaks_for_governance = is_governance and actor not in request.owners
    if speaks_for_governance if request.owner_stands_aside else actor == request.product_owner or is_deputy:
        can_give.add(Part.OWNER)
    if speaks_for_governance:
        can_give.add(Part.GOVERNANCE)
    useful = [part for part in Part if part in can_give & missing_parts(request)]
    if useful:
        gave_another = any(approval.by == actor for approval in standing_approvals(request).values())
        return Refusal.GAVE_THE_OTHER if gave_another else useful[0]
    return Refusal.ALREADY_GIVEN if can_give & needed_parts(request.sensitivity) else Refusal.NOT_AN_APPROVER


def reminder_due_at(starts_at: datetime, expires_at: datetime) -> datetime:
    """When those concerned are reminded that an agreement ends: a week before, a quarter of its life before if that is less."""
    return expires_at - min(LONGEST_NOTICE, (expires_at - starts_at) / 4)
