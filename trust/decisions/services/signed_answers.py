"""Answers as signed documents, which whoever holds them can show to others."""

import json

from trust.decisions.models.decision import Decision
from trust.ledger.signing import canonical_json, sign

ANSWER_TYPE = "touchstone-answer+jwt"


def signed_answer(*, decision: Decision, issuer: str) -> str:
    """The compact JWS of a logged answer: who answered whom (`iss`, `sub`), which decision (`jti`), when, until when, and what.

    exp is `valid_until`, or the moment of asking where the answer named no time: it then speaks for that moment only. So does
    an answer about a past moment: a yes that has been taken back since must not look like one of today. Both moments are
    whole seconds, cut off (RFC 7519). Raises KeyUnavailableError.
    """
    is_about_the_past = bool((decision.question or {}).get("as_of"))
    end = decision.asked_at if is_about_the_past else decision.valid_until or decision.asked_at
    claims = {
        "iss": issuer,
        "sub": decision.subject,
        "jti": str(decision.pk),
        "iat": int(decision.asked_at.timestamp()),
        "exp": int(end.timestamp()),
        "answer": json.loads(decision.answer),
    }
    return sign(canonical_json(claims), content_type=ANSWER_TYPE)
