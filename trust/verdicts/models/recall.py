"""Recalls: a product's verdict fell, and the consumers that relied on a yes are notified."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from catalog.models import Consumer, DataProduct
from catalog.models.choices import choices, one_of
from trust.verdicts.models.verdict import Verdict
from trust.vocabulary import RecallStatus


class Recall(models.Model):
    """One fall of one product's verdict from production-grade. The row is the queue of notices to give.

    `changed_at` is when the verdict last crossed the line, in either direction; no notice is given before it has stayed
    where it is for the damping time. status: see `RecallStatus`.
    """

    product = models.ForeignKey(DataProduct, on_delete=models.CASCADE, related_name="recalls")
    status = models.CharField(max_length=20, choices=choices(RecallStatus), default=RecallStatus.FALLEN)
    fallen_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    fallen_verdict = models.ForeignKey(Verdict, on_delete=models.PROTECT, related_name="+")
    recovered_verdict = models.ForeignKey(Verdict, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    sent_at = models.DateTimeField(null=True, blank=True)
    recovered_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-fallen_at", "-id"]
        constraints = [
            one_of("status", RecallStatus, "recall_status_known"),
            models.UniqueConstraint(fields=["product"], condition=Q(closed_at__isnull=True), name="recall_one_open"),
        ]

    def __str__(self) -> str:
        return f"{self.product}: {self.status} since {self.changed_at:%Y-%m-%d %H:%M}"


class RecalledConsumer(models.Model):
    """One consumer named in a recall, with the decisions that said yes to it.

    acknowledged_*: by the person who answers for the consumer. caller_acknowledged_at: by the consumer itself, with the key
    `caller`; that is not the person's word.
    """

    recall = models.ForeignKey(Recall, on_delete=models.CASCADE, related_name="consumers")
    consumer = models.ForeignKey(Consumer, on_delete=models.PROTECT, related_name="recalls")
    decision_ids = ArrayField(models.BigIntegerField())
    decision_count = models.PositiveIntegerField(help_text="All of them; `decision_ids` holds the newest.")
    purposes = ArrayField(models.CharField(max_length=80), default=list)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.CharField(max_length=150, blank=True)
    caller_acknowledged_at = models.DateTimeField(null=True, blank=True)
    caller = models.ForeignKey(
        "catalog.ApiKey", on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )

    class Meta:
        ordering = ["recall", "consumer"]
        constraints = [models.UniqueConstraint(fields=["recall", "consumer"], name="recalled_once")]

    def __str__(self) -> str:
        return f"{self.consumer} in recall {self.recall_id}"
