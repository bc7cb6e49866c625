"""Notices and how they were delivered: read only. People see their own and their consumers', governance and auditors all."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from catalog.admin.base import LargeTableAdmin
from catalog.admin.reach import person_of
from catalog.models import Delivery, Notification
from catalog.services.notifications import notices_for, shown_target
from catalog.services.permissions import sees_everything


@admin.register(Notification)
class NotificationAdmin(LargeTableAdmin):
    list_display = ["subject", "kind", "recipient", "created_at", "read_at"]
    list_filter = [("read_at", admin.EmptyFieldListFilter)]
    list_select_related = ["person", "consumer"]
    ordering = ["-id"]
    fields = ["subject", "text", "kind", "recipient", "payload", "created_at", "read_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Notification]:
        rows: QuerySet[Notification] = super().get_queryset(request)
        person = person_of(request)
        return rows if sees_everything(person) else rows.filter(pk__in=notices_for(person).order_by().values("pk"))

    @display(description="To")
    def recipient(self, notice: Notification) -> str:
        return str(notice.consumer or notice.person)


@admin.register(Delivery)
class DeliveryAdmin(LargeTableAdmin):
    list_display = ["notice", "channel", "place", "standing", "attempts", "next_attempt_at", "delivered_at", "error"]
    list_filter = [("status", ChoicesDropdownFilter), ("channel", ChoicesDropdownFilter)]
    list_select_related = ["notification"]
    ordering = ["-id"]
    fields = list_display

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        rows: QuerySet[Delivery] = super().get_queryset(request)
        person = person_of(request)
        own = notices_for(person).order_by().values("pk")
        return rows if sees_everything(person) else rows.filter(notification__in=own)

    @display(description="Notice")
    def notice(self, delivery: Delivery) -> str:
        return delivery.notification.subject

    @display(description="Target")
    def place(self, delivery: Delivery) -> str:
        return shown_target(delivery.channel, delivery.target)

    @display(description="Status", label={"waiting": "warning", "delivered": "success", "failed": "danger"})
    def standing(self, delivery: Delivery) -> str:
        return delivery.status
