"""Waivers as they go over the wire."""

from typing import Any

from rest_framework import serializers

from api.v1.base import ModelAnswer, StrictSerializer
from api.v1.fields import FlagParameter, MomentField, OptionalChoiceField, OptionalTextField, TextField
from api.v1.serializers.labels import words
from catalog.services.requests import LONGEST_REASON
from trust.models import Waiver
from trust.vocabulary import GateName, WaiverStatus


class WaiverQuery(StrictSerializer):
    status = serializers.ChoiceField(words(WaiverStatus), required=False)


class AllWaiversQuery(WaiverQuery):
    product = TextField(max_length=200, required=False, help_text="Slug of a data product.")
    is_waiting_for_me = FlagParameter(
        required=False, default=False, help_text="Only requests that are yours to grant or reject."
    )


class WaiverAnswer(ModelAnswer[Waiver]):
    product = serializers.CharField(source="product.slug")
    gate = OptionalChoiceField(words(GateName), help_text="Null where a single check is excepted.")
    check_key = OptionalTextField(help_text="Null where a gate is excepted.")
    status = serializers.ChoiceField(words(WaiverStatus), help_text="A granted one excepts something until `expires_at`.")
    owner = serializers.CharField(source="owner.username", help_text="Who answers for the exception.")
    requested_by = serializers.CharField(
        source="requested_by.username", allow_null=True, default=None, help_text="Null: from before a second person was needed."
    )
    granted_by = serializers.CharField(source="granted_by.username", allow_null=True, default=None)
    starts_at = serializers.DateTimeField(allow_null=True, help_text="When it was granted.")
    ended_by = serializers.CharField(source="ended_by.username", allow_null=True, default=None)
    ended_at = serializers.DateTimeField(allow_null=True, help_text="When it was rejected, withdrawn or revoked.")

    class Meta:
        model = Waiver
        fields = [
            "id",
            "product",
            "gate",
            "check_key",
            "status",
            "reason",
            "owner",
            "requested_by",
            "requested_at",
            "granted_by",
            "starts_at",
            "expires_at",
            "revoked_at",
            "ended_at",
            "ended_by",
            "end_reason",
        ]


class WaiverRequest(StrictSerializer):
    gate = serializers.ChoiceField(words(GateName), required=False)
    check_key = TextField(max_length=200, required=False, help_text="Key of a check, as `detail=full` shows it.")
    reason = TextField(max_length=LONGEST_REASON)
    owner = TextField(max_length=150, help_text="Username of who answers for the exception.")
    expires_at = MomentField()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("gate" in attrs) == ("check_key" in attrs):
            raise serializers.ValidationError({"gate": ["Name either a gate or a check_key."]})
        return attrs


class WaiverReasonRequest(StrictSerializer):
    reason = TextField(max_length=LONGEST_REASON, help_text="The reason; everyone concerned reads it.")
