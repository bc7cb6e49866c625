"""An assessment for somebody who may not see every product of the use case: drafts of others do not exist for them."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from trust.use_cases.rules.readiness.outcome import Assessment, Evidence, QuestionResult
from trust.verdicts.rules.outcome import Responsible
from trust.vocabulary import Answer, Role

HIDDEN = "a product that you may not see"
_MESSAGE = "This is about a data product that you may not see."
_REMEDY = "Ask governance what to do."


def redact_assessment(assessment: Assessment, hidden: Collection[str]) -> Assessment:
    """The same answers without a word about the products with the slugs `hidden`: neither names, causes nor who owns them."""
    if not hidden:
        return assessment
    names = _names(hidden)
    return replace(assessment, questions=tuple(_veiled(result, names) for result in assessment.questions))


def redact_result(result: QuestionResult, hidden: Collection[str]) -> QuestionResult:
    """The same of one question."""
    return _veiled(result, _names(hidden)) if hidden else result


def redact_requirements(missing: Iterable[Mapping[str, Any]], hidden: Collection[str]) -> list[dict[str, Any]]:
    """The same of what `trust.StageMove.missing` keeps."""
    kept = [dict(one) for one in missing]
    if not hidden:
        return kept
    names = _names(hidden)
    return [
        {**one, "message": _MESSAGE, "remedy": _REMEDY, "who": ["governance"]} if _tells(one, names) else one for one in kept
    ]


def redact_text(text: str, hidden: Collection[str]) -> str:
    """A line of the history with other words in the place of each hidden slug."""
    return _names(hidden).sub(HIDDEN, text) if hidden else text


def _names(hidden: Collection[str]) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-])(?:{'|'.join(re.escape(slug) for slug in sorted(hidden))})(?![\w-])")


def _tells(one: Mapping[str, Any], names: re.Pattern[str]) -> bool:
    return bool(names.search(str(one.get("message", ""))) or names.search(str(one.get("remedy", ""))))


def _veiled(result: QuestionResult, names: re.Pattern[str]) -> QuestionResult:
    evidence = tuple(_of(one, names) for one in result.evidence)
    if not (names.search(result.message) or names.search(result.remedy)):
        # The sentence tells three at most: who else must act may be about a product that only the evidence names.
        if evidence != result.evidence:
            return replace(result, evidence=evidence, responsible=_kept(result), steps=())
        return replace(result, steps=()) if any(names.search(step.remedy) for step in result.steps) else result
    is_open = result.answer is not Answer.YES
    return replace(
        result,
        message=_MESSAGE,
        remedy=_REMEDY if is_open else "",
        responsible=(Responsible(Role.GOVERNANCE),) if is_open else (),
        steps=(),
        evidence=evidence,
    )


def _of(evidence: Evidence, names: re.Pattern[str]) -> Evidence:
    if not (names.search(evidence.id) or names.search(evidence.says)):
        return evidence
    return Evidence(evidence.kind, HIDDEN, "not shown")


def _kept(result: QuestionResult) -> tuple[Responsible, ...]:
    """Without the owners of products, who would give away whose draft it is."""
    others = tuple(who for who in result.responsible if who.role is not Role.OWNER)
    return others or ((Responsible(Role.GOVERNANCE),) if result.responsible else ())
