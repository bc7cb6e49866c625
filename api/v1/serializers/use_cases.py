"""Use cases as they go over the wire."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from api.v1.base import ModelAnswer, StrictSerializer, caller_field
from api.v1.fields import (
    SLUG_FORM,
    DurationField,
    FlagField,
    NumberField,
    ObligationField,
    OptionalTextField,
    PatternField,
    TextField,
    choices,
)
from catalog.models import Measure, ObligationConfirmation, UseCase, UseCaseProduct
from catalog.rules.limits import LONGEST_TEXT
from catalog.rules.obligation import InvalidObligationError, Obligation, obligation_from_json
from catalog.rules.use_case import MOST_CONSUMERS, MOST_MEASURES, MOST_PRODUCTS, MeasureClaims, UseCaseClaims, UsedProduct
from catalog.rules.vocabulary import Autonomy, Better, UseCaseStage
from catalog.services.requests import LONGEST_REASON
from trust.models import StageMove
from trust.vocabulary import Gap, ReadinessLevel


class UseCaseQuery(StrictSerializer):
    stage = serializers.ChoiceField(choices(UseCaseStage), required=False, help_text="Retired ones are shown only on request.")
    business_owner = TextField(required=False, max_length=150, help_text="Username.")
    q = TextField(required=False, max_length=200, help_text="Words of slug, name or decision; each must occur.")


class ReadinessSummary(serializers.Serializer[Any]):
    """The newest assessment in short; GET /api/v1/use-cases/{slug}/readiness says all of it, as it is now."""

    level = serializers.ChoiceField(choices(ReadinessLevel), help_text="`unknown` also from `valid_until` on.")
    weakest = serializers.ChoiceField(choices(Gap), help_text="The gap that decides the level.")
    open_gaps = serializers.ListField(child=serializers.ChoiceField(choices(Gap)))
    assessed_at = serializers.DateTimeField()
    valid_until = serializers.DateTimeField()


class OverrideAnswer(ModelAnswer[StageMove]):
    """A stage that was reached although readiness lacked something, and until when that is accepted."""

    stage = serializers.ChoiceField(choices(UseCaseStage), source="to_stage")
    expires_at = serializers.DateTimeField(source="override_expires_at")
    requested_by = serializers.CharField(source="requested_by.username", allow_null=True, default=None)
    caller = caller_field("asked")
    approved_by = serializers.CharField(source="decided_by.username", allow_null=True, default=None)
    approved_at = serializers.DateTimeField(source="decided_at", allow_null=True)
    missing = serializers.SerializerMethodField(help_text="The questions that had no yes when it was approved.")

    class Meta:
        model = StageMove
        fields = ["stage", "reason", "expires_at", "requested_by", "caller", "approved_by", "approved_at", "missing"]

    def get_missing(self, move: StageMove) -> list[str]:
        return [str(one.get("question", "")) for one in move.missing if isinstance(one, Mapping)]


class UsedProductAnswer(ModelAnswer[UseCaseProduct]):
    product = serializers.CharField(source="product.slug")
    port = serializers.CharField(source="port.name", allow_null=True, default=None, help_text="null: any of its ports.")

    class Meta:
        model = UseCaseProduct
        fields = ["product", "port"]


class MeasureAnswer(ModelAnswer[Measure]):
    better = serializers.ChoiceField(choices(Better), help_text="Which values reach the target.")
    interval = DurationField(help_text="How often a value must be reported.")
    owner = serializers.CharField(source="owner.username")
    retired_at = serializers.DateTimeField(
        allow_null=True, help_text="Since when it is measured no longer. Its values stay; null: it is measured."
    )

    class Meta:
        model = Measure
        fields = ["name", "description", "unit", "better", "target", "interval", "owner", "created_at", "retired_at"]


class UseCaseEntry(ModelAnswer[UseCase]):
    business_decision = serializers.CharField(source="decision", help_text="The decision that the AI takes part in.")
    business_owner = serializers.CharField(source="business_owner.username", help_text="Who owns the decision.")
    autonomy = serializers.ChoiceField(choices(Autonomy))
    stage = serializers.ChoiceField(choices(UseCaseStage))
    stage_approved_by = serializers.CharField(
        source="approval.decided_by.username", allow_null=True, default=None, help_text="Null at stages that need no approval."
    )
    overrides = OverrideAnswer(many=True, help_text="Those that its stage rests on.")
    readiness = ReadinessSummary(allow_null=True, help_text="null: never assessed.")
    is_acknowledged = serializers.SerializerMethodField(
        help_text="Whether the business owner of today acknowledged these claims; readiness asks how long ago."
    )
    is_changed_since_approval = serializers.SerializerMethodField(
        help_text="Whether claims changed since it came to the stage approved or production, where it is."
    )

    class Meta:
        model = UseCase
        fields = [
            "slug",
            "name",
            "business_decision",
            "business_owner",
            "purpose",
            "autonomy",
            "stage",
            "stage_since",
            "stage_approved_by",
            "overrides",
            "readiness",
            "is_acknowledged",
            "is_changed_since_approval",
        ]

    def get_is_acknowledged(self, use_case: UseCase) -> bool:
        return use_case.is_acknowledged

    def get_is_changed_since_approval(self, use_case: UseCase) -> bool:
        return use_case.changed_since_approval


class UseCaseAnswer(UseCaseEntry):
    consumers = serializers.SerializerMethodField(help_text="Slugs of the agents, models and services that act in it.")
    products = serializers.SerializerMethodField(help_text="Without those that you may not see: drafts of others.")
    hidden_products = serializers.SerializerMethodField(help_text="How many of its products you may not see.")
    outputs_owner = serializers.CharField(source="outputs_owner.username", allow_null=True, default=None)
    exceptions_owner = serializers.CharField(source="exceptions_owner.username", allow_null=True, default=None)
    exceptions_within = DurationField(allow_null=True)
    measures = MeasureAnswer(many=True, help_text="Also those that are retired.")
    is_explainability_required = serializers.BooleanField(source="explainability_required", allow_null=True)
    acknowledged_by = serializers.CharField(source="acknowledged_by.username", allow_null=True, default=None)

    class Meta(UseCaseEntry.Meta):
        fields = [
            *UseCaseEntry.Meta.fields,
            "description",
            "consumers",
            "products",
            "hidden_products",
            "workflow",
            "system",
            "step",
            "outputs_owner",
            "exceptions_owner",
            "exceptions_within",
            "fallback",
            "is_explainability_required",
            "explainability_requirement",
            "explainability_met",
            "measures",
            "claims_changed_at",
            "acknowledged_at",
            "acknowledged_by",
            "created_at",
            "updated_at",
        ]

    @extend_schema_field(UsedProductAnswer(many=True))
    def get_products(self, use_case: UseCase) -> list[Any]:
        hidden = self.context["hidden"]
        return list(
            UsedProductAnswer([one for one in use_case.products.all() if one.product.slug not in hidden], many=True).data
        )

    def get_hidden_products(self, use_case: UseCase) -> int:
        return len({one.product.slug for one in use_case.products.all()} & set(self.context["hidden"]))

    def get_consumers(self, use_case: UseCase) -> list[str]:
        return [consumer.slug for consumer in use_case.consumers.all()]


class UsedProductRequest(StrictSerializer):
    product = TextField(max_length=80, help_text="Slug of a data product that you may see.")
    port = TextField(max_length=200, required=False, allow_null=True, default=None, help_text="null: any of its ports.")


class MeasureRequest(StrictSerializer):
    name = PatternField(SLUG_FORM, help_text="Lower-case letters, digits and dashes.")
    target = NumberField()
    interval = DurationField(help_text="How often a value must be reported.")
    better = serializers.ChoiceField(choices(Better), default=Better.AT_LEAST.value, help_text="Which values reach the target.")
    owner = TextField(max_length=150, required=False, help_text="Username; the business owner, if left out.")
    unit = OptionalTextField(max_length=40, default="")
    description = OptionalTextField(max_length=LONGEST_TEXT, default="")


class UseCaseRequest(StrictSerializer):
    slug = PatternField(SLUG_FORM, help_text="Lower-case letters, digits and dashes; never changes.")
    name = TextField(max_length=200)
    business_decision = TextField(
        source="decision", max_length=LONGEST_TEXT, help_text="The decision that the AI takes part in."
    )
    purpose = TextField(max_length=80, help_text="From the controlled list of purposes.")
    business_owner = TextField(max_length=150, required=False, help_text="Username of who owns the decision; you, if left out.")
    description = OptionalTextField(max_length=LONGEST_TEXT, default="")
    autonomy = serializers.ChoiceField(
        choices(Autonomy), default=Autonomy.ADVISES.value, help_text="The share that the AI has in the decision."
    )
    consumers = serializers.ListField(
        child=TextField(max_length=150),
        default=list,
        max_length=MOST_CONSUMERS,
        help_text="Slugs of the agents, models and services that act in it. Other owners are notified.",
    )
    products = serializers.ListField(child=UsedProductRequest(), default=list, max_length=MOST_PRODUCTS)
    workflow = OptionalTextField(max_length=200, default="", help_text="The process that the decision belongs to.")
    system = OptionalTextField(max_length=200, default="", help_text="The system in which the AI acts.")
    step = OptionalTextField(max_length=200, default="", help_text="The step of the workflow at which it acts.")
    outputs_owner = TextField(
        max_length=150, allow_null=True, default=None, help_text="Username of who answers for what the AI puts out."
    )
    exceptions_owner = TextField(
        max_length=150, allow_null=True, default=None, help_text="Username of who handles exceptions of outputs."
    )
    exceptions_within = DurationField(allow_null=True, default=None, help_text="By when an exception must be closed.")
    fallback = OptionalTextField(
        max_length=LONGEST_TEXT, default="", help_text="What happens instead while the data is not fit."
    )
    is_explainability_required = FlagField(
        source="explainability_required", allow_null=True, default=None, help_text="null: not recorded."
    )
    explainability_requirement = OptionalTextField(
        max_length=LONGEST_TEXT, default="", help_text="What must be explained, and to whom."
    )
    explainability_met = OptionalTextField(max_length=LONGEST_TEXT, default="", help_text="How that is met.")
    measures = serializers.ListField(child=MeasureRequest(), default=list, max_length=MOST_MEASURES)
    reason = OptionalTextField(max_length=LONGEST_REASON, default="", help_text="Why; the history keeps it.")


class UseCaseChange(UseCaseRequest):
    """Whatever is left out stays as it is; products, consumers and measures that are given replace all that there were, but for
    products that you may not see: those stay.
    """

    slug = None  # type: ignore[assignment]  # DRF: a field set to None is taken out

    def get_fields(self) -> dict[str, Any]:
        """None of them required or with a default. `partial` would excuse the parts of a measure or a product, too."""
        fields = super().get_fields()
        for field in fields.values():
            field.required, field.default = False, serializers.empty
        return fields


class ConfirmationAnswer(ModelAnswer[ObligationConfirmation]):
    consumer = serializers.CharField(source="consumer.slug")
    product = serializers.CharField(source="product.slug")
    obligation = serializers.SerializerMethodField()
    confirmed_by = serializers.CharField(source="confirmed_by.username")
    is_by_owner = serializers.SerializerMethodField(
        help_text="Whether the consumer's owner of today confirmed it; what an owner before said does not count."
    )

    class Meta:
        model = ObligationConfirmation
        fields = ["id", "consumer", "product", "obligation", "how", "confirmed_by", "confirmed_at", "is_by_owner"]

    @extend_schema_field(ObligationField)
    def get_obligation(self, confirmation: ObligationConfirmation) -> dict[str, Any]:
        return dict(json.loads(confirmation.obligation))

    def get_is_by_owner(self, confirmation: ObligationConfirmation) -> bool:
        return confirmation.confirmed_by_id == confirmation.consumer.owner_id


class ConfirmationRequest(StrictSerializer):
    consumer = TextField(max_length=150, help_text="Slug of a consumer that the use case names and you own.")
    product = TextField(max_length=80, help_text="Slug of a data product that the use case names.")
    obligation = ObligationField(help_text="As the decision answered it.")
    how = TextField(max_length=LONGEST_TEXT, help_text="How it is met, in words that can be checked.")

    def validate_obligation(self, value: Any) -> Obligation:
        try:
            return obligation_from_json(value)
        except InvalidObligationError as error:
            raise serializers.ValidationError(f"{error}.") from error


def use_case_claims(given: Mapping[str, Any], *, business_owner: str) -> UseCaseClaims:
    """What a registration claims. Measures without an owner are those of the business owner."""
    owner = given.get("business_owner", business_owner)
    blank = UseCaseClaims(slug=given["slug"], name="", decision="", purpose="", business_owner=owner)
    return with_claims(blank, given)


def with_claims(claims: UseCaseClaims, given: Mapping[str, Any]) -> UseCaseClaims:
    """The claims with what was given put in; `reason` is none of them."""
    typed = {name: value for name, value in given.items() if name != "reason"}
    if "autonomy" in typed:
        typed["autonomy"] = Autonomy(typed["autonomy"])
    if "consumers" in typed:
        typed["consumers"] = tuple(typed["consumers"])
    if "products" in typed:
        typed["products"] = tuple(UsedProduct(one["product"], one["port"]) for one in typed["products"])
    if "measures" in typed:
        owner = typed.get("business_owner", claims.business_owner)
        typed["measures"] = tuple(
            MeasureClaims(**{"owner": owner, **one, "better": Better(one["better"])}) for one in typed["measures"]
        )
    return replace(claims, **typed)
