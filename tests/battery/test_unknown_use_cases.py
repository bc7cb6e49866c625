"""A question that names a use case that is unknown, or retired, is answered no at every door, whatever the policies say."""

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.models import Consumer, UseCase
from catalog.rules.scopes import Scope
from catalog.rules.vocabulary import ConsumerKind, UseCaseStage
from tests.api.authzen.conftest import PURPOSE, make_good_product
from tests.api.callers import Caller
from tests.factories import make_consumer, make_governance, make_use_case
from tests.trust.stages import put_at
from trust.decisions.services import decision_cache
from trust.models import Decision

pytestmark = pytest.mark.django_db

UNKNOWN = ["nobody-knows", "PLANNING", "planning ", "\u200bplanning", "p" * 200, "plan%", "over"]
"""The last one was retired."""
Door = Callable[[Caller, dict[str, str]], Mapping[str, Any]]


@pytest.fixture
def agent() -> Consumer:
    """Acts in `planning` and in the retired `over`; `rota` is of others. No policy asks for a use case."""
    decision_cache._remembered.clear()
    make_good_product("orders")
    agent = make_consumer("flight-planner", kind=ConsumerKind.AI_AGENT, is_enforcement_point=False)
    make_use_case("planning", consumers=[agent])
    make_use_case("rota")
    put_at(make_use_case("over", consumers=[agent]), UseCaseStage.RETIRED)
    return agent


@pytest.fixture
def caller(agent: Consumer) -> Caller:
    return Caller(agent.owner, [Scope.TRUST_READ, Scope.DECIDE], consumer=agent)


def entities(**context: str) -> dict[str, Any]:
    return {
        "subject": {"type": "consumer", "id": "flight-planner"},
        "action": {"name": "consume", "properties": {"purpose": PURPOSE}},
        "resource": {"type": "data_product", "id": "orders"},
        "context": context,
    }


def success(response: Any) -> Any:
    assert response.status_code == 200, response.content
    return response.json()


def trust(**given: str) -> Door:
    def ask(caller: Caller, named: dict[str, str]) -> Mapping[str, Any]:
        found: dict[str, Any] = success(caller.get(f"/api/v1/products/orders/trust?{urlencode({**given, **named})}"))
        return found

    return ask


def trust_then(caller: Caller, named: dict[str, str]) -> Mapping[str, Any]:
    return trust(as_of=timezone.now().isoformat())(caller, named)


def trust_then_for_purpose(caller: Caller, named: dict[str, str]) -> Mapping[str, Any]:
    return trust(as_of=timezone.now().isoformat(), purpose=PURPOSE)(caller, named)


def check(**given: str) -> Door:
    def ask(caller: Caller, named: dict[str, str]) -> Mapping[str, Any]:
        body = {"products": ["orders"], **given, **named}
        found: dict[str, Any] = success(caller.post("/api/v1/trust/check", body))["results"][0]
        return found

    return ask


def evaluation(caller: Caller, named: dict[str, str]) -> Mapping[str, Any]:
    answer = success(caller.post("/access/v1/evaluation", entities(**named)))
    return {**answer["context"], "decision": answer["decision"]}


def batch(caller: Caller, named: dict[str, str]) -> Mapping[str, Any]:
    body = {**entities(**named), "evaluations": [{}, {"resource": {"type": "data_product", "id": "nothing"}}]}
    answer = success(caller.post("/access/v1/evaluations", body))["evaluations"][0]
    return {**answer["context"], "decision": answer["decision"]}


def second(door: Door) -> Door:
    """The second answer, which the decision cache gives where it can."""

    def ask(caller: Caller, named: dict[str, str]) -> Mapping[str, Any]:
        door(caller, named)
        return door(caller, named)

    return ask


DOORS: dict[str, Door] = {
    "trust": trust(),
    "trust, full": trust(detail="full"),
    "trust, for a purpose": trust(purpose=PURPOSE),
    "trust, then": trust_then,
    "trust, then, for a purpose": trust_then_for_purpose,
    "check": check(),
    "check, for a purpose": check(purpose=PURPOSE),
    "evaluation": evaluation,
    "batch": batch,
    "trust, again": second(trust()),
    "trust, for a purpose, again": second(trust(purpose=PURPOSE)),
    "check, again": second(check()),
    "check, for a purpose, again": second(check(purpose=PURPOSE)),
    "evaluation, again": second(evaluation),
}
each_door = pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)


def codes(answer: Mapping[str, Any]) -> list[str]:
    return [reason["code"] for reason in answer["reasons"]]


@each_door
@pytest.mark.parametrize("name", UNKNOWN)
def test_an_unknown_or_retired_use_case_is_refused(caller: Caller, door: Door, name: str) -> None:
    answer = door(caller, {"use_case": name})
    assert (answer["decision"], codes(answer)) == (False, ["use_case_unknown"])
    assert answer["is_production_grade"], "the product is not to blame"
    row = Decision.objects.get(pk=answer["decision_id"])
    assert (row.decision, row.reason_codes, row.use_case, row.production_grade) == (False, ["use_case_unknown"], name, True)


