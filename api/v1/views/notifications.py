"""Notices to whoever asks and to their consumers, and for governance how they were delivered."""

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.authentication import KeyGrant
from api.pagination import KeysetPagination
from api.v1.base import ApiView
from api.v1.serializers.notifications import (
    DeliveryAnswer,
    DeliveryQuery,
    MarkReadAnswer,
    MarkReadRequest,
    NotificationAnswer,
    NotificationQuery,
)
from catalog.models import Delivery, Notification
from catalog.rules.consumers import MACHINES
from catalog.rules.errors import ForbiddenError
from catalog.rules.scopes import Scope
from catalog.services.notifications import mark_read, notices_for
from catalog.services.permissions import sees_everything


class NoticesView(ApiView):
    """A notice is marked read by whoever may read it: that changes no claim, so no other scope is asked for."""

    write_scope = Scope.TRUST_READ

    def notices(self) -> QuerySet[Notification]:
        """One's own and those of one's consumers; a key of an AI agent or model reads what its own consumer was told only."""
        rows = notices_for(self.actor).select_related("consumer")
        grant = self.request.auth
        if isinstance(grant, KeyGrant) and grant.kind in MACHINES:
            rows = rows.filter(consumer=grant.consumer_id)
        return rows


class NotificationsView(NoticesView):
    query = NotificationQuery
    pagination_class = KeysetPagination

    @extend_schema(operation_id="list_notifications", responses=NotificationAnswer(many=True), tags=["notifications"])
    def get(self, request: Request) -> Response:
        """Notices to you and to your consumers, newest first."""
        rows = self.notices()
        if self.parameters["is_unread"] is not None:
            rows = rows.filter(read_at__isnull=self.parameters["is_unread"])
        columns = {"kind": "kind", "consumer": "consumer__slug"}
        rows = rows.filter(**{column: self.parameters[name] for name, column in columns.items() if name in self.parameters})
        return self.page(rows, NotificationAnswer)


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
