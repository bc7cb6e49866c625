"""What a machine does is told as the machine's, and what a person has read or acknowledged is the person's alone."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from catalog.models import DataProduct, Notification, Person
from catalog.rules.vocabulary import ConsumerKind, Lifecycle
from catalog.services.notifications import notify
from tests.api.callers import Caller, assert_problem
from tests.battery.machines import MACHINES, consumer_of, make_machine, shown
from tests.factories import NOW, make_governance, make_governed_product, make_owner, make_product, make_use_case
from tests.trust.builders import make_ready_port, run_well
from tests.trust.logged import log_decision
from trust.decisions.services.recall_notices import carry_out_recalls
from trust.models import Recall, RecalledConsumer
from trust.use_cases.queries.use_case_facts import recall_facts

pytestmark = pytest.mark.django_db
URL, PRODUCT = "/api/v1/notifications", "/api/v1/products/orders"
MINUTE = timedelta(minutes=1)
BY_ROBOT = "robot, for which olga answers"


@pytest.fixture
def olga() -> Caller:
    return Caller(make_owner("olga"))


@pytest.fixture
def robot(olga: Caller) -> Caller:
    return make_machine(olga.key_row.person, "robot", ConsumerKind.SERVICE)


@pytest.fixture
def gina() -> Person:
    return make_governance("gina")


def soon() -> str:
    return (timezone.now() + timedelta(days=10)).isoformat()


def texts(kind: str, person: Person | None = None) -> list[str]:
    found = Notification.objects.filter(kind=kind)
    return [f"{one.subject}\n{one.text}" for one in (found.filter(person=person) if person else found)]


# -- what notices say


@pytest.fixture
def orders(olga: Caller, gina: Person) -> DataProduct:
    product = make_governed_product("orders", owner=olga.key_row.person)
    run_well(make_ready_port(product), timezone.now())
    return product


def ask_for_agreement(caller: Caller) -> Any:
    body = {"consumer": "robot", "product": "wanted", "purpose": "analytics", "reason": "x", "expires_at": soon()}
    return caller.post("/api/v1/agreements", body)


def test_the_approver_reads_which_machine_asks_and_who_answers_for_it(robot: Caller) -> None:
    owner = make_product("wanted", lifecycle=Lifecycle.PUBLISHED).owner
    address = ask_for_agreement(robot)["Location"]
    (text,) = texts("agreement.requested", owner)
    assert text.count(f"{BY_ROBOT}, asks that robot may use wanted") == 2
    robot.post(f"{address}/withdraw")
    (text,) = texts("agreement.withdrawn", owner)
    assert f"withdrawn by {BY_ROBOT}." in text


def test_the_approver_of_a_persons_request_reads_the_person_alone(olga: Caller, robot: Caller) -> None:
    owner = make_product("wanted", lifecycle=Lifecycle.PUBLISHED).owner
    ask_for_agreement(olga)
    (text,) = texts("agreement.requested", owner)
    assert "olga asks that robot may use wanted" in text
    assert "for which" not in text


def test_an_incident_of_a_machine_is_told_to_its_person_too(olga: Caller, robot: Caller, orders: DataProduct) -> None:
    address = robot.post(f"{PRODUCT}/incidents", {"title": "Late"})["Location"]
    (text,) = texts("incident.opened", olga.key_row.person)
    assert f"Opened by {BY_ROBOT}." in text
    robot.post(f"{address}/resolve", {"resolution": "Came."})
    (text,) = texts("incident.resolved", olga.key_row.person)
    assert f"resolved by {BY_ROBOT}: Late" in text


def test_an_incident_of_a_person_is_not_told_to_that_person(olga: Caller, robot: Caller, orders: DataProduct) -> None:
    olga.post(f"{PRODUCT}/incidents", {"title": "Late"})
    assert texts("incident.opened", olga.key_row.person) == []


def test_governance_reads_which_machine_asks_for_a_waiver(robot: Caller, orders: DataProduct, gina: Person) -> None:
    body = {"gate": "incidents", "reason": "Known.", "owner": "olga", "expires_at": soon()}
    assert robot.post(f"{PRODUCT}/waivers", body).status_code == 201
    (text,) = texts("waiver.requested", gina)
    assert text.count(BY_ROBOT) == 2


def test_a_move_that_a_machine_made_is_told_to_its_person(olga: Caller, robot: Caller, gina: Person) -> None:
    make_use_case("rota", business_owner=olga.key_row.person, consumers=[consumer_of(robot)])
    assert robot.post("/api/v1/use-cases/rota/stage-moves", {"to_stage": "pilot"}).status_code == 201
    for person in (gina, olga.key_row.person):
        (text,) = texts("stage_move.done", person)
        assert f"{BY_ROBOT}, moved it to pilot" in text


def test_an_exception_that_a_machine_recorded_is_told_to_its_person(olga: Caller, robot: Caller) -> None:
    make_use_case("rota", business_owner=olga.key_row.person, consumers=[consumer_of(robot)])
    answer = log_decision(make_product(lifecycle=Lifecycle.PUBLISHED), consumer_of(robot), use_case="rota")
    robot.post("/api/v1/use-cases/rota/exceptions", {"decision_id": answer.pk, "title": "Wrong"})
    (text,) = texts("exception.recorded", olga.key_row.person)
    assert f"{BY_ROBOT}, recorded: Wrong" in text


def test_a_refusal_names_the_machine(robot: Caller) -> None:
    make_product("theirs", lifecycle=Lifecycle.PUBLISHED)
    problem = assert_problem(robot.patch("/api/v1/products/theirs", {"description": "x"}), 403, "forbidden")
    assert f"{BY_ROBOT}, neither owns nor looks after" in problem["detail"]


# -- who has read what


@pytest.fixture
def notices(olga: Caller, robot: Caller) -> dict[str, int]:
    said: dict[str, Any] = {"subject": "S", "text": "T", "now": NOW}
    other = make_machine(olga.key_row.person, "other")
    notify(key="p", kind="test.person", persons=[olga.key_row.person], **said)
    notify(key="r", kind="test.robot", consumers=[consumer_of(robot)], **said)
    notify(key="o", kind="test.other", consumers=[consumer_of(other)], **said)
    return {row.key[0]: row.pk for row in Notification.objects.all()}


def unread(caller: Caller) -> set[int]:
    return {row["id"] for row in caller.get(f"{URL}?is_unread=true").json()["results"]}


@pytest.mark.parametrize("kind", MACHINES)
def test_a_machine_marks_nothing_read_for_its_person(olga: Caller, notices: dict[str, int], kind: ConsumerKind) -> None:
    machine = make_machine(olga.key_row.person, "machine", kind)
    notify(key="m", kind="test.machine", consumers=[consumer_of(machine)], subject="S", text="T", now=NOW)
    own = Notification.objects.get(kind="test.machine").pk
    everything = {*notices.values(), own}
    assert machine.post(f"{URL}/read", {"ids": list(everything)}).json() == {"marked": 1}
    assert unread(olga) == everything
    assert unread(machine) == set()
    (row,) = machine.get(URL).json()["results"]
    assert (row["id"], row["read_at"], row["caller_read_at"] is None) == (own, None, False)
    assert machine.post(f"{URL}/read", {"ids": [own]}).json() == {"marked": 0}


def test_a_person_marks_nothing_read_for_their_machine(olga: Caller, robot: Caller, notices: dict[str, int]) -> None:
    assert olga.post(f"{URL}/read", {"ids": list(notices.values())}).json() == {"marked": 3}
    assert unread(olga) == set()
    assert unread(robot) == {notices["r"]}


@pytest.mark.parametrize("scopes", [["trust:read"], ["trust:read", "decide"], ["trust:read", "reports:write"]])
def test_who_only_reads_marks_nothing(olga: Caller, notices: dict[str, int], scopes: list[str]) -> None:
    for caller in (make_machine(olga.key_row.person, "machine", scopes=scopes), Caller(olga.key_row.person, scopes)):
        assert_problem(caller.post(f"{URL}/read", {"ids": list(notices.values())}), 403, "scope_missing")
    assert unread(olga) == set(notices.values())


def test_a_service_reads_what_its_own_consumer_was_told_only(robot: Caller, notices: dict[str, int]) -> None:
    assert [row["id"] for row in robot.get(URL).json()["results"]] == [notices["r"]]
    assert robot.post(f"{URL}/read", {"ids": [notices["p"], notices["o"]]}).json() == {"marked": 0}


# -- who has acknowledged what


@pytest.fixture
def agent(olga: Caller) -> Caller:
    return make_machine(olga.key_row.person, "agent")


@pytest.fixture
def recall(olga: Caller, agent: Caller) -> Recall:
    """Names two consumers of olga's."""
    port = make_ready_port(make_governed_product("fallen"))
    run_well(port, NOW)
    sibling = make_machine(olga.key_row.person, "sibling")
    for machine in (agent, sibling):
        log_decision(port.product, consumer_of(machine), NOW + MINUTE)
    run_well(port, NOW + 10 * MINUTE, failed=1)
    carry_out_recalls(now=NOW + 15 * MINUTE)
    return Recall.objects.get()


