"""Incidents and their timelines as they go over the wire."""

from rest_framework import serializers

from api.v1.base import ModelAnswer, StrictSerializer
from api.v1.fields import FlagParameter, OptionalChoiceField, OptionalTextField, TextField
from api.v1.serializers.labels import words
from catalog.rules.limits import LONGEST_TEXT
from catalog.rules.vocabulary import Severity
from trust.models import Incident, IncidentEntry
from trust.vocabulary import IncidentEntryKind, IncidentRule


class IncidentQuery(StrictSerializer):
    is_open = FlagParameter(default=None, help_text="Only open, or only resolved.")
    severity = serializers.ChoiceField(words(Severity), required=False)


class AllIncidentsQuery(IncidentQuery):
    product = TextField(max_length=200, required=False, help_text="Slug of a data product.")
    assignee = TextField(max_length=200, required=False, help_text="Username of the person who works on it.")


class IncidentAnswer(ModelAnswer[Incident]):
    product = serializers.CharField(source="product.slug")
    severity = serializers.ChoiceField(words(Severity))
    assignee = serializers.CharField(
        source="owner.username", allow_null=True, default=None, help_text="Who works on it; null: the product's owner."
    )
    created_at = serializers.DateTimeField(source="opened_at")
    created_by = serializers.CharField(
        source="opened_by.username", allow_null=True, default=None, help_text="Null: it opened by itself, or the system did it."
    )
    rule = OptionalChoiceField(
        words(IncidentRule), help_text="The rule of the trust policy that opened it; null: a person did."
    )
    check_key = OptionalTextField(help_text="The check that it is about, where a rule opened it for one.")
    is_held_by_governance = serializers.BooleanField(
        source="held_by_governance", help_text="Whether only governance may lower or resolve it."
    )
    resolved_by = serializers.CharField(
        source="resolved_by.username", allow_null=True, default=None, help_text="Null on a resolved one: the system."
    )

    class Meta:
        model = Incident
        fields = [
            "id",
            "product",
            "title",
            "description",
            "severity",
            "assignee",
            "created_at",
            "created_by",
            "rule",
            "check_key",
            "is_held_by_governance",
            "resolved_at",
            "resolved_by",
            "resolution",
        ]


class IncidentEntryAnswer(ModelAnswer[IncidentEntry]):
    kind = serializers.ChoiceField(words(IncidentEntryKind))
    created_at = serializers.DateTimeField(source="at")
    actor = serializers.CharField(source="actor.username", allow_null=True, default=None, help_text="Null: the system.")
    before = OptionalTextField(help_text="The severity or the assignee that it had.")
    after = OptionalTextField(help_text="The severity or the assignee that it has from then on.")
    run = serializers.UUIDField(source="run_id", allow_null=True, help_text="The run that led to it.")

    class Meta:
        model = IncidentEntry
        fields = ["created_at", "kind", "actor", "text", "before", "after", "run"]


class IncidentWithTimeline(IncidentAnswer):
    timeline = IncidentEntryAnswer(source="entries", many=True, help_text="Everything that happened to it, oldest first.")

    class Meta(IncidentAnswer.Meta):
        fields = [*IncidentAnswer.Meta.fields, "timeline"]


class IncidentRequest(StrictSerializer):
    title = TextField(max_length=200)
    description = OptionalTextField(max_length=LONGEST_TEXT, default="")
    severity = serializers.ChoiceField(
        words(Severity), default=Severity.CRITICAL.value, help_text="While a critical one is open, the gate `incidents` fails."
    )
    assignee = TextField(
        max_length=150, required=False, help_text="Username of the person who works on it; the product's owner, if left out."
    )


class CommentRequest(StrictSerializer):
    text = TextField(max_length=LONGEST_TEXT)


class AssignRequest(StrictSerializer):
    assignee = TextField(max_length=150, help_text="Username of the person who works on it from now on.")


class SeverityRequest(StrictSerializer):
    severity = serializers.ChoiceField(words(Severity))
    reason = TextField(max_length=LONGEST_TEXT, help_text="Why; the timeline keeps it.")


class ResolutionRequest(StrictSerializer):
    resolution = TextField(max_length=LONGEST_TEXT, help_text="What was done about it.")
