"""What consumers and people report about a use case, as it goes over the wire: outcomes, uses, exceptions of outputs."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from api.v1.base import ModelAnswer, StrictSerializer
from api.v1.fields import (
    FlagParameter,
    MomentField,
    NumberField,
    OptionalTextField,
    TextField,
    WholeNumberField,
    WholeNumberParameter,
)
from api.v1.serializers.labels import words
from catalog.rules.vocabulary import Better, Severity
from trust.models import DecisionUse, OutcomeReport, OutputException
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
    better = serializers.ChoiceField(words(Better), source="measure.better")
    created_at = serializers.DateTimeField(source="reported_at")
    created_by = serializers.CharField(source="reported_by.username", help_text="The person, or who answers for the consumer.")
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
            "consumer",
            "note",
        ]


class UseQuery(StrictSerializer):
    action = serializers.ChoiceField(words(UseAction), required=False)
    consumer = TextField(required=False, max_length=150, help_text="Slug of a consumer.")
    decision_id = WholeNumberParameter(required=False, min_value=1)
    is_misuse = FlagParameter(default=None, help_text="Only uses that rested on no valid yes, or only the others.")


class UseRequest(StrictSerializer):
    decision_id = WholeNumberField(min_value=1, help_text="Of the answer, as it came with it.")
    action = serializers.ChoiceField(
        words(UseAction),
        help_text="`used`: the data was used. `fell_back`: what the use case declares for such a case was done.",
    )
    at = MomentField(
        required=False,
        help_text="When, within the past 366 days. Left out: now. The same answer, action and moment, or without a moment the "
        "same answer and action, are answered with the report that there is, and not counted twice.",
    )
    note = OptionalTextField(max_length=LONGEST_NOTE, default="")


class UseAnswer(ModelAnswer[DecisionUse]):
    action = serializers.ChoiceField(words(UseAction))
    consumer = serializers.CharField(source="consumer.slug")
    product = serializers.CharField(source="product_slug", allow_null=True, help_text="Slug of the data product.")
    misuse = serializers.SerializerMethodField(help_text="Why the use did not rest on a valid yes; null where it did.")
    decision_url = serializers.SerializerMethodField(help_text="Where the answer is.")
    created_at = serializers.DateTimeField(source="reported_at")
    created_by = serializers.CharField(source="reported_by.username")

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
        ]

    @extend_schema_field(serializers.ChoiceField(words(Misuse), allow_null=True))
    def get_misuse(self, use: DecisionUse) -> str | None:
        return use.misuse or None

    def get_decision_url(self, use: DecisionUse) -> str:
        return f"/api/v1/decisions/{use.decision_id}"


class ExceptionQuery(StrictSerializer):
    is_open = FlagParameter(default=None, help_text="Only open, or only resolved.")
    is_overdue = FlagParameter(required=False, default=False, help_text="Only open ones that are past their time.")
    is_assigned_to_me = FlagParameter(required=False, default=False)
    severity = serializers.ChoiceField(words(Severity), required=False)
    decision_id = WholeNumberParameter(required=False, min_value=1)


class ExceptionRequest(StrictSerializer):
    decision_id = WholeNumberField(min_value=1, help_text="Of the answer that the output rested on, given in this use case.")
    title = TextField(max_length=200, help_text="What was wrong with the output, in a few words.")
    description = OptionalTextField(max_length=LONGEST_NOTE, default="")
    severity = serializers.ChoiceField(words(Severity), default=Severity.WARNING.value)
    reference = OptionalTextField(
        max_length=200,
        default="",
        help_text="What your system calls the output. The same report with the same reference, sent again, is answered with "
        "the exception that there is, and not counted twice.",
    )


class ExceptionResolutionRequest(StrictSerializer):
    resolution = TextField(max_length=LONGEST_NOTE, help_text="What was done about it.")


class ExceptionAssignRequest(StrictSerializer):
    assignee = TextField(max_length=150, help_text="Username of the person who works on it from now on.")
    reason = OptionalTextField(max_length=LONGEST_NOTE, default="")


class ExceptionEntry(ModelAnswer[OutputException]):
    severity = serializers.ChoiceField(words(Severity))
    consumer = serializers.CharField(source="consumer.slug", allow_null=True, default=None, help_text="Whose output it was.")
    created_at = serializers.DateTimeField(source="opened_at")
    created_by = serializers.CharField(source="opened_by.username", help_text="The person, or who answers for the consumer.")
    assignee = serializers.CharField(source="assigned_to.username", allow_null=True, default=None)
    resolved_at = serializers.DateTimeField(source="closed_at", allow_null=True)
    resolved_by = serializers.CharField(source="closed_by.username", allow_null=True, default=None)
    decision_url = serializers.SerializerMethodField(help_text="Where the answer is that the output rested on.")

    class Meta:
        model = OutputException
        fields = [
            "id",
            "decision_id",
            "decision_url",
            "consumer",
            "reference",
            "title",
            "description",
            "severity",
            "created_at",
            "created_by",
            "assignee",
            "due_at",
            "resolved_at",
            "resolved_by",
            "resolution",
        ]

    def get_decision_url(self, exception: OutputException) -> str:
        return f"/api/v1/decisions/{exception.decision_id}"


class ExceptionAnswer(ExceptionEntry):
    verdict_url = serializers.CharField(source="verdict_link", allow_null=True, help_text="The verdict behind the answer.")
    run_urls = serializers.ListField(
        child=serializers.CharField(), source="run_links", help_text="The runs behind the verdict, with their check results."
    )

    class Meta(ExceptionEntry.Meta):
        fields = [*ExceptionEntry.Meta.fields, "verdict_url", "run_urls"]
