"""Access policies, guardrails and trust policies as they go over the wire."""

import re
from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from api.v1.base import ModelAnswer, StrictSerializer
from api.v1.fields import (
    FlagField,
    MomentField,
    ObligationField,
    OptionalTextField,
    PatternField,
    TextField,
    WholeNumberField,
    WholeNumberParameter,
    choices,
)
from catalog.models import AccessPolicy, PolicyStatus
from catalog.rules.claims import PolicyClaims
from catalog.rules.vocabulary import ConsumerKind, Effect, Sensitivity
from trust.decisions.services.policy_trials import MOST_TRIED


class PolicyVersionAnswer(ModelAnswer[AccessPolicy]):
    """What every version of a policy or guardrail says."""

    status = serializers.ChoiceField(PolicyStatus.choices)
    effect = serializers.ChoiceField(choices(Effect))
    consumer_kinds = serializers.ListField(child=serializers.ChoiceField(choices(ConsumerKind)), help_text="Empty: all.")
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
    minimum_sensitivity = serializers.ChoiceField(choices(Sensitivity), allow_null=True, help_text="Null: whatever it is.")
    requested_by = serializers.CharField(
        source="requested_by.username",
        allow_null=True,
        default=None,
        help_text="Who asked for what waits for another person for 14 days: to withdraw it, or to publish this looser version.",
    )

    class Meta:
        model = AccessPolicy
        fields = [*_COMMON, "domain", "minimum_sensitivity", *_TAIL, "requested_at", "requested_by"]


class PolicyRequest(StrictSerializer):
    """What a policy and a guardrail have in common."""

    name = PatternField(re.compile(r"[A-Za-z0-9_-]{1,80}"))
    purposes = serializers.ListField(child=TextField(max_length=80), default=list, max_length=100)
    consumer_kinds = serializers.ListField(child=serializers.ChoiceField(choices(ConsumerKind)), default=list)
    expires_at = MomentField(allow_null=True, default=None)
    cedar = TextField(
        max_length=20_000,
        required=False,
        help_text="Raw Cedar text, for governance, instead of the settings: exactly one policy.",
    )


class AccessPolicyRequest(PolicyRequest):
    effect = serializers.ChoiceField(choices(Effect), required=False, help_text="Needed unless `cedar` says it.")
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
    minimum_sensitivity = serializers.ChoiceField(choices(Sensitivity), allow_null=True, default=None)


class PublishRequest(StrictSerializer):
    seen = OptionalTextField(
        required=False,
        default="",
        max_length=64,
        help_text="`digest` of what you have read; where the draft says something else by now, it is not published.",
    )


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
