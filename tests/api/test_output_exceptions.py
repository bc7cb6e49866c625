"""Exceptions of outputs over HTTP: recorded by agents, handled by people, and followed to the evidence."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from catalog.rules.scopes import Scope
from tests.api.callers import Caller, assert_problem
from tests.api.reporting import PATH, Callers, key_of, make_callers
from tests.factories import NOW, make_person
from tests.trust.builders import make_ready_port, run_well
from tests.trust.reporting import make_due
from trust.models import OutputException

EXCEPTIONS = f"{PATH}/exceptions"


@pytest.fixture
def who(db: None) -> Callers:
    return make_callers()


def given(who: Callers, **said: Any) -> dict[str, Any]:
    return {"decision_id": who.cast.ask().pk, "title": "Wrong advice", "severity": "critical", **said}


def recorded(who: Callers) -> str:
    """The address of an exception that the agent has recorded."""
    response = who.agent.post(EXCEPTIONS, given(who))
    assert response.status_code == 201, response.content
    return str(response["Location"])


def test_an_agent_records_with_the_key_with_which_it_asks(who: Callers) -> None:
    said = who.agent.post(EXCEPTIONS, given(who, description="It had been cancelled.", reference="advice-7")).json()
    assert (said["title"], said["severity"], said["reference"]) == ("Wrong advice", "critical", "advice-7")
    assert (said["consumer"], said["created_by"], said["assignee"], said["resolved_at"]) == ("agent", "carl", "emil", None)


def test_a_retry_is_answered_200_with_the_exception_that_there_is(who: Callers) -> None:
    body = given(who)
    first, again = who.agent.post(EXCEPTIONS, body), who.agent.post(EXCEPTIONS, body)
    assert (again.status_code, again.json()) == (200, first.json())
    assert OutputException.objects.count() == 1


def test_whoever_must_handle_it_follows_the_links_from_the_exception_to_the_check_results(who: Callers) -> None:
    port = make_ready_port(who.cast.product)
    verdict = run_well(port, NOW)
    answer = who.cast.ask(verdict_row=verdict, basis={"evidence": [str(port.runs.get().pk)]})
    address = who.agent.post(EXCEPTIONS, given(who, decision_id=answer.pk))["Location"]
    said = who.exceptions.get(address).json()
    decision = who.exceptions.get(said["decision_url"])
    assert (decision.status_code, decision.json()["id"]) == (200, answer.pk)
    assert decision.json()["links"]["verdict_url"] == said["verdict_url"]
    assert who.exceptions.get(said["verdict_url"]).json()["id"] == verdict.pk
    (run,) = said["run_urls"]
    assert len(who.exceptions.get(run).json()["check_results"]) == 5


def test_who_sees_no_exception_against_an_answer_does_not_see_the_answer_by_it(who: Callers) -> None:
    answer = who.cast.ask()
    address = f"/api/v1/decisions/{answer.pk}"
    assert_problem(who.exceptions.get(address), 404, "decision_unknown")
    who.agent.post(EXCEPTIONS, given(who, decision_id=answer.pk))
    assert who.exceptions.get(address).status_code == 200
    assert_problem(who.stranger.get(address), 404, "decision_unknown")


def test_who_may_not_is_refused_and_who_may_not_see_learns_nothing(who: Callers) -> None:
    assert_problem(who.auditor.post(EXCEPTIONS, given(who)), 403, "forbidden")
    assert_problem(who.other_agent.post(EXCEPTIONS, given(who)), 403, "not_a_consumer")
    assert_problem(who.stranger.post(EXCEPTIONS, given(who)), 404, "use_case_unknown")
    assert_problem(who.nobody.post(EXCEPTIONS, given(who)), 401, "not_authenticated")
    assert_problem(key_of(who.cast.agent, Scope.TRUST_READ).post(EXCEPTIONS, given(who)), 403, "scope_missing")
    assert not OutputException.objects.exists()


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"decision_id": 999_999_999}, "decision_unknown", "decision_id"),
        ({"title": ""}, "invalid", "title"),
        ({"title": "   "}, "invalid", "title"),
        ({"title": "x" * 201}, "invalid", "title"),
        ({"severity": "awful"}, "invalid", "severity"),
    ],
)
def test_what_cannot_be_is_refused_with_the_field_at_fault(
    who: Callers, changes: dict[str, Any], code: str, field: str
) -> None:
    problem = assert_problem(who.agent.post(EXCEPTIONS, given(who, **changes)), 400, code)
    assert field in {error["field"] for error in problem["errors"]}
    assert not OutputException.objects.exists()


def test_whoever_it_is_assigned_to_closes_it_with_a_word(who: Callers) -> None:
    address = recorded(who)
    assert_problem(who.exceptions.post(f"{address}/resolve", {"resolution": ""}), 400, "invalid")
    response = who.exceptions.post(f"{address}/resolve", {"resolution": "Rebooked."})
    assert response.status_code == 200, response.content
    assert (response.json()["resolved_by"], response.json()["resolution"]) == ("emil", "Rebooked.")
    assert_problem(who.exceptions.post(f"{address}/resolve", {"resolution": "Again."}), 409, "exception_resolved")


def test_an_agent_closes_nothing_whatever_its_key(who: Callers) -> None:
    address = recorded(who)
    who.cast.agent.owner = who.cast.exceptions
    who.cast.agent.save()
    writer = key_of(who.cast.agent, Scope.TRUST_READ, Scope.REPORTS_WRITE)
    assert_problem(writer.post(f"{address}/resolve", {"resolution": "Done."}), 403, "scope_missing")
    assert_problem(writer.post(f"{address}/assign", {"assignee": "otis"}), 403, "scope_missing")
    assert OutputException.objects.get().closed_at is None


def test_others_close_and_hand_on_nothing(who: Callers) -> None:
    address = recorded(who)
    for caller, status, code in (
        (who.measurer, 403, "forbidden"),
        (who.auditor, 403, "forbidden"),
        (who.stranger, 404, "not_found"),
    ):
        assert_problem(caller.post(f"{address}/resolve", {"resolution": "Done."}), status, code)
        assert_problem(caller.post(f"{address}/assign", {"assignee": "otis"}), status, code)


def test_it_is_handed_on_to_somebody_outside_who_then_sees_it_and_nothing_else(who: Callers) -> None:
    address, other = recorded(who), recorded(who)
    nora = Caller(make_person("nora"))
    assert_problem(nora.get(address), 404, "not_found")
    response = who.exceptions.post(f"{address}/assign", {"assignee": "nora", "reason": "She knows the desk."})
    assert (response.status_code, response.json()["assignee"]) == (200, "nora")
    assert nora.get(address).status_code == 200
    assert_problem(nora.get(other), 404, "not_found")
    assert_problem(nora.get(PATH), 404, "use_case_unknown")
    assert [row["id"] for row in nora.get(EXCEPTIONS).json()["results"]] == [response.json()["id"]]
    assert nora.post(f"{address}/resolve", {"resolution": "Done."}).status_code == 200


def test_it_is_not_handed_on_to_nobody(who: Callers) -> None:
    address = recorded(who)
    assert_problem(who.exceptions.post(f"{address}/assign", {"assignee": "noone"}), 400, "person_unknown")


def test_filters_narrow_the_list(who: Callers) -> None:
    first, second = recorded(who), recorded(who)
    who.outputs.post(f"{first}/assign", {"assignee": "otis"})
    who.outputs.post(f"{first}/resolve", {"resolution": "Done."})
    make_due(timezone.now() - timedelta(minutes=1))

    def found(query: str, caller: Caller = who.auditor) -> list[str]:
        return [f"{EXCEPTIONS}/{row['id']}" for row in caller.get(f"{EXCEPTIONS}?{query}").json()["results"]]

    assert found("") == [second, first]
    assert found("is_open=true") == found("is_overdue=true") == [second]
    assert found("is_open=false") == [first]
    assert found("is_assigned_to_me=true", who.outputs) == [first]
    assert found("is_assigned_to_me=true", who.exceptions) == [second]
    assert found("severity=info") == []
    assert found(f"decision_id={OutputException.objects.order_by('id')[0].decision_id}") == [first]
    assert_problem(who.stranger.get(EXCEPTIONS), 404, "use_case_unknown")


def test_a_list_and_an_exception_cost_the_same_for_one_and_for_many(who: Callers, django_assert_num_queries: Any) -> None:
    for _ in range(3):
        address = recorded(who)
        who.business.get(EXCEPTIONS)
        with django_assert_num_queries(3):  # key, whether there is any, exceptions
            who.business.get(EXCEPTIONS)
        with django_assert_num_queries(3):  # key, exception, its answer
            who.business.get(address)


def test_naming_somebody_elses_agent_in_a_use_case_of_ones_own_opens_none_of_its_answers(who: Callers) -> None:
    answer = who.cast.ask(use_case=None)
    probe = {"slug": "probe", "name": "Probe", "business_decision": "None.", "purpose": "analytics", "consumers": ["agent"]}
    assert who.stranger.post("/api/v1/use-cases", probe).status_code == 201
    body = {"decision_id": answer.pk, "title": "Mine now"}
    assert_problem(who.stranger.post("/api/v1/use-cases/probe/exceptions", body), 400, "decision_unknown")
    assert_problem(who.stranger.get(f"/api/v1/decisions/{answer.pk}"), 404, "decision_unknown")
