"""Access policies and trust policies as they go over the wire."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from api.v1.base import StrictSerializer
from api.v1.fields import JsonObjectField, MomentField, TextField
from api.v1.serializers.words import words
from catalog.models import AccessPolicy, PolicyStatus
from catalog.rules.claims import PolicyClaims
from catalog.rules.vocabulary import ConsumerKind, Effect
from trust.models import TrustPolicyVersion


class AccessPolicyAnswer(serializers.ModelSerializer[AccessPolicy]):
    status = serializers.ChoiceField(PolicyStatus.choices)
    effect = serializers.ChoiceField(words(Effect))
    consumer_kinds = serializers.ListField(child=serializers.ChoiceField(words(ConsumerKind)), help_text="Empty: all.")
    purposes = serializers.ListField(child=serializers.CharField(), help_text="Empty: all.")
    obligations = serializers.ListField(child=serializers.CharField())
    published_by = serializers.CharField(source="published_by.username", allow_null=True, default=None)

    class Meta:
        model = AccessPolicy
        fields = [
            "name",
            "version",
            "status",
            "effect",
            "consumer_kinds",
            "purposes",
            "minimum_score",
            "obligations",
            "expires_at",
            "digest",
            "published_at",
            "published_by",
            "withdrawn_at",
        ]


class AccessPolicyRequest(StrictSerializer):
    name = serializers.RegexField(r"^[A-Za-z0-9_-]{1,80}$")
    effect = serializers.ChoiceField(words(Effect))
    consumer_kinds = serializers.ListField(child=serializers.ChoiceField(words(ConsumerKind)), allow_empty=False)
    purposes = serializers.ListField(child=TextField(max_length=80), allow_empty=False, max_length=100)
    minimum_score = serializers.IntegerField(min_value=0, max_value=100, allow_null=True, default=None)
    obligations = serializers.ListField(child=TextField(max_length=200), default=list, max_length=50)
    expires_at = MomentField(allow_null=True, default=None)


def policy_claims(given: Mapping[str, Any]) -> PolicyClaims:
    typed = {
        "effect": Effect(given["effect"]),
        "consumer_kinds": tuple(ConsumerKind(kind) for kind in given["consumer_kinds"]),
        "purposes": tuple(given["purposes"]),
        "obligations": tuple(given["obligations"]),
    }
    return PolicyClaims(**{**given, **typed})


class TrustPolicyEntry(serializers.ModelSerializer[TrustPolicyVersion]):
    published_by = serializers.CharField(source="published_by.username", allow_null=True, default=None)

    class Meta:
        model = TrustPolicyVersion
        fields = ["version", "digest", "note", "is_current", "published_at", "published_by"]


class TrustPolicyAnswer(TrustPolicyEntry):
    body = JsonObjectField(help_text="Gates, required dimensions, shares, intervals and weights.")

    class Meta(TrustPolicyEntry.Meta):
        fields = [*TrustPolicyEntry.Meta.fields, "body"]


class TrustPolicyRequest(StrictSerializer):
    changes = JsonObjectField(help_text="Settings that differ from the version in force.")
    note = TextField(max_length=2000, help_text="Why it changes.")
