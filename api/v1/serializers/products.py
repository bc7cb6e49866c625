"""Data products as they go over the wire."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from api.v1.base import ModelAnswer, StrictSerializer
from api.v1.fields import MomentField, OptionalTextField, PatternField, TextField
from api.v1.listing import WORD
from api.v1.serializers.labels import words
from catalog.models import Contract, DataProduct, InputPort
from catalog.rules.claims import ProductClaims
from catalog.rules.vocabulary import Cadence, Lifecycle, Sensitivity
from catalog.services.requests import LONGEST_REASON
from trust.vocabulary import GateName, Grade, VerdictStatus

SLUG_FORM = re.compile(r"[a-z0-9]([a-z0-9-]{0,78}[a-z0-9])?")


class ProductQuery(StrictSerializer):
    q = TextField(required=False, max_length=200, help_text="Words of slug, name, description or purpose; beginnings count.")
    verdict = serializers.ChoiceField(words(VerdictStatus), required=False)
    gate = serializers.ChoiceField(words(GateName), required=False, help_text="A gate that does not pass.")
    sensitivity = serializers.ChoiceField(words(Sensitivity), required=False)
    owner = TextField(required=False, max_length=150, help_text="Username.")
    domain = TextField(required=False, max_length=80, help_text="Slug of a domain.")
    lifecycle = serializers.ChoiceField(words(Lifecycle), required=False, help_text="Retired ones are shown only on request.")
    tag = TextField(required=False, max_length=80)

    def validate_q(self, value: str) -> str:
        if not WORD.search(value):
            raise serializers.ValidationError("A search needs at least one letter or digit.")
        return value


class ProductEntry(ModelAnswer[DataProduct]):
    domain = serializers.CharField(source="domain.slug")
    owner = serializers.CharField(source="owner.username")
    lifecycle = serializers.ChoiceField(words(Lifecycle))
    sensitivity = serializers.ChoiceField(words(Sensitivity), allow_null=True)
    tags = serializers.ListField(child=serializers.CharField())
    is_production_grade = serializers.SerializerMethodField(help_text="True only for the verdict production_grade.")
    verdict = serializers.ChoiceField(words(VerdictStatus), source="current_verdict.verdict")
    score = serializers.FloatField(source="current_verdict.score", help_text="0 to 100; explains, never decides.")
    raw_score = serializers.FloatField(source="current_verdict.raw_score", help_text="The score without its cap.")
    effective_score = serializers.FloatField(
        source="current_verdict.effective_score", help_text="The score, at most that of the required input products."
    )
    grade = serializers.ChoiceField(words(Grade), source="current_verdict.grade")
    failing_gates = serializers.ListField(
        child=serializers.ChoiceField(words(GateName)), source="current_verdict.failing_gates", help_text="Failed or unknown."
    )
    evidence_at = serializers.DateTimeField(source="current_verdict.evidence_at", allow_null=True)
    valid_until = serializers.DateTimeField(source="current_verdict.valid_until")

    class Meta:
        model = DataProduct
        fields = [
            "slug",
            "name",
            "domain",
            "owner",
            "version",
            "lifecycle",
            "sensitivity",
            "tags",
            "is_production_grade",
            "verdict",
            "score",
            "raw_score",
            "effective_score",
            "grade",
            "failing_gates",
            "evidence_at",
            "valid_until",
        ]

    def get_is_production_grade(self, product: DataProduct) -> bool:
        return bool(product.current_verdict.verdict == VerdictStatus.PRODUCTION_GRADE)


class InputPortAnswer(ModelAnswer[InputPort]):
    product = serializers.CharField(source="upstream.slug")
    is_required = serializers.BooleanField(source="required")

    class Meta:
        model = InputPort
        fields = ["product", "is_required"]


class ContractSummary(ModelAnswer[Contract]):
    created_at = serializers.DateTimeField(source="registered_at")

    class Meta:
        model = Contract
        fields = ["contract_id", "version", "api_version", "status", "filename", "sha256", "created_at", "not_executable"]


class ProductAnswer(ProductEntry):
    intended_purpose = OptionalTextField(source="purpose")
    cadence = serializers.ChoiceField(words(Cadence))
    stewards = serializers.SerializerMethodField()
    output_ports = serializers.SerializerMethodField(help_text="Names.")
    input_ports = InputPortAnswer(many=True)
    acknowledged_by = serializers.CharField(source="acknowledged_by.username", allow_null=True, default=None)
    reviewed_by = serializers.CharField(source="reviewed_by.username", allow_null=True, default=None)
    contract = serializers.SerializerMethodField(help_text="The one in force; null: claims were made without one.")

    class Meta(ProductEntry.Meta):
        fields = [
            *ProductEntry.Meta.fields,
            "description",
            "intended_purpose",
            "limitations",
            "usage",
            "cadence",
            "stewards",
            "input_ports",
            "output_ports",
            "contract",
            "created_at",
            "updated_at",
            "published_at",
            "deprecation_ends_at",
            "retired_at",
            "acknowledged_at",
            "acknowledged_by",
            "reviewed_at",
            "reviewed_by",
        ]

    def get_stewards(self, product: DataProduct) -> list[str]:
        return [person.username for person in product.stewards.all()]

    def get_output_ports(self, product: DataProduct) -> list[str]:
        return [port.name for port in product.output_ports.all()]

    @extend_schema_field(ContractSummary(allow_null=True))
    def get_contract(self, product: DataProduct) -> dict[str, Any] | None:
        contract = product.contracts.filter(is_current=True).defer("original").first()
        return dict(ContractSummary(contract).data) if contract else None


class ProductRequest(StrictSerializer):
    slug = PatternField(SLUG_FORM, help_text="Lower-case letters, digits and dashes; never changes.")
    name = TextField(max_length=200)
    domain = TextField(max_length=200, help_text="Name or slug; made where it is missing.")
    owner = TextField(max_length=150, required=False, help_text="Username of the accountable owner; you, if left out.")
    stewards = serializers.ListField(child=TextField(max_length=150), default=list, max_length=50)
    version = TextField(max_length=50, default="1.0.0")
    description = OptionalTextField(max_length=20_000, default="")
    intended_purpose = OptionalTextField(source="purpose", max_length=20_000, default="", help_text="What the product is for.")
    limitations = OptionalTextField(max_length=20_000, default="", help_text="What it must not be used for.")
    usage = OptionalTextField(max_length=20_000, default="", help_text="How it is meant to be used.")
    tags = serializers.ListField(child=TextField(max_length=80), default=list, max_length=50)
    sensitivity = serializers.ChoiceField(words(Sensitivity), allow_null=True, default=None, help_text="null: unclassified.")
    cadence = serializers.ChoiceField(words(Cadence), default=Cadence.SCHEDULED.value)


class ProductChange(ProductRequest):
    """Whatever is left out stays as it is."""

    slug = None  # type: ignore[assignment]  # DRF: a field set to None is taken out
    reason = OptionalTextField(max_length=LONGEST_REASON, required=False, help_text="Why; the history keeps it.")


class DeprecationRequest(StrictSerializer):
    ends_at = MomentField(required=False, allow_null=True, default=None, help_text="Until when it may be built on.")


def with_claims(claims: ProductClaims, given: Mapping[str, Any]) -> ProductClaims:
    """The claims with what was given put in."""
    typed: dict[str, Any] = dict(given)
    for name in ("stewards", "tags"):
        if name in typed:
            typed[name] = tuple(typed[name])
    if typed.get("sensitivity"):
        typed["sensitivity"] = Sensitivity(typed["sensitivity"])
    if "cadence" in typed:
        typed["cadence"] = Cadence(typed["cadence"])
    return replace(claims, **typed)
