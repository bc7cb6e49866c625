"""Moves of use cases between stages: what waits for whom, and which overrides still count."""

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Now

from catalog.models import Person
from catalog.queries.ownership import HasOwnedDecisionSince, IsTied, IsTiedToDecisionOwner, SamePerson, has_identity
from catalog.rules.vocabulary import UseCaseStage
from catalog.services.permissions import is_governance
from trust.use_cases.models.use_case import StageMove
from trust.vocabulary import StageMoveStatus


def moves_waiting_for(person: Person) -> QuerySet[StageMove]:
    """The requests that `person` may approve: governance's, but for what they asked for themselves and what is or was theirs
    since the use case came to its stage, by whichever account, or theirs whose account they changed lately; none for an account
    that cannot be told from another.
    """
    if not (is_governance(person) and has_identity(person)):
        return StageMove.objects.none()
    me = Value(person.pk)
    waiting = StageMove.objects.filter(status=StageMoveStatus.REQUESTED, from_stage=F("use_case__stage"))
    since = ("use_case", "use_case__stage_since")
    others = waiting.exclude(SamePerson("requested_by", me)).exclude(HasOwnedDecisionSince(me, *since))
    return others.exclude(IsTied(me, "requested_by")).exclude(IsTiedToDecisionOwner(me, *since))


def overrides(use_case_ids: Collection[int], at: datetime | None = None) -> Mapping[int, list[StageMove]]:
    """Use case id to the overrides that its stage rests on, now or at a past moment. One query.

    One whose time is over counts no more from that moment on, whether the system has moved the use case back yet or not.
    """
    given = Q(status=StageMoveStatus.DONE, is_override=True, use_case__in=use_case_ids, override_expires_at__gt=at or Now())
    if at is None:
        counts = Q(override_ended_at=None)
    else:
        counts = Q(decided_at__lte=at) & (Q(override_ended_at=None) | Q(override_ended_at__gt=at))
    found: dict[int, list[StageMove]] = {pk: [] for pk in use_case_ids}
    for move in (
        StageMove.objects.filter(given & counts).select_related("requested_by", "caller__consumer", "decided_by").order_by("id")
    ):
        found[move.use_case_id].append(move)
    return found


def rests_on_override(use_case_id: int, stage: UseCaseStage) -> bool:
    """Whether the use case, which has gone on from `stage` by a move up, came there under an override that stood until then,
    and went on under another: nothing has ever shown that it may be there. Two queries.
    """
    done = StageMove.objects.filter(use_case=use_case_id, status=StageMoveStatus.DONE).order_by("-id")
    went_on = done.first()
    came = done.filter(to_stage=stage).exclude(from_stage=UseCaseStage.PRODUCTION).first()
    if went_on is None or came is None or not (went_on.is_override and came.is_override):
        return False
    return came.override_ended_at == went_on.decided_at
