"""What a use case lacks, in the forms in which it is told and kept."""

from collections.abc import Iterable
from typing import Any

from trust.use_cases.rules.readiness.outcome import QuestionResult
from trust.verdicts.rules.outcome import Responsible


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
