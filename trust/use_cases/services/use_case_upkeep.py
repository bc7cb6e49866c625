"""What time does to use cases: readiness changes, overrides end, and the people of what falls due are reminded.

Acknowledgements, values of measures and exceptions fall due. Each reminder has a key, so that it is given once, however often
this runs. Nothing waits for it: readiness compares with the clock.
"""

import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from django.db import DatabaseError
from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from catalog.models import Measure, Person, UseCase
from catalog.rules.errors import DomainError
from catalog.rules.moments import rfc_3339, shown
from catalog.rules.vocabulary import UseCaseStage
from trust.notices.rules.reminders import (
    BEFORE_ACKNOWLEDGEMENT,
    BEFORE_EXCEPTION,
    OVERDUE,
    VOID_FOR,
    exception_leads,
    measure_leads,
    moment_key,
    reminder_of,
)
from trust.notices.services.notices import Notice, give_new
from trust.use_cases.models.use_case import OutcomeReport
from trust.use_cases.queries.output_exceptions import exceptions_as_shown
from trust.use_cases.services.exception_notices import due_notice, overdue_notice
from trust.use_cases.services.readiness import assess_use_case
from trust.use_cases.services.readiness_falls import tell_of_falls
from trust.use_cases.services.stages import end_overrides
from trust.verdicts.queries.policies import current_policy

logger = logging.getLogger(__name__)

PERIOD = timedelta(minutes=4)  # a little less than the beat's own: what was just assessed is not assessed again
MOST_AT_ONCE = 500

_UNMEASURED = (UseCaseStage.IDEA, UseCaseStage.RETIRED)


def look_after_readiness(*, now: datetime, is_over: Callable[[], bool] = lambda: False) -> int:
    """How many use cases were assessed at `now`: all but retired ones, those first that were looked at longest ago.

    At most 500, and none any more once `is_over`; the others are first in turn the next time. One that cannot be assessed is
    logged and passed over. Overrides whose time is over are ended before, notices of falls and recoveries given afterwards.
    """
    end_overrides(now=now)
    waiting = (
        UseCase.objects.exclude(stage=UseCaseStage.RETIRED)
        .filter(Q(watch=None) | Q(watch__assessed_at=None) | Q(watch__assessed_at__lte=now - PERIOD))
        .order_by(F("watch__assessed_at").asc(nulls_first=True), "pk")
    )
    assessed = 0
    for use_case in list(waiting[:MOST_AT_ONCE]):
        if is_over():
            break
        assessed += _assess(use_case, now)
    tell_of_falls(now=now)
    return assessed


def _assess(use_case: UseCase, now: datetime) -> bool:
    try:
        assess_use_case(use_case=use_case, now=now, cause="time passed")
    except (DomainError, DatabaseError, ValueError):
        logger.exception("Use case %s could not be assessed; it is tried again in a while.", use_case.slug)
        return False
    return True


def remind(*, now: datetime) -> int:
    """How many reminders were given: of exceptions, then of acknowledgements, then of values; at most 500 of each."""
    owed = (_of_exceptions(now), _of_acknowledgements(now), _of_measures(now))
    return sum(give_new(notices, now, most=MOST_AT_ONCE) for notices in owed)


def _of_exceptions(now: datetime) -> Iterator[Notice]:
    """Those that are due within a day or overdue, the most urgent first."""
    rows = exceptions_as_shown().filter(closed_at=None, due_at__lte=now + BEFORE_EXCEPTION).order_by("due_at")
    for row in rows.iterator(MOST_AT_ONCE):
        step = reminder_of(row.due_at, now, exception_leads(row.due_at - row.opened_at))
        if step:
            yield overdue_notice(row) if step == OVERDUE else due_notice(row)


def _of_acknowledgements(now: datetime) -> Iterator[Notice]:
    """To business owners; to governance too where it is overdue and the owner has left."""
    interval = current_policy()[1].readiness.acknowledgement_interval
    use_cases = UseCase.objects.exclude(stage=UseCaseStage.RETIRED).select_related("business_owner").order_by("pk")
    for use_case in use_cases.iterator(MOST_AT_ONCE):
        given = use_case.acknowledged_at
        if given is None or given < use_case.claims_changed_at or use_case.acknowledged_by_id != use_case.business_owner_id:
            if now >= use_case.claims_changed_at + VOID_FOR:
                since = shown(use_case.claims_changed_at)
                yield _acknowledgement(
                    use_case, f"void:{moment_key(given)}", f"has not been acknowledged since {since}", OVERDUE
                )
            continue
        due_at = given + interval
        step = reminder_of(due_at, now, BEFORE_ACKNOWLEDGEMENT)
        if step:
            due = "should have been acknowledged by" if step == OVERDUE else "must be acknowledged by"
            yield _acknowledgement(use_case, f"{step}:{moment_key(given)}", f"{due} {shown(due_at)}", step)


def _acknowledgement(use_case: UseCase, event: str, headline: str, step: str) -> Notice:
    owner = use_case.business_owner
    also = list(Person.objects.governance()) if step == OVERDUE and not owner.is_active else []
    return Notice(
        key=f"use-case:{use_case.pk}:acknowledge:{event}",
        kind="use_case.acknowledgement_overdue" if step == OVERDUE else "use_case.acknowledgement_due",
        subject=f"Use case {use_case.slug} {headline}",
        text=(
            f"You own the decision of use case {use_case.slug} ({use_case.name}). Read its claims, "
            "correct what is wrong, and acknowledge it in the admin or with "
            f"POST /api/v1/use-cases/{use_case.slug}/acknowledge."
        ),
        people=[owner, *also],
        payload={"use_case": use_case.slug},
    )


def _of_measures(now: datetime) -> Iterator[Notice]:
    """To the owners of measures of use cases that are at work; to the business owner too where a value is overdue."""
    newest = OutcomeReport.objects.filter(measure=OuterRef("pk")).order_by("-observed_at").values("observed_at")[:1]
    measures = (
        Measure.objects.filter(retired_at=None)
        .exclude(use_case__stage__in=_UNMEASURED)
        .select_related("owner", "use_case__business_owner")
        .annotate(since=Coalesce(Subquery(newest), F("created_at")))
        .order_by("pk")
    )
    for measure in measures.iterator(MOST_AT_ONCE):
        due_at = _since(measure) + measure.interval
        step = reminder_of(due_at, now, measure_leads(measure.interval))
        if step:
            yield _value(measure, due_at, step)


def _value(measure: Measure, due_at: datetime, step: str) -> Notice:
    use_case, is_overdue = measure.use_case, step == OVERDUE
    people: list[Person] = [measure.owner, use_case.business_owner] if is_overdue else [measure.owner]
    return Notice(
        key=f"measure:{measure.pk}:{moment_key(due_at)}:{step}",
        kind="measure.overdue" if is_overdue else "measure.due",
        subject=f"A value of {measure.name} of use case {use_case.slug} "
        f"{'is overdue since' if is_overdue else 'is due by'} {shown(due_at)}",
        text=(
            f"Report it: POST /api/v1/use-cases/{use_case.slug}/outcomes. "
            f"A value is wanted at least every {_words(measure.interval)}."
        ),
        people=people,
        payload={"use_case": use_case.slug, "measure": measure.name, "due_at": rfc_3339(due_at)},
    )


def _since(measure: Measure) -> datetime:
    since: datetime = measure.since  # type: ignore[attr-defined]  # annotated
    return since


def _words(interval: timedelta) -> str:
    return f"{interval.days} days" if interval.days > 1 else f"{interval.total_seconds() / 3600:g} hours"
