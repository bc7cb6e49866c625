"""Values of measures over HTTP: reported with an agent's own key or by people, listed, refused."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from catalog.rules.moments import rfc_3339
from catalog.rules.scopes import Scope
from tests.api.callers import assert_problem
from tests.api.reporting import PATH, Callers, key_of, make_callers
from tests.factories import NOW
from trust.models import OutcomeReport

OUTCOMES = f"{PATH}/outcomes"
GIVEN = {"measure": "mean-error", "value": 12.5, "observed_at": rfc_3339(NOW)}


@pytest.fixture
def who(db: None) -> Callers:
    return make_callers()


def test_an_agent_reports_with_the_key_with_which_it_asks(who: Callers) -> None:
    response = who.agent.post(OUTCOMES, {**GIVEN, "note": "October"})
    assert response.status_code == 201, response.content
    said = response.json()
    assert (said["measure"], said["value"], said["observed_at"]) == ("mean-error", 12.5, GIVEN["observed_at"])
    assert (said["target"], said["better"], said["consumer"], said["created_by"]) == (15.0, "at_least", "agent", "carl")
    assert OutcomeReport.objects.get().note == "October"


def test_a_retry_is_answered_200_with_the_report_that_there_is(who: Callers) -> None:
    first = who.agent.post(OUTCOMES, GIVEN)
    again = who.agent.post(OUTCOMES, GIVEN)
    assert (again.status_code, again.json()) == (200, first.json())
    assert OutcomeReport.objects.count() == 1


@pytest.mark.parametrize("name", ["measurer", "business", "outputs", "governance"])
def test_people_report_in_their_own_name(who: Callers, name: str) -> None:
    response = getattr(who, name).post(OUTCOMES, GIVEN)
    assert response.status_code == 201, response.content
    assert response.json()["consumer"] is None


def test_who_may_not_is_refused_and_who_may_not_see_learns_nothing(who: Callers) -> None:
    assert_problem(who.exceptions.post(OUTCOMES, GIVEN), 403, "forbidden")
    assert_problem(who.auditor.post(OUTCOMES, GIVEN), 403, "forbidden")
    assert_problem(who.other_agent.post(OUTCOMES, GIVEN), 403, "not_a_consumer")
    assert_problem(who.stranger.post(OUTCOMES, GIVEN), 404, "use_case_unknown")
    assert_problem(who.nobody.post(OUTCOMES, GIVEN), 401, "not_authenticated")
    assert not OutcomeReport.objects.exists()


def test_the_scope_that_reports_is_enough(who: Callers) -> None:
    assert key_of(who.cast.agent, Scope.REPORTS_WRITE).post(OUTCOMES, GIVEN).status_code == 201


@pytest.mark.parametrize("scope", [Scope.TRUST_READ, Scope.DECIDE, Scope.AGREEMENTS_REQUEST])
def test_a_key_without_it_reports_nothing(who: Callers, scope: Scope) -> None:
    problem = assert_problem(key_of(who.cast.agent, scope).post(OUTCOMES, GIVEN), 403, "scope_missing")
    assert "this needs reports:write" in problem["detail"]


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"value": "12.5"}, "invalid", "value"),
        ({"value": True}, "invalid", "value"),
        ({"value": "NaN"}, "invalid", "value"),
        ({"value": 10**400}, "invalid", "value"),
        ({"value": None}, "invalid", "value"),
        ({"measure": "other"}, "measure_unknown", "measure"),
        ({"observed_at": "yesterday"}, "invalid", "observed_at"),
        ({"observed_at": "2001-01-01T00:00:00Z"}, "invalid", "observed_at"),
        ({"observed_at": rfc_3339(NOW + timedelta(days=400))}, "invalid", "observed_at"),
        ({"valeu": 1}, "invalid", "valeu"),
    ],
)
def test_what_cannot_be_is_refused_with_the_field_at_fault(
    who: Callers, changes: dict[str, Any], code: str, field: str
) -> None:
    problem = assert_problem(who.agent.post(OUTCOMES, {**GIVEN, **changes}), 400, code)
    assert field in {error["field"] for error in problem["errors"]}
    assert not OutcomeReport.objects.exists()


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity", b"1e400"])
def test_a_number_that_json_does_not_know_is_refused(who: Callers, number: bytes) -> None:
    body = b'{"measure": "mean-error", "observed_at": "%s", "value": %s}' % (GIVEN["observed_at"].encode(), number)  # type: ignore[attr-defined]
    assert who.agent.post(OUTCOMES, body).status_code == 400
    assert not OutcomeReport.objects.exists()


def test_another_value_for_the_same_moment_is_a_conflict(who: Callers) -> None:
    who.agent.post(OUTCOMES, GIVEN)
    assert_problem(who.measurer.post(OUTCOMES, {**GIVEN, "value": 3}), 409, "outcome_exists")


def test_everybody_who_sees_the_use_case_reads_what_was_reported(who: Callers) -> None:
    who.agent.post(OUTCOMES, GIVEN)
    who.measurer.post(OUTCOMES, {**GIVEN, "observed_at": rfc_3339(NOW - timedelta(days=1))})
    for name in ("agent", "business", "exceptions", "governance", "auditor"):
        rows = getattr(who, name).get(OUTCOMES).json()["results"]
        assert [row["consumer"] for row in rows] == [None, "agent"]
    assert len(who.auditor.get(f"{OUTCOMES}?since={rfc_3339(NOW)}").json()["results"]) == 1
    assert who.auditor.get(f"{OUTCOMES}?measure=other").json()["results"] == []
    assert_problem(who.stranger.get(OUTCOMES), 404, "use_case_unknown")


def test_a_list_costs_the_same_for_one_and_for_many(who: Callers, django_assert_num_queries: Any) -> None:
    for day in range(3):
        who.measurer.post(OUTCOMES, {**GIVEN, "observed_at": rfc_3339(timezone.now() - timedelta(days=day))})
        who.agent.get(OUTCOMES)
        with django_assert_num_queries(4):  # key, overrides that are over, use case, reports
            who.agent.get(OUTCOMES)
