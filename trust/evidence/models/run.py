"""Runs and what they found. The run row is the queue: Celery only carries its id."""

import uuid

import pgtrigger
from django.db import models
from django.db.models import Q

from catalog.models import OutputPort, Person
from catalog.models.caller import MadeByCaller
from catalog.models.choices import choices, one_of
from catalog.rules.vocabulary import Dimension, Severity
from trust.evidence.models.suite import Suite
from trust.vocabulary import CheckStatus, EvidenceStatus, RunStatus


class RunCause(models.TextChoices):
    REQUEST = "request"
    SCHEDULE = "schedule"


class Run(MadeByCaller):
    """One execution of a suite on a port: queued → running → completed, or failed (we could not look).

    A worker holds a running row by its lease: it renews `lease_expires_at` while it works; once that moment has passed the
    sweeper gives the row back to the queue, `max_attempts` times at most. `not_before` delays a retry.
    `started_at` is when the attempt that finished began to read. `port_digest` says which location was read.
    `evidence_status`, `rows`, `seconds`, `columns`, `data_time` come from the engine; `failure` is
    `{"code", "message", "remedy"}` of a failed run. `reading` says how the source was read, by name. `figures`:
    `trust.evidence.rules.figures`, empty of a run from before.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    port = models.ForeignKey(OutputPort, on_delete=models.CASCADE, related_name="runs")
    suite = models.ForeignKey(Suite, on_delete=models.PROTECT, related_name="runs")
    status = models.CharField(max_length=20, choices=choices(RunStatus), default=RunStatus.QUEUED)
    cause = models.CharField(max_length=20, choices=RunCause.choices, default=RunCause.REQUEST)
    requested_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    requested_at = models.DateTimeField()
    not_before = models.DateTimeField()
    attempt = models.PositiveSmallIntegerField(default=0)
    max_attempts = models.PositiveSmallIntegerField()
    worker = models.CharField(max_length=200, blank=True)
    lease_token = models.UUIDField(null=True, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    port_digest = models.CharField(max_length=64, blank=True)
    evidence_status = models.CharField(max_length=20, choices=choices(EvidenceStatus), blank=True)
    rows = models.BigIntegerField(null=True, blank=True)
    seconds = models.FloatField(null=True, blank=True)
    columns = models.JSONField(default=list, blank=True)
    data_time = models.DateTimeField(null=True, blank=True)
    figures = models.JSONField(default=dict, blank=True)
    reading = models.JSONField(default=dict, blank=True)
    failure = models.JSONField(null=True, blank=True)

    class Meta:
        ordering = ["-requested_at"]
        indexes = [
            models.Index(fields=["port", "-finished_at"], name="run_port_finished"),
            models.Index(fields=["-requested_at", "id"], name="run_requested"),
            models.Index(fields=["not_before"], condition=Q(status="queued"), name="run_queue"),
            models.Index(fields=["lease_expires_at"], condition=Q(status="running"), name="run_leases"),
        ]
        constraints = [
            one_of("status", RunStatus, "run_status_known"),
            models.UniqueConstraint(fields=["port"], condition=Q(status="queued"), name="run_one_queued_per_port"),
            models.CheckConstraint(
                condition=~Q(status="running") | (Q(lease_expires_at__isnull=False) & Q(lease_token__isnull=False)),
                name="run_running_has_a_lease",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["completed", "failed"]) | Q(finished_at__isnull=False), name="run_finished_has_a_time"
            ),
            models.CheckConstraint(condition=~Q(status="failed") | Q(failure__isnull=False), name="run_failed_has_a_reason"),
        ]
        triggers = [
            pgtrigger.Protect(
                name="finished_run_is_immutable",
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Q(old__status__in=["completed", "failed"]),
            ),
        ]

    def __str__(self) -> str:
        return f"run {self.id}"


class CheckResult(models.Model):
    """What one expectation found in one run. Append-only."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="check_results")
    position = models.PositiveIntegerField()
    type = models.CharField(max_length=200)
    kwargs = models.JSONField(default=dict)
    meta = models.JSONField(default=dict, blank=True)
    dimension = models.CharField(max_length=20, choices=choices(Dimension))
    severity = models.CharField(max_length=20, choices=choices(Severity))
    status = models.CharField(max_length=20, choices=choices(CheckStatus))
    element_count = models.BigIntegerField(null=True, blank=True)
    missing_count = models.BigIntegerField(null=True, blank=True)
    unexpected_count = models.BigIntegerField(null=True, blank=True)
    unexpected_percent = models.FloatField(null=True, blank=True)
    observed_value = models.JSONField(null=True, blank=True)
    samples = models.JSONField(default=list, blank=True)
    message = models.TextField(blank=True)

    class Meta:
        ordering = ["run", "position"]
        constraints = [
            models.UniqueConstraint(fields=["run", "position"], name="check_result_once"),
            one_of("status", CheckStatus, "check_result_status_known"),
            one_of("severity", Severity, "check_result_severity_known"),
            one_of("dimension", Dimension, "check_result_dimension_known"),
        ]
        triggers = [
            pgtrigger.Protect(name="check_result_is_append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.status}"
