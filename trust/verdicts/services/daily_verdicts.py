"""Counts, once a day is over, how the products stood at its end. Missed days are counted later, to the same result."""

from datetime import datetime, timedelta

from django.db import transaction

from trust.verdicts.models.daily_verdicts import DailyVerdictCount
from trust.verdicts.queries.trend import Day, days_until, stood_at_the_end_of

SETTLED = timedelta(minutes=10)  # our choice: by then what was judged before midnight has been committed


def count_daily_verdicts(*, now: datetime) -> int:
    """Write the standing of every day of the trend that is over and not written yet; how many those were. Safe to run twice.

    A day at a time: each costs one look into the history of every product, and what was counted stays when the next fails.
    """
    days = days_until(now - SETTLED)
    known = set(DailyVerdictCount.objects.filter(day__gte=days[0]).values_list("day", flat=True))
    written = 0
    for day in days:
        if day in known:
            continue
        with transaction.atomic():
            found = stood_at_the_end_of([day])
            stood = found[0] if found else Day(day, 0, 0, 0)
            row = DailyVerdictCount(
                day=day,
                production_grade=stood.production_grade,
                not_production_grade=stood.not_production_grade,
                unknown=stood.unknown,
            )
            DailyVerdictCount.objects.bulk_create([row], ignore_conflicts=True)
        written += 1
    return written
