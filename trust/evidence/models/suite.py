"""Suites: what must hold for a port, version by version."""

import pghistory
import pgtrigger
from django.db import models
from django.db.models import Q

from catalog.models import OutputPort, Person
from catalog.models.caller import MadeByCaller


@pghistory.track(exclude=["expectations", "created_at"])  # a version never changes, and the history has its digest
class Suite(MadeByCaller):
    """One version of a port's suite. Rows never change, but for `is_current`.

    expectations: `[{"type", "kwargs", "severity", "dimension", "meta"}, ...]` in order; `digest` is the SHA-256 (hex) of
    their canonical JSON. `schedule` is an ISO 8601 duration (`P1D`) or a cron line; empty means on request only.
    """

    port = models.ForeignKey(OutputPort, on_delete=models.CASCADE, related_name="suites")
    version = models.PositiveIntegerField()
    name = models.CharField(max_length=200)
    expectations = models.JSONField(default=list)
    digest = models.CharField(max_length=64)
    schedule = models.CharField(max_length=100, blank=True)
    is_current = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["port", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["port", "version"], name="suite_version_once"),
            models.UniqueConstraint(fields=["port"], condition=Q(is_current=True), name="suite_one_current"),
        ]
        triggers = [pgtrigger.ReadOnly(name="suite_is_immutable", exclude=["is_current"])]

    def __str__(self) -> str:
        return f"{self.port} suite v{self.version}"
