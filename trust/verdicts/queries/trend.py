"""The share of the published products that is production-grade, day by day.

The verdicts at the end of a past day never change, so they are counted once and stored (`DailyVerdictCount`): a page reads one
row a day, however long the history of verdicts is. For a person's own products it is looked up in that history: one step
down an index for each product and day, on fewer days where there are many products.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db import connection

from trust.verdicts.models.verdict import DailyVerdictCount

DAYS = 90
LOOKED_UP = 4_500  # products times days that a page looks up itself: our choice, some 50 ms

# The index verdict_product_time finds the newest verdict of a product at a moment, past all that came before and after.
_STOOD = """
SELECT (past.at AT TIME ZONE 'UTC' - interval '1 day')::date,
       count(*) FILTER (WHERE stood.verdict = 'production_grade'),
       count(*) FILTER (WHERE stood.verdict = 'not_production_grade'),
       count(*) FILTER (WHERE coalesce(stood.verdict, 'unknown') = 'unknown')
FROM unnest(%(ends)s::timestamptz[]) AS past (at)
JOIN catalog_dataproduct product
  ON product.published_at < past.at AND (product.retired_at IS NULL OR product.retired_at >= past.at)
LEFT JOIN LATERAL (
    SELECT CASE WHEN verdict.valid_until >= past.at THEN verdict.verdict ELSE 'unknown' END AS verdict
    FROM trust_verdict verdict
    WHERE verdict.product_id = product.id AND verdict.judged_at < past.at
    ORDER BY verdict.judged_at DESC, verdict.id DESC LIMIT 1
) stood ON true
WHERE %(reach)s::bigint[] IS NULL OR product.id = ANY(%(reach)s::bigint[])
GROUP BY 1 ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class Day:
    """The published products by verdict when a day (UTC) ended. A day on which nothing was published is not there."""

    day: date
    production_grade: int
    not_production_grade: int
    unknown: int

    @property
    def products(self) -> int:
        return self.production_grade + self.not_production_grade + self.unknown

    @property
    def share(self) -> float:
        """Percent, 0 to 100."""
        return 100 * self.production_grade / self.products


def days_until(now: datetime, days: int = DAYS) -> list[date]:
    """The last `days` days that are over at `now`, oldest first."""
    today = now.astimezone(UTC).date()
    return [today - timedelta(days=back) for back in range(days, 0, -1)]


def stood_at_the_end_of(days: Sequence[date], reach: Sequence[int] | None = None) -> list[Day]:
    """How the products stood when each of `days` ended, from the verdict history; of `reach` only, where that is given."""
    ends = [datetime.combine(day + timedelta(days=1), time(), UTC) for day in days]
    with connection.cursor() as cursor:
        cursor.execute(_STOOD, {"ends": ends, "reach": None if reach is None else list(reach)})
        return [Day(*row) for row in cursor.fetchall()]


def trend(now: datetime, reach: Sequence[int] | None) -> list[Day]:
    """The days of the last `DAYS` that are over, oldest first: of all products, or of those in `reach`. One query."""
    days = days_until(now)
    if reach is not None:
        step = max(1, -(-len(reach) * len(days) // LOOKED_UP))
        return stood_at_the_end_of(days[::-step][::-1], reach[:LOOKED_UP]) if reach else []
    kept = DailyVerdictCount.objects.filter(day__gte=days[0], day__lte=days[-1])
    days_kept = (Day(row.day, row.production_grade, row.not_production_grade, row.unknown) for row in kept)
    return [day for day in days_kept if day.production_grade or day.not_production_grade or day.unknown]
