"""The trust answer between HTTP and `trust.decisions.services.decide`: parameters as a question, a finding as JSON."""

from collections.abc import Iterable, Mapping
from typing import Any

from catalog.rules.vocabulary import ConsumerKind, Effect
from trust.decisions.rules.question import Conclusion, Question
from trust.verdicts.rules.answer import DECISION_ID_MARK


def purpose_coverage(conclusion: Conclusion) -> dict[str, Any]:
    """For which kinds of consumers a permit in force covers the purpose at the effective score; a forbid overrides.

    The simple answer, for everybody: no decision for one consumer.
    Of a policy that governance wrote as Cedar only its effect is known here, so it counts for nothing: the ruling knows it.
    """
    purpose = conclusion.question.purpose or ""
    trust = conclusion.trust or {}
    score = trust.get("effective_score", trust.get("score", 0))
    kinds: dict[Effect, set[ConsumerKind]] = {Effect.PERMIT: set(), Effect.FORBID: set()}
    for policy in conclusion.policies:
        is_about_it = not policy.purposes or purpose in policy.purposes
        if is_about_it and not policy.is_raw and (policy.minimum_score or 0) <= score:
            kinds[policy.effect] |= policy.consumer_kinds or set(ConsumerKind)
    covered = sorted(kinds[Effect.PERMIT] - kinds[Effect.FORBID])
    return {"is_covered": bool(covered), "consumer_kinds": covered}


MOST_PRODUCTS = 500
"""Of one batch check."""


def question_of(slug: str, given: Mapping[str, Any]) -> Question:
    """The question that checked parameters ask about one product."""
    return Question(
        product=slug,
        purpose=given.get("purpose"),
        use_case=given.get("use_case"),
        minimum_score=given.get("min_score"),
        maximum_evidence_age=given.get("max_evidence_age"),
        as_of=given.get("as_of"),
        detail=given.get("detail", "short"),
    )


def render_answer(conclusion: Conclusion) -> dict[str, Any]:
    """The trust answer; with a purpose also what the policies say, of everybody (`purpose_coverage`) and to the asker."""
    answer: dict[str, Any] = {"decision_id": DECISION_ID_MARK, "decision": conclusion.decision}
    answer |= conclusion.trust or {"product": conclusion.question.product, "is_production_grade": False, "verdict": "unknown"}
    answer["reasons"] = list(conclusion.reasons)
    if conclusion.question.purpose is not None and conclusion.trust is not None:
        answer |= {
            "purpose": conclusion.question.purpose,
            "purpose_coverage": purpose_coverage(conclusion),
            "is_permitted": bool(conclusion.ruling and conclusion.ruling["is_permitted"]),
            "determining_policies": list(conclusion.determining),
            "obligations": list(conclusion.obligations),
        }
    return answer


def batch_body(texts: Iterable[str]) -> str:
    """The answer to a batch check, of the texts of its answers."""
    return f'{{"results":[{",".join(texts)}]}}'
