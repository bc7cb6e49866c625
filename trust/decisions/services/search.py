"""Searches for whom, for what and to what end the answer would be yes. One page is one row in the log, and allows nothing."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from catalog.rules.errors import UnavailableError
from trust.decisions.queries.candidates import Candidates, candidate_consumers, candidate_products, candidate_purposes
from trust.decisions.rules.question import Answered, Asker, Question
from trust.decisions.services.decide import evaluate_all
from trust.decisions.services.decision_log import Draft, write
from trust.decisions.services.evaluate import Evaluation, as_reason, asked_for
from trust.verdicts.rules.answer import worded
from trust.vocabulary import DecisionChannel, VerdictStatus

EVERYTHING = "*"
"""What the log has where a search names no subject, or no product."""


class SearchKind(StrEnum):
    """What a search looks for; the rest of its question is given."""

    PRODUCTS = "products"
    SUBJECTS = "subjects"
    PURPOSES = "purposes"


@dataclass(frozen=True, slots=True)
class Found:
    """One page. names: slugs or purposes with a yes, in order. next_after: behind which the next page begins; None at the end.

    reasons: why nothing was looked for.
    """

    names: tuple[str, ...]
    next_after: str | None
    reasons: tuple[Mapping[str, Any], ...] = ()


def search(
    *,
    asker: Asker,
    sought: SearchKind,
    question: Question,
    after: str,
    limit: int,
    word: Callable[[Found], Mapping[str, Any]],
    now: datetime,
) -> Answered:
    """The logged page of at most `limit` names behind `after`. A question that is refused finds nothing.

    Raises `UnavailableError` where the key lost its power meanwhile.
    """
    refused = question.refusal
    found = Found((), None, (as_reason(refused),)) if refused else _found(asker, sought, question, after, limit, now)
    draft = _draft(sought, question, after, limit, worded(word(found)))
    written = write(asker, DecisionChannel.SEARCH, [draft])
    if not written:
        raise UnavailableError(
            "The key that was used for this search was revoked or blocked during the request, so no answer was given.",
            remedy="Use a valid key.",
            code="key_lost",
        )
    decision_id, text = written[0]
    return Answered(decision_id, False, text)


def _found(asker: Asker, sought: SearchKind, question: Question, after: str, limit: int, now: datetime) -> Found:
    candidates = _candidates(sought, question, after, now)
    questions = [_filled(sought, question, name) for name in candidates.names]
    looked_at = after
    names: list[str] = []
    for name, conclusion in zip(candidates.names, _findings(asker, questions, now), strict=True):
        if conclusion.conclusion.decision:
            if len(names) == limit:
                return Found(tuple(names), looked_at)
            names.append(name)
        looked_at = name
    return Found(tuple(names), candidates.last)


def _findings(asker: Asker, questions: Sequence[Question], now: datetime) -> Iterator[Evaluation]:
    return iter(evaluate_all(asker, "", DecisionChannel.SEARCH, questions, now)) if questions else iter(())


def _candidates(sought: SearchKind, question: Question, after: str, now: datetime) -> Candidates:
    match sought:
        case SearchKind.PRODUCTS:
            return candidate_products(after, now)
        case SearchKind.SUBJECTS:
            return candidate_consumers(after, question.subject_kind)
        case SearchKind.PURPOSES if question.purpose is not None:
            return Candidates((question.purpose,) if question.purpose > after else (), None)
        case SearchKind.PURPOSES:
            return candidate_purposes(after)


def _filled(sought: SearchKind, question: Question, name: str) -> Question:
    match sought:
        case SearchKind.PRODUCTS:
            return replace(question, product=name)
        case SearchKind.SUBJECTS:
            return replace(question, subject=name)
        case SearchKind.PURPOSES:
            return replace(question, purpose=name)


def _draft(sought: SearchKind, question: Question, after: str, limit: int, answer: str) -> Draft:
    product = {"product": question.product} if question.product else {}
    return Draft(
        asker_kind=None,
        consumer_id=None,
        consumer_facts=None,
        subject=question.subject or EVERYTHING,
        product_id=None,
        product_slug=EVERYTHING,
        lifecycle=None,
        product_facts=None,
        action=question.action,
        purpose=question.purpose,
        use_case=question.use_case,
        decision=False,
        production_grade=False,
        verdict=VerdictStatus.UNKNOWN,
        score=None,
        verdict_row_id=None,
        is_current=False,
        valid_until=None,
        reason_codes=[question.refusal.code] if question.refusal else [],
        question={"search": sought, **product, "after": after, "limit": limit, **asked_for(question)},
        basis=None,
        ruling=None,
        policies=None,
        relies_on=(),
        part_in_use_case=None,
        agreement=None,
        obligations=(),
        answer=answer,
    )
