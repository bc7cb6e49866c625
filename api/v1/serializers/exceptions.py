"""Incidents and waivers as they go over the wire."""

from typing import Any

from rest_framework import serializers

from api.v1.base import StrictSerializer
from api.v1.fields import MomentField, TextField
from api.v1.serializers.words import words
from catalog.rules.vocabulary import Severity
from trust.models import Incident, Waiver
from trust.rules.vocabulary import GateName


class IncidentQuery(StrictSerializer):
    is_open = serializers.BooleanField(required=False, allow_null=True, default=None, help_text="Only open, or only resolved.")


class IncidentAnswer(serializers.ModelSerializer[Incident]):
    severity = serializers.ChoiceField(words(Severity))
    opened_by = serializers.CharField(source="opened_by.username", allow_null=True, default=None)
    resolved_by = serializers.CharField(source="resolved_by.username", allow_null=True, default=None)

    class Meta:
        model = Incident
        fields = [
            "id",
            "title",
            "description",
            "severity",
            "opened_at",
            "opened_by",
            "resolved_at",
            "resolved_by",
            "resolution",
        ]


class IncidentRequest(StrictSerializer):
    title = TextField(max_length=200)
    description = TextField(max_length=20_000, allow_blank=True, default="")
    severity = serializers.ChoiceField(
        words(Severity), default=Severity.CRITICAL.value, help_text="While a critical one is open, the gate `incidents` fails."
    )


class ResolutionRequest(StrictSerializer):
    resolution = TextField(max_length=20_000, help_text="What was done about it.")


class WaiverAnswer(serializers.ModelSerializer[Waiver]):
    gate = serializers.CharField(help_text="Empty where a single check is excepted.")
    check_key = serializers.CharField(help_text="Empty where a gate is excepted.")
    owner = serializers.CharField(source="owner.username")
    granted_by = serializers.CharField(source="granted_by.username")

    class Meta:
        model = Waiver
        fields = ["id", "gate", "check_key", "reason", "owner", "granted_by", "starts_at", "expires_at", "revoked_at"]


class WaiverRequest(StrictSerializer):
    gate = serializers.ChoiceField(words(GateName), required=False)
    check_key = TextField(max_length=200, required=False, help_text="Key of a check, as `detail=full` shows it.")
    reason = TextField(max_length=20_000)
    owner = TextField(max_length=150, help_text="Username of who answers for the exception.")
    expires_at = MomentField()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("gate" in attrs) == ("check_key" in attrs):
            raise serializers.ValidationError({"gate": ["Name either a gate or a check_key."]})
        return attrs
