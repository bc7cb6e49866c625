"""Notices to people and consumers, and their way there.

The row is the queue: a lost message or a killed worker loses nothing.
"""

from django.db import models
from django.db.models import Q

from catalog.models.choices import choices, one_of
from catalog.models.consumer import Consumer
from catalog.models.person import Person
from catalog.rules.vocabulary import DeliveryChannel, DeliveryStatus


class Notification(models.Model):
    """One notice to one recipient, shown in the application until it is read. `key` names it, so that it is given once.

    caller_read_at: when a key of the consumer that was notified marked it read; `read_at` is the person's own mark.
    """

    key = models.CharField(max_length=200, unique=True)
    kind = models.CharField(max_length=60)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, null=True, blank=True, related_name="notifications")
    consumer = models.ForeignKey(Consumer, on_delete=models.CASCADE, null=True, blank=True, related_name="notifications")
    subject = models.CharField(max_length=300)
    text = models.TextField()
    payload = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)
    caller_read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["person", "-id"], name="notification_person"),
            models.Index(fields=["consumer", "-id"], name="notification_consumer"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(person__isnull=False, consumer__isnull=True) | Q(person__isnull=True, consumer__isnull=False),
                name="notification_one_recipient",
            )
        ]

    def __str__(self) -> str:
        return self.subject


class Delivery(models.Model):
    """One notice on its way by e-mail or webhook. `next_attempt_at` None: done, or given up with `error`."""

    notification = models.ForeignKey(Notification, on_delete=models.CASCADE, related_name="deliveries")
    channel = models.CharField(max_length=20, choices=choices(DeliveryChannel))
    target = models.CharField(max_length=500)
    status = models.CharField(max_length=20, choices=choices(DeliveryStatus), default=DeliveryStatus.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "deliveries"
        indexes = [models.Index(fields=["next_attempt_at"], condition=Q(next_attempt_at__isnull=False), name="delivery_due")]
        constraints = [
            one_of("channel", DeliveryChannel, "delivery_channel_known"),
            one_of("status", DeliveryStatus, "delivery_status_known"),
            models.UniqueConstraint(fields=["notification", "channel", "target"], name="delivery_once"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} to {self.target}: {self.status}"
