"""Recalls as they go over the wire."""

from rest_framework import serializers

from api.v1.base import ModelAnswer, StrictSerializer
from api.v1.fields import FlagParameter, TextField
from api.v1.serializers.labels import words
from trust.models import Recall, RecalledConsumer
from trust.verdicts.rules.codec import load_outcome
from trust.vocabulary import RecallStatus, VerdictStatus


class RecallQuery(StrictSerializer):
    product = TextField(required=False, max_length=200, help_text="Slug of the data product.")
    consumer = TextField(required=False, max_length=150, help_text="Slug of a consumer that the recall names.")
    status = serializers.ChoiceField(words(RecallStatus), required=False)
    is_open = FlagParameter(default=None, help_text="Only open, or only closed.")


class RecallEntry(ModelAnswer[Recall]):
    product = serializers.CharField(source="product.slug")
    status = serializers.ChoiceField(words(RecallStatus))
    verdict = serializers.ChoiceField(words(VerdictStatus), source="fallen_verdict.verdict", help_text="What it fell to.")
    changed_at = serializers.DateTimeField(help_text="When the verdict last crossed the line, in either direction.")
    consumer_count = serializers.IntegerField(help_text="How many consumers it names.")

    class Meta:
        model = Recall
        fields = [
            "id",
            "product",
            "status",
            "verdict",
            "fallen_at",
            "changed_at",
            "sent_at",
            "recovered_at",
            "closed_at",
            "consumer_count",
        ]


class NamedConsumer(ModelAnswer[RecalledConsumer]):
    consumer = serializers.CharField(source="consumer.slug")
    decision_ids = serializers.ListField(child=serializers.IntegerField(), help_text="The answers of yes, newest first.")
    decision_count = serializers.IntegerField(help_text="All of them; decision_ids holds the newest 1000.")

    class Meta:
        model = RecalledConsumer
        fields = ["consumer", "decision_ids", "decision_count", "purposes", "acknowledged_at", "acknowledged_by"]


class RecallAnswer(RecallEntry):
    cause = serializers.SerializerMethodField(help_text="Why it fell, in one sentence.")
    fallen_verdict_url = serializers.CharField(source="fallen_link", help_text="The verdict that fell, with its facts.")
    recovered_verdict_url = serializers.CharField(source="recovered_link", allow_null=True)
    consumers = NamedConsumer(many=True, source="shown_consumers", help_text="As far as you may see them.")

    class Meta(RecallEntry.Meta):
        fields = [*RecallEntry.Meta.fields, "cause", "fallen_verdict_url", "recovered_verdict_url", "consumers"]

    def get_cause(self, recall: Recall) -> str:
        return load_outcome(recall.fallen_verdict.outcome).cause
