"""The trust answer between HTTP and `trust.services.deciding`: parameters as a question, a finding as JSON."""

from collections.abc import Mapping
from typing import Any

from trust.rules.answer import DECISION_ID_MARK
from trust.rules.asking import Finding, Question


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


def trust_words(finding: Finding, cover: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The trust answer; with a purpose also what the policies say, to everybody (`cover`) and to the asker."""
    start = {"decision_id": DECISION_ID_MARK, "decision": finding.decision}
    if finding.trust is None:
        unknown = {"product": finding.question.product, "production_grade": False, "verdict": "unknown"}
        return {**start, **unknown, "reasons": list(finding.reasons)}
    answer = {**start, **finding.trust, "reasons": list(finding.reasons)}
    if finding.question.purpose is None:
        return answer
    return {
        **answer,
        "purpose": cover,
        "permitted": bool(finding.ruling and finding.ruling["is_permitted"]),
        "determining_policies": list(finding.determining),
        "obligations": list(finding.obligations),
    }
