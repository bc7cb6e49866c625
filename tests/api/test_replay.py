"""Replay: a logged answer is worked out again from what is stored, in every channel, and what differs is named."""

import json
from collections.abc import Callable
from copy import deepcopy
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from catalog.models import AccessPolicy, Consumer, DataProduct, Person
from catalog.rules.scopes import Scope
from catalog.rules.vocabulary import ConsumerKind, Sensitivity
from catalog.services.api_keys import create_key_of
from catalog.services.policies import withdraw_policy
from tests.api.callers import Caller, Cast, assert_problem
from tests.conftest import ModuleRows
from tests.factories import make_consumer, make_governance, make_governed_product, make_policy, make_use_case
from tests.trust.builders import make_ready_port, run_well
from tests.trust.logged import log_decision
from trust.clock import database_now
from trust.decisions.rules.comparison import WORDING_VERSION
from trust.models import Decision, Incident, Verdict
from trust.verdicts.rules.answer import short_answer
from trust.verdicts.services.trust_policies import publish_trust_policy


@pytest.fixture(scope="module")
def module_product(module_rows: ModuleRows, module_cast: Cast) -> DataProduct:
    """Production-grade, and permitted for `analytics` with an obligation."""
    with module_rows():
        made = make_governed_product("orders", owner=module_cast.owner.person)
        make_use_case("pilot", business_owner=module_cast.owner.person)
        make_policy(made, "deciders", purposes=("ai.decision-support",), obligations=("human_review",))
        run_well(make_ready_port(made), database_now())
        return made


@pytest.fixture
def product(module_product: DataProduct, db: None) -> DataProduct:
    return deepcopy(module_product)


@pytest.fixture(scope="module")
def module_callers(module_rows: ModuleRows, module_cast: Cast) -> tuple[Caller, Caller]:
    """An agent, and a gateway that asks for others."""
    with module_rows():
        agent, gateway = make_consumer("agent"), make_consumer("gateway", kind=ConsumerKind.SERVICE, is_enforcement_point=True)
        return caller_of(agent), caller_of(gateway)


@pytest.fixture
def agent(module_callers: tuple[Caller, Caller], db: None) -> Caller:
    return deepcopy(module_callers[0])


@pytest.fixture
def gateway(module_callers: tuple[Caller, Caller], db: None) -> Caller:
    return deepcopy(module_callers[1])


def caller_of(consumer: Consumer) -> Caller:
    caller = Caller(None)
    scopes = [Scope.TRUST_READ, Scope.DECIDE]
    _, caller.key = create_key_of(consumer=consumer, actor=None, name="test", scopes=scopes, now=database_now())
    return caller


def evaluation(subject: str = "agent", purpose: str | None = "ai.decision-support", **context: Any) -> dict[str, Any]:
    properties = {} if purpose is None else {"purpose": purpose}
    return {
        "subject": {"type": "consumer", "id": subject},
        "action": {"name": "consume", "properties": properties},
        "resource": {"type": "data_product", "id": "orders"},
        "context": context,
    }


def trust(query: str) -> Callable[[Caller], int]:
    def ask(caller: Caller) -> int:
        response = caller.get(f"/api/v1/products/orders/trust{query}")
        assert response.status_code == 200, response.content
        number: int = response.json()["decision_id"]
        return number

    return ask


def check(**question: Any) -> Callable[[Caller], int]:
    def ask(caller: Caller) -> int:
        response = caller.post("/api/v1/trust/check", {"products": ["nothing", "orders"], **question})
        assert response.status_code == 200, response.content
        number: int = response.json()["results"][1]["decision_id"]
        return number

    return ask


def unknown(caller: Caller) -> int:
    number: int = caller.post("/api/v1/trust/check", {"products": ["nothing"]}).json()["results"][0]["decision_id"]
    return number


def authzen(**question: Any) -> Callable[[Caller], int]:
    def ask(caller: Caller) -> int:
        response = caller.post("/access/v1/evaluation", evaluation(**question))
        assert response.status_code == 200, response.content
        number: int = response.json()["context"]["decision_id"]
        return number

    return ask


def replayed(cast: Cast, decision_id: int) -> dict[str, Any]:
    response = cast.governance.get(f"/api/v1/decisions/{decision_id}/replay")
    assert response.status_code == 200, response.content
    told: dict[str, Any] = response.json()
    return told


QUESTIONS = [
    trust(""),
    trust("?detail=full"),
    trust("?purpose=ai.decision-support"),
    trust("?purpose=ai.training"),
    trust("?purpose=analytics&detail=full&use_case=pilot"),
    trust("?purpose=analytics&detail=full&use_case=nobody-knows"),
    trust("?use_case=nobody-knows"),
    trust("?min_score=100"),
    trust("?max_evidence_age=PT1S&detail=full"),
    trust("?min_score=100&purpose=analytics"),
    check(),
    check(purpose="ai.decision-support"),
    check(purpose="ai.training", min_score=100),
    check(max_evidence_age="PT1S"),
    unknown,
    authzen(),
    authzen(purpose="ai.training"),
    authzen(purpose="no.such.purpose"),
    authzen(purpose=None),
    authzen(subject="nobody"),
    authzen(min_score=100),
    authzen(ticket="x-1"),
]


