"""Logged answers as they go over the wire."""

import json
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from api.v1.base import ModelAnswer, StrictSerializer
from api.v1.fields import FlagParameter, JsonObjectField, MomentField, TextField
from api.v1.serializers.labels import words
from api.v1.serializers.policies import ObligationField
from trust.models import Decision
from trust.vocabulary import DecisionChannel, VerdictStatus


class DecisionQuery(StrictSerializer):
    consumer = TextField(required=False, max_length=150, help_text="Slug of the consumer that the answer is about.")
    product = TextField(required=False, max_length=200, help_text="Slug of the data product.")
    purpose = TextField(required=False, max_length=80)
    decision = FlagParameter(default=None, help_text="Only yes, or only no.")
    channel = serializers.ChoiceField(words(DecisionChannel), required=False)
    since = MomentField(required=False, help_text="Asked at this moment or later, in RFC 3339.")
    until = MomentField(required=False, help_text="Asked before this moment, in RFC 3339.")


class DecisionEntry(ModelAnswer[Decision]):
    channel = serializers.ChoiceField(words(DecisionChannel), help_text="How it was asked.")
    consumer = serializers.CharField(source="subject", help_text="Slug of the consumer that the answer is about, as asked.")
    asker = serializers.CharField(help_text="Slug of the consumer whose key asked.")
    product = serializers.CharField(source="product_slug", help_text="Slug, as asked.")
    verdict = serializers.ChoiceField(words(VerdictStatus))
    reason_codes = serializers.ListField(child=serializers.CharField(), help_text="Everything that stood in the way.")
    is_production_grade = serializers.BooleanField(source="production_grade")
    purpose = serializers.CharField(allow_null=True, help_text="Null where only the product's trust was asked about.")

    class Meta:
        model = Decision
        fields = [
            "id",
            "asked_at",
            "channel",
            "consumer",
            "asker",
            "product",
            "action",
            "purpose",
            "use_case",
            "decision",
            "is_production_grade",
            "verdict",
            "score",
            "valid_until",
            "reason_codes",
            "request_id",
        ]


class DecisionLinks(serializers.Serializer[object]):
    verdict_url = serializers.CharField(allow_null=True, help_text="The verdict row behind the answer, with its facts.")
    replay_url = serializers.CharField()
    jws_url = serializers.CharField(help_text="The answer, signed.")
    proof_url = serializers.CharField(help_text="That the row is in the ledger.")


class DecisionAnswer(DecisionEntry):
    key_id = serializers.IntegerField(allow_null=True, help_text="The key that asked; null for a browser session.")
    question = JsonObjectField(allow_null=True, help_text="What else was asked: min_score, max_evidence_age, as_of, detail.")
    basis = JsonObjectField(
        allow_null=True, help_text="What was known: product and contract versions, runs, trust policy, facts."
    )
    ruling = JsonObjectField(allow_null=True, help_text="Policy evaluation, with all that is needed to rule again.")
    obligations = serializers.ListField(child=ObligationField(), help_text="What a permitted consumer must do.")
    latency_us = serializers.IntegerField(help_text="Microseconds from the arrival of the request to the writing of the row.")
    answer = serializers.SerializerMethodField(help_text="What was answered.")
    answer_text = serializers.CharField(source="answer", help_text="The same, byte for byte.")
    links = serializers.SerializerMethodField()

    class Meta(DecisionEntry.Meta):
        fields = [
            *DecisionEntry.Meta.fields,
            "key_id",
            "question",
            "basis",
            "ruling",
            "obligations",
            "latency_us",
            "answer",
            "answer_text",
            "links",
        ]

    @extend_schema_field(JsonObjectField)
    def get_answer(self, decision: Decision) -> Any:
        return json.loads(decision.answer)

    @extend_schema_field(DecisionLinks)
    def get_links(self, decision: Decision) -> dict[str, str | None]:
        own = f"/api/v1/decisions/{decision.pk}"
        verdict = f"/api/v1/products/{decision.product_slug}/verdicts/{decision.verdict_row_id}"
        return {
            "verdict_url": verdict if decision.verdict_row_id and decision.product_id else None,
            "replay_url": f"{own}/replay",
            "jws_url": f"{own}/jws",
            "proof_url": f"{own}/proof",
        }


class Difference(serializers.Serializer[object]):
    path = serializers.CharField(help_text="Where, as a JSON Pointer into the answer; `row/...` for a column of the log.")
    then = serializers.JSONField(allow_null=True, help_text="What is stored.")
    now = serializers.JSONField(allow_null=True, help_text="What comes out today.")


class ReplayAnswer(serializers.Serializer[object]):
    decision_id = serializers.IntegerField()
    is_identical = serializers.BooleanField(
        source="identical", help_text="The same answer, byte for byte: verdict, score, reasons, ruling and words."
    )
    differences = Difference(many=True)
    why = serializers.ListField(child=serializers.CharField(), help_text="What may have caused them; empty where identical.")
    taken_as_logged = serializers.ListField(
        child=serializers.CharField(), help_text="What was not worked out again, because only the log knows it."
    )
