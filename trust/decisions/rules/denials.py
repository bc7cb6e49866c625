"""Why the answer is no although the product and the policies may allow it.

Who or what is not known, or may not be asked about, before any policy is asked; and what the caller asked for on top. The
caller's conditions are the caller's own: they change neither the verdict nor the score of the product.
"""

from datetime import datetime

from catalog.rules.moments import duration_text
from catalog.rules.ruling import RulingReason
from catalog.rules.texts import cut
from trust.decisions.rules.question import Question

GOVERNANCE = "governance"


def subject_unknown(slug: str) -> RulingReason:
    return RulingReason(
        "subject_unknown",
        f"There is no consumer {cut(slug, 80)}, or it is of another type than the request says.",
        "Correct its slug or its type, or register it with POST /api/v1/consumers.",
        GOVERNANCE,
    )


def subject_inactive(slug: str) -> RulingReason:
    message = f"Consumer {cut(slug, 80)} is suspended or retired, or the account of its owner is inactive."
    return RulingReason("subject_inactive", message, "Ask governance to activate it, or name another owner.", GOVERNANCE)


def subject_not_asker(slug: str, asker: str) -> RulingReason:
    message = f"The key of {cut(asker, 80)} may ask about {cut(asker, 80)} only, not about {cut(slug, 80)}."
    remedy = f"Ask with a key of that consumer, or let governance make {cut(asker, 80)} an enforcement point, if it is no AI."
    return RulingReason("subject_not_asker", message, remedy, GOVERNANCE)


def product_unknown(slug: str) -> RulingReason:
    message = f"There is no data product {cut(slug, 80)} that the caller may see."
    return RulingReason("product_unknown", message, "Look its slug up with GET /api/v1/products.")


def use_case_unknown(use_case: str) -> RulingReason:
    message = f"There is no use case {cut(use_case, 80)}, or it is retired."
    remedy = "Name a use case that is not retired by its slug (GET /api/v1/use-cases), or name none."
    return RulingReason("use_case_unknown", message, remedy, GOVERNANCE)


def not_in_use_case(consumer: str, use_case: str) -> RulingReason:
    message = f"Consumer {cut(consumer, 80)} does not act in use case {cut(use_case, 80)}, which would permit this."
    remedy = "Ask the business owner of the use case to name the consumer in it, or name the use case that it acts in."
    return RulingReason("not_in_use_case", message, remedy)


def purpose_unknown(purpose: str) -> RulingReason:
    message = f"There is no purpose {cut(purpose, 80)}."
    return RulingReason(
        "purpose_unknown", message, "Ask with a purpose of the controlled list; governance can add others.", GOVERNANCE
    )


def purpose_missing() -> RulingReason:
    message = "A data product cannot be used without a purpose."
    return RulingReason("purpose_missing", message, "Give a purpose such as ai.decision-support, in the action's properties.")


CALLER_CONDITIONS = ("min_score_not_met", "max_evidence_age_exceeded")


def unmet_conditions(question: Question, score: float, evidence_at: datetime | None, at: datetime) -> list[RulingReason]:
    """What the caller asked for and the product does not meet. score: effective. evidence_at: of the oldest run that counts."""
    found = []
    if question.minimum_score is not None and score < question.minimum_score:
        message = f"The score is {score:g}; the caller asks for at least {question.minimum_score:g}."
        remedy = "Ask for a lower score, or follow what raises the score of the product."
        found.append(RulingReason(CALLER_CONDITIONS[0], message, remedy))
    most = question.maximum_evidence_age
    if most is not None and (evidence_at is None or at - evidence_at > most):
        message = f"The evidence is older than {duration_text(most)}, the most that the caller accepts."
        remedy = "Accept older evidence, or ask the owner of the product for a new run."
        found.append(RulingReason(CALLER_CONDITIONS[1], message, remedy))
    return found


def end_of_condition(question: Question, evidence_at: datetime | None, at: datetime) -> datetime | None:
    """When the evidence becomes older than the caller accepts; None where it is so already, or the caller does not ask."""
    if question.maximum_evidence_age is None or evidence_at is None:
        return None
    end = evidence_at + question.maximum_evidence_age
    return end if end > at else None
