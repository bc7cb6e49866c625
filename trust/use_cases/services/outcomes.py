"""Values of measures: reported by people whom the use case names and by its consumers, kept as they came."""

from datetime import datetime, timedelta
from math import isfinite

from django.db import transaction

from catalog.models import Measure, UseCase
from catalog.rules.errors import ConflictError, InvalidError
from catalog.rules.moments import rfc_3339
from trust.use_cases.models.use_case import OutcomeReport
from trust.use_cases.services.reporters import Reporter, demand_may_report

FURTHEST_BACK = timedelta(days=366)
"""How old what is reported may be, a leap year; our choice: what nobody reported for longer is no evidence of today."""


@transaction.atomic
def report_outcome(
    *,
    use_case: UseCase,
    measure: str,
    value: float,
    observed_at: datetime,
    reporter: Reporter,
    now: datetime,
    note: str = "",
) -> tuple[OutcomeReport, bool]:
    """The report and whether it is new: the same value for the same moment, sent again, is the report that there is.

    For the measure's owner, the business owner, whoever answers for the outputs, governance, and consumers of the use case.
    Raises `ForbiddenError`; `InvalidError` for an unknown measure, no number, or a moment that is not in the past year;
    `ConflictError` where another value was reported for that moment.
    """
    row = _measure(use_case, measure)
    demand_may_report(
        reporter, use_case, f"values of {measure}", row.owner_id, use_case.business_owner_id, use_case.outputs_owner_id
    )
    if not isfinite(value):
        raise InvalidError(f"{value} is no value of {measure}.", remedy="Give a finite number.", field="value")
    demand_in_time(observed_at, now, "observed_at")
    report, is_new = OutcomeReport.objects.get_or_create(
        measure=row,
        observed_at=observed_at,
        defaults={
            "use_case": use_case,
            "value": value,
            "reported_at": now,
            "reported_by": reporter.person,
            "consumer": reporter.consumer,
            "note": note.strip(),
        },
    )
    if report.value != value:
        raise ConflictError(
            f"{report.value:g} was reported as {measure} of {rfc_3339(observed_at)}, and what is reported stays as it is.",
            remedy="Report the corrected value for a later moment, with a note that says what it corrects.",
            code="outcome_exists",
            field="observed_at",
        )
    return report, is_new


def demand_in_time(moment: datetime, now: datetime, field: str) -> None:
    """Raise `InvalidError` for a moment of the future, or one that is too long ago to be reported now."""
    if now - FURTHEST_BACK <= moment <= now:
        return
    fault = "is in the future" if moment > now else f"is more than {FURTHEST_BACK.days} days ago"
    raise InvalidError(
        f"{rfc_3339(moment)} {fault}; it is {rfc_3339(now)} here.",
        remedy=f"Give the moment at which it happened, within the last {FURTHEST_BACK.days} days; check your clock.",
        field=field,
    )


def _measure(use_case: UseCase, name: str) -> Measure:
    measures = {row.name: row for row in use_case.measures.filter(retired_at=None)}
    if name not in measures:
        raise InvalidError(
            f"Use case {use_case.slug} has no measure {name[:80]}.",
            remedy=f"Name one of {', '.join(sorted(measures))}." if measures else "Add a measure to the use case first.",
            code="measure_unknown",
            field="measure",
        )
    return measures[name]
