"""Values of measures: who may report them, for which moment, and that a retry is not counted twice."""

from datetime import timedelta
from math import inf, nan

import pytest
from django.db import IntegrityError, connection, transaction

from catalog.rules.errors import ConflictError, ForbiddenError, InvalidError
from tests.factories import NOW
from tests.trust.reporting import LATER, Reporting, make_reporting
from trust.models import OutcomeReport
from trust.use_cases.services.outcomes import report_outcome
from trust.use_cases.services.reporters import Reporter

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Reporting:
    return make_reporting()


def report(cast: Reporting, reporter: Reporter, **said: object) -> tuple[OutcomeReport, bool]:
    given = {"measure": "mean-error", "value": 12.5, "observed_at": NOW, "now": LATER, **said}
    return report_outcome(use_case=cast.use_case, reporter=reporter, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize("who", ["measurer", "business", "outputs", "governance"])
def test_people_whom_it_concerns_report_in_their_own_name(cast: Reporting, who: str) -> None:
    row, is_new = report(cast, Reporter(getattr(cast, who)), note=" for October ")
    assert is_new
    assert (row.use_case, row.measure.name, row.value, row.observed_at) == (cast.use_case, "mean-error", 12.5, NOW)
    assert (row.reported_by, row.consumer, row.reported_at, row.note) == (getattr(cast, who), None, LATER, "for October")


def test_a_consumer_of_the_use_case_reports_with_its_own_key(cast: Reporting) -> None:
    row, _ = report(cast, cast.by_agent)
    assert (row.consumer, row.reported_by) == (cast.agent, cast.agent.owner)


@pytest.mark.parametrize("who", ["exceptions", "auditor", "stranger"])
def test_others_may_not(cast: Reporting, who: str) -> None:
    with pytest.raises(ForbiddenError, match="may not report values of mean-error of use case rota"):
        report(cast, Reporter(getattr(cast, who)))
    assert not OutcomeReport.objects.exists()


def test_a_consumer_that_takes_no_part_may_not_whoever_owns_it(cast: Reporting) -> None:
    with pytest.raises(ForbiddenError) as refusal:
        report(cast, Reporter(cast.other_agent.owner, cast.other_agent))
    assert refusal.value.code == "not_a_consumer"
    assert not OutcomeReport.objects.exists()


def test_the_key_of_another_consumer_speaks_for_no_person(cast: Reporting) -> None:
    cast.other_agent.owner = cast.business
    cast.other_agent.save()
    with pytest.raises(ForbiddenError):
        report(cast, Reporter(cast.business, cast.other_agent))


def test_an_unknown_measure_is_refused_and_the_known_are_named(cast: Reporting) -> None:
    with pytest.raises(InvalidError) as refusal:
        report(cast, cast.by_agent, measure="mean-eror")
    assert (refusal.value.code, refusal.value.field) == ("measure_unknown", "measure")
    assert "mean-error" in refusal.value.remedy


def test_a_retired_measure_takes_no_values(cast: Reporting) -> None:
    cast.use_case.measures.update(retired_at=NOW)
    with pytest.raises(InvalidError, match="has no measure mean-error"):
        report(cast, cast.by_agent)


@pytest.mark.parametrize("value", [nan, inf, -inf])
def test_what_is_no_number_is_refused_here_and_by_the_database(cast: Reporting, value: float) -> None:
    with pytest.raises(InvalidError, match="is no value"):
        report(cast, cast.by_agent, value=value)
    row, _ = report(cast, cast.by_agent)
    row.pk, row.observed_at, row.value = None, NOW - timedelta(days=1), value
    with pytest.raises(IntegrityError, match="outcome_is_a_number"), transaction.atomic():
        row.save(force_insert=True)


@pytest.mark.parametrize(
    ("moment", "word"),
    [(LATER + timedelta(seconds=1), "is in the future"), (LATER - timedelta(days=366, seconds=1), "days ago")],
)
def test_a_moment_that_is_not_in_the_past_year_is_refused(cast: Reporting, moment: object, word: str) -> None:
    with pytest.raises(InvalidError, match=word) as refusal:
        report(cast, cast.by_agent, observed_at=moment)
    assert refusal.value.field == "observed_at"


@pytest.mark.parametrize("moment", [LATER, LATER - timedelta(days=366)])
def test_the_bounds_themselves_are_taken(cast: Reporting, moment: object) -> None:
    assert report(cast, cast.by_agent, observed_at=moment)[1]


def test_a_retry_is_answered_with_the_report_that_there_is(cast: Reporting) -> None:
    first, _ = report(cast, cast.by_agent)
    again, is_new = report(cast, cast.by_agent, now=LATER + timedelta(minutes=5))
    assert (again, is_new) == (first, False)
    assert OutcomeReport.objects.count() == 1


def test_another_value_for_the_same_moment_is_a_conflict_and_a_later_one_corrects(cast: Reporting) -> None:
    report(cast, cast.by_agent)
    with pytest.raises(ConflictError) as refusal:
        report(cast, Reporter(cast.measurer), value=15.2)
    assert refusal.value.code == "outcome_exists"
    assert report(cast, Reporter(cast.measurer), value=15.2, observed_at=NOW + timedelta(seconds=1))[1]


def test_a_report_is_never_changed_or_deleted(cast: Reporting) -> None:
    report(cast, cast.by_agent)
    for statement in ("UPDATE trust_outcomereport SET value = 0", "DELETE FROM trust_outcomereport"):
        with pytest.raises(Exception, match="Cannot update or delete"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