@each_door
@pytest.mark.parametrize("named", [{}, {"use_case": "planning"}, {"use_case": "rota"}], ids=["none", "own", "of others"])
def test_no_use_case_and_one_that_exists_are_answered_as_ever(caller: Caller, door: Door, named: dict[str, str]) -> None:
    answer = door(caller, named)
    assert (answer["decision"], codes(answer)) == (True, [])


def test_the_refusal_says_what_to_do(caller: Caller) -> None:
    [reason] = evaluation(caller, {"use_case": "nobody-knows"})["reasons"]
    assert reason["message"] == "There is no use case nobody-knows, or it is retired."
    assert reason["remedy"] == "Name a use case that is not retired by its slug (GET /api/v1/use-cases), or name none."


SEARCHES: dict[str, tuple[str, ...]] = {
    "resource": ("subject", "action"),
    "action": ("subject", "resource"),
    "subject": ("action", "resource"),
}


def searched(caller: Caller, sought: str, **context: str) -> dict[str, Any]:
    """What the search finds. Who looks for subjects is an enforcement point."""
    Consumer.objects.filter(slug="flight-planner").update(is_enforcement_point=sought == "subject", kind=ConsumerKind.SERVICE)
    asked = {name: entity for name, entity in entities(**context).items() if name in {*SEARCHES[sought], "context"}}
    if sought == "action":
        asked["context"]["purpose"] = PURPOSE
    if sought != "action":
        asked[sought] = {"type": "data_product" if sought == "resource" else "consumer"}
    found: dict[str, Any] = success(caller.post(f"/access/v1/search/{sought}", asked))
    return found


@pytest.mark.parametrize("sought", SEARCHES)
@pytest.mark.parametrize("name", UNKNOWN)
def test_a_search_for_it_finds_nothing_and_says_why(caller: Caller, sought: str, name: str) -> None:
    found = searched(caller, sought, use_case=name)
    assert (found["results"], codes(found["context"])) == ([], ["use_case_unknown"])
    assert Decision.objects.get(pk=found["context"]["decision_id"]).reason_codes == ["use_case_unknown"]


@pytest.mark.parametrize("sought", SEARCHES)
@pytest.mark.parametrize("context", [{}, {"use_case": "planning"}, {"use_case": "rota"}])
def test_a_search_for_one_that_exists_finds_the_same_as_without(caller: Caller, sought: str, context: dict[str, str]) -> None:
    found = searched(caller, sought, **context)
    assert len(found["results"]) == 1
    assert "reasons" not in found["context"]


@each_door
def test_a_yes_ends_when_its_use_case_is_retired(caller: Caller, door: Door) -> None:
    for slug in ("planning", "rota"):
        assert door(caller, {"use_case": slug})["decision"]
        put_at(UseCase.objects.get(slug=slug), UseCaseStage.RETIRED)
        answer = door(caller, {"use_case": slug})
        assert (answer["decision"], codes(answer)) == (False, ["use_case_unknown"])


@each_door
def test_a_no_ends_when_the_use_case_is_registered(caller: Caller, door: Door) -> None:
    assert not door(caller, {"use_case": "later"})["decision"]
    make_use_case("later", now=timezone.now())
    assert door(caller, {"use_case": "later"})["decision"]


@pytest.mark.parametrize("door", [check(), check(purpose=PURPOSE), evaluation])
def test_a_use_case_that_exists_costs_no_repeated_answer_its_shortcut(caller: Caller, door: Door) -> None:
    door(caller, {"use_case": "rota"})
    with CaptureQueriesContext(connection) as queries:
        door(caller, {"use_case": "rota"})
    assert len(queries) == 1


@pytest.mark.django_db(transaction=True)  # histories are dated by the beginning of the transaction
@pytest.mark.parametrize("purpose", [{}, {"purpose": PURPOSE}])
def test_a_past_answer_goes_by_the_use_cases_of_that_time(caller: Caller, purpose: dict[str, str]) -> None:
    before = timezone.now()
    make_use_case("later", now=before - timedelta(days=9))  # the history knows when it was registered
    between = timezone.now()
    put_at(UseCase.objects.get(slug="later"), UseCaseStage.RETIRED)
    for moment, expected in ((before, False), (between, True), (timezone.now(), False)):
        answer = trust(as_of=moment.isoformat(), **purpose)(caller, {"use_case": "later"})
        assert (answer["decision"], "use_case_unknown" in codes(answer)) == (expected, not expected), moment


@each_door
def test_a_refused_answer_replays(caller: Caller, door: Door) -> None:
    governance = Caller(make_governance())
    number = door(caller, {"use_case": "nobody-knows"})["decision_id"]
    make_use_case("nobody-knows")
    told = success(governance.get(f"/api/v1/decisions/{number}/replay"))
    assert told["is_identical"], told["differences"]
    assert "reason use_case_unknown" in told["taken_as_logged"]


@each_door
def test_an_answer_replays_after_its_use_case_is_retired(caller: Caller, door: Door) -> None:
    """And so does one that was given before unknown use cases were refused: what the log says of it is not looked up again."""
    governance = Caller(make_governance())
    number = door(caller, {"use_case": "rota"})["decision_id"]
    put_at(UseCase.objects.get(slug="rota"), UseCaseStage.RETIRED)
    told = success(governance.get(f"/api/v1/decisions/{number}/replay"))
    assert told["is_identical"], json.dumps(told)
