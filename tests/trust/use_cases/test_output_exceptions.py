"""Exceptions of outputs: recorded against an answer, routed to a person who is there, closed or handed on, reminded of."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from catalog.models import Notification, Person
from catalog.rules.errors import ConflictError, ForbiddenError, InvalidError
from catalog.rules.vocabulary import Severity
from tests.factories import make_person
from tests.trust.reporting import LATER, Reporting, make_reporting
from trust.models import Decision, OutputException
from trust.use_cases.services.output_exceptions import ReportedProblem, close_exception, hand_on_exception, record_exception
from trust.use_cases.services.reporters import Reporter

pytestmark = pytest.mark.django_db

WRONG = ReportedProblem("Advised a flight that was cancelled", "A traveller missed it.", Severity.CRITICAL, "advice-7")


@pytest.fixture
def cast() -> Reporting:
    return make_reporting()


def record(
    cast: Reporting, reporter: Reporter | None = None, answer: Decision | None = None, **said: Any
) -> tuple[OutputException, bool]:
    given = {"trouble": WRONG, "now": LATER, **said}
    answer = answer or cast.ask()
    return record_exception(use_case=cast.use_case, decision_id=answer.pk, reporter=reporter or cast.by_agent, **given)


def told(kind: str) -> set[str]:
    """Who was given a notice of this kind: usernames and slugs."""
    rows = Notification.objects.filter(kind=kind).select_related("person", "consumer")
    return {row.person.username if row.person else row.consumer.slug for row in rows}  # type: ignore[union-attr]


def test_an_agent_records_with_its_own_key_and_it_goes_to_whom_the_use_case_names(cast: Reporting) -> None:
    answer = cast.ask()
    row, is_new = record(cast, answer=answer)
    assert is_new
    assert (row.decision_id, row.consumer, row.opened_by, row.opened_at) == (answer.pk, cast.agent, cast.agent.owner, LATER)
    assert (row.title, row.severity, row.reference) == (WRONG.title, "critical", "advice-7")
    assert (row.assigned_to, row.due_at) == (cast.exceptions, LATER + timedelta(days=2))
    assert told("exception.recorded") == {"emil", "otis"}
    assert row.events.get().pgh_context.metadata["action"] == "record_exception"  # type: ignore[attr-defined]


@pytest.mark.parametrize("who", ["business", "outputs", "exceptions", "measurer", "governance"])
def test_people_whom_the_use_case_names_record_as_well(cast: Reporting, who: str) -> None:
    row, _ = record(cast, Reporter(getattr(cast, who)))
    assert (row.opened_by, row.consumer) == (getattr(cast, who), cast.agent)
    assert getattr(cast, who).username not in told("exception.recorded")


def test_who_owns_the_consumer_records_as_well(cast: Reporting) -> None:
    assert record(cast, Reporter(cast.agent.owner))[1]


@pytest.mark.parametrize("who", ["auditor", "stranger"])
def test_others_may_not(cast: Reporting, who: str) -> None:
    with pytest.raises(ForbiddenError, match="may not record exceptions of use case rota"):
        record(cast, Reporter(getattr(cast, who)))
    assert not OutputException.objects.exists()
    assert not told("exception.recorded")


def test_a_consumer_that_takes_no_part_may_not(cast: Reporting) -> None:
    with pytest.raises(ForbiddenError) as refusal:
        record(cast, Reporter(cast.agent.owner, cast.other_agent))
    assert refusal.value.code == "not_a_consumer"


def test_an_answer_of_another_use_case_or_of_none_of_its_consumers_is_refused(cast: Reporting) -> None:
    elsewhere = cast.ask(use_case="another")
    foreign = cast.ask(consumer=cast.other_agent)
    for answer in (elsewhere, foreign):
        with pytest.raises(InvalidError) as refusal:
            record(cast, answer=answer)
        assert refusal.value.code == "decision_unknown"
    assert not OutputException.objects.exists()


def test_what_a_consumer_put_out_before_it_was_taken_out_is_still_answered_for(cast: Reporting) -> None:
    answer = cast.ask()
    cast.use_case.consumers.clear()
    row, _ = record(cast, Reporter(cast.outputs), answer=answer)
    assert row.consumer == cast.agent


def test_without_a_title_nothing_is_recorded(cast: Reporting) -> None:
    with pytest.raises(InvalidError) as refusal:
        record(cast, trouble=ReportedProblem("  "))
    assert refusal.value.field == "title"


def test_a_retry_is_the_exception_that_there_is_and_another_reference_another_exception(cast: Reporting) -> None:
    answer = cast.ask()
    first, _ = record(cast, answer=answer)
    assert record(cast, answer=answer, now=LATER + timedelta(minutes=1)) == (first, False)
    other = ReportedProblem(WRONG.title, WRONG.description, WRONG.severity, "advice-8")
    assert record(cast, answer=answer, trouble=other)[1]
    assert Notification.objects.filter(kind="exception.recorded").count() == 4


@pytest.mark.parametrize(
    ("gone", "handler"), [((), "emil"), (("emil",), "otis"), (("emil", "otis"), "berta"), (("emil", "otis", "berta"), None)]
)
def test_it_goes_to_somebody_who_is_there_and_to_governance_where_nobody_is(
    cast: Reporting, gone: tuple[str, ...], handler: str | None
) -> None:
    Person.objects.filter(username__in=gone).update(is_active=False)
    cast.use_case.refresh_from_db()
    row, _ = record(cast)
    assert (row.assigned_to.username if row.assigned_to else None) == handler
    assert (handler or "gina") in told("exception.recorded")


def test_without_a_time_in_the_use_case_it_is_due_in_a_week(cast: Reporting) -> None:
    cast.use_case.exceptions_within = None
    assert record(cast)[0].due_at == LATER + timedelta(days=7)


@pytest.mark.parametrize("who", ["exceptions", "outputs", "governance"])
def test_it_is_closed_with_a_word_on_how_and_who_recorded_it_is_told(cast: Reporting, who: str) -> None:
    row, _ = record(cast)
    later = LATER + timedelta(hours=1)
    closed = close_exception(exception=row, resolution=" Rebooked. ", actor=getattr(cast, who), now=later)
    assert (closed.closed_at, closed.closed_by, closed.resolution) == (later, getattr(cast, who), "Rebooked.")
    assert {"carl", "agent"} <= told("exception.closed")
    assert getattr(cast, who).username not in told("exception.closed")


@pytest.mark.parametrize("who", ["business", "measurer", "auditor", "stranger"])
def test_others_close_nothing(cast: Reporting, who: str) -> None:
    row, _ = record(cast)
    with pytest.raises(ForbiddenError, match="it is assigned to emil"):
        close_exception(exception=row, resolution="Done.", actor=getattr(cast, who), now=LATER)
    row.refresh_from_db()
    assert row.closed_at is None


def test_it_is_not_closed_without_a_word_and_not_twice(cast: Reporting) -> None:
    row, _ = record(cast)
    with pytest.raises(InvalidError) as silent:
        close_exception(exception=row, resolution=" ", actor=cast.exceptions, now=LATER)
    assert silent.value.field == "resolution"
    close_exception(exception=row, resolution="Done.", actor=cast.exceptions, now=LATER)
    with pytest.raises(ConflictError) as twice:
        close_exception(exception=row, resolution="Again.", actor=cast.exceptions, now=LATER)
    assert twice.value.code == "exception_resolved"


@pytest.mark.parametrize("who", ["exceptions", "outputs", "business", "governance"])
def test_it_is_handed_on_and_the_new_person_is_told_and_may_close_it(cast: Reporting, who: str) -> None:
    row, _ = record(cast)
    nora = make_person("nora")
    handed = hand_on_exception(exception=row, to=nora, actor=getattr(cast, who), now=LATER, reason="She knows the desk.")
    assert (handed.assigned_to, handed.due_at) == (nora, row.due_at)
    notice = Notification.objects.get(kind="exception.handed_on")
    assert notice.person == nora
    assert "She knows the desk." in notice.text
    assert close_exception(exception=handed, resolution="Done.", actor=nora, now=LATER).closed_by == nora


def test_handing_on_is_refused_to_others_for_leavers_and_when_closed(cast: Reporting) -> None:
    row, _ = record(cast)
    with pytest.raises(ForbiddenError):
        hand_on_exception(exception=row, to=cast.stranger, actor=cast.stranger, now=LATER)
    with pytest.raises(InvalidError) as gone:
        hand_on_exception(exception=row, to=make_person(is_active=False), actor=cast.exceptions, now=LATER)
    assert gone.value.code == "person_inactive"
    close_exception(exception=row, resolution="Done.", actor=cast.exceptions, now=LATER)
    with pytest.raises(ConflictError):
        hand_on_exception(exception=row, to=cast.outputs, actor=cast.exceptions, now=LATER)
    assert not told("exception.handed_on")


def test_handing_it_to_whom_it_is_assigned_changes_nothing(cast: Reporting) -> None:
    row, _ = record(cast)
    hand_on_exception(exception=row, to=cast.exceptions, actor=cast.outputs, now=LATER)
    assert not told("exception.handed_on")


def test_no_exception_is_ever_deleted(cast: Reporting) -> None:
    record(cast)
    with pytest.raises(Exception, match="Cannot delete rows"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM trust_outputexception")


def test_an_answer_that_names_no_use_case_is_brought_up_only_by_whoever_it_is_about_and_governance(cast: Reporting) -> None:
    answer = cast.ask(use_case=None)
    for name in ("business", "outputs", "exceptions", "measurer"):
        with pytest.raises(InvalidError) as refusal:
            record(cast, Reporter(getattr(cast, name)), answer=answer)
        assert refusal.value.code == "decision_unknown"
    assert not OutputException.objects.exists()
    for reporter in (cast.by_agent, Reporter(cast.agent.owner), Reporter(cast.governance)):
        assert record(cast, reporter, answer=answer)[0].decision_id == answer.pk


@pytest.mark.parametrize("change", ["due_at = due_at + interval '1 year'", "severity = 'info'", "title = 'Nothing'"])
def test_what_was_recorded_stays_as_it_is(cast: Reporting, change: str) -> None:
    record(cast)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE trust_outputexception SET {change}")


@pytest.mark.parametrize("change", ["closed_at = opened_at", "closed_at = NULL", "resolution = 'Otherwise.'"])
def test_what_is_closed_stays_closed_as_it_was(cast: Reporting, change: str) -> None:
    row, _ = record(cast)
    close_exception(exception=row, resolution="Done.", actor=cast.exceptions, now=LATER)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE trust_outputexception SET {change}")
