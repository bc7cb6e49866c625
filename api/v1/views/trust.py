"""The one question: is this data product production-grade, right now, and if not, why not and what would fix it?"""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request

from api.access.asking import asker_of
from api.access.visibility import find_product
from api.v1.base import ApiView
from api.v1.cover import cover_of, demand_known_purpose
from api.v1.ready_made import json_answer
from api.v1.serializers.trust import TrustAnswer, TrustQuery
from api.v1.trust_words import question_of, trust_words
from catalog.models import DataProduct
from trust.rules.asking import Question
from trust.rules.vocabulary import DecisionChannel
from trust.services.deciding import answer

EXAMPLE = {
    "decision_id": 4711,
    "decision": False,
    "product": "nyc-flights",
    "production_grade": False,
    "verdict": "not_production_grade",
    "score": 59,
    "raw_score": 83.4,
    "grade": "F",
    "as_of": "2026-11-22T12:00:00Z",
    "valid_until": "2026-11-23T06:00:00Z",
    "gates": {"passed": 14, "failed": 1, "unknown": 0},
    "reasons": [
        {
            "gate": "critical_checks",
            "code": "critical_check_failed",
            "message": "1 of 9 critical checks failed.",
            "remedy": "Correct the data or the expectation, then run again.",
            "owner": "flora",
        }
    ],
    "sensitivity": "internal",
    "owner": "flora",
    "policy_version": 3,
    "evidence": {"run": "0d6f0a5e-3e3c-4b55-8a5e-0f4f7f0c7c11", "age_seconds": 5400},
}


class TrustView(ApiView):
    query = TrustQuery

    @extend_schema(
        operation_id="get_trust",
        responses=TrustAnswer,
        tags=["trust"],
        examples=[OpenApiExample("not production-grade", value=EXAMPLE, response_only=True)],
    )
    def get(self, request: Request, slug: str) -> HttpResponse:
        """Is this data product production-grade? One accountable answer, with reasons and remedies.

        Not fit is an ordinary answer (200), never an error. An unknown verdict answers `production_grade: false`. With a
        purpose, `decision` also says whether the policies permit the asker to use the product for it. Every answer is in the
        log under its `decision_id`. Answers are never to be cached past `valid_until`, and may change earlier when new evidence
        comes in.
        """
        product = find_product(self.actor, slug)
        question = question_of(product.slug, self.parameters)
        if question.purpose is not None:
            demand_known_purpose(question.purpose)
        asker = asker_of(request)
        [answered] = answer(
            asker=asker,
            subject=asker.slug,
            channel=DecisionChannel.TRUST,
            questions=[question],
            word=lambda finding: trust_words(finding, self._cover(product, question)),
            now=self.now,
        )
        return json_answer(answered.body.encode())

    def _cover(self, product: DataProduct, question: Question) -> dict[str, Any] | None:
        """What the policies say to everybody, which is known of now only."""
        if question.purpose is None or question.as_of is not None:
            return None
        return cover_of(product, question.purpose, self.now)
