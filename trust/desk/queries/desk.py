"""What the first page of the admin tells about the state of things. Each function costs a fixed number of queries.

`reach` is what the person who looks may see: ids of products, None for everything.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, When

from catalog.models import DataProduct, Person, UseCase
from catalog.queries import visible_use_cases
from catalog.rules.vocabulary import Sensitivity, Severity, UseCaseStage
from catalog.services.permissions import sees_everything
from trust.use_cases.models.use_case import Readiness, ReadinessWatch
from trust.verdicts.models.incidents import Incident
from trust.verdicts.models.recall import Recall, RecalledConsumer
from trust.verdicts.models.verdict import CurrentVerdict, verdict_at
from trust.verdicts.queries.product_upkeep import Reach, published_within
from trust.vocabulary import ReadinessLevel, VerdictStatus


@dataclass(frozen=True, slots=True)
class VerdictCount:
    """How many published products of one sensitivity (None: unclassified) have one verdict."""

    sensitivity: Sensitivity | None
    verdict: VerdictStatus
    products: int


@dataclass(frozen=True, slots=True)
class OpenProblems:
    """Open incidents and recalls. unacknowledged: consumers that open recalls name and that have not said that they know."""

    incidents: int
    critical: int
    recalls: int
    unacknowledged: int


def reach_of(person: Person) -> Reach:
    """The ids of the products that `person` owns or looks after; None for whoever sees everything. Three queries at most."""
    if sees_everything(person):
        return None
    return tuple(DataProduct.objects.looked_after_by(person).order_by("slug").values_list("pk", flat=True))


def verdict_counts(reach: Reach, now: datetime) -> list[VerdictCount]:
    """The published products by sensitivity and verdict. One query.

    A verdict that has run out, or that something has changed since, counts as unknown until it is judged again.
    """
    published = CurrentVerdict.objects.filter(product__in=published_within(reach).order_by()).annotate(shown=verdict_at(now))
    counted = published.values_list("product__sensitivity", "shown").annotate(products=Count("pk"))
    return [
        VerdictCount(Sensitivity(sensitivity) if sensitivity else None, VerdictStatus(verdict), products)
        for sensitivity, verdict, products in counted
    ]


def open_incidents(reach: Reach) -> QuerySet[Incident]:
    rows = Incident.objects.filter(resolved_at=None)
    return rows if reach is None else rows.filter(product__in=reach)


def open_recalls(reach: Reach) -> QuerySet[Recall]:
    rows = Recall.objects.filter(closed_at=None)
    return rows if reach is None else rows.filter(product__in=reach)


def open_problems(reach: Reach) -> OpenProblems:
    """Open incidents and recalls, counted. Three queries."""
    incidents = open_incidents(reach).aggregate(all=Count("pk"), critical=Count("pk", filter=Q(severity=Severity.CRITICAL)))
    told = RecalledConsumer.objects.filter(recall__in=open_recalls(reach).order_by().values("pk"), acknowledged_at=None)
    return OpenProblems(incidents["all"], incidents["critical"], open_recalls(reach).count(), told.count())


def assessed(person: Person, shown: int) -> list[tuple[UseCase, Readiness | None]]:
    """The use cases that `person` may see and that are not retired, with their newest assessments: the first `shown`, those
    that have come farthest first. Two queries.
    """
    rank = Case(*(When(stage=stage.value, then=stage.rank) for stage in UseCaseStage), default=0, output_field=IntegerField())
    rows = visible_use_cases(person).exclude(stage=UseCaseStage.RETIRED).annotate(stage_rank=rank)
    use_cases = list(rows.select_related("business_owner").order_by("-stage_rank", "slug")[:shown])
    watched = ReadinessWatch.objects.filter(use_case__in=use_cases).select_related("row").defer("row__facts")
    by_use_case = {watch.use_case_id: watch.row for watch in watched}
    return [(use_case, by_use_case.get(use_case.pk)) for use_case in use_cases]


def readiness_levels(person: Person, now: datetime) -> dict[ReadinessLevel | None, int]:
    """How many use cases that `person` may see have which level; None: never assessed, or the time of the newest assessment is
    over. Retired ones are left out. One query.
    """
    rows = visible_use_cases(person).exclude(stage=UseCaseStage.RETIRED).order_by()
    level = Case(When(watch__row__valid_until__gt=now, then=F("watch__row__level")), default=None)
    counted = rows.annotate(level=level).values("level").annotate(number=Count("pk")).values_list("level", "number")
    return {ReadinessLevel(level) if level else None: number for level, number in counted}