def parts() -> dict[str, tuple[bool, str, bool]]:
    """Consumer -> whether the person acknowledged, who that was, whether the machine did."""
    return {
        row.consumer.slug: (row.acknowledged_at is not None, row.acknowledged_by, row.caller_acknowledged_at is not None)
        for row in RecalledConsumer.objects.select_related("consumer")
    }


def test_a_machine_acknowledges_for_itself_and_not_for_its_person(agent: Caller, recall: Recall) -> None:
    response = agent.post(f"/api/v1/recalls/{recall.pk}/acknowledge")
    assert response.status_code == 200, response.content
    (part,) = [one for one in response.json()["consumers"] if one["consumer"] == "agent"]
    assert (part["acknowledged_at"], part["acknowledged_by"], part["caller"]) == (None, None, shown(agent.key_row))
    assert part["caller_acknowledged_at"]
    assert parts() == {"agent": (False, "", True), "sibling": (False, "", False)}


def test_the_persons_own_acknowledgement_counts_before_and_after_the_machines(
    olga: Caller, agent: Caller, recall: Recall
) -> None:
    address = f"/api/v1/recalls/{recall.pk}/acknowledge"
    agent.post(address)
    assert olga.post(address).status_code == 200
    assert parts() == {"agent": (True, "olga", True), "sibling": (True, "olga", False)}
    before = RecalledConsumer.objects.get(consumer__slug="agent")
    agent.post(address)
    olga.post(address)
    after = RecalledConsumer.objects.get(consumer__slug="agent")
    assert (after.acknowledged_at, after.caller_acknowledged_at) == (before.acknowledged_at, before.caller_acknowledged_at)


