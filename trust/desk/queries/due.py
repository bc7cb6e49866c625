"""Everything that falls due or ends soon, for one person: what they answer for, or everything for who sees everything.

What had to be done and was not is overdue and stays in the list. What merely ends, such as a waiver, leaves it with its end.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Case, DateTimeField, ExpressionWrapper, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from catalog.models import Measure, Person, UseCase
from catalog.models.product import DataProductQuerySet
from catalog.queries import agreements_standing
from catalog.rules.vocabulary import UseCaseStage
from catalog.services.permissions import sees_everything
from trust.use_cases.models.use_case import OutcomeReport, OutputException, StageMove
from trust.verdicts.models.waivers import Waiver
from trust.verdicts.queries.policies import current_policy
from trust.verdicts.queries.product_upkeep import Rows, due_acknowledgements, due_reviews
from trust.verdicts.queries.waivers import granted_waivers
from trust.vocabulary import DueKind, StageMoveStatus

GOVERNANCE = "governance"
MOST_OF_A_KIND = 100
_MOMENT = DateTimeField()


@dataclass(frozen=True, slots=True)
class Due:
    """One thing that falls due: `what` it is, in words; the row to look at, by model label and primary key; and whose it is.

    who: a username, or `governance`.
    """

    kind: DueKind
    what: str
    model: str
    pk: int
    due_at: datetime
    who: str

    def is_overdue(self, now: datetime) -> bool:
        return self.due_at <= now


def falls_due(person: Person, now: datetime, within: timedelta, *, most: int = MOST_OF_A_KIND) -> list[Due]:
    """What falls due until `within` from now, and what is overdue, soonest first; at most `most` of each kind.

    Eleven queries at most, whatever there is.
    """
    of = None if sees_everything(person) else person
    until = now + within
    _, policy = current_policy()
    found = [
        *_acknowledgements(due_acknowledgements(until, policy.acknowledgement_interval), of, most),
        *_reviews(due_reviews(until, policy.review_interval), of, most),
        *_waivers(now, until, of, most),
        *_agreements(now, until, of, most),
        *_use_cases(until, policy.readiness.acknowledgement_interval, of, most),
        *_overrides(now, until, of, most),
        *_exceptions(until, of, most),
        *_measures(until, of, most),
    ]
    return sorted(found, key=lambda due: (due.due_at, due.kind, due.pk))


def _acknowledgements(rows: DataProductQuerySet, of: Person | None, most: int) -> Iterator[Due]:
    for row in _answered_for_by(of, rows, "owner")[:most]:
        what = f"{row.slug}: acknowledgement due"
        yield Due(DueKind.ACKNOWLEDGEMENT, what, "catalog.dataproduct", row.pk, _due_at(row), row.owner_name)


def _reviews(rows: DataProductQuerySet, of: Person | None, most: int) -> Iterator[Due]:
    for row in (rows if of is None else rows.looked_after_by(of))[:most]:
        what = f"{row.slug}: review due"
        yield Due(DueKind.REVIEW, what, "catalog.dataproduct", row.pk, _due_at(row), GOVERNANCE)


def _waivers(now: datetime, until: datetime, of: Person | None, most: int) -> Iterator[Due]:
    rows: QuerySet[Waiver] = granted_waivers(now).filter(expires_at__lte=until).select_related("product", "owner")
    rows = _answered_for_by(of, rows, "owner", "product__owner")
    for row in rows.defer("product__search").order_by("expires_at", "pk")[:most]:
        what = f"the waiver of {row.gate or row.check_key} of {row.product.slug} ends"
        yield Due(DueKind.WAIVER_END, what, "trust.waiver", row.pk, row.expires_at, row.owner.username)


def _agreements(now: datetime, until: datetime, of: Person | None, most: int) -> Iterator[Due]:
    rows = agreements_standing(now).filter(expires_at__lte=until).select_related("consumer__owner", "product")
    rows = _answered_for_by(of, rows, "consumer__owner", "product__owner")
    for row in rows.defer("product__search").order_by("expires_at", "pk")[:most]:
        what = f"the agreement that {row.consumer.slug} may use {row.product.slug} for {row.purpose} ends"
        yield Due(DueKind.AGREEMENT_END, what, "catalog.agreement", row.pk, row.expires_at, row.consumer.owner.username)


def _use_cases(until: datetime, interval: timedelta, of: Person | None, most: int) -> Iterator[Due]:
    is_given = Q(acknowledged_at__gte=F("claims_changed_at"), acknowledged_by=F("business_owner"))
    again = ExpressionWrapper(F("acknowledged_at") + Value(interval), output_field=_MOMENT)
    due_at = Case(When(is_given, then=again), default=F("claims_changed_at"), output_field=_MOMENT)
    rows = UseCase.objects.exclude(stage=UseCaseStage.RETIRED).annotate(due_at=due_at).filter(due_at__lte=until)
    rows = _answered_for_by(of, rows, "business_owner")
    for row in rows.select_related("business_owner").order_by("due_at", "pk")[:most]:
        what = f"use case {row.slug}: acknowledgement due"
        yield Due(DueKind.USE_CASE_ACKNOWLEDGEMENT, what, "catalog.usecase", row.pk, _due_at(row), row.business_owner.username)


def _overrides(now: datetime, until: datetime, of: Person | None, most: int) -> Iterator[Due]:
    stands = StageMove.objects.filter(status=StageMoveStatus.DONE, is_override=True, override_ended_at=None)
    rows = stands.filter(override_expires_at__gt=now, override_expires_at__lte=until)
    rows = _answered_for_by(of, rows, "use_case__business_owner")
    for row in rows.select_related("use_case__business_owner").order_by("override_expires_at", "pk")[:most]:
        what = f"the override that keeps use case {row.use_case.slug} at {row.to_stage} ends"
        ends_at = row.override_expires_at or now  # the filter leaves no other
        yield Due(DueKind.OVERRIDE_END, what, "trust.stagemove", row.pk, ends_at, row.use_case.business_owner.username)


def _exceptions(until: datetime, of: Person | None, most: int) -> Iterator[Due]:
    rows = OutputException.objects.filter(closed_at=None, due_at__lte=until).select_related("use_case", "assigned_to")
    rows = _answered_for_by(of, rows, "assigned_to", "use_case__outputs_owner", "use_case__business_owner")
    for row in rows.order_by("due_at", "pk")[:most]:
        what = f"exception “{row.title}” of use case {row.use_case.slug}: closing due"
        who = row.assigned_to.username if row.assigned_to else GOVERNANCE
        yield Due(DueKind.EXCEPTION, what, "trust.outputexception", row.pk, row.due_at, who)


def _measures(until: datetime, of: Person | None, most: int) -> Iterator[Due]:
    """Of use cases at work, by the last value that was reported, or since the measure is there."""
    newest = OutcomeReport.objects.filter(measure=OuterRef("pk")).order_by("-observed_at").values("observed_at")[:1]
    since = Coalesce(Subquery(newest), F("created_at"), output_field=_MOMENT)
    rows = (
        Measure.objects.filter(retired_at=None)
        .exclude(use_case__stage__in=[UseCaseStage.IDEA, UseCaseStage.RETIRED])
        .annotate(due_at=ExpressionWrapper(since + F("interval"), output_field=_MOMENT))
        .filter(due_at__lte=until)
    )
    rows = _answered_for_by(of, rows, "owner", "use_case__business_owner")
    for row in rows.select_related("use_case", "owner").order_by("due_at", "pk")[:most]:
        what = f"measure {row.name} of use case {row.use_case.slug}: report due"
        yield Due(DueKind.MEASURE, what, "catalog.usecase", row.use_case_id, _due_at(row), row.owner.username)


def _answered_for_by(person: Person | None, rows: Rows, *fields: str) -> Rows:
    """Those of the rows that name the person in one of the fields; all for None."""
    return rows if person is None else rows.filter(reduce(or_, (Q(**{field: person}) for field in fields)))


def _due_at(row: Any) -> datetime:
    due_at: datetime = row.due_at  # annotated, or a column
    return due_at
