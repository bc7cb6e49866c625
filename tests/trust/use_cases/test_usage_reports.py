"""What consumers say that they did with answers: kept whatever it shows, theirs alone to say, counted once."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from catalog.rules.errors import ForbiddenError, InvalidError
from tests.factories import NOW
from tests.trust.reporting import LATER, Reporting, make_reporting
from trust.models import Decision, DecisionUse
from trust.use_cases.services.reporters import Reporter
from trust.use_cases.services.usage_reports import report_use
from trust.vocabulary import UseAction

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Reporting:
    return make_reporting()


def report(cast: Reporting, answer: Decision, reporter: Reporter | None = None, **said: object) -> tuple[DecisionUse, bool]:
    given = {"action": UseAction.USED, "now": LATER, **said}
    return report_use(
        use_case=cast.use_case,
        decision_id=answer.pk,
        reporter=reporter or cast.by_agent,
        **given,  # type: ignore[arg-type]
    )


def test_the_agent_says_with_its_own_key_that_it_used_the_data(cast: Reporting) -> None:
    answer = cast.ask()
    row, is_new = report(cast, answer, note="Crew 7")
    assert is_new
    assert (row.use_case, row.consumer, row.decision_id, row.product_id) == (
        cast.use_case,
        cast.agent,
        answer.pk,
        cast.product.pk,
    )
    assert (row.action, row.at, row.asked_at, row.misuse, row.note) == ("used", LATER, NOW, "", "Crew 7")


def test_who_owns_the_agent_may_say_so_too(cast: Reporting) -> None:
    row, _ = report(cast, cast.ask(), Reporter(cast.agent.owner))
    assert (row.consumer, row.reported_by) == (cast.agent, cast.agent.owner)


@pytest.mark.parametrize("who", ["business", "outputs", "measurer", "governance", "auditor", "stranger"])
def test_nobody_else_may_not_even_learn_that_there_is_such_an_answer(cast: Reporting, who: str) -> None:
    with pytest.raises(InvalidError) as refusal:
        report(cast, cast.ask(), Reporter(getattr(cast, who)))
    assert refusal.value.code == "decision_unknown"
    assert not DecisionUse.objects.exists()


def test_the_key_of_another_consumer_of_the_same_owner_may_not(cast: Reporting) -> None:
    with pytest.raises(InvalidError, match="about a consumer that other-agent speaks for"):
        report(cast, cast.ask(), Reporter(cast.agent.owner, cast.other_agent))


def test_an_answer_that_there_is_not_is_refused_in_the_same_words(cast: Reporting) -> None:
    answer = cast.ask()
    answer.pk += 1_000_000
    with pytest.raises(InvalidError) as refusal:
        report(cast, answer)
    assert refusal.value.code == "decision_unknown"


def test_a_consumer_that_takes_no_part_reports_nothing(cast: Reporting) -> None:
    cast.use_case.consumers.clear()
    with pytest.raises(ForbiddenError) as refusal:
        report(cast, cast.ask())
    assert refusal.value.code == "not_a_consumer"
    assert not DecisionUse.objects.exists()


@pytest.mark.parametrize(
    ("columns", "at", "why"),
    [
        ({}, LATER, ""),
        ({"decision": False}, LATER, "denied"),
        ({}, NOW - timedelta(hours=1), "before_the_answer"),
        ({"valid_until": NOW - timedelta(hours=1)}, LATER, "answer_expired"),
        ({"use_case": None}, LATER, "other_use_case"),
        ({"use_case": "another"}, LATER, "other_use_case"),
    ],
)
def test_a_use_without_a_valid_yes_is_kept_with_its_reason(
    cast: Reporting, columns: dict[str, Any], at: datetime, why: str
) -> None:
    row, is_new = report(cast, cast.ask(**columns), at=at)
    assert is_new
    assert row.misuse == why


def test_a_fallback_is_no_misuse(cast: Reporting) -> None:
    row, _ = report(cast, cast.ask(decision=False), action=UseAction.FELL_BACK)
    assert (row.action, row.misuse) == ("fell_back", "")


def test_a_fallback_for_the_answer_of_another_use_case_is_refused(cast: Reporting) -> None:
    with pytest.raises(InvalidError) as refusal:
        report(cast, cast.ask(decision=False, use_case="another"), action=UseAction.FELL_BACK)
    assert refusal.value.code == "other_use_case"
    assert not DecisionUse.objects.exists()


@pytest.mark.parametrize("at", [LATER + timedelta(seconds=1), LATER - timedelta(days=367)])
def test_a_moment_that_is_not_in_the_past_year_is_refused(cast: Reporting, at: datetime) -> None:
    with pytest.raises(InvalidError) as refusal:
        report(cast, cast.ask(), at=at)
    assert refusal.value.field == "at"


def test_a_retry_without_a_moment_is_the_report_that_there_is(cast: Reporting) -> None:
    answer = cast.ask()
    first, _ = report(cast, answer)
    again, is_new = report(cast, answer, now=LATER + timedelta(minutes=1))
    assert (again, is_new) == (first, False)


def test_a_retry_with_its_moment_is_too_and_another_moment_is_another_use(cast: Reporting) -> None:
    answer = cast.ask()
    first, _ = report(cast, answer, at=NOW)
    assert report(cast, answer, at=NOW) == (first, False)
    assert report(cast, answer, at=NOW + timedelta(minutes=5))[1]
    assert report(cast, answer, action=UseAction.FELL_BACK)[1]
    assert DecisionUse.objects.count() == 3


def test_a_clock_that_lags_behind_the_log_makes_no_use_come_before_its_answer(cast: Reporting) -> None:
    answer = cast.ask()
    row, _ = report(cast, answer, now=NOW - timedelta(seconds=2))
    assert (row.at, row.misuse) == (answer.asked_at, "")


def test_a_fallback_does_not_come_before_the_answer_that_it_names(cast: Reporting) -> None:
    """So no later answer covers a denial with a moment that somebody chose."""
    answer = cast.ask(asked_at=NOW + timedelta(minutes=9))
    with pytest.raises(InvalidError) as refusal:
        report(cast, answer, action=UseAction.FELL_BACK, at=NOW)
    assert (refusal.value.code, refusal.value.field) == ("before_the_answer", "at")
    assert not DecisionUse.objects.exists()
