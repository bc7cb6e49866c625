"""Verdicts of the past as they go over the wire."""

import json
from typing import Any

from rest_framework import serializers

from api.v1.base import ModelAnswer
from api.v1.fields import JsonObjectField
from api.v1.serializers.labels import words
from trust.models import Verdict
from trust.vocabulary import GateName, Grade, VerdictStatus


class VerdictEntry(ModelAnswer[Verdict]):
    verdict = serializers.ChoiceField(words(VerdictStatus))
    grade = serializers.ChoiceField(words(Grade))
    failing_gates = serializers.ListField(child=serializers.ChoiceField(words(GateName)), help_text="Failed or unknown.")
    policy_version = serializers.IntegerField(source="policy.version", help_text="Of the trust policy that judged.")
    run = serializers.UUIDField(source="run_id", allow_null=True, help_text="The run that led to it, if one did.")

    class Meta:
        model = Verdict
        fields = [
            "id",
            "verdict",
            "score",
            "raw_score",
            "effective_score",
            "grade",
            "failing_gates",
            "judged_at",
            "valid_until",
            "cause",
            "run",
            "policy_version",
            "facts_sha256",
        ]


class VerdictAnswer(VerdictEntry):
    policy_digest = serializers.CharField(source="policy.digest")
    facts = JsonObjectField(help_text="Everything that it was judged on: the same facts, policy and moment judge the same.")
    outcome = JsonObjectField(help_text="The whole judgement.")

    class Meta(VerdictEntry.Meta):
        fields = [*VerdictEntry.Meta.fields, "policy_digest", "facts", "outcome"]

    def to_representation(self, instance: Verdict) -> dict[str, Any]:
        instance.facts, instance.outcome = json.loads(instance.facts), json.loads(instance.outcome)
        return dict(super().to_representation(instance))
