"""The one question: is this data product production-grade, right now, and if not, why not and what would fix it?"""

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request

from api.access.visibility import find_product
from api.authentication import asker_of
from api.bodies import json_answer
from api.signed import MEDIA_TYPE, signed_response, wants_signed
from api.v1.base import ApiView
from api.v1.rendering import batch_body, question_of, render_answer
from api.v1.serializers.trust import CheckAnswers, CheckRequest, TrustAnswer, TrustQuery
from catalog.rules.scopes import Scope
from catalog.services.purposes import demand_known_purpose
from trust.decisions.rules.question import Asker, Question
from trust.decisions.services.decide import answer
from trust.models import Decision
from trust.vocabulary import DecisionChannel

EXAMPLE = {
    "decision_id": 4711,
    "decision": False,
    "product": "nyc-flights",
    "is_production_grade": False,
    "verdict": "not_production_grade",
    "score": 59.0,
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
        responses={(200, "application/json"): TrustAnswer, (200, MEDIA_TYPE): OpenApiTypes.STR},
        tags=["trust"],
        examples=[OpenApiExample("not production-grade", value=EXAMPLE, response_only=True)],
    )
    def get(self, request: Request, slug: str) -> HttpResponse:
        """Is this data product production-grade? One accountable answer, with reasons and remedies.

        Not fit is an ordinary answer (200), never an error. An unknown verdict answers `is_production_grade: false`. With a
        purpose, `decision` also says whether the policies permit the asker to use the product for it. Every answer is in the
        log under its `decision_id`. Answers are never to be cached past `valid_until`, and may change earlier when new evidence
        comes in. `Accept: application/jose` gets the answer signed, as GET /api/v1/decisions/{decision_id}/jws gives it.
        """
        product = find_product(self.actor, slug)
        question = question_of(product.slug, self.parameters)
        if question.purpose is not None:
            demand_known_purpose(question.purpose)
        return answered(request._request, asker_of(request), question, self.now)  # noqa: SLF001  Django's own


def answered(request: HttpRequest, asker: Asker, question: Question, now: datetime) -> HttpResponse:
    """The logged answer for the asker itself, signed where that is asked for."""
    [found] = answer(
        asker=asker, subject=asker.slug, channel=DecisionChannel.TRUST, questions=[question], word=render_answer, now=now
    )
    if wants_signed(request.META.get("HTTP_ACCEPT", "")):
        return signed_response(request, Decision.objects.get(pk=found.decision_id))
    return json_answer(found.body)


class CheckView(ApiView):
    write_scope = Scope.TRUST_READ

    @extend_schema(operation_id="check_trust", request=CheckRequest, responses=CheckAnswers, tags=["trust"])
    def post(self, request: Request) -> HttpResponse:
        """Up to 500 data products at once: one trust answer for each, in order, each in the log under its `decision_id`.

        With a purpose each `decision` also says whether the policies permit the asker to use that product for it. A product
        that does not exist for the asker is answered with no and the reason `product_unknown`.
        """
        given = self.body(CheckRequest)
        if "purpose" in given:
            demand_known_purpose(given["purpose"])
        asker = asker_of(request)
        found = answer(
            asker=asker,
            subject=asker.slug,
            channel=DecisionChannel.CHECK,
            questions=[question_of(slug, given) for slug in given["products"]],
            word=render_answer,
            now=self.now,
        )
        return json_answer(batch_body(one.body for one in found))
