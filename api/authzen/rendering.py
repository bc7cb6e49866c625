"""What was found, as an AuthZEN Decision: `decision`, and in `context` why, what goes with a yes, and where it is logged.

The standard leaves `context` to each implementation. `reasons` are for programs: a stable code, what happened, what would help
and who can do that. `reason_user`, which its example has, is the first of them as one text for people. Nulls are left out.
"""

from collections.abc import Mapping
from typing import Any

from trust.decisions.rules.question import Conclusion
from trust.verdicts.rules.answer import DECISION_ID_MARK

OF_TRUST = (
    "is_production_grade",
    "verdict",
    "score",
    "grade",
    "as_of",
    "valid_until",
    "sensitivity",
    "owner",
    "policy_version",
    "evidence",
    "waivers",
    "more_waivers",
    "gates_off",
)
"""What a decision repeats of the trust answer, where the asker may see the product."""
MALFORMED, FAILED = "malformed_request", "evaluation_failed"
STATUS_OF_ERROR = {MALFORMED: 400, FAILED: 500}
LEAVES = frozenset({str, int, float, bool})
NOTHING_KNOWN = {"is_production_grade": False, "verdict": "unknown"}


def decision_of(conclusion: Conclusion) -> dict[str, Any]:
    """The decision about one question, with the mark where the id of its log row goes."""
    context: dict[str, Any] = {"decision_id": DECISION_ID_MARK}
    refusal = conclusion.question.refusal
    if refusal is not None and refusal.code in STATUS_OF_ERROR:
        context["error"] = {"status": STATUS_OF_ERROR[refusal.code], "code": refusal.code, "message": refusal.message}
    context |= asked(conclusion)
    context |= NOTHING_KNOWN if conclusion.trust is None else {name: conclusion.trust.get(name) for name in OF_TRUST}
    context["reasons"] = list(conclusion.reasons)
    context["obligations"] = list(conclusion.obligations)
    context["determining_policies"] = list(conclusion.determining)
    if conclusion.reasons and not conclusion.decision:
        context["reason_user"] = {"403": " ".join(conclusion.reasons[0][part] for part in ("message", "remedy"))}
    return {"decision": conclusion.decision, "context": without_nulls(context)}


def asked(conclusion: Conclusion) -> dict[str, Any]:
    """What was asked, as far as it could be read."""
    question = conclusion.question
    words = {
        "subject": conclusion.subject,
        "action": question.action,
        "product": question.product,
        "purpose": question.purpose,
        "use_case": question.use_case,
    }
    return {name: word for name, word in words.items() if word}


def without_nulls(value: Any) -> Any:
    """The same without the members of objects that are null: to be absent says the same, and says it clearly."""
    if type(value) in LEAVES:
        return value
    if isinstance(value, Mapping):
        return {name: without_nulls(item) for name, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [without_nulls(item) for item in value]
    return value
