"""What was asked of a worker before anything is registered: to try a contract, or to draft one from data."""

import uuid

from django.db import models
from django.db.models import Q

from catalog.models import Person
from catalog.models.caller import MadeByCaller


class IntakeJobKind(models.TextChoices):
    TRY = "try"
    DRAFT = "draft"


class IntakeJob(MadeByCaller):
    """A contract to try (`content`), or a file to draft one from (`data`); kept until `expires_at`, for who asked.

    started_at: when a worker took it; finished_at: when `result`, plain JSON, was written.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=10, choices=IntakeJobKind.choices)
    content = models.BinaryField(blank=True)
    filename = models.CharField(max_length=255, blank=True)
    data = models.TextField(blank=True)
    requested_by = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    requested_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    result = models.JSONField(null=True, blank=True)

    class Meta:
        ordering = ["-requested_at"]
        indexes = [models.Index(fields=["expires_at"], name="intake_job_expiry")]
        constraints = [
            models.CheckConstraint(
                condition=Q(finished_at=None) | Q(result__isnull=False), name="intake_job_ends_with_a_result"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"
