"""What an assessment of a use case says, as data. Nothing here is worded or computed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from catalog.rules.vocabulary import UseCaseStage
from trust.verdicts.rules.outcome import Responsible
from trust.vocabulary import Answer, Gap, ReadinessLevel, ReadinessQuestion


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that an answer rests on.

    kind: `product`, `verdict`, `decision`, `agreement`, `policy`, `person`, `outcome`, `use`, `exception`, `recall`, `consumer`
    or `claim`. id: its slug, username or row id. says: what it says, in a few words.
    """

    kind: str
    id: str
    says: str


@dataclass(frozen=True, slots=True)
class Step:
    """What one of those who can turn an answer to yes can do for it."""

    responsible: Responsible
    remedy: str


@dataclass(frozen=True, slots=True)
class QuestionResult:
    """What one question was answered.

    code: stable; `ok` for a yes. message: one sentence with its numbers and moments. evidence: what it rests on, the worst
        first, at most twenty; `numbers` counts all.
    remedy, responsible: what would turn it to yes, and who can do that; empty where it is yes.
    steps: who of them can do what of it, at most twenty; empty where that cannot be told apart.
    needed_for: the stage that a use case does not reach without a yes.
    """

    question: ReadinessQuestion
    gap: Gap
    answer: Answer
    code: str
    message: str
    needed_for: UseCaseStage
    evidence: tuple[Evidence, ...] = ()
    numbers: Mapping[str, int | float] = field(default_factory=dict)
    remedy: str = ""
    responsible: tuple[Responsible, ...] = ()
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class GapResult:
    """One gap: as ready as its weakest answer."""

    gap: Gap
    level: ReadinessLevel
    yes: int
    no: int
    unknown: int


@dataclass(frozen=True, slots=True)
class Assessment:
    """The readiness of one use case at one moment.

    level: that of the weakest gap, never an average. weakest: this gap; among equally weak ones the one with the smallest share
        of yes, then the first in the order of `Gap`.
    valid_until: it holds for every moment from `assessed_at` up to but not including this one, unless a fact changes.
    """

    slug: str
    stage: UseCaseStage
    assessed_at: datetime
    valid_until: datetime
    level: ReadinessLevel
    weakest: Gap
    gaps: tuple[GapResult, ...]
    questions: tuple[QuestionResult, ...]
    policy_version: int
    policy_digest: str
    facts_digest: str

    def missing_for(self, stage: UseCaseStage) -> tuple[QuestionResult, ...]:
        """The questions without a yes that keep the use case from `stage`, in their order."""
        return tuple(q for q in self.questions if q.answer is not Answer.YES and q.needed_for.rank <= stage.rank)
