"""Looks after use cases by itself: overrides that end, readiness that time or evidence has changed, and who must hear of it."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import DatabaseError
from django.db.models import F, Q

from catalog.models import UseCase
from catalog.rules.errors import DomainError
from catalog.rules.vocabulary import UseCaseStage
from trust.use_cases.services.readiness import assess_use_case
from trust.use_cases.services.readiness_falls import tell_of_falls
from trust.use_cases.services.stages import end_overrides

logger = logging.getLogger(__name__)

PERIOD = timedelta(minutes=4)  # a little less than the beat's own: what was just assessed is not assessed again
MOST_AT_ONCE = 500


def look_after_readiness(*, now: datetime, is_over: Callable[[], bool] = lambda: False) -> int:
    """How many use cases were assessed at `now`: all but retired ones, those first that were looked at longest ago.

    At most 500, and none any more once `is_over`; the others are first in turn the next time. One that cannot be assessed is
    logged and passed over. Overrides whose time is over are ended before, falls and recoveries told afterwards.
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
