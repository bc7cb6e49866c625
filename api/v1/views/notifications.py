"""Notices to whoever asks and to their consumers, and for governance how they were delivered."""

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.pagination import KeysetPagination
from api.v1.base import ApiView, ModelAnswer, StrictSerializer
from api.v1.fields import FlagParameter, JsonObjectField, TextField, WholeNumberField, WholeNumberParameter, choices
from catalog.models import Delivery, Notification
from catalog.rules.errors import ForbiddenError
from catalog.rules.scopes import Scope
from catalog.rules.vocabulary import DeliveryChannel, DeliveryStatus
from catalog.services.notifications import mark_read, notices_for, read_mark, shown_target
from catalog.services.permissions import sees_everything

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
        fields = ["id", "kind", "consumer", "subject", "text", "payload", "created_at", "read_at", "caller_read_at"]


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
    status = serializers.ChoiceField(choices(DeliveryStatus), required=False)
    channel = serializers.ChoiceField(choices(DeliveryChannel), required=False)
    notification = WholeNumberParameter(min_value=1, required=False, help_text="Number of a notice.")


class DeliveryAnswer(ModelAnswer[Delivery]):
    notification = serializers.IntegerField(source="notification_id")
    kind = serializers.CharField(source="notification.kind")
    channel = serializers.ChoiceField(choices(DeliveryChannel))
    target = serializers.SerializerMethodField(help_text="E-mail address, or the host of the webhook.")
    status = serializers.ChoiceField(choices(DeliveryStatus))

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


class NoticesView(ApiView):
    write_scope = Scope.RECALLS_ACKNOWLEDGE

    def notices(self) -> QuerySet[Notification]:
        """One's own and those of one's consumers; a key of a service, an AI agent or model reads those of its consumer only."""
        return notices_for(self.actor).select_related("consumer")


class NotificationsView(NoticesView):
    query = NotificationQuery
    pagination_class = KeysetPagination

    @extend_schema(operation_id="list_notifications", responses=NotificationAnswer(many=True), tags=["notifications"])
    def get(self, request: Request) -> Response:
        """Notices to you and to your consumers, newest first."""
        lookups = {"is_unread": f"{read_mark()}__isnull", "kind": "kind", "consumer": "consumer__slug"}
        return self.page(self.matching(self.notices(), lookups), NotificationAnswer)


class ReadNotificationsView(NoticesView):
    @extend_schema(
        operation_id="mark_notifications_read", request=MarkReadRequest, responses=MarkReadAnswer, tags=["notifications"]
    )
    def post(self, request: Request) -> Response:
        """Mark notices read. Numbers that are not yours, or not there, are passed over."""
        notices = self.notices().filter(pk__in=self.body(MarkReadRequest)["ids"])
        return Response({"marked": mark_read(notices=notices, now=self.now)})


class DeliveriesView(ApiView):
    query = DeliveryQuery
    pagination_class = KeysetPagination

    @extend_schema(operation_id="list_deliveries", responses=DeliveryAnswer(many=True), tags=["notifications"])
    def get(self, request: Request) -> Response:
        """E-mails and webhooks on their way, arrived or given up, newest first. For governance and auditors."""
        if not sees_everything(self.actor):
            raise ForbiddenError(
                f"{self.actor.username} may not see how notices were delivered.",
                remedy="That is for governance and auditors; GET /api/v1/notifications shows your own notices.",
            )
        rows = Delivery.objects.select_related("notification").filter(**self.parameters)
        return self.page(rows, DeliveryAnswer)
