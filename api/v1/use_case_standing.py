"""How use cases stand, beside what is claimed of them: their last approval, the overrides in force, the newest assessment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from catalog.models import UseCase
from catalog.rules.vocabulary import UseCaseStage
from trust.models import Readiness, StageMove
from trust.use_cases.queries.stage_moves import overrides
from trust.use_cases.services.readiness import current_readiness
from trust.vocabulary import Gap, ReadinessLevel, StageMoveStatus


@dataclass(frozen=True, slots=True)
class ReadinessInShort:
    """The newest assessment. From `valid_until` on the level is `unknown`: what it was found on may have changed."""

    level: ReadinessLevel
    weakest: Gap
    open_gaps: tuple[Gap, ...]
    assessed_at: datetime
    valid_until: datetime


def with_standing(use_cases: Sequence[UseCase], now: datetime) -> Sequence[UseCase]:
    """The same use cases, each with `approval`, `overrides` and `readiness`. Three queries, however many they are."""
    keys = [use_case.pk for use_case in use_cases]
    approvals = _approvals(keys)
    in_force = overrides(keys)
    assessments = {pk: _in_short(row, now) for pk, row in current_readiness(keys, now).items()}
    for use_case in use_cases:
        approval = approvals.get(use_case.pk) if UseCaseStage(use_case.stage).needs_readiness else None
        vars(use_case).update(approval=approval, overrides=in_force[use_case.pk], readiness=assessments.get(use_case.pk))
    return use_cases


def _approvals(keys: Sequence[int]) -> dict[int, StageMove]:
    """The newest move of each up to a stage that needs an approver."""
    moves = StageMove.objects.filter(
        use_case__in=keys,
        status=StageMoveStatus.DONE,
        to_stage__in=[stage for stage in UseCaseStage if stage.needs_readiness],
    ).exclude(from_stage=UseCaseStage.PRODUCTION)
    newest = moves.select_related("decided_by").order_by("use_case_id", "-id").distinct("use_case_id")
    return {move.use_case_id: move for move in newest}


def _in_short(row: Readiness, now: datetime) -> ReadinessInShort:
    return ReadinessInShort(
        level=ReadinessLevel(row.level) if now < row.valid_until else ReadinessLevel.UNKNOWN,
        weakest=Gap(row.weakest),
        open_gaps=tuple(Gap(gap) for gap in row.open_gaps),
        assessed_at=row.assessed_at,
        valid_until=row.valid_until,
    )
