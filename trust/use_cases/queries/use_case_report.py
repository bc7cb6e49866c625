"""What a report says beside the assessment: the claims as they were, who let the use case come this far, what is excepted."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from catalog.models import DataProduct, Person, UseCase, UseCaseProduct
from catalog.queries import visible_products
from catalog.queries.ownership import HasOwnedSince
from catalog.rules.vocabulary import UseCaseStage
from trust.use_cases.models.use_case import StageMove
from trust.verdicts.models.waivers import Waiver
from trust.verdicts.queries.waivers import facts_of_waiver
from trust.verdicts.rules.trust_policy import TrustPolicy
from trust.verdicts.rules.waivers import is_in_force
from trust.vocabulary import StageMoveStatus, WaiverStatus


@dataclass(frozen=True, slots=True)
class ClaimsThen:
    """What a use case claimed at one moment, as far as an assessment does not know it."""

    decision: str
    fallback: str
    stage_since: datetime


def claims_at(use_case: UseCase, at: datetime) -> ClaimsThen:
    """From the history of its row; today's where the history does not reach back that far. One query."""
    then = UseCase.pgh_event_model.objects  # type: ignore[attr-defined]  # pghistory's
    event = then.filter(pgh_obj=use_case.pk, pgh_created_at__lte=at).order_by("-pgh_id").first() or use_case
    return ClaimsThen(event.decision, event.fallback, event.stage_since)


def hidden_from(reader: Person, use_case: UseCase) -> set[str]:
    """Slugs of products that the use case names, or ever named, and that `reader` may not see: drafts of others. Two queries.

    Call `redact_assessment` with them before showing `reader` an assessment, also a past one.
    """
    return hidden_in(reader, [use_case.pk])


def hidden_in(reader: Person | None, use_case_ids: Collection[int]) -> set[str]:
    """The same of several use cases at once; for None, as for somebody who is not signed in, every draft. Two queries."""
    if not use_case_ids:
        return set()
    events = UseCaseProduct.pgh_event_model.objects  # type: ignore[attr-defined]  # pghistory's
    named = DataProduct.objects.filter(
        Q(pk__in=events.filter(use_case__in=use_case_ids).values("product")) | Q(used_by__use_case__in=use_case_ids)
    )
    slugs = set(named.order_by().values_list("slug", flat=True))
    return slugs - set(visible_products(reader).filter(slug__in=slugs).values_list("slug", flat=True))


def approval_at(use_case: UseCase, stage: UseCaseStage, at: datetime) -> StageMove | None:
    """The move that brought it to a stage that needs an approver, with who approved; None at the other stages. One query."""
    if not stage.needs_readiness:
        return None
    moves = StageMove.objects.filter(use_case=use_case, status=StageMoveStatus.DONE, to_stage=stage, decided_at__lte=at)
    return moves.select_related("decided_by").order_by("-decided_at", "-id").first()


def waivers_at(slugs: Collection[str], at: datetime, policy: TrustPolicy) -> list[Waiver]:
    """The waivers of these products that were in force at `at` under the policy of then; those that end first come first.

    Who granted one and has come to own the product since grants nothing any more, as a verdict sees it too. One query.
    """
    granted = Q(status=WaiverStatus.GRANTED) | Q(status=WaiverStatus.REVOKED, revoked_at__gt=at)
    rows = Waiver.objects.filter(granted, product__slug__in=slugs, starts_at__lte=at, expires_at__gt=at)
    rows = rows.exclude(Q(HasOwnedSince("granted_by", "product", "starts_at"), status=WaiverStatus.GRANTED))
    rows = rows.select_related("product", "owner", "granted_by").defer("product__search").order_by("expires_at", "id")
    return [row for row in rows if is_in_force(facts_of_waiver(row), policy, known_at=at, now=at)]
