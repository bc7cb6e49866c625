"""Is the product production-grade: now, in short or in full, or at a past moment."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from trust.decisions.queries.resolved_question import ResolvedProduct, ResolvedQuestion
from trust.decisions.rules.question import Question
from trust.verdicts.models.verdict import Verdict
from trust.verdicts.queries.as_of import verdict_as_of
from trust.verdicts.queries.basis import judged_on
from trust.verdicts.rules.answer import evidence_at, full_answer, marked_part, short_answer
from trust.verdicts.rules.codec import load_outcome
from trust.vocabulary import VerdictStatus


@dataclass(frozen=True, slots=True)
class ProductStatus:
    """What is known of whether a product is fit. trust: the trust answer, with marks for what the statement
    that logs it fills in. score: effective.

    verdict_row_id, is_current: the row behind it, and whether that must still be the product's current one when the answer is
    written. evidence_at: when the oldest run began that speaks for a port. basis None: that of the current row.
    """

    trust: Mapping[str, Any]
    verdict: VerdictStatus
    score: float
    valid_until: datetime | None
    reason_codes: tuple[str, ...]
    verdict_row_id: int | None
    evidence_at: datetime | None
    is_current: bool = True
    basis: Mapping[str, Any] | None = None


def product_statuses(resolved_questions: Collection[ResolvedQuestion], now: datetime) -> list[ProductStatus | None]:
    """One for each, in order; None where there is no such product or nothing is looked up.

    At most one query, but for questions about the past.
    """
    wanted = {
        resolved.product.verdict_row_id for resolved in resolved_questions if resolved.product and _needs_row(resolved.question)
    } - {None}
    rows = Verdict.objects.select_related("policy").in_bulk(wanted) if wanted else {}
    return [
        _product_status(resolved, resolved.product, rows, now)
        if resolved.product and resolved.question.refusal is None
        else None
        for resolved in resolved_questions
    ]


def _needs_row(question: Question) -> bool:
    return question.refusal is None and question.as_of is None and question.detail == "full"


def _product_status(
    resolved: ResolvedQuestion, product: ResolvedProduct, rows: Mapping[int, Verdict], now: datetime
) -> ProductStatus:
    question = resolved.question
    at = max(resolved.at, product.judged_at or resolved.at)
    if question.as_of is not None:
        return _past(question, question.as_of, now)
    if not _needs_row(question) or product.verdict_row_id is None:
        return _from_answer(product, marked_part(product.body))
    row = rows[product.verdict_row_id]
    return _from_answer(product, full_answer(load_outcome(row.outcome), at))


def _from_answer(product: ResolvedProduct, trust: Mapping[str, Any]) -> ProductStatus:
    verdict = VerdictStatus(product.verdict)
    return ProductStatus(
        trust=trust,
        verdict=verdict,
        score=product.effective_score,
        valid_until=product.valid_until,
        reason_codes=product.reason_codes,
        verdict_row_id=product.verdict_row_id,
        evidence_at=product.evidence_at,
    )


def _past(question: Question, as_of: datetime, now: datetime) -> ProductStatus:
    outcome = verdict_as_of(question.product, as_of, now=now)
    return ProductStatus(
        trust=full_answer(outcome, as_of) if question.detail == "full" else short_answer(outcome, as_of),
        verdict=outcome.verdict,
        score=outcome.effective_score,
        valid_until=outcome.valid_until,
        reason_codes=tuple(gate.code for gate in outcome.open_gates),
        verdict_row_id=None,
        evidence_at=evidence_at(outcome),
        is_current=False,
        basis=judged_on(outcome),
    )
