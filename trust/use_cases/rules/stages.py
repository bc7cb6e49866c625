"""How a use case moves between stages: one step up at a time, down and to retired from anywhere, from retired never."""

from collections.abc import Collection, Iterable
from enum import StrEnum
from typing import Any

from catalog.rules.vocabulary import UseCaseStage
from trust.use_cases.rules.readiness.outcome import Assessment, QuestionResult
from trust.verdicts.rules.outcome import Responsible
from trust.vocabulary import ReadinessQuestion


class Way(StrEnum):
    """How a use case gets from one stage to another: at once, by a request that somebody else approves, or not at all."""

    AT_ONCE = "at_once"
    APPROVED = "approved"
    NONE = "none"


def way(start: UseCaseStage, end: UseCaseStage) -> Way:
    """How a use case gets from `start` to `end`.

    Up goes one step at a time (our choice): what a stage asks for is only seen at the stage before it.
    """
    if start is UseCaseStage.RETIRED or start is end:
        return Way.NONE
    if end is UseCaseStage.RETIRED or end.rank < start.rank:
        return Way.AT_ONCE
    if end.rank > start.rank + 1:
        return Way.NONE
    return Way.APPROVED if end.needs_readiness else Way.AT_ONCE


def ways_from(start: UseCaseStage) -> tuple[UseCaseStage, ...]:
    """The stages that a use case can move to next, in their order."""
    return tuple(end for end in UseCaseStage if way(start, end) is not Way.NONE)


def lacking(assessment: Assessment, accepted: Collection[str] = ()) -> tuple[QuestionResult, ...]:
    """The questions without a yes that the use case's stage asks for, without those that an override in force has `accepted`.

    An idea or a pilot is held against what `approved` asks for, the first stage that asks for anything.
    """
    if assessment.stage is UseCaseStage.RETIRED:
        return ()
    stage = assessment.stage if assessment.stage.needs_readiness else UseCaseStage.APPROVED
    names = {ReadinessQuestion(name) for name in accepted}
    return tuple(question for question in assessment.missing_for(stage) if question.question not in names)


def line_of(question: QuestionResult) -> str:
    """One line: the question, what is found, what would change it, and who can do that."""
    who = ", ".join(map(_name, question.responsible))
    return f"{question.question}: {question.message} {question.remedy}{f' (for {who})' if who else ''}"


def as_kept(questions: Iterable[QuestionResult]) -> list[dict[str, Any]]:
    """What `StageMove.missing` holds."""
    return [
        {
            "gap": one.gap.value,
            "question": one.question.value,
            "answer": one.answer.value,
            "message": one.message,
            "remedy": one.remedy,
            "who": [_name(who) for who in one.responsible],
        }
        for one in questions
    ]


def _name(who: Responsible) -> str:
    role = who.role.value.replace("_", " ")
    return f"{who.username} ({role})" if who.username else role
