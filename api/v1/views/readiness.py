"""The readiness of a use case: now, at a past moment, and every assessment that said something new."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.access.use_cases import find_use_case
from api.pagination import KeysetPagination
from api.v1.base import ApiView
from api.v1.serializers.readiness import PastReadinessAnswer, ReadinessAnswer, ReadinessEntry, ReadinessQuery
from catalog.rules.errors import NotFoundError
from trust.models import Readiness
from trust.use_cases.queries.stage_moves import overrides
from trust.use_cases.queries.use_case_report import hidden_from
from trust.use_cases.rules.readiness.redaction import redact_assessment
from trust.use_cases.services.readiness import assess_use_case, readiness_as_of


class ReadinessView(ApiView):
    query = ReadinessQuery

    @extend_schema(operation_id="get_readiness", responses=ReadinessAnswer, tags=["use-cases"])
    def get(self, request: Request, slug: str) -> Response:
        """The five gaps from live evidence: each question with its answer, what it rests on, and who can turn it to yes."""
        use_case, as_of = find_use_case(self.actor, slug), self.parameters.get("as_of")
        if as_of is None:
            assessment = assess_use_case(use_case=use_case, now=self.now, cause="asked")
        else:
            assessment = readiness_as_of(use_case=use_case, moment=as_of, now=self.now)
        assessment = redact_assessment(assessment, hidden_from(self.actor, use_case))
        standing = overrides([use_case.pk], as_of)[use_case.pk]
        return Response(ReadinessAnswer(assessment, context={"overrides": standing}).data)


class ReadinessHistoryView(ApiView):
    pagination_class = KeysetPagination
    keyset = ("-assessed_at", "-id")

    @extend_schema(operation_id="list_readiness", responses=ReadinessEntry(many=True), tags=["use-cases"])
    def get(self, request: Request, slug: str) -> Response:
        """Every assessment that said something new, newest first. Each stands until the next, at most until `valid_until`."""
        rows = Readiness.objects.filter(use_case=find_use_case(self.actor, slug))
        return self.page(rows.select_related("policy").defer("facts", "outcome"), ReadinessEntry)


class PastReadinessView(ApiView):
    @extend_schema(operation_id="get_past_readiness", responses=PastReadinessAnswer, tags=["use-cases"])
    def get(self, request: Request, slug: str, readiness_id: int) -> Response:
        """One assessment with the facts that it was made on; without them where they name a draft that you may not see."""
        use_case = find_use_case(self.actor, slug)
        row = Readiness.objects.select_related("policy").filter(use_case=use_case, pk=readiness_id).first()
        if row is None:
            remedy = f"GET /api/v1/use-cases/{slug}/readiness/history lists all."
            raise NotFoundError(f"Use case {slug} has no assessment {readiness_id}.", remedy=remedy)
        return Response(PastReadinessAnswer(row, context={"hidden": hidden_from(self.actor, use_case)}).data)
