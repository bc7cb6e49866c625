"""Runs and check results as they go over the wire."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from api.v1.base import ModelAnswer, StrictSerializer
from api.v1.fields import JsonObjectField, TextField
from api.v1.serializers.labels import words
from catalog.rules.vocabulary import Dimension, Severity
from trust.evidence.queries.facts import shown_results
from trust.models import CheckResult, Run, RunCause
from trust.vocabulary import CheckStatus, EvidenceStatus, RunStatus


class RunQuery(StrictSerializer):
    port = TextField(required=False, max_length=200)
    status = serializers.ChoiceField(words(RunStatus), required=False)


class RunRequest(StrictSerializer):
    port = TextField(required=False, max_length=200, help_text="May be left out where the product has one port.")


class FailureAnswer(serializers.Serializer[object]):
    code = serializers.CharField()
    message = serializers.CharField()
    remedy = serializers.CharField()


class RunEntry(ModelAnswer[Run]):
    product = serializers.CharField(source="port.product.slug")
    port = serializers.CharField(source="port.name")
    status = serializers.ChoiceField(words(RunStatus), help_text="failed: the data could not be read.")
    evidence_status = serializers.SerializerMethodField(help_text="What was found; null until the run is completed.")
    cause = serializers.ChoiceField(RunCause.choices)
    requested_by = serializers.CharField(source="requested_by.username", allow_null=True, default=None)
    suite_version = serializers.IntegerField(source="suite.version")
    failure = FailureAnswer(allow_null=True)

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
            "requested_at",
            "attempt",
            "max_attempts",
            "started_at",
            "finished_at",
            "suite_version",
            "rows",
            "seconds",
            "data_time",
            "failure",
        ]

    @extend_schema_field(serializers.ChoiceField(words(EvidenceStatus), allow_null=True))
    def get_evidence_status(self, run: Run) -> EvidenceStatus | None:
        return EvidenceStatus(run.evidence_status) if run.evidence_status else None


class CheckResultAnswer(ModelAnswer[CheckResult]):
    kwargs = JsonObjectField()
    meta = JsonObjectField()
    dimension = serializers.ChoiceField(words(Dimension))
    severity = serializers.ChoiceField(words(Severity))
    status = serializers.ChoiceField(words(CheckStatus))
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
