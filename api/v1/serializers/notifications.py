"""Notices and their deliveries as they go over the wire."""

from rest_framework import serializers

from api.v1.base import ModelAnswer, StrictSerializer
from api.v1.fields import FlagParameter, JsonObjectField, TextField, WholeNumberField, WholeNumberParameter
from api.v1.serializers.labels import words
from catalog.models import Delivery, Notification
from catalog.rules.vocabulary import DeliveryChannel, DeliveryStatus
from catalog.services.notifications import shown_target

MOST_MARKED_AT_ONCE = 500


class NotificationQuery(StrictSerializer):
    is_unread = FlagParameter(default=None, help_text="Only unread ones, or only read ones.")
    kind = TextField(max_length=60, required=False, help_text="Such as `agreement.requested`.")
    consumer = TextField(max_length=200, required=False, help_text="Slug of one of your consumers.")


class NotificationAnswer(ModelAnswer[Notification]):
    consumer = serializers.CharField(
        source="consumer.slug", allow_null=True, default=None, help_text="The consumer that was notified; null: you."
    )
    payload = JsonObjectField(help_text="What the notice is about, for programs. `text` may quote what other people wrote.")

    class Meta:
        model = Notification
        fields = ["id", "kind", "consumer", "subject", "text", "payload", "created_at", "read_at"]


class MarkReadRequest(StrictSerializer):
    ids = serializers.ListField(
        child=WholeNumberField(min_value=1),
        min_length=1,
        max_length=MOST_MARKED_AT_ONCE,
        help_text="Of the notices that have been read.",
    )


class MarkReadAnswer(serializers.Serializer[dict[str, int]]):
    marked = serializers.IntegerField(help_text="How many were unread before.")


class DeliveryQuery(StrictSerializer):
    status = serializers.ChoiceField(words(DeliveryStatus), required=False)
    channel = serializers.ChoiceField(words(DeliveryChannel), required=False)
    notification = WholeNumberParameter(min_value=1, required=False, help_text="Number of a notice.")


class DeliveryAnswer(ModelAnswer[Delivery]):
    notification = serializers.IntegerField(source="notification_id")
    kind = serializers.CharField(source="notification.kind")
    channel = serializers.ChoiceField(words(DeliveryChannel))
    target = serializers.SerializerMethodField(help_text="E-mail address, or the host of the webhook.")
    status = serializers.ChoiceField(words(DeliveryStatus))

    class Meta:
        model = Delivery
        fields = [
            "id",
            "notification",
            "kind",
            "channel",
            "target",
            "status",
            "attempts",
            "next_attempt_at",
            "delivered_at",
            "error",
        ]

    def get_target(self, delivery: Delivery) -> str:
        return shown_target(delivery.channel, delivery.target)
