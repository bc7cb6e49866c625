"""Queues the runs that the schedules of the suites ask for."""

import logging
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Subquery

from catalog.models import DataProduct
from catalog.rules.errors import DomainError
from trust.evidence.models.run import Run, RunCause
from trust.evidence.models.suite import Suite
from trust.evidence.rules.schedule import InvalidScheduleError, next_due
from trust.evidence.services.runs import request_run
from trust.vocabulary import RunStatus

logger = logging.getLogger(__name__)

MOST_AT_ONCE = 1_000  # our choice: more than the workers of one machine do in the minute until the next call


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
