"""What the first page of the admin shows: the state of things, and what waits for an answer, whoever may give it.

Each function costs a fixed number of queries. `reach`: ids of the products that the reader may see, None for everything.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, When

from catalog.models import AccessPolicy, Agreement, Person, PolicyStatus, UseCase
from catalog.queries import visible_use_cases
from catalog.rules.vocabulary import AgreementStatus, Sensitivity, Severity, UseCaseStage
from trust.use_cases.models.use_case import OutputException, Readiness, ReadinessWatch, StageMove
from trust.verdicts.models.incidents import Incident
from trust.verdicts.models.recall import Recall, RecalledConsumer
from trust.verdicts.models.verdict import CurrentVerdict, verdict_at
from trust.verdicts.models.waivers import Waiver
from trust.verdicts.queries.product_upkeep import Reach, published_within, within_reach
from trust.vocabulary import ReadinessLevel, StageMoveStatus, VerdictStatus, WaiverStatus


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
    return within_reach(Incident.objects.filter(resolved_at=None), reach)


def open_recalls(reach: Reach) -> QuerySet[Recall]:
    return within_reach(Recall.objects.filter(closed_at=None), reach)


def open_problems(reach: Reach) -> OpenProblems:
    """Open incidents and recalls, counted. Three queries."""
    incidents = open_incidents(reach).aggregate(all=Count("pk"), critical=Count("pk", filter=Q(severity=Severity.CRITICAL)))
    unacknowledged = RecalledConsumer.objects.filter(
        recall__in=open_recalls(reach).order_by().values("pk"), acknowledged_at=None
    )
    return OpenProblems(incidents["all"], incidents["critical"], open_recalls(reach).count(), unacknowledged.count())


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


def open_agreements(reach: Reach, now: datetime) -> QuerySet[Agreement]:
    """Requests that nobody has answered yet."""
    return within_reach(Agreement.objects.filter(status=AgreementStatus.REQUESTED, expires_at__gt=now), reach)


def draft_policies(reach: Reach) -> QuerySet[AccessPolicy]:
    """Versions of policies that are written and not published."""
    return within_reach(AccessPolicy.objects.filter(status=PolicyStatus.DRAFT), reach)


def open_exceptions(person: Person | None) -> QuerySet[OutputException]:
    """Exceptions of outputs that are not closed, soonest due first: those assigned to `person`, None: all."""
    rows = OutputException.objects.filter(closed_at=None).order_by("due_at", "id")
    return rows if person is None else rows.filter(assigned_to=person)


def open_waivers(reach: Reach, now: datetime) -> QuerySet[Waiver]:
    """Requests for waivers that nobody has answered, and whose end has not come."""
    return within_reach(Waiver.objects.filter(status=WaiverStatus.REQUESTED, expires_at__gt=now), reach)


def open_moves() -> QuerySet[StageMove]:
    """Moves of use cases that wait for an approver."""
    return StageMove.objects.filter(status=StageMoveStatus.REQUESTED)
