"""The one question: is this data product production-grade, right now, and if not, why not and what would fix it?"""

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.access.visibility import find_product
from api.v1.base import ApiView
from api.v1.cover import cover_of, demand_known_purpose
from api.v1.listing import with_current_verdicts
from api.v1.ready_made import ready_made_answer
from api.v1.serializers.trust import TrustAnswer, TrustQuery
from catalog.models import DataProduct
from trust.queries import answer_of, verdict_as_of
from trust.rules.answer import full_answer, short_answer

EXAMPLE = {
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

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """The ready-made answer where there is one, else DRF's way."""
        return ready_made_answer(request, kwargs["slug"]) or super().dispatch(request, *args, **kwargs)

    @extend_schema(
        operation_id="get_trust",
        responses=TrustAnswer,
        tags=["trust"],
        examples=[OpenApiExample("not production-grade", value=EXAMPLE, response_only=True)],
    )
    def get(self, request: Request, slug: str) -> Response:
        """Is this data product production-grade? One accountable answer, with reasons and remedies.

        Not fit is an ordinary answer (200), never an error. An unknown verdict answers `production_grade: false`. Answers are
        never to be cached past `valid_until`, and may change earlier when new evidence comes in.
        """
        product = find_product(self.actor, slug)
        return Response(self._answer(product), headers={"Cache-Control": "no-store"})

    def _answer(self, product: DataProduct) -> dict[str, Any]:
        is_full = self.parameters["detail"] == "full"
        if at := self.parameters.get("as_of"):
            outcome = verdict_as_of(product.slug, at, now=self.now)
            return full_answer(outcome, at) if is_full else short_answer(outcome, at)
        if purpose := self.parameters.get("purpose"):
            demand_known_purpose(purpose)
        with_current_verdicts([product], self.now)
        answer = answer_of(product.slug, self.now, is_full=is_full)
        return {**answer, "purpose": cover_of(product, purpose, self.now)} if purpose else answer