@pytest.mark.parametrize("scopes", [["trust:read"], ["trust:read", "decide"], ["trust:read", "agreements:request"]])
def test_a_key_that_reads_acknowledges_nothing(olga: Caller, recall: Recall, scopes: list[str]) -> None:
    consumer = RecalledConsumer.objects.get(consumer__slug="agent").consumer
    for caller in (Caller(olga.key_row.person, scopes, consumer=consumer), Caller(olga.key_row.person, scopes)):
        assert_problem(caller.post(f"/api/v1/recalls/{recall.pk}/acknowledge"), 403, "scope_missing")
    assert not any(said or machine for said, _, machine in parts().values())


@pytest.mark.parametrize("kind", MACHINES)
def test_a_machine_that_the_recall_does_not_name_acknowledges_nothing(olga: Caller, recall: Recall, kind: ConsumerKind) -> None:
    machine = make_machine(olga.key_row.person, "machine", kind)
    assert_problem(machine.post(f"/api/v1/recalls/{recall.pk}/acknowledge"), 403, "forbidden")
    assert not any(said or machine for said, _, machine in parts().values())


def test_readiness_waits_for_the_person(olga: Caller, agent: Caller, recall: Recall) -> None:
    def acknowledged() -> list[bool]:
        since = NOW - timedelta(days=1)
        facts = recall_facts([consumer_of(agent)], [recall.product], since=since, now=timezone.now())
        return [one.acknowledged_at is not None for one in facts]

    agent.post(f"/api/v1/recalls/{recall.pk}/acknowledge")
    assert acknowledged() == [False]
    olga.post(f"/api/v1/recalls/{recall.pk}/acknowledge")
    assert acknowledged() == [True]
