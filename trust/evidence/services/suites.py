"""Suites: written version by version, and run as their schedules ask.

What is in a suite is checked here as far as it can be without an engine.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, F, Max, OuterRef, Subquery

from catalog.models import DataProduct, OutputPort, Person
from catalog.rules.errors import ConflictError, DomainError, InvalidError, TooLargeError
from catalog.rules.expectation import Expectation, Json
from catalog.rules.expectation import SuiteSpec as Demands
from catalog.rules.limits import demand_small_suite
from catalog.services.permissions import require_can_change
from catalog.services.products import demand_not_retired
from catalog.services.recording import recorded
from trust.evidence.models.run import Run, RunCause
from trust.evidence.models.suite import Suite
from trust.evidence.rules.dimensions import dimension_of
from trust.evidence.rules.expectation_patterns import MAX_PATTERN_CHARACTERS, REMEDY, pattern_fault, regular_expressions
from trust.evidence.rules.expectation_types import REFUSED_TYPES
from trust.evidence.rules.identity import suite_digest
from trust.evidence.rules.pattern_syntax import MAX_CHARACTERS
from trust.evidence.rules.schedule import InvalidScheduleError, interval, next_due
from trust.evidence.services.runs import request_run
from trust.vocabulary import RunStatus

logger = logging.getLogger(__name__)
MOST_AT_ONCE = 1_000  # our choice: more than the workers of one machine do in the minute until the next call


def put_suite(
    *, port: OutputPort, expectations: Sequence[Expectation], schedule: str | None, actor: Person | None, now: datetime
) -> Suite:
    """The port's current suite, which demands `expectations` and runs at `schedule` (ISO 8601 duration, cron line, or empty;
    None: as the current suite does).

    Where something differs it is a new version. Evidence of a version with other demands (`digest`) stops counting; new
    descriptions or another schedule leave it valid. An expectation without a dimension gets the one of its type. Raises
    `InvalidError` for a schedule that cannot be followed and for expectations that run SQL of their author.
    """
    require_can_change(actor, port.product)
    demand_not_retired(port.product)
    if port.removed_at is not None:
        raise ConflictError(
            f"Port {port} is removed and can have no suite.", remedy="Put the port again first.", code="port_removed"
        )
    demand_small_suite(expectations)
    _demand_few_patterns(expectations)
    current = port.suites.filter(is_current=True).first()
    if schedule is None:
        schedule = "" if current is None else current.schedule
    _demand_sound(expectations, schedule)
    complete = [replace(one, dimension=one.dimension or dimension_of(one.type)) for one in expectations]
    stored = [_stored(one) for one in complete]
    digest = suite_digest(Demands(str(port), tuple(complete)))
    if current is not None and (current.digest, current.schedule, current.expectations) == (digest, schedule, stored):
        return current
    with recorded("put_suite", actor):
        newest = port.suites.aggregate(newest=Max("version"))["newest"] or 0
        port.suites.filter(is_current=True).update(is_current=False)
        return Suite.objects.create(
            port=port,
            version=newest + 1,
            name=str(port)[:200],
            expectations=stored,
            digest=digest,
            schedule=schedule,
            created_at=now,
            created_by=actor,
        )


def demand_runnable_patterns(expectations: Sequence[Expectation]) -> None:
    """Raise `InvalidError` for the first pattern that is never run. A contract keeps such a check, and it is an error there."""
    for position, one in enumerate(expectations):
        if (fault := pattern_fault(one)) is not None:
            raise InvalidError(
                f"The pattern in {fault.argument} of expectation {position + 1} ({one.type}) {fault.reason}.",
                remedy=REMEDY,
                code="pattern_not_runnable",
                field=f"expectations.{position}.kwargs.{fault.argument}",
            )


def remove_suite(*, port: OutputPort, actor: Person | None) -> None:
    """Nothing is demanded of `port` any more: its versions stay, none of them is current."""
    require_can_change(actor, port.product)
    with recorded("remove_suite", actor):
        port.suites.filter(is_current=True).update(is_current=False)


def _demand_few_patterns(expectations: Sequence[Expectation]) -> None:
    patterns = [pattern for one in expectations for _, pattern in regular_expressions(one)]
    size = sum(len(pattern) for pattern in patterns if len(pattern) <= MAX_CHARACTERS)  # longer ones are never read
    if size > MAX_PATTERN_CHARACTERS:
        raise TooLargeError(
            f"The regular expressions of the suite have {size:,} characters; at most {MAX_PATTERN_CHARACTERS:,} are run.",
            remedy="Keep those that matter most, or check values with expect_column_values_to_exist_in_reference.",
            field="expectations",
        )


def _demand_sound(expectations: Sequence[Expectation], schedule: str) -> None:
    if schedule:
        longest = Suite._meta.get_field("schedule").max_length or 0
        if len(schedule) > longest:
            raise InvalidError(
                f"The suite's schedule has {len(schedule):,} characters; at most {longest} are kept.",
                remedy="Give a duration such as P1D, or a shorter cron line.",
                code="invalid_schedule",
                field="schedule",
            )
        try:
            interval(schedule)
        except InvalidScheduleError as error:
            raise InvalidError(
                "The suite's schedule cannot be followed.", remedy=str(error), code="invalid_schedule", field="schedule"
            ) from error
    refused = sorted({one.type for one in expectations} & REFUSED_TYPES)
    if refused:
        raise InvalidError(
            f"The expectations {', '.join(refused)} run SQL text of their author, which is not allowed.",
            remedy="Use other expectations instead.",
            code="sql_refused",
            field="expectations",
        )


def _stored(expectation: Expectation) -> dict[str, Json]:
    return {
        "type": expectation.type,
        "kwargs": dict(expectation.kwargs),
        "severity": expectation.severity.value,
        "dimension": None if expectation.dimension is None else expectation.dimension.value,
        "meta": dict(expectation.meta),
    }


def queue_due_runs(*, now: datetime) -> list[UUID]:
    """Ids of the runs that were queued because their suite's schedule asks for one at `now`.

    Only published and deprecated products; a port that never ran is due at once, one with a run queued or under way is not.
    Time counts from when the last run was asked for, so a slow run does not shift the next. At most `MOST_AT_ONCE`, those first
    whose last run was asked for longest ago; the others follow at the next call.
    """
    runs = Run.objects.filter(port=OuterRef("port"))
    pending = runs.filter(status__in=[RunStatus.QUEUED, RunStatus.RUNNING])
    scheduled = (
        Suite.objects.filter(~Exists(pending), is_current=True, port__product__in=DataProduct.objects.published())
        .exclude(schedule="")
        .select_related("port__product")
        .defer("expectations")
        .annotate(last_asked=Subquery(runs.order_by("-requested_at").values("requested_at")[:1]))
        .order_by(F("last_asked").asc(nulls_first=True), "pk")
    )
    queued: list[UUID] = []
    for suite in scheduled.iterator(MOST_AT_ONCE):
        if len(queued) >= MOST_AT_ONCE:
            break
        try:
            if suite.last_asked is None or next_due(suite.schedule, suite.last_asked) <= now:
                queued.append(request_run(port=suite.port, actor=None, cause=RunCause.SCHEDULE, now=now).id)
        except (DomainError, InvalidScheduleError):
            logger.exception("The schedule of %s could not be followed; the other schedules are.", suite.port)
    return queued
