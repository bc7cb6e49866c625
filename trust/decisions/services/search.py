"""Searches for whom, for what and to what end the answer would be yes. One page is one row in the log, and allows nothing.

Candidates are taken in the order of names, a bounded part at a time, so that no page costs more than another.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import connection
from msgspec.structs import replace

from catalog.models import Consumer, Purpose, UseCase
from catalog.rules.errors import UnavailableError
from catalog.rules.vocabulary import ConsumerKind, ConsumerStatus, UseCaseStage
from trust.decisions.rules import denials
from trust.decisions.rules.question import Answered, Asker, Question
from trust.decisions.services.decide import evaluate_all
from trust.decisions.services.decision_log import Draft, write
from trust.decisions.services.evaluate import as_reason, asked_for
from trust.verdicts.models.verdict import CURRENT_VERDICT
from trust.verdicts.rules.answer import worded
from trust.vocabulary import DecisionChannel, VerdictStatus

MOST_CANDIDATES = 500
MOST_PRODUCTS_LOOKED_AT = 5000
MOST_JUDGED = 50
"""So many products whose verdict has run out may be judged for one page: our choice, about a second's work."""

_IS_CURRENT = CURRENT_VERDICT.format(now="%(now)s")
_PRODUCTS = f"""
SELECT p.slug, p.lifecycle IN ('published', 'deprecated') AND {_IS_CURRENT} IS TRUE AND c.verdict = 'production_grade',
       p.lifecycle IN ('published', 'deprecated') AND {_IS_CURRENT} IS NOT TRUE
FROM catalog_dataproduct p JOIN trust_currentverdict c ON c.product_id = p.id
WHERE p.slug > %(after)s ORDER BY p.slug LIMIT %(most)s
"""

EVERYTHING = "*"
"""What the log has where a search names no subject, or no product."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """names: to be ruled on, in order. last: the last name looked at, behind which the next part begins; None at the end."""

    names: tuple[str, ...]
    last: str | None


def candidate_products(after: str, now: datetime) -> Candidates:
    """Slugs of products that are production-grade, or must be judged before that can be said. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_PRODUCTS, {"after": after, "now": now, "most": MOST_PRODUCTS_LOOKED_AT})
        rows = cursor.fetchall()
    names: list[str] = []
    to_judge, last = 0, after
    for slug, is_good, is_stale in rows:
        to_judge += is_stale
        if to_judge > MOST_JUDGED or (len(names) == MOST_CANDIDATES and (is_good or is_stale)):
            return Candidates(tuple(names), last)
        if is_good or is_stale:
            names.append(slug)
        last = slug
    return Candidates(tuple(names), last if len(rows) == MOST_PRODUCTS_LOOKED_AT else None)


def candidate_consumers(after: str, kind: ConsumerKind | None) -> Candidates:
    """Slugs of active consumers, of one kind or of all. One query."""
    consumers = Consumer.objects.filter(status=ConsumerStatus.ACTIVE, slug__gt=after)
    if kind is not None:
        consumers = consumers.filter(kind=kind)
    return _part(list(consumers.order_by("slug").values_list("slug", flat=True)[: MOST_CANDIDATES + 1]))


def candidate_purposes(after: str) -> Candidates:
    """Names of purposes. One query."""
    return _part(
        list(Purpose.objects.filter(name__gt=after).order_by("name").values_list("name", flat=True)[: MOST_CANDIDATES + 1])
    )


def _part(names: list[str]) -> Candidates:
    is_more = len(names) > MOST_CANDIDATES
    names = names[:MOST_CANDIDATES]
    return Candidates(tuple(names), names[-1] if is_more else None)


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
    """The logged page of at most `limit` names behind `after`. A question that is refused, or names an unknown use case, finds
    nothing.

    Raises `UnavailableError` where the key lost its power meanwhile.
    """
    if question.refusal is None and question.use_case is not None and not _is_known(question.use_case):
        question = replace(question, refusal=denials.use_case_unknown(question.use_case))
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


def _is_known(use_case: str) -> bool:
    """Asked before any candidate is ruled on: each of them would be refused for it, and no one would learn why."""
    return UseCase.objects.filter(slug=use_case).exclude(stage=UseCaseStage.RETIRED).exists()


def _found(asker: Asker, sought: SearchKind, question: Question, after: str, limit: int, now: datetime) -> Found:
    candidates = _candidates(sought, question, after, now)
    questions = [_filled(sought, question, name) for name in candidates.names]
    looked_at = after
    names: list[str] = []
    evaluated = evaluate_all(asker, "", DecisionChannel.SEARCH, questions, now) if questions else ()
    for name, conclusion in zip(candidates.names, evaluated, strict=True):
        if conclusion.conclusion.decision:
            if len(names) == limit:
                return Found(tuple(names), looked_at)
            names.append(name)
        looked_at = name
    return Found(tuple(names), candidates.last)


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
        asker_facts=None,
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
