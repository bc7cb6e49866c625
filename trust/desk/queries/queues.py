"""What waits for somebody: for one person to act, and in all, among what that person may see. Nothing here decides who may."""

from datetime import datetime

from django.db.models import QuerySet

from catalog.models import AccessPolicy, Agreement, Person, PolicyStatus
from catalog.rules.vocabulary import AgreementStatus
from trust.use_cases.models.use_case import OutputException, StageMove
from trust.verdicts.models.waivers import Waiver
from trust.verdicts.queries.product_upkeep import Reach
from trust.vocabulary import StageMoveStatus, WaiverStatus


def open_agreements(reach: Reach, now: datetime) -> QuerySet[Agreement]:
    """Requests that nobody has answered yet."""
    rows = Agreement.objects.filter(status=AgreementStatus.REQUESTED, expires_at__gt=now)
    return rows if reach is None else rows.filter(product__in=reach)


def draft_policies(reach: Reach) -> QuerySet[AccessPolicy]:
    """Versions of policies that are written and not published."""
    rows = AccessPolicy.objects.filter(status=PolicyStatus.DRAFT)
    return rows if reach is None else rows.filter(product__in=reach)


def open_exceptions(person: Person | None) -> QuerySet[OutputException]:
    """Exceptions of outputs that are not closed, soonest due first: those assigned to `person`, None: all."""
    rows = OutputException.objects.filter(closed_at=None).order_by("due_at", "id")
    return rows if person is None else rows.filter(assigned_to=person)


def open_waivers(reach: Reach, now: datetime) -> QuerySet[Waiver]:
    """Requests for waivers that nobody has answered, and whose end has not come."""
    rows = Waiver.objects.filter(status=WaiverStatus.REQUESTED, expires_at__gt=now)
    return rows if reach is None else rows.filter(product__in=reach)


def open_moves() -> QuerySet[StageMove]:
    """Moves of use cases that wait for an approver."""
    return StageMove.objects.filter(status=StageMoveStatus.REQUESTED)
