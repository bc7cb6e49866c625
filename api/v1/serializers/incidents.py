"""Incidents and their timelines as they go over the wire."""

from rest_framework import serializers

from api.v1.base import StrictSerializer
from api.v1.fields import FlagParameter, TextField
from api.v1.serializers.labels import words
from catalog.rules.vocabulary import Severity
from trust.models import Incident, IncidentEntry
from trust.verdicts.services.incidents import LONGEST_TEXT
from trust.vocabulary import IncidentEntryKind, IncidentRule


class IncidentQuery(StrictSerializer):
    is_open = FlagParameter(default=None, help_text="Only open, or only resolved.")
    severity = serializers.ChoiceField(words(Severity), required=False)


class AllIncidentsQuery(IncidentQuery):
    product = TextField(max_length=200, required=False, help_text="Slug of a data product.")
    owner = TextField(max_length=200, required=False, help_text="Username of its owner.")


class IncidentAnswer(serializers.ModelSerializer[Incident]):
    product = serializers.CharField(source="product.slug")
    severity = serializers.ChoiceField(words(Severity))
    owner = serializers.CharField(
        source="owner.username", allow_null=True, default=None, help_text="Its owner; null: the product's owner."
    )
    opened_by = serializers.CharField(
        source="opened_by.username", allow_null=True, default=None, help_text="Null: it opened by itself, or the system did it."
    )
    rule = serializers.ChoiceField(
        [("", "NONE"), *words(IncidentRule)], help_text="The rule of the trust policy that opened it; empty where a person did."
    )
    check_key = serializers.CharField(help_text="The check that it is about, where a rule opened it for one.")
    held_by_governance = serializers.BooleanField(help_text="Whether only governance may lower or resolve it.")
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
            "owner",
            "opened_at",
            "opened_by",
            "rule",
            "check_key",
            "held_by_governance",
            "resolved_at",
            "resolved_by",
            "resolution",
        ]


class IncidentEntryAnswer(serializers.ModelSerializer[IncidentEntry]):
    kind = serializers.ChoiceField(words(IncidentEntryKind))
    actor = serializers.CharField(source="actor.username", allow_null=True, default=None, help_text="Null: the system.")
    before = serializers.CharField(help_text="The severity or the owner that it was; else empty.")
    after = serializers.CharField(help_text="The severity or the owner that it is from then on; else empty.")
    run = serializers.UUIDField(source="run_id", allow_null=True, help_text="The run that led to it.")

    class Meta:
        model = IncidentEntry
        fields = ["at", "kind", "actor", "text", "before", "after", "run"]


class IncidentWithTimeline(IncidentAnswer):
    timeline = IncidentEntryAnswer(source="entries", many=True, help_text="Everything that happened to it, oldest first.")

    class Meta(IncidentAnswer.Meta):
        fields = [*IncidentAnswer.Meta.fields, "timeline"]


class IncidentRequest(StrictSerializer):
    title = TextField(max_length=200)
    description = TextField(max_length=LONGEST_TEXT, allow_blank=True, default="")
    severity = serializers.ChoiceField(
        words(Severity), default=Severity.CRITICAL.value, help_text="While a critical one is open, the gate `incidents` fails."
    )
    owner = TextField(max_length=150, required=False, help_text="Username of its owner; by default the product's owner.")


class CommentRequest(StrictSerializer):
    text = TextField(max_length=LONGEST_TEXT)


class AssignRequest(StrictSerializer):
    owner = TextField(max_length=150, help_text="Username of its new owner.")


class SeverityRequest(StrictSerializer):
    severity = serializers.ChoiceField(words(Severity))
    reason = TextField(max_length=LONGEST_TEXT, help_text="Why; the timeline keeps it.")


class ResolutionRequest(StrictSerializer):
    resolution = TextField(max_length=LONGEST_TEXT, help_text="What was done about it.")
