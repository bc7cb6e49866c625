"""Uses of answers over HTTP: an agent says with its own key what it did, whatever that shows."""

from datetime import timedelta
from typing import Any

import pytest

from catalog.rules.moments import rfc_3339
from tests.api.callers import assert_problem
from tests.api.reporting import PATH, Callers, make_callers
from tests.factories import NOW
from trust.models import DecisionUse

USES = f"{PATH}/uses"


@pytest.fixture
def who(db: None) -> Callers:
    return make_callers()


def test_an_agent_reports_with_the_key_with_which_it_asks(who: Callers) -> None:
    answer = who.cast.ask()
    response = who.agent.post(USES, {"decision_id": answer.pk, "action": "used"})
    assert response.status_code == 201, response.content
    said = response.json()
    assert (said["action"], said["consumer"], said["product"], said["misuse"]) == ("used", "agent", "orders", None)
    assert who.agent.get(said["decision_url"]).json()["id"] == answer.pk


def test_a_use_of_a_no_is_kept_and_says_what_it_is(who: Callers) -> None:
    response = who.agent.post(USES, {"decision_id": who.cast.ask(decision=False).pk, "action": "used"})
    assert (response.status_code, response.json()["misuse"]) == (201, "denied")


def test_a_retry_is_answered_200_with_the_report_that_there_is(who: Callers) -> None:
    given = {"decision_id": who.cast.ask().pk, "action": "used"}
    first = who.agent.post(USES, given)
    again = who.agent.post(USES, given)
    assert (again.status_code, again.json()) == (200, first.json())
    assert DecisionUse.objects.count() == 1


def test_a_fallback_with_its_moment(who: Callers) -> None:
    given = {"decision_id": who.cast.ask(decision=False).pk, "action": "fell_back", "at": rfc_3339(NOW + timedelta(minutes=1))}
    said = who.agent.post(USES, given).json()
    assert (said["action"], said["at"], said["misuse"]) == ("fell_back", given["at"], None)


def test_who_may_not_is_refused_and_who_may_not_see_learns_nothing(who: Callers) -> None:
    given = {"decision_id": who.cast.ask().pk, "action": "used"}
    for caller in (who.other_agent, who.business, who.governance, who.auditor):
        problem = assert_problem(caller.post(USES, given), 400, "decision_unknown")
        assert [error["field"] for error in problem["errors"]] == ["decision_id"]
    assert_problem(who.stranger.post(USES, given), 404, "use_case_unknown")
    assert_problem(who.nobody.post(USES, given), 401, "not_authenticated")
    assert not DecisionUse.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"decision_id": 0}, "decision_id"),
        ({"decision_id": 2**63}, "decision_id"),
        ({"decision_id": "one"}, "decision_id"),
        ({"action": "ignored"}, "action"),
        ({"at": "2999-01-01T00:00:00Z"}, "at"),
        ({"at": "1999-01-01T00:00:00Z"}, "at"),
    ],
)
def test_what_cannot_be_is_refused_with_the_field_at_fault(who: Callers, changes: dict[str, Any], field: str) -> None:
    given = {"decision_id": who.cast.ask().pk, "action": "used", **changes}
    problem = assert_problem(who.agent.post(USES, given), 400, "invalid")
    assert field in {error["field"] for error in problem["errors"]}
    assert not DecisionUse.objects.exists()


def test_filters_narrow_the_list(who: Callers) -> None:
    good, bad = who.cast.ask(), who.cast.ask(decision=False)
    who.agent.post(USES, {"decision_id": good.pk, "action": "used"})
    who.agent.post(USES, {"decision_id": bad.pk, "action": "used"})
    who.agent.post(USES, {"decision_id": bad.pk, "action": "fell_back"})

    def found(query: str) -> list[tuple[int, str]]:
        return [(row["decision_id"], row["action"]) for row in who.auditor.get(f"{USES}?{query}").json()["results"]]

    assert found("") == [(bad.pk, "fell_back"), (bad.pk, "used"), (good.pk, "used")]
    assert found("is_misuse=true") == [(bad.pk, "used")]
    assert found("is_misuse=false") == [(bad.pk, "fell_back"), (good.pk, "used")]
    assert found(f"decision_id={good.pk}&action=used&consumer=agent") == [(good.pk, "used")]
    assert found("consumer=other-agent") == []


def test_a_list_costs_the_same_for_one_and_for_many(who: Callers, django_assert_num_queries: Any) -> None:
    for _ in range(3):
        who.agent.post(USES, {"decision_id": who.cast.ask().pk, "action": "used"})
        who.business.get(USES)
        with django_assert_num_queries(4):  # key, overrides that are over, use case, uses
            who.business.get(USES)
