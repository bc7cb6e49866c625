"""Incidents: known problems of a product, with their timeline."""

import pghistory
import pgtrigger
from django.db import models
from django.db.models import Q

from catalog.models import DataProduct, OutputPort, Person
from catalog.models.caller import MadeByCaller, later_caller
from catalog.models.choices import choices, one_of
from catalog.rules.vocabulary import Severity
from trust.evidence.models.run import Run
from trust.vocabulary import IncidentEntryKind, IncidentRule


@pghistory.track()
class Incident(MadeByCaller):
    """A known problem with a product. While a critical one is open the `incidents` gate fails.

    owner: who sees to it; None, from before there were owners: the product's owner. rule: what opened it by itself, with the
    `port` and the `check_key` that it is about; empty where a person did. held_by_governance: governance opened or raised it,
    so that nobody else may lower or resolve it.
    """

    product = models.ForeignKey(DataProduct, on_delete=models.CASCADE, related_name="incidents")
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    severity = models.CharField(max_length=20, choices=choices(Severity), default=Severity.CRITICAL)
    owner = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    resolved_caller = later_caller()
    resolution = models.TextField(blank=True)
    rule = models.CharField(max_length=40, choices=choices(IncidentRule), blank=True)
    port = models.ForeignKey(OutputPort, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    check_key = models.CharField(max_length=200, blank=True)
    held_by_governance = models.BooleanField(default=False)

    class Meta:
        ordering = ["-opened_at"]
        indexes = [
            models.Index(fields=["product"], condition=Q(resolved_at__isnull=True), name="incident_open"),
            models.Index(fields=["-opened_at", "-id"], name="incident_time"),
        ]
        constraints = [
            one_of("severity", Severity, "incident_severity_known"),
            models.CheckConstraint(
                condition=Q(rule="") | Q(rule__in=[rule.value for rule in IncidentRule], port__isnull=False),
                name="incident_rule_is_known_and_names_its_port",
            ),
            models.UniqueConstraint(
                fields=["product", "rule", "port", "check_key"],
                condition=Q(resolved_at__isnull=True) & ~Q(rule=""),
                name="incident_one_open_for_each_cause",
            ),
            models.CheckConstraint(
                condition=Q(resolved_at__isnull=True) | ~Q(resolution=""), name="incident_resolved_says_how"
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="incident_is_kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="incident_stays_resolved",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__resolved_at__isnull=False),
            ),
            pgtrigger.ReadOnly(
                name="incident_stays_as_it_was_opened",
                fields=["product", "title", "description", "opened_at", "opened_by", "caller", "rule", "port", "check_key"],
            ),
        ]

    def __str__(self) -> str:
        return self.title


@pghistory.track()
class IncidentEntry(MadeByCaller):
    """One line of an incident's timeline, append-only. actor None: the system. run: what led to it, where a rule did.

    before, after: the severity or the owner's username that changed; empty otherwise.
    """

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="entries")
    at = models.DateTimeField()
    kind = models.CharField(max_length=20, choices=choices(IncidentEntryKind))
    actor = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    text = models.TextField(blank=True)
    before = models.CharField(max_length=150, blank=True)
    after = models.CharField(max_length=150, blank=True)
    run = models.ForeignKey(Run, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["incident", "id"]
        verbose_name_plural = "incident entries"
        constraints = [one_of("kind", IncidentEntryKind, "incident_entry_kind_known")]
        triggers = [pgtrigger.Protect(name="incident_entry_is_append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.incident}: {self.kind}"
