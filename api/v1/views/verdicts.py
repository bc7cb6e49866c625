"""Verdict history: what was said when, on what facts, under which trust policy."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.access.visibility import find_product
from api.pagination import KeysetPagination
from api.v1.base import ApiView
from api.v1.serializers.verdicts import VerdictAnswer, VerdictEntry
from catalog.rules.errors import NotFoundError
from trust.models import Verdict


class VerdictsView(ApiView):
    pagination_class = KeysetPagination
    keyset = ("-judged_at", "-id")

    @extend_schema(operation_id="list_verdicts", responses=VerdictEntry(many=True), tags=["trust"])
    def get(self, request: Request, slug: str) -> Response:
        """Every verdict that was given on the product, newest first."""
        rows = Verdict.objects.filter(product=find_product(self.actor, slug))
        return self.page(rows.select_related("policy").defer("facts", "outcome"), VerdictEntry)


class VerdictView(ApiView):
    @extend_schema(operation_id="get_verdict", responses=VerdictAnswer, tags=["trust"])
    def get(self, request: Request, slug: str, verdict_id: int) -> Response:
        """One verdict with the facts that it was judged on and the whole outcome."""
        product = find_product(self.actor, slug)
        verdict = Verdict.objects.select_related("policy").filter(product=product, pk=verdict_id).first()
        if verdict is None:
            remedy = f"GET /api/v1/products/{slug}/verdicts lists all."
            raise NotFoundError(f"Data product {slug} has no verdict {verdict_id}.", remedy=remedy)
        return Response(VerdictAnswer(verdict).data)
