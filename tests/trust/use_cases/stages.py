"""A use case, its owner and governance, for tests of moves between stages."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from catalog.models import Person, UseCase
from catalog.rules.vocabulary import UseCaseStage
from tests.trust.use_cases.rows import LATER
from trust.models import StageMove
from trust.use_cases.services.stages import approve_stage_move, request_stage_move

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
APPROVED, PRODUCTION, PILOT, IDEA, RETIRED = (
    UseCaseStage.APPROVED,
    UseCaseStage.PRODUCTION,
    UseCaseStage.PILOT,
    UseCaseStage.IDEA,
    UseCaseStage.RETIRED,
)


@dataclass
class Cast:
    use_case: UseCase
    olga: Person
    gina: Person
    greta: Person

    def move(self, to: UseCaseStage, actor: Person | None = None, now: Any = LATER, **given: Any) -> StageMove:
        return request_stage_move(use_case=self.use_case, to_stage=to, actor=actor or self.olga, now=now, **given)

    def approve(self, move: StageMove, actor: Person | None = None, now: Any = LATER) -> StageMove:
        return approve_stage_move(move=move, actor=actor or self.gina, now=now)

    @property
    def stage(self) -> str:
        self.use_case.refresh_from_db()
        return self.use_case.stage
