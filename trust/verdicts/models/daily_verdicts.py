"""How many products stood how at the end of each day: what the trend of the desk is drawn from."""

import pgtrigger
from django.db import models


class DailyVerdictCount(models.Model):
    """The published products by verdict when `day` (UTC) ended, append-only: the verdicts of the past never change.

    unknown: also those that were never judged, or whose verdict had run out by then.
    """

    day = models.DateField(primary_key=True)
    production_grade = models.PositiveIntegerField()
    not_production_grade = models.PositiveIntegerField()
    unknown = models.PositiveIntegerField()

    class Meta:
        ordering = ["day"]
        triggers = [
            pgtrigger.Protect(name="daily_verdict_count_is_append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.day}: {self.production_grade} production-grade"
