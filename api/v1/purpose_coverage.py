"""Does a published access policy cover a purpose? The simple answer, for everybody: no decision for one consumer."""

from typing import Any

from catalog.rules.vocabulary import ConsumerKind, Effect
from trust.decisions.rules.question import Conclusion


def purpose_coverage(conclusion: Conclusion) -> dict[str, Any]:
    """For which kinds of consumers a permit in force covers the purpose at the effective score; a forbid overrides.

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
