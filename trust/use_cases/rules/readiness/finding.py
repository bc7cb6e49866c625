"""How a question comes to its answer: it looks at one thing after another, and the worst answer decides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from catalog.rules.vocabulary import UseCaseStage
from trust.evidence.rules import formatting
from trust.use_cases.rules.readiness.context import ReadinessContext
from trust.use_cases.rules.readiness.outcome import Evidence, QuestionResult, Step
from trust.verdicts.rules.outcome import Responsible
from trust.vocabulary import Answer, ReadinessQuestion

MOST_EVIDENCE = 20
_ONLY_IN_PRODUCTION = {
    ReadinessQuestion.ASKED_FROM_THERE,
    ReadinessQuestion.ANSWERED_BEFORE_USE,
    ReadinessQuestion.FALLBACK_FOLLOWED,
    ReadinessQuestion.EXCEPTIONS_CLOSED_IN_TIME,
    ReadinessQuestion.MEASURES_REPORTED,
    ReadinessQuestion.RECALLS_ACKNOWLEDGED,
}
"""What only shows once the AI acts in earnest. Everything else must be answered with yes before that is approved."""


@dataclass(frozen=True, slots=True)
class ReadinessFinding:
    """What one thing says to a question.

    message: half a sentence without a full stop; remedy: in the imperative. Both are empty for a yes.
    holds_until: the first moment at which it says something else with nothing else happening; None: it stays.
    """

    answer: Answer
    evidence: Evidence
    code: str = "ok"
    message: str = ""
    remedy: str = ""
    responsible: tuple[Responsible, ...] = ()
    holds_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer to a question, and the first moment at which it would be another with nothing else happening."""

    result: QuestionResult
    holds_until: datetime | None


def yes(evidence: Evidence, holds_until: datetime | None = None) -> ReadinessFinding:
    """A finding that is as it should be."""
    return ReadinessFinding(Answer.YES, evidence, holds_until=holds_until)


def conclude(
    question: ReadinessQuestion,
    findings: Sequence[ReadinessFinding],
    passed: str,
    numbers: Mapping[str, int | float] | None = None,
) -> Answered:
    """No where one finding says no, else unknown where one is unknown, else yes with the sentence `passed`.

    Code from the first of the findings that decide; the sentence and the remedy tell up to three of them; everybody is named
    who has something to do for them. `numbers` come on top of how many findings say what.
    """
    worst = min((finding.answer for finding in findings), key=lambda answer: answer.rank, default=Answer.YES)
    deciding = [finding for finding in findings if finding.answer is worst] if worst is not Answer.YES else []
    counted = {answer.value: sum(finding.answer is answer for finding in findings) for answer in Answer}
    ordered = sorted(findings, key=lambda finding: finding.answer.rank)
    steps = dict.fromkeys(Step(who, finding.remedy) for finding in deciding for who in finding.responsible)
    result = QuestionResult(
        question=question,
        gap=question.gap,
        answer=worst,
        code=deciding[0].code if deciding else "ok",
        message=formatting.list_sentences([finding.message for finding in deciding]) if deciding else passed,
        needed_for=UseCaseStage.PRODUCTION if question in _ONLY_IN_PRODUCTION else UseCaseStage.APPROVED,
        evidence=tuple(finding.evidence for finding in ordered[:MOST_EVIDENCE]),
        numbers={**counted, **(numbers or {})},
        remedy=sentences([finding.remedy for finding in deciding]),
        responsible=tuple(dict.fromkeys(who for finding in deciding for who in finding.responsible))[:MOST_EVIDENCE],
        steps=tuple(steps)[:MOST_EVIDENCE],
    )
    return Answered(result, min((f.holds_until for f in findings if f.holds_until is not None), default=None))


def sentences(remedies: Sequence[str], shown: int = 3) -> str:
    """Up to three different remedies, a sentence each, and how many more there are."""
    remedies = list(dict.fromkeys(remedies))
    more = [f"And {len(remedies) - shown} more of the kind"] if len(remedies) > shown else []
    return " ".join(f"{remedy}." for remedy in [*remedies[:shown], *more])


def nothing_named(context: ReadinessContext, *, consumers: bool = False) -> list[ReadinessFinding]:
    """Unknowns for a use case that names no product (or, with `consumers`, nobody who acts in it); nothing for any other."""
    who = (context.business_owner,)
    findings = []
    if not context.facts.products:
        remedy, evidence = "Name the data products that the use case consumes", Evidence("claim", "products", "none named")
        findings.append(ReadinessFinding(Answer.UNKNOWN, evidence, "no_products", "the use case names no product", remedy, who))
    if consumers and not context.facts.consumers:
        remedy, evidence = "Name the consumers that act in the use case", Evidence("claim", "consumers", "none named")
        findings.append(
            ReadinessFinding(Answer.UNKNOWN, evidence, "no_consumers", "the use case names no consumer", remedy, who)
        )
    return findings
