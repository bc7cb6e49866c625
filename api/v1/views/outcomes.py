"""Outcomes and uses: what the people and consumers of a use case report. Kept as it comes; nothing changes or takes it back."""

from django.db.models import OuterRef, QuerySet, Subquery
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.access.permissions import reporter_of
from api.access.visibility import find_use_case
from api.pagination import KeysetPagination
from api.v1.base import ApiView, ModelAnswer, StrictSerializer, caller_field
from api.v1.fields import (
    FlagParameter,
    MomentField,
    NumberField,
    OptionalTextField,
    TextField,
    WholeNumberField,
    WholeNumberParameter,
    choices,
)
from catalog.models import DataProduct, UseCase
from catalog.rules.scopes import Scope
from catalog.rules.vocabulary import Better
from trust.models import DecisionUse, OutcomeReport
from trust.use_cases.services.outcomes import report_outcome
from trust.use_cases.services.usage_reports import report_use
from trust.vocabulary import Misuse, UseAction

LONGEST_NOTE = 20_000


class OutcomeQuery(StrictSerializer):
    measure = TextField(required=False, max_length=80, help_text="Name of a measure.")
    since = MomentField(required=False, help_text="Observed at this moment or later, in RFC 3339.")


class OutcomeRequest(StrictSerializer):
    measure = TextField(max_length=80, help_text="Name of a measure of the use case.")
    value = NumberField()
    observed_at = MomentField(
        help_text="The moment that the value is about, within the past 366 days. One value for each: the same sent again is "
        "answered with the report that there is, and not counted twice."
    )
    note = OptionalTextField(max_length=LONGEST_NOTE, default="")


class OutcomeAnswer(ModelAnswer[OutcomeReport]):
    measure = serializers.CharField(source="measure.name")
    unit = serializers.CharField(source="measure.unit")
    target = serializers.FloatField(source="measure.target", help_text="Its current state.")
    better = serializers.ChoiceField(choices(Better), source="measure.better")
    created_at = serializers.DateTimeField(source="reported_at")
    created_by = serializers.CharField(source="reported_by.username", help_text="The person, or who answers for the caller.")
    caller = caller_field("reported it")
    consumer = serializers.CharField(
        source="consumer.slug", allow_null=True, default=None, help_text="Whose key reported it; null for a person."
    )

    class Meta:
        model = OutcomeReport
        fields = [
            "id",
            "measure",
            "value",
            "unit",
            "target",
            "better",
            "observed_at",
            "created_at",
            "created_by",
            "caller",
            "consumer",
            "note",
        ]


class UseQuery(StrictSerializer):
    action = serializers.ChoiceField(choices(UseAction), required=False)
    consumer = TextField(required=False, max_length=150, help_text="Slug of a consumer.")
    decision_id = WholeNumberParameter(required=False, min_value=1)
    is_misuse = FlagParameter(default=None, help_text="Only uses that rested on no valid yes, or only the others.")


class UseRequest(StrictSerializer):
    decision_id = WholeNumberField(min_value=1, help_text="Of the answer, as it came with it.")
    action = serializers.ChoiceField(
        choices(UseAction),
        help_text="`used`: the data was used. `fell_back`: what the use case declares for such a case was done.",
    )
    at = MomentField(
        required=False,
        help_text="When, within the past 366 days. Left out: now. The same answer, action and moment, or without a moment the "
        "same answer and action, are answered with the report that there is, and not counted twice.",
    )
    note = OptionalTextField(max_length=LONGEST_NOTE, default="")


class UseAnswer(ModelAnswer[DecisionUse]):
    action = serializers.ChoiceField(choices(UseAction))
    consumer = serializers.CharField(source="consumer.slug")
    product = serializers.CharField(source="product_slug", allow_null=True, help_text="Slug of the data product.")
    misuse = serializers.SerializerMethodField(help_text="Why the use did not rest on a valid yes; null where it did.")
    decision_url = serializers.SerializerMethodField(help_text="Where the answer is.")
    created_at = serializers.DateTimeField(source="reported_at")
    created_by = serializers.CharField(source="reported_by.username", help_text="The person, or who answers for the caller.")
    caller = caller_field("reported it")

    class Meta:
        model = DecisionUse
        fields = [
            "id",
            "decision_id",
            "decision_url",
            "action",
            "consumer",
            "product",
            "at",
            "asked_at",
            "misuse",
            "note",
            "created_at",
            "created_by",
            "caller",
        ]

    @extend_schema_field(serializers.ChoiceField(choices(Misuse), allow_null=True))
    def get_misuse(self, use: DecisionUse) -> str | None:
        return use.misuse or None

    def get_decision_url(self, use: DecisionUse) -> str:
        return f"/api/v1/decisions/{use.decision_id}"


AGAIN = "It was reported before: this is that report."


class OutcomesView(ApiView):
    query = OutcomeQuery
    write_scope = Scope.REPORTS_WRITE
    pagination_class = KeysetPagination

    @extend_schema(operation_id="list_outcomes", responses=OutcomeAnswer(many=True), tags=["use-cases"])
    def get(self, request: Request, slug: str) -> Response:
        """Values that were reported for the measures of the use case, the newest report first."""
        rows = OutcomeReport.objects.filter(use_case=find_use_case(self.actor, slug))
        rows = self.matching(rows, {"measure": "measure__name", "since": "observed_at__gte"})
        return self.page(rows.select_related("measure", "reported_by", "consumer", "caller__consumer"), OutcomeAnswer)

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
    write_scope = Scope.REPORTS_WRITE
    pagination_class = KeysetPagination

    @extend_schema(operation_id="list_uses", responses=UseAnswer(many=True), tags=["use-cases"])
    def get(self, request: Request, slug: str) -> Response:
        """What consumers say that they did with their answers in the use case, the newest report first."""
        lookups = {"action": "action", "consumer": "consumer__slug", "decision_id": "decision_id"}
        rows = self.matching(uses_as_shown(find_use_case(self.actor, slug)), lookups)
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
    rows = DecisionUse.objects.filter(use_case=use_case).select_related("consumer", "reported_by", "caller__consumer")
    return rows.annotate(product_slug=Subquery(product))
