"""Reminders of use cases: acknowledgements, values of measures, exceptions. Each is given once, to those whom it concerns."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from catalog.models import Notification, Person, UseCase
from catalog.services.use_cases import acknowledge_use_case
from tests.factories import NOW, make_person
from tests.trust.reporting import LATER, Reporting, make_reporting
from trust.models import StageMove
from trust.use_cases.services.outcomes import report_outcome
from trust.use_cases.services.output_exceptions import ReportedProblem, close_exception, hand_on_exception, record_exception
from trust.use_cases.services.reporters import Reporter
from trust.use_cases.services.use_case_upkeep import remind

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def cast() -> Reporting:
    return make_reporting()


def reminded(now: datetime, kind: str) -> list[str]:
    """Who is given a notice of this kind at `now` who had none of it before, by name and in their order."""
    before = set(Notification.objects.values_list("pk", flat=True))
    remind(now=now)
    rows = Notification.objects.filter(kind=kind).exclude(pk__in=before).select_related("person")
    return sorted(row.person.username for row in rows if row.person)


def move(use_case: UseCase, to: str) -> None:
    StageMove.objects.create(
        use_case=use_case, from_stage=use_case.stage, to_stage=to, status="done", requested_at=NOW, decided_at=NOW
    )
    UseCase.objects.filter(pk=use_case.pk).update(stage=to)
    use_case.stage = to


def acknowledged(cast: Reporting) -> datetime:
    """When the acknowledgement that is given now runs out."""
    acknowledge_use_case(use_case=cast.use_case, actor=cast.business, now=LATER)
    return LATER + 180 * DAY


DUE, OVERDUE = "use_case.acknowledgement_due", "use_case.acknowledgement_overdue"


def test_the_business_owner_is_reminded_two_weeks_and_three_days_before_and_when_it_is_overdue(cast: Reporting) -> None:
    end = acknowledged(cast)
    assert reminded(end - 14 * DAY - timedelta(seconds=1), DUE) == []
    assert reminded(end - 14 * DAY, DUE) == ["berta"]
    assert reminded(end - 13 * DAY, DUE) == []
    assert reminded(end - 3 * DAY, DUE) == ["berta"]
    assert reminded(end, OVERDUE) == ["berta"]
    assert reminded(end + 30 * DAY, OVERDUE) == []


def test_whoever_comes_late_sends_the_newest_reminder_only(cast: Reporting) -> None:
    end = acknowledged(cast)
    assert reminded(end + DAY, OVERDUE) == ["berta"]
    assert not Notification.objects.filter(kind=DUE).exists()


def test_an_acknowledgement_that_is_given_again_starts_anew(cast: Reporting) -> None:
    end = acknowledged(cast)
    assert reminded(end - 3 * DAY, DUE) == ["berta"]
    acknowledge_use_case(use_case=cast.use_case, actor=cast.business, now=end - DAY)
    assert reminded(end, OVERDUE) == []
    assert reminded(end - DAY + 177 * DAY, DUE) == ["berta"]


def test_what_was_never_acknowledged_is_reminded_of_once_a_day_after_it_was_claimed(cast: Reporting) -> None:
    claimed = cast.use_case.claims_changed_at
    assert reminded(claimed + timedelta(hours=23), OVERDUE) == []
    assert reminded(claimed + DAY, OVERDUE) == ["berta"]
    assert reminded(claimed + 30 * DAY, OVERDUE) == []


def test_what_changed_since_it_was_acknowledged_is_reminded_of(cast: Reporting) -> None:
    acknowledged(cast)
    UseCase.objects.update(claims_changed_at=LATER + DAY)
    assert reminded(LATER + 2 * DAY, OVERDUE) == ["berta"]


def test_governance_hears_of_it_where_the_business_owner_has_left(cast: Reporting) -> None:
    end = acknowledged(cast)
    Person.objects.filter(username="berta").update(is_active=False)
    assert reminded(end, OVERDUE) == ["berta", "gina"]


def test_a_retired_use_case_reminds_nobody(cast: Reporting) -> None:
    move(cast.use_case, "retired")
    assert remind(now=LATER + 400 * DAY) == 0


def test_the_owner_of_a_measure_is_reminded_and_the_business_owner_too_when_a_value_is_overdue(cast: Reporting) -> None:
    move(cast.use_case, "pilot")
    report_outcome(
        use_case=cast.use_case, measure="mean-error", value=1.0, observed_at=NOW, reporter=Reporter(cast.measurer), now=LATER
    )
    end = NOW + 7 * DAY
    assert reminded(end - timedelta(hours=43), "measure.due") == []  # a quarter of the interval before: 42 hours
    assert reminded(end - timedelta(hours=42), "measure.due") == ["mona"]
    assert reminded(end - timedelta(hours=1), "measure.due") == []
    assert reminded(end, "measure.overdue") == ["berta", "mona"]
    assert reminded(end + DAY, "measure.overdue") == []


def test_a_value_of_which_none_was_ever_reported_is_due_an_interval_after_the_measure_was_named(cast: Reporting) -> None:
    move(cast.use_case, "pilot")
    assert reminded(cast.use_case.created_at + 7 * DAY, "measure.overdue") == ["berta", "mona"]


def test_an_idea_is_not_measured_yet_and_a_retired_measure_no_longer(cast: Reporting) -> None:
    assert reminded(NOW + 30 * DAY, "measure.overdue") == []
    move(cast.use_case, "pilot")
    cast.use_case.measures.update(retired_at=NOW)
    assert reminded(NOW + 30 * DAY, "measure.overdue") == []


def an_exception(cast: Reporting) -> Any:
    """Opened `LATER`, due two days after that."""
    return record_exception(
        use_case=cast.use_case, decision_id=cast.ask().pk, trouble=ReportedProblem("Wrong"), reporter=cast.by_agent, now=LATER
    )[0]


def test_who_handles_an_exception_is_reminded_and_those_who_answer_too_when_it_is_overdue(cast: Reporting) -> None:
    end = an_exception(cast).due_at
    assert reminded(end - timedelta(hours=13), "exception.due") == []  # a quarter of its two days before
    assert reminded(end - timedelta(hours=12), "exception.due") == ["emil"]
    assert reminded(end - timedelta(hours=11), "exception.due") == []
    assert reminded(end, "exception.overdue") == ["berta", "emil", "otis"]
    assert reminded(end + DAY, "exception.overdue") == []


def test_whoever_it_is_handed_on_to_is_reminded_as_well(cast: Reporting) -> None:
    row = an_exception(cast)
    assert reminded(row.due_at, "exception.overdue") == ["berta", "emil", "otis"]
    hand_on_exception(exception=row, to=make_person("nora"), actor=cast.outputs, now=row.due_at)
    assert reminded(row.due_at + timedelta(hours=1), "exception.overdue") == ["nora"]


def test_governance_is_reminded_where_whoever_handles_it_has_left(cast: Reporting) -> None:
    row = an_exception(cast)
    Person.objects.filter(username="emil").update(is_active=False)
    assert reminded(row.due_at - timedelta(hours=1), "exception.due") == ["gina"]


def test_a_closed_exception_reminds_nobody(cast: Reporting) -> None:
    row = an_exception(cast)
    close_exception(exception=row, resolution="Done.", actor=cast.exceptions, now=LATER)
    assert reminded(row.due_at + DAY, "exception.overdue") == []


def test_a_turn_in_which_nothing_is_owed_costs_the_same_however_much_there_is(
    cast: Reporting, django_assert_num_queries: Any
) -> None:
    move(cast.use_case, "pilot")
    now = NOW + 30 * DAY
    for number in range(4):
        record_exception(
            use_case=cast.use_case,
            decision_id=cast.ask().pk,
            trouble=ReportedProblem(f"{number}"),
            reporter=cast.by_agent,
            now=LATER,
        )
        remind(now=now)
        with django_assert_num_queries(7):  # policy, and rows with their keys of exceptions, acknowledgements and measures
            assert remind(now=now) == 0
