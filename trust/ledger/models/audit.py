"""What auditors have done: checks of the ledger, and exports. Both are on record, whoever asked."""

from django.db import models
from django.db.models import Q

from catalog.models import Person
from catalog.models.choices import choices, one_of
from trust.vocabulary import LedgerCheckStatus


class LedgerCheck(models.Model):
    """One proof of the whole ledger, from the first batch on. The row is the queue.

    status: `holds` and `broken` are what was found; `failed` where it could not be looked to the end. progress_at: the last
    sign of life of whoever works on it. batches, rows: proved so far. batches_to_do: how many there were when it began.
    fault, remedy: the first thing at which ledger and rows do not agree (or why it could not be looked), and what to do.
    """

    status = models.CharField(max_length=20, choices=choices(LedgerCheckStatus), default=LedgerCheckStatus.WAITING)
    requested_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    requested_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    progress_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    batches_to_do = models.PositiveBigIntegerField(default=0)
    batches = models.PositiveBigIntegerField(default=0)
    rows = models.PositiveBigIntegerField(default=0)
    believed = models.CharField(max_length=100, blank=True, help_text="Source of the trusted keys.")
    fault = models.TextField(blank=True)
    remedy = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = "check of the ledger"
        verbose_name_plural = "ledger checks"
        constraints = [
            one_of("status", LedgerCheckStatus, "ledger_check_status_known"),
            models.UniqueConstraint(
                models.Value(1), condition=Q(status__in=["waiting", "running"]), name="ledger_check_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["broken", "failed"]) | ~Q(fault=""), name="ledger_check_says_what_is_wrong"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.requested_at:%Y-%m-%d %H:%M}: {self.status}"


class Export(models.Model):
    """Who took what out of the application, written before the first byte leaves.

    what: `decisions`, `audit trail`. filters: as they stood in the address. rows, finished_at: filled in at the end;
    finished_at None: it was broken off, or is still on its way.
    """

    what = models.CharField(max_length=40)
    format = models.CharField(max_length=10)
    filters = models.JSONField(default=dict, blank=True)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    rows = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering = ["-id"]
        constraints = [models.CheckConstraint(condition=Q(format__in=["csv", "json"]), name="export_format_known")]

    def __str__(self) -> str:
        return f"{self.what} as {self.format} by {self.person}"
