"""Puts use cases at a stage past the services: moves that were approved, each with the assessment that it rests on."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from catalog.models import Person, UseCase
from catalog.rules.vocabulary import UseCaseStage
from tests.factories import NOW, make_governance
from trust.models import Readiness, ReadinessWatch, StageMove, TrustPolicyVersion
from trust.vocabulary import Gap, ReadinessLevel, StageMoveStatus


def keep_readiness(
    use_case: UseCase, level: ReadinessLevel = ReadinessLevel.NOT_READY, *, now: datetime = NOW, **columns: Any
) -> Readiness:
    """An assessment that looked at nothing, as the newest one. It holds for a day."""
    open_gaps = [] if level is ReadinessLevel.READY else [Gap.WORKFLOW.value]
    given = {"weakest": Gap.WORKFLOW, "open_gaps": open_gaps, "valid_until": now + timedelta(days=1), **columns}
    row = Readiness.objects.create(
        use_case=use_case,
        level=level,
        stage=use_case.stage,
        assessed_at=now,
        policy=TrustPolicyVersion.objects.earliest("pk"),
        cause="test",
        facts="{}",
        facts_sha256="0" * 64,
        outcome="{}",
        **given,
    )
    ReadinessWatch.objects.update_or_create(use_case=use_case, defaults={"row": row, "assessed_at": now})
    return row


def put_at(
    use_case: UseCase, stage: UseCaseStage, *, approver: Person | None = None, now: datetime = NOW, **columns: Any
) -> StageMove:
    """Move the use case, asked for by its business owner and approved by governance; `columns` are those of the move."""
    with transaction.atomic():
        move = StageMove.objects.create(
            use_case=use_case,
            from_stage=use_case.stage,
            to_stage=stage,
            status=StageMoveStatus.DONE,
            requested_by=use_case.business_owner,
            requested_at=now,
            decided_by=approver or make_governance(),
            decided_at=now,
            readiness=keep_readiness(use_case, now=now),
            **columns,
        )
        use_case.stage, use_case.stage_since = stage, now
        use_case.save(update_fields=["stage", "stage_since"])
    return move