@pytest.mark.parametrize("ask", QUESTIONS, ids=range(len(QUESTIONS)))
@pytest.mark.parametrize("is_broken", [False, True])
def test_every_answer_comes_out_byte_for_byte_whatever_has_changed_since(
    cast: Cast, product: DataProduct, gateway: Caller, agent: Caller, ask: Callable[[Caller], int], is_broken: bool
) -> None:
    if is_broken:
        Incident.objects.create(product=product, title="Broken", opened_at=database_now())
    number = ask(gateway)
    Incident.objects.create(product=product, title="Another", opened_at=database_now())
    withdraw_policy(policy=AccessPolicy.objects.get(name="deciders"), actor=None, now=database_now())
    Consumer.objects.update(clearance=Sensitivity.PUBLIC)
    publish_trust_policy(changes={"minimum_score": 99}, note="Harder.", actor=make_governance(), now=database_now())

    told = replayed(cast, number)

    assert (told["is_identical"], told["differences"], told["why"]) == (True, [], [])
    assert told["decision_id"] == number


@pytest.mark.parametrize("ask", QUESTIONS, ids=range(len(QUESTIONS)))
def test_an_answer_that_ends_with_its_policy_comes_out_byte_for_byte(
    cast: Cast, product: DataProduct, gateway: Caller, agent: Caller, ask: Callable[[Caller], int]
) -> None:
    end = database_now() + timedelta(minutes=9)
    make_policy(product, "deciders", purposes=("ai.decision-support",), expires_at=end)
    number = ask(gateway)
    assert replayed(cast, number)["differences"] == []
    if Decision.objects.get(pk=number).ruling:
        assert Decision.objects.get(pk=number).valid_until == end


def test_a_batch_is_replayed_item_by_item(cast: Cast, product: DataProduct, gateway: Caller, agent: Caller) -> None:
    items = [evaluation(), evaluation(purpose="ai.training"), {"resource": 7}, evaluation(subject="gateway")]
    answers = gateway.post("/access/v1/evaluations", {"evaluations": items}).json()["evaluations"]
    assert len(answers) == 4
    for answer in answers:
        told = replayed(cast, answer["context"]["decision_id"])
        assert (told["is_identical"], told["differences"]) == (True, [])


def test_an_answer_about_the_past_is_replayed_about_the_past(cast: Cast, product: DataProduct, agent: Caller) -> None:
    moment = database_now().isoformat().replace("+", "%2B")
    Incident.objects.create(product=product, title="Broken", opened_at=database_now())
    number = trust(f"?as_of={moment}")(agent)
    Incident.objects.create(product=product, title="Worse", opened_at=database_now())
    trust("")(agent)

    told = replayed(cast, number)

    assert (told["is_identical"], told["differences"]) == (True, [])


def test_what_was_not_worked_out_again_is_told(cast: Cast, product: DataProduct, gateway: Caller) -> None:
    told = replayed(cast, authzen(subject="nobody")(gateway))
    assert told["taken_as_logged"] == ["as_of", "reason subject_unknown"]
    told = replayed(cast, trust("?purpose=analytics")(gateway))
    assert told["taken_as_logged"] == ["as_of"]


