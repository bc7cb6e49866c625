"""Agreements as they go over the wire."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from api.v1.base import ModelAnswer, StrictSerializer
from api.v1.fields import FlagParameter, MomentField, TextField
from api.v1.serializers.labels import words
from catalog.models import Agreement
from catalog.rules.agreement import Part
from catalog.rules.vocabulary import AgreementStatus
from catalog.services.agreement_notices import awaited_parts
from catalog.services.requests import LONGEST_REASON


class AgreementQuery(StrictSerializer):
    status = serializers.ChoiceField(words(AgreementStatus), required=False)
    consumer = TextField(max_length=200, required=False, help_text="Slug of a consumer.")
    product = TextField(max_length=200, required=False, help_text="Slug of a data product.")
    purpose = TextField(max_length=80, required=False)
    is_waiting_for_me = FlagParameter(
        required=False, default=False, help_text="Only requests whose next approval is yours to give."
    )


class AgreementAnswer(ModelAnswer[Agreement]):
    consumer = serializers.CharField(source="consumer.slug")
    product = serializers.CharField(source="product.slug")
    status = serializers.ChoiceField(words(AgreementStatus), help_text="`expired` may be written some time after the end.")
    requested_by = serializers.CharField(source="requested_by.username")
    owner_approved_by = serializers.CharField(source="owner_approved_by.username", allow_null=True, default=None)
    governance_approved_by = serializers.CharField(source="governance_approved_by.username", allow_null=True, default=None)
    ended_by = serializers.CharField(source="ended_by.username", allow_null=True, default=None)
    waits_for = serializers.SerializerMethodField(help_text="Whose approval a request still needs.")

    class Meta:
        model = Agreement
        fields = [
            "id",
            "consumer",
            "product",
            "purpose",
            "status",
            "reason",
            "requested_by",
            "requested_at",
            "waits_for",
            "owner_approved_by",
            "owner_approved_at",
            "governance_approved_by",
            "governance_approved_at",
            "starts_at",
            "expires_at",
            "ended_by",
            "ended_at",
            "end_reason",
        ]

    @extend_schema_field(serializers.ListField(child=serializers.ChoiceField(words(Part))))
    def get_waits_for(self, agreement: Agreement) -> list[Part]:
        if agreement.status != AgreementStatus.REQUESTED:
            return []
        return sorted(awaited_parts(agreement), reverse=True)


class AgreementRequest(StrictSerializer):
    consumer = TextField(max_length=150, help_text="Slug of the consumer that would use the data.")
    product = TextField(max_length=80, help_text="Slug of the data product.")
    purpose = TextField(max_length=80)
    reason = TextField(max_length=LONGEST_REASON, help_text="Why the data is needed; approvers read it.")
    expires_at = MomentField(help_text="When it ends: at most 366 days from now.")


class ReasonRequest(StrictSerializer):
    reason = TextField(max_length=LONGEST_REASON, help_text="The reason; everyone concerned reads it.")
