"""Access policies, guardrails and trust policies as they go over the wire."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from api.v1.base import ModelAnswer, StrictSerializer
from api.v1.fields import (
    FlagField,
    JsonObjectField,
    MomentField,
    OptionalTextField,
    PatternField,
    TextField,
    WholeNumberField,
    WholeNumberParameter,
)
from api.v1.serializers.labels import words
from catalog.models import AccessPolicy, PolicyStatus
from catalog.rules.claims import PolicyClaims
from catalog.rules.moments import duration_text
from catalog.rules.obligation import obligation_from_json
from catalog.rules.vocabulary import ConsumerKind, Effect, Sensitivity
from trust.decisions.services.policy_trials import MOST_TRIED
from trust.models import TrustPolicyVersion
from trust.verdicts.rules.trust_policy import policy_from_dict


@extend_schema_field({"$ref": "#/components/schemas/Obligation"})
class ObligationField(serializers.JSONField):
    """An object with `type`, as `catalog.rules.obligation` reads it; contracts and Cedar may write a short name instead."""

    default_error_messages = {"not_an_obligation": "Give an object with `type`."}

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, dict):
            self.fail("not_an_obligation")
        return data

    def to_representation(self, value: Any) -> dict[str, Any]:  # type: ignore[override]  # as that of JSONField
        return obligation_from_json(value).as_object()


class PolicyVersionAnswer(ModelAnswer[AccessPolicy]):
    """What every version of a policy or guardrail says."""

    status = serializers.ChoiceField(PolicyStatus.choices)
    effect = serializers.ChoiceField(words(Effect))
    consumer_kinds = serializers.ListField(child=serializers.ChoiceField(words(ConsumerKind)), help_text="Empty: all.")
    purposes = serializers.ListField(child=serializers.CharField(), help_text="Empty: all.")
    is_raw = serializers.BooleanField(help_text="Governance wrote `cedar` itself; kinds, purposes and score then are in it.")
    cedar = serializers.CharField(help_text="What rules, as Cedar text.")
    published_by = serializers.CharField(source="published_by.username", allow_null=True, default=None)


_COMMON = ["name", "version", "status", "effect", "consumer_kinds", "purposes"]
_TAIL = ["expires_at", "is_raw", "cedar", "digest", "published_at", "published_by", "withdrawn_at"]


class AccessPolicyAnswer(PolicyVersionAnswer):
    product = serializers.CharField(source="product.slug")
    obligations = serializers.ListField(child=ObligationField())
    is_agreement_required = serializers.BooleanField(source="agreement_required")

    class Meta:
        model = AccessPolicy
        fields = ["product", *_COMMON, "minimum_score", "obligations", "is_agreement_required", *_TAIL]


class GuardrailAnswer(PolicyVersionAnswer):
    domain = serializers.CharField(source="domain.slug", allow_null=True, default=None, help_text="Slug; null: every domain.")
    minimum_sensitivity = serializers.ChoiceField(words(Sensitivity), allow_null=True, help_text="Null: whatever it is.")

    class Meta:
        model = AccessPolicy
        fields = [*_COMMON, "domain", "minimum_sensitivity", *_TAIL]


class PolicyRequest(StrictSerializer):
    """What a policy and a guardrail have in common."""

    name = PatternField(re.compile(r"[A-Za-z0-9_-]{1,80}"))
    purposes = serializers.ListField(child=TextField(max_length=80), default=list, max_length=100)
    consumer_kinds = serializers.ListField(child=serializers.ChoiceField(words(ConsumerKind)), default=list)
    expires_at = MomentField(allow_null=True, default=None)
    cedar = TextField(
        max_length=20_000,
        required=False,
        help_text="Raw Cedar text, for governance, instead of the settings: exactly one policy.",
    )


class AccessPolicyRequest(PolicyRequest):
    effect = serializers.ChoiceField(words(Effect), required=False, help_text="Needed unless `cedar` says it.")
    minimum_score = WholeNumberField(min_value=0, max_value=100, allow_null=True, default=None)
    obligations = serializers.ListField(child=ObligationField(), default=list, max_length=50)
    is_agreement_required = FlagField(
        source="agreement_required", default=False, help_text="A permit that holds only with an agreement."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "cedar" not in attrs:
            missing = [name for name in ("effect", "consumer_kinds", "purposes") if not attrs.get(name)]
            if missing:
                raise serializers.ValidationError({name: ["This field is required."] for name in missing}, "required")
        return attrs


class GuardrailRequest(PolicyRequest):
    domain = TextField(max_length=80, allow_null=True, default=None, help_text="Slug of a domain; null: every domain.")
    minimum_sensitivity = serializers.ChoiceField(words(Sensitivity), allow_null=True, default=None)


def policy_claims(given: Mapping[str, Any]) -> PolicyClaims:
    typed: dict[str, Any] = {
        "effect": Effect(given.get("effect", Effect.FORBID)),
        "consumer_kinds": tuple(ConsumerKind(kind) for kind in given["consumer_kinds"]),
        "purposes": tuple(given["purposes"]),
        "obligations": tuple(given.get("obligations", ())),
    }
    if (level := given.get("minimum_sensitivity")) is not None:
        typed["minimum_sensitivity"] = Sensitivity(level)
    return PolicyClaims(**{**given, **typed})


class DifferenceQuery(StrictSerializer):
    against = WholeNumberParameter(min_value=1, required=False, help_text="Compare with this version; the one before.")


class DifferenceAnswer(serializers.Serializer[Any]):
    name = serializers.CharField()
    version = serializers.IntegerField()
    against = serializers.IntegerField()
    settings = serializers.ListField(child=serializers.CharField(), help_text="A line each: `setting: old -> new`.")
    cedar = OptionalTextField(help_text="Unified difference of the Cedar texts; null where they are the same.")


class TrialRequest(StrictSerializer):
    last = WholeNumberField(min_value=1, max_value=MOST_TRIED, default=1000, help_text="How many decisions.")


class OtherwiseAnswer(serializers.Serializer[Any]):
    decision_id = serializers.IntegerField()
    asked_at = serializers.DateTimeField()
    consumer = serializers.CharField()
    product = serializers.CharField()
    purpose = serializers.CharField()
    old_decision = serializers.BooleanField(source="was")
    new_decision = serializers.BooleanField(source="would_be")
    why = serializers.CharField()


class TrialAnswer(serializers.Serializer[Any]):
    tried = serializers.IntegerField(help_text="Decisions that were ruled on again.")
    same = serializers.IntegerField(help_text="Those that would come out as they did.")
    permission_only = serializers.IntegerField(help_text="Of those: ruled on otherwise, but denied for something else too.")
    newly_permitted = serializers.IntegerField()
    newly_denied = serializers.IntegerField()
    skipped = serializers.IntegerField(help_text="Decisions whose log does not hold what a ruling needs.")
    changed = OtherwiseAnswer(many=True, help_text="Every decision that would come out otherwise, newest first.")


class TrustPolicyEntry(ModelAnswer[TrustPolicyVersion]):
    published_by = serializers.CharField(source="published_by.username", allow_null=True, default=None)
    proposed_by = serializers.CharField(source="proposed_by.username", allow_null=True, default=None)

    class Meta:
        model = TrustPolicyVersion
        fields = [
            "version",
            "digest",
            "note",
            "is_current",
            "published_at",
            "published_by",
            "proposed_at",
            "proposed_by",
            "based_on",
        ]


class TrustPolicyAnswer(TrustPolicyEntry):
    body = serializers.SerializerMethodField(
        help_text="Gates, required dimensions, shares, intervals, weights; settings that came later have their default."
    )

    class Meta(TrustPolicyEntry.Meta):
        fields = [*TrustPolicyEntry.Meta.fields, "body"]

    def get_body(self, version: TrustPolicyVersion) -> dict[str, Any]:
        plain = msgspec.to_builtins(policy_from_dict(version.body), order="sorted", builtin_types=(timedelta,))
        return dict(_with_durations(plain))


def _with_durations(value: Any) -> Any:
    """Plain JSON values, durations as every answer writes them."""
    if isinstance(value, Mapping):
        return {name: _with_durations(item) for name, item in value.items()}
    return duration_text(value) if isinstance(value, timedelta) else value


class TrustPolicyRequest(StrictSerializer):
    changes = JsonObjectField(help_text="Settings that differ from the version in force.")
    note = TextField(max_length=2000, help_text="Why it changes.")
