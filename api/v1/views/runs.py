"""Runs: asked for, listed, and shown with what they found."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.access.visibility import find_product
from api.pagination import KeysetPagination
from api.v1.base import ApiView, ModelAnswer, StrictSerializer, caller_field
from api.v1.fields import JsonObjectField, TextField, choices
from api.v1.views.ports import find_port, only_port
from catalog.queries import visible_products
from catalog.rules.errors import NotFoundError
from catalog.rules.vocabulary import Dimension, Severity
from trust.evidence.queries.facts import shown_results
from trust.evidence.services.runs import request_run
from trust.messages import enqueue
from trust.models import CheckResult, Run, RunCause
from trust.vocabulary import CheckStatus, EvidenceStatus, RunStatus


class RunQuery(StrictSerializer):
    port = TextField(required=False, max_length=200)
    status = serializers.ChoiceField(choices(RunStatus), required=False)


class RunRequest(StrictSerializer):
    port = TextField(required=False, max_length=200, help_text="May be left out where the product has one port.")


class FailureAnswer(serializers.Serializer[object]):
    code = serializers.CharField()
    message = serializers.CharField()
    remedy = serializers.CharField()


class RunEntry(ModelAnswer[Run]):
    product = serializers.CharField(source="port.product.slug")
    port = serializers.CharField(source="port.name")
    status = serializers.ChoiceField(choices(RunStatus), help_text="failed: the data could not be read.")
    evidence_status = serializers.SerializerMethodField(help_text="What was found; null until the run is completed.")
    cause = serializers.ChoiceField(RunCause.choices)
    requested_by = serializers.CharField(source="requested_by.username", allow_null=True, default=None)
    caller = caller_field("requested it")
    suite_version = serializers.IntegerField(source="suite.version")
    failure = FailureAnswer(allow_null=True)
    reading = serializers.DictField(
        child=serializers.CharField(), help_text="How the source was read, such as the delimiter of a CSV file."
    )

    class Meta:
        model = Run
        fields = [
            "id",
            "product",
            "port",
            "status",
            "evidence_status",
            "cause",
            "requested_by",
            "caller",
            "requested_at",
            "attempt",
            "max_attempts",
            "started_at",
            "finished_at",
            "suite_version",
            "rows",
            "seconds",
            "data_time",
            "reading",
            "failure",
        ]

    @extend_schema_field(serializers.ChoiceField(choices(EvidenceStatus), allow_null=True))
    def get_evidence_status(self, run: Run) -> EvidenceStatus | None:
        return EvidenceStatus(run.evidence_status) if run.evidence_status else None


class CheckResultAnswer(ModelAnswer[CheckResult]):
    kwargs = JsonObjectField()
    meta = JsonObjectField()
    dimension = serializers.ChoiceField(choices(Dimension))
    severity = serializers.ChoiceField(choices(Severity))
    status = serializers.ChoiceField(choices(CheckStatus))
    samples = serializers.ListField(child=serializers.JSONField(allow_null=True), help_text="Redacted.")

    class Meta:
        model = CheckResult
        fields = [
            "position",
            "type",
            "kwargs",
            "meta",
            "dimension",
            "severity",
            "status",
            "element_count",
            "missing_count",
            "unexpected_count",
            "unexpected_percent",
            "observed_value",
            "samples",
            "message",
        ]


class ObservedColumnAnswer(serializers.Serializer[object]):
    name = serializers.CharField()
    physical_type = serializers.CharField()
    logical_types = serializers.ListField(child=serializers.CharField())


class RunAnswer(RunEntry):
    columns = ObservedColumnAnswer(many=True)
    check_results = serializers.SerializerMethodField()

    class Meta(RunEntry.Meta):
        fields = [*RunEntry.Meta.fields, "columns", "check_results"]

    @extend_schema_field(CheckResultAnswer(many=True))
    def get_check_results(self, run: Run) -> Any:
        return CheckResultAnswer(shown_results(run), many=True).data


RELATED = ("port__product", "suite", "requested_by", "caller__consumer")


class RunsView(ApiView):
    query = RunQuery
    pagination_class = KeysetPagination
    keyset = ("-requested_at", "-id")

    @extend_schema(operation_id="list_runs", responses=RunEntry(many=True), tags=["runs"])
    def get(self, request: Request, slug: str) -> Response:
        """Runs of the product's ports, newest request first."""
        rows = Run.objects.filter(port__product=find_product(self.actor, slug))
        rows = self.matching(rows, {"port": "port__name", "status": "status"})
        return self.page(rows.select_related(*RELATED).defer("suite__expectations"), RunEntry)

    @extend_schema(
        operation_id="request_run",
        request=RunRequest,
        responses={202: OpenApiResponse(RunEntry, "Queued; `Location` names it.")},
        tags=["runs"],
    )
    def post(self, request: Request, slug: str) -> Response:
        """Ask for a run of a port's suite. One that is queued already is answered instead of a second one."""
        product = find_product(self.actor, slug)
        name = self.body(RunRequest).get("port")
        port = only_port(product) if name is None else find_port(product, name)
        run = request_run(port=port, actor=self.actor, now=self.now)
        enqueue([run.pk])
        location = {"Location": f"/api/v1/runs/{run.pk}"}
        return Response(RunEntry(Run.objects.select_related(*RELATED).get(pk=run.pk)).data, status=202, headers=location)


class RunView(ApiView):
    @extend_schema(operation_id="get_run", responses=RunAnswer, tags=["runs"])
    def get(self, request: Request, run_id: UUID) -> Response:
        """One run: where it stands, and the result of every check in the order of the suite."""
        visible = Run.objects.filter(port__product__in=visible_products(self.actor))
        run = visible.select_related(*RELATED).defer("suite__expectations").filter(pk=run_id).first()
        if run is None:
            remedy = "GET /api/v1/products/{slug}/runs lists those that you may see."
            raise NotFoundError(f"There is no run {run_id} that you may see.", remedy=remedy)
        return Response(RunAnswer(run).data)