def without_triggers(table: str) -> None:
    """From here on the test may do what only somebody with all rights over the database can."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")


def test_a_changed_score_is_named_with_what_comes_out(cast: Cast, product: DataProduct, agent: Caller) -> None:
    number = trust("")(agent)
    row = Decision.objects.get(pk=number)
    said = json.loads(row.answer)
    forged = row.answer.replace(f'"score":{said["score"]}', '"score":100')
    without_triggers("trust_decision")
    connection.cursor().execute("UPDATE trust_decision SET answer = %s WHERE id = %s", [forged, number])

    told = replayed(cast, number)

    assert told["is_identical"] is False
    assert told["differences"] == [{"path": "/score", "then": 100, "now": said["score"]}]
    assert "the logged answer was changed" in told["why"][0]


def test_changed_facts_are_named_as_what_may_be_the_cause(cast: Cast, product: DataProduct, agent: Caller) -> None:
    number = trust("")(agent)
    verdict = Verdict.objects.get(pk=Decision.objects.get(pk=number).verdict_row_id or 0)
    without_triggers("trust_verdict")
    Verdict.objects.filter(pk=verdict.pk).update(facts=verdict.facts.replace('"has_purpose":true', '"has_purpose":false'))

    told = replayed(cast, number)

    paths = {difference["path"]: (difference["then"], difference["now"]) for difference in told["differences"]}
    assert paths["/is_production_grade"] == (True, False)
    assert paths["row/verdict"] == ("production_grade", "not_production_grade")
    assert "SHA-256 differs" in told["why"][0]


def test_a_missing_policy_is_named(cast: Cast, product: DataProduct, agent: Caller) -> None:
    number = trust("?purpose=ai.decision-support")(agent)
    policy_id = AccessPolicy.objects.get(name="deciders").pk
    without_triggers("catalog_accesspolicy")
    AccessPolicy.objects.filter(pk=policy_id).delete()

    told = replayed(cast, number)

    assert told["why"] == [f"Access policy deciders v1 (id {policy_id}) is no longer stored."]
    assert {"path": "/decision", "then": True, "now": False} in told["differences"]


def test_other_code_is_named_as_what_may_be_the_cause(
    cast: Cast, product: DataProduct, agent: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = trust("")(agent)
    real = short_answer
    monkeypatch.setattr("trust.decisions.services.replay.short_answer", lambda *given: {**real(*given), "grade": "Z"})

    told = replayed(cast, number)

    assert [difference["path"] for difference in told["differences"]] == ["/grade"]
    assert "this version of Touchstone" in told["why"][0]


def test_a_search_is_not_replayed(cast: Cast, product: DataProduct) -> None:
    row = log_decision(product, make_consumer("x"), channel="search", decision=False)
    assert_problem(cast.governance.get(f"/api/v1/decisions/{row.pk}/replay"), 409, "search_not_replayable")


def test_the_command_tells_by_its_exit_status(cast: Cast, product: DataProduct, agent: Caller) -> None:
    number = trust("")(agent)
    out = StringIO()
    call_command("replay", str(number), stdout=out)
    assert json.loads(out.getvalue())["is_identical"] is True

    without_triggers("trust_decision")
    connection.cursor().execute("UPDATE trust_decision SET score = 1 WHERE id = %s", [number])
    with pytest.raises(CommandError, match="differs from the logged answer") as refusal:
        call_command("replay", str(number), stdout=StringIO())
    assert refusal.value.returncode == 1
    with pytest.raises(CommandError, match="There is no decision 0"):
        call_command("replay", "0")


ANSWERS_WITH_TEXTS = [
    trust("?min_score=100"),
    trust("?detail=full&min_score=100"),
    trust("?purpose=ai.training"),
    authzen(purpose="ai.training"),
]


def store_in_other_words(number: int, answer: dict[str, Any], version: int) -> None:
    """The answer as an earlier version of Touchstone worded it: every text is another one."""

    def reword(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: "Other words." if name in texts else reword(item) for name, item in value.items()}
        return [reword(item) for item in value] if isinstance(value, list) else value

    texts = {"message", "remedy", "cause", "note", "reason_user"}
    ruling = json.dumps(reword(Decision.objects.get(pk=number).ruling))
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE trust_decision SET answer = %s, ruling = nullif(%s::jsonb, 'null'), wording_version = %s WHERE id = %s",
            [json.dumps(reword(answer)), ruling, version, number],
        )


@pytest.mark.parametrize("ask", ANSWERS_WITH_TEXTS, ids=range(len(ANSWERS_WITH_TEXTS)))
def test_texts_of_another_wording_version_are_not_compared(
    cast: Cast, product: DataProduct, gateway: Caller, agent: Caller, ask: Callable[[Caller], int]
) -> None:
    number = ask(gateway)
    answer = json.loads(Decision.objects.get(pk=number).answer)
    without_triggers("trust_decision")

    store_in_other_words(number, answer, WORDING_VERSION + 1)
    other_version = replayed(cast, number)
    store_in_other_words(number, answer, WORDING_VERSION)
    same_version = replayed(cast, number)

    assert (other_version["is_identical"], other_version["differences"]) == (True, [])
    assert (
        other_version["taken_as_logged"][-1]
        == f"texts (wording version {WORDING_VERSION + 1}; this is version {WORDING_VERSION})"
    )
    assert same_version["is_identical"] is False


@pytest.mark.parametrize("ask", ANSWERS_WITH_TEXTS, ids=range(len(ANSWERS_WITH_TEXTS)))
def test_codes_and_numbers_of_another_wording_version_are_compared(
    cast: Cast, product: DataProduct, gateway: Caller, agent: Caller, ask: Callable[[Caller], int]
) -> None:
    number = ask(gateway)
    answer = json.loads(Decision.objects.get(pk=number).answer)
    without_triggers("trust_decision")
    said = answer.get("context", answer)
    said["reasons"][0]["code"] = "other_code"
    said["score"] = 12
    store_in_other_words(number, answer, WORDING_VERSION + 1)

    told = replayed(cast, number)

    paths = [difference["path"].removeprefix("/context") for difference in told["differences"]]
    assert "/score" in paths
    assert any(path.startswith("/reasons") for path in paths)


def test_another_wording_with_room_for_fewer_gates_is_the_same_answer(cast: Cast, product: DataProduct, agent: Caller) -> None:
    Incident.objects.create(product=product, title="Broken", opened_at=database_now())
    Person.objects.filter(pk=product.owner_id).update(is_active=False)
    number = trust("")(agent)
    answer = json.loads(Decision.objects.get(pk=number).answer)
    assert len(answer["reasons"]) == 2
    without_triggers("trust_decision")
    store_in_other_words(number, {**answer, "reasons": answer["reasons"][:1], "more_reasons": 1}, WORDING_VERSION + 1)
    assert replayed(cast, number)["differences"] == []
