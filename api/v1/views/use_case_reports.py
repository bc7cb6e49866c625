"""Outcomes and uses: what the people and consumers of a use case report. Kept as it comes; nothing changes or takes it back."""

from django.db.models import OuterRef, QuerySet, Subquery
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.access.reporters import reporter_of
from api.access.use_cases import find_use_case
from api.pagination import KeysetPagination
from api.v1.base import ApiView
from api.v1.serializers.use_case_reports import (
    OutcomeAnswer,
    OutcomeQuery,
    OutcomeRequest,
    UseAnswer,
    UseQuery,
    UseRequest,
)
from catalog.models import DataProduct, UseCase
from catalog.rules.scopes import Scope
from trust.models import DecisionUse, OutcomeReport
from trust.use_cases.services.outcomes import report_outcome
from trust.use_cases.services.usage_reports import report_use
from trust.vocabulary import UseAction

REPORTING = (Scope.DECIDE, Scope.CATALOG_WRITE)
"""A key that asks may say what came of the answers, and so may one that changes claims."""
AGAIN = "It was reported before: this is that report."


class OutcomesView(ApiView):
    query = OutcomeQuery
    write_scope = REPORTING
    pagination_class = KeysetPagination

    @extend_schema(operation_id="list_outcomes", responses=OutcomeAnswer(many=True), tags=["use-cases"])
    def get(self, request: Request, slug: str) -> Response:
        """Values that were reported for the measures of the use case, the newest report first."""
        rows = OutcomeReport.objects.filter(use_case=find_use_case(self.actor, slug))
        names = {"measure": "measure__name", "since": "observed_at__gte"}
        rows = rows.filter(**{names[name]: value for name, value in self.parameters.items()})
        return self.page(rows.select_related("measure", "reported_by", "consumer"), OutcomeAnswer)

    @extend_schema(
        operation_id="report_outcome",
        request=OutcomeRequest,
        responses={201: OutcomeAnswer, 200: OpenApiResponse(OutcomeAnswer, AGAIN)},
        tags=["use-cases"],
    )
    def post(self, request: Request, slug: str) -> Response:
        """Report the value of a measure: as its owner, as who answers for decision or outputs, or as a consumer with a key."""
        given = self.body(OutcomeRequest)
        use_case = find_use_case(self.actor, slug)
        report, is_new = report_outcome(use_case=use_case, reporter=reporter_of(request), now=self.now, **given)
        return Response(OutcomeAnswer(report).data, status=201 if is_new else 200)


class UsesView(ApiView):
    query = UseQuery
    write_scope = REPORTING
    pagination_class = KeysetPagination

    @extend_schema(operation_id="list_uses", responses=UseAnswer(many=True), tags=["use-cases"])
    def get(self, request: Request, slug: str) -> Response:
        """What consumers say that they did with their answers in the use case, the newest report first."""
        rows = uses_as_shown(find_use_case(self.actor, slug))
        names = {"action": "action", "consumer": "consumer__slug", "decision_id": "decision_id"}
        rows = rows.filter(**{names[name]: value for name, value in self.parameters.items() if name in names})
        is_misuse = self.parameters["is_misuse"]
        if is_misuse is not None:
            rows = rows.exclude(misuse="") if is_misuse else rows.filter(misuse="")
        return self.page(rows, UseAnswer)

    @extend_schema(
        operation_id="report_use",
        request=UseRequest,
        responses={201: UseAnswer, 200: OpenApiResponse(UseAnswer, AGAIN)},
        tags=["use-cases"],
    )
    def post(self, request: Request, slug: str) -> Response:
        """Say what came of an answer: the data was used, or the fallback was taken. Use without a valid yes is kept as such."""
        given = self.body(UseRequest)
        use_case = find_use_case(self.actor, slug)
        action = UseAction(given.pop("action"))
        use, is_new = report_use(use_case=use_case, action=action, reporter=reporter_of(request), now=self.now, **given)
        return Response(UseAnswer(uses_as_shown(use_case).get(pk=use.pk)).data, status=201 if is_new else 200)


def uses_as_shown(use_case: UseCase) -> QuerySet[DecisionUse]:
    """Uses with all that an answer shows of them."""
    product = DataProduct.objects.filter(pk=OuterRef("product_id")).order_by().values("slug")
    rows = DecisionUse.objects.filter(use_case=use_case).select_related("consumer", "reported_by")
    return rows.annotate(product_slug=Subquery(product))
