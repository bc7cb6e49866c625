"""What consumers and people reported about a use case, and the recalls that reached it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from django.db.models import Case, F, OuterRef, Q, Subquery, Value, When

from catalog.models import Consumer, DataProduct, Measure, Person
from catalog.rules.vocabulary import Better
from trust.use_cases.models.use_case import DecisionUse, OutcomeReport, OutputException
from trust.use_cases.rules.readiness.facts import ExceptionFacts, MeasureFacts, MisuseFacts, Presence, RecallFacts
from trust.verdicts.models.recall import RecalledConsumer
from trust.vocabulary import UseAction

MOST = 1000
"""Rows of one kind that an assessment looks at, the worst and newest first. More of them would change no answer."""


def use_facts(use_case_id: int, *, since: datetime, now: datetime) -> tuple[int, tuple[MisuseFacts, ...]]:
    """How many answers were reported as used in the window, and those that did not rest on a valid yes; two queries."""
    used = DecisionUse.objects.filter(use_case=use_case_id, action=UseAction.USED, at__gt=since, at__lte=now)
    rows = used.exclude(misuse="").order_by("-at").values_list("decision_id", "consumer__slug", "at", "misuse")[:MOST]
    return used.count(), tuple(MisuseFacts(*row) for row in rows)


def exception_facts(use_case_id: int, *, since: datetime, now: datetime) -> tuple[ExceptionFacts, ...]:
    """The exceptions that are open, or were opened or closed in the window, those that are or were late first; one query."""
    rows = OutputException.objects.filter(
        Q(closed_at=None) | Q(opened_at__gt=since) | Q(closed_at__gt=since), use_case=use_case_id, opened_at__lte=now
    )
    late = Q(closed_at=None, due_at__lt=now) | Q(closed_at__gt=F("due_at"))
    worst = rows.annotate(place=Case(When(late, Value(0)), When(closed_at=None, then=Value(1)), default=Value(2)))
    found = worst.order_by("place", "-opened_at").values_list("id", "opened_at", "due_at", "closed_at")[:MOST]
    return tuple(ExceptionFacts(*row) for row in found)


def measure_facts(use_case_id: int, now: datetime) -> list[tuple[Callable[[Presence | None], MeasureFacts], Person]]:
    """The measures that are not retired, each still without what is known of its owner, and the owner; one query."""
    newest = OutcomeReport.objects.filter(measure=OuterRef("pk"), observed_at__lte=now).order_by("-observed_at", "-id")
    rows = Measure.objects.filter(use_case=use_case_id, retired_at=None).select_related("owner").order_by("name")
    rows = rows.annotate(value=Subquery(newest.values("value")[:1]), observed_at=Subquery(newest.values("observed_at")[:1]))
    return [(partial(_measure, row), row.owner) for row in rows]


def recall_facts(
    consumers: Sequence[Consumer], products: Sequence[DataProduct], *, since: datetime, now: datetime
) -> tuple[RecallFacts, ...]:
    """The recalls of these products that named one of these consumers: those of the window, and older ones that nobody has
    acknowledged; one query.
    """
    rows = RecalledConsumer.objects.filter(
        Q(acknowledged_at=None) | Q(recall__sent_at__gt=since),
        consumer__in=consumers,
        recall__product__in=products,
        recall__sent_at__lte=now,
    )
    names = ("recall_id", "recall__product__slug", "consumer__slug", "recall__sent_at", "acknowledged_at")
    found = rows.order_by(F("acknowledged_at").desc(nulls_first=True), "-recall_id").values_list(*names)[:MOST]
    return tuple(RecallFacts(*row) for row in found)


def _measure(row: Measure, owner: Presence | None) -> MeasureFacts:
    return MeasureFacts(
        name=row.name,
        interval=row.interval,
        created_at=row.created_at,
        target=row.target,
        better=Better(row.better),
        unit=row.unit,
        owner=owner,
        value=row.value,  # type: ignore[attr-defined]  # annotated
        observed_at=row.observed_at,  # type: ignore[attr-defined]
    )
