"""Who did it: a row, its history and its answer name the machine beside the person, and nobody where the person acted."""

from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Model
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from api.authentication import caller_of
from catalog.callers import machine_key, request_origin, said_of_caller, set_caller
from catalog.models import Agreement, Consumer, Contract
from catalog.rules.vocabulary import ConsumerKind, Lifecycle
from catalog.services.recording import recorded
from tests.api.callers import Caller, assert_problem
from tests.api.test_contracts import CONTRACT, YAML
from tests.battery.machines import consumer_of, make_machine, said_of, shown
from tests.factories import make_governed_product, make_owner, make_product, make_use_case, measure_claims
from tests.trust.builders import make_ready_port, run_well
from tests.trust.logged import log_decision
from trust.desk.admin.audit_trail import lines_of
from trust.ledger.queries.audit_trail import TrailFilter, find_changes
from trust.ledger.queries.ledger_rows import CONTEXT, columns_of, sources
from trust.models import (
    DecisionUse,
    Incident,
    IncidentEntry,
    OutcomeReport,
    OutputException,
    Run,
    StageMove,
    Suite,
    Waiver,
)
from trust.use_cases.queries.use_case_facts import last_seen

pytestmark = pytest.mark.django_db
PRODUCT, CASE = "/api/v1/products/orders", "/api/v1/use-cases/rota"
CHECK = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "id"}}
Act = Callable[[Caller], Any]


def soon(days: int = 10) -> str:
    return (timezone.now() + timedelta(days=days)).isoformat()


@pytest.fixture
def olga() -> Caller:
    """She owns the product, the use case and the machines."""
    return Caller(make_owner("olga"))


@pytest.fixture
def robot(olga: Caller) -> Caller:
    return make_machine(olga.key_row.person, "robot", ConsumerKind.SERVICE)


@pytest.fixture(autouse=True)
def ground(olga: Caller, robot: Caller, tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "orders.csv").write_text("id\n1\n")
    settings.TOUCHSTONE = settings.TOUCHSTONE.model_copy(update={"data_roots": [str(tmp_path)]})
    person = olga.key_row.person
    product = make_governed_product("orders", owner=person)
    run_well(make_ready_port(product), timezone.now())
    make_product("wanted", lifecycle=Lifecycle.PUBLISHED)
    make_use_case(
        "rota",
        business_owner=person,
        products=[product],
        consumers=[consumer_of(robot)],
        measures=[measure_claims(owner="olga")],
    )


def of_robot() -> int:
    product = make_product(lifecycle=Lifecycle.PUBLISHED)
    consumer = Consumer.objects.get(slug="robot")
    return log_decision(product, consumer, use_case="rota", valid_until=timezone.now() + timedelta(days=1)).pk


ACTS: dict[str, tuple[type[Model], Act, str]] = {
    "agreement": (
        Agreement,
        lambda caller: caller.post(
            "/api/v1/agreements",
            {"consumer": "robot", "product": "wanted", "purpose": "analytics", "reason": "Needed.", "expires_at": soon()},
        ),
        "requested_by",
    ),
    "use": (
        DecisionUse,
        lambda caller: caller.post(f"{CASE}/uses", {"decision_id": of_robot(), "action": "used"}),
        "created_by",
    ),
    "outcome": (
        OutcomeReport,
        lambda caller: caller.post(
            f"{CASE}/outcomes",
            {"measure": "mean-error", "value": 7, "observed_at": (timezone.now() - timedelta(hours=1)).isoformat()},
        ),
        "created_by",
    ),
    "exception": (
        OutputException,
        lambda caller: caller.post(f"{CASE}/exceptions", {"decision_id": of_robot(), "title": "Wrong"}),
        "created_by",
    ),
    "stage move": (
        StageMove,
        lambda caller: caller.post(f"{CASE}/stage-moves", {"to_stage": "pilot"}),
        "requested_by",
    ),
    "suite": (
        Suite,
        lambda caller: caller.put(f"{PRODUCT}/ports/rows/suite", {"expectations": [CHECK]}),
        "created_by",
    ),
    "run": (Run, lambda caller: caller.post(f"{PRODUCT}/runs"), "requested_by"),
    "incident": (Incident, lambda caller: caller.post(f"{PRODUCT}/incidents", {"title": "Late"}), "created_by"),
    "waiver": (
        Waiver,
        lambda caller: caller.post(
            f"{PRODUCT}/waivers", {"gate": "incidents", "reason": "Known.", "owner": "olga", "expires_at": soon()}
        ),
        "requested_by",
    ),
}
TRACKED = {"agreement", "exception", "stage move", "incident", "waiver"}


@pytest.mark.parametrize("name", ACTS)
def test_what_a_machine_made_names_it_beside_the_person(robot: Caller, name: str) -> None:
    model, act, person = ACTS[name]
    response = act(robot)
    assert response.status_code in {200, 201, 202}, response.content
    row: Any = model._default_manager.latest("pk") if name != "run" else Run.objects.latest("requested_at")
    assert row.caller == robot.key_row
    assert response.json()["caller"] == shown(robot.key_row)
    assert response.json()[person] == "olga"
    if name in TRACKED:
        said = said_of(row)
        assert (said["actor"], said["caller"], said["key"]) == ("olga", "robot", robot.key_row.prefix)
        assert said["request_id"] == response["X-Request-ID"]
        assert robot.key is not None
        assert robot.key not in str(said)


@pytest.mark.parametrize("name", ACTS)
def test_what_a_person_made_with_a_key_of_their_own_names_no_machine(olga: Caller, name: str) -> None:
    model, act, person = ACTS[name]
    response = act(olga)
    assert response.status_code in {200, 201, 202}, response.content
    row: Any = model._default_manager.latest("pk") if name != "run" else Run.objects.latest("requested_at")
    assert row.caller is None
    assert (response.json()["caller"], response.json()[person]) == (None, "olga")
    if name in TRACKED:
        said = said_of(row)
        assert (said["actor"], said["caller"], said["key"]) == ("olga", "olga", olga.key_row.prefix)


@pytest.mark.parametrize("name", ACTS)
def test_what_a_person_made_in_a_browser_names_neither_machine_nor_key(olga: Caller, name: str) -> None:
    model, act, person = ACTS[name]
    browser = Caller(None)
    browser.client = Client()
    browser.client.force_login(olga.key_row.person)
    response = act(browser)
    assert response.status_code in {200, 201, 202}, response.content
    row: Any = model._default_manager.latest("pk") if name != "run" else Run.objects.latest("requested_at")
    assert (row.caller, response.json()["caller"], response.json()[person]) == (None, None, "olga")
    if name in TRACKED:
        said = said_of(row)
        assert said["actor"] == "olga"
        assert said["request_id"] == response["X-Request-ID"]
        assert not {"caller", "key"} & said.keys()


def test_a_request_that_follows_in_the_same_thread_is_not_the_machines(olga: Caller, robot: Caller) -> None:
    ACTS["incident"][1](robot)
    ACTS["incident"][1](olga)
    assert [row.caller_id for row in Incident.objects.order_by("pk")] == [robot.key_row.pk, None]


def test_a_registered_contract_names_the_machine(robot: Caller) -> None:
    text = CONTRACT.replace("touchstone.slug, value: orders", "touchstone.slug, value: parcels")
    response = robot.post("/api/v1/contracts", text.replace("orders-contract", "parcels"), **YAML)
    assert response.status_code == 201, response.content
    row = Contract.objects.latest("pk")
    assert (row.registered_by, row.caller) == (robot.key_row.person, robot.key_row)


@pytest.mark.parametrize("scope", ["agreement", "waiver"])
def test_a_machine_withdraws_what_it_asked_for_and_the_answer_says_that_it_did(robot: Caller, scope: str) -> None:
    address = ACTS[scope][1](robot)["Location"]
    ended = robot.post(f"{address}/withdraw").json()
    assert (ended["status"], ended["ended_by"], ended["ended_caller"]) == ("withdrawn", "olga", shown(robot.key_row))


@pytest.mark.parametrize("scope", ["agreement", "waiver"])
def test_a_machine_does_not_withdraw_what_its_person_asked_for(olga: Caller, robot: Caller, scope: str) -> None:
    address = ACTS[scope][1](olga)["Location"]
    assert_problem(robot.post(f"{address}/withdraw"), 403, "not_own_request")
    ended = olga.post(f"{address}/withdraw").json()
    assert (ended["status"], ended["ended_caller"]) == ("withdrawn", None)


@pytest.mark.parametrize("scope", ["agreement", "waiver"])
def test_a_machine_does_not_withdraw_what_another_machine_asked_for(olga: Caller, robot: Caller, scope: str) -> None:
    address = ACTS[scope][1](robot)["Location"]
    other = make_machine(olga.key_row.person, "other", ConsumerKind.SERVICE)
    assert_problem(other.post(f"{address}/withdraw"), 403, "not_own_request")
    second_key = Caller(olga.key_row.person, ["agreements:request", "catalog:write"], consumer=consumer_of(robot))
    assert second_key.post(f"{address}/withdraw").status_code == 200


def test_a_person_withdraws_what_their_machine_asked_for(olga: Caller, robot: Caller) -> None:
    address = ACTS["agreement"][1](robot)["Location"]
    ended = olga.post(f"{address}/withdraw").json()
    assert (ended["caller"], ended["ended_caller"]) == (shown(robot.key_row), None)


@pytest.mark.parametrize("kind", [ConsumerKind.SERVICE, ConsumerKind.AI_AGENT, ConsumerKind.AI_MODEL])
def test_a_machine_asks_for_itself_only(olga: Caller, robot: Caller, kind: ConsumerKind) -> None:
    other = make_machine(olga.key_row.person, "other", kind, ["agreements:request", "trust:read"])
    assert_problem(ACTS["agreement"][1](other), 403, "not_own_consumer")
    assert not Agreement.objects.exists()


def test_each_line_of_a_timeline_names_who_wrote_it(olga: Caller, robot: Caller) -> None:
    address = ACTS["incident"][1](robot)["Location"]
    robot.post(f"{address}/comments", {"text": "Seen."})
    olga.post(f"{address}/comments", {"text": "Thanks."})
    resolved = robot.post(f"{address}/resolve", {"resolution": "Mended."}).json()
    callers = [entry["caller"] for entry in olga.get(address).json()["timeline"]]
    own = shown(robot.key_row)
    assert callers == [own, own, None, own]
    assert {entry.actor for entry in IncidentEntry.objects.all()} == {olga.key_row.person}
    assert (resolved["caller"], resolved["resolved_caller"]) == (own, own)


def test_a_stage_that_a_machine_moved_says_so_and_is_no_sign_of_life_of_its_person(olga: Caller, robot: Caller) -> None:
    person = olga.key_row.person
    moved = ACTS["stage move"][1](robot).json()
    assert (moved["caller"], moved["decided_caller"]) == (shown(robot.key_row), shown(robot.key_row))
    at = StageMove.objects.get().requested_at
    assert last_seen([person.pk], timezone.now())[person.pk] < at


def test_the_audit_trail_names_machine_key_and_person_and_finds_both(olga: Caller, robot: Caller) -> None:
    ACTS["incident"][1](robot)
    ACTS["incident"][1](olga)
    by_machine, _ = find_changes(TrailFilter(actors=("robot",), kinds=frozenset({"trust.incident"})), size=10)
    both, _ = find_changes(TrailFilter(actors=("olga",), kinds=frozenset({"trust.incident"})), size=10)
    assert [line.who for line in lines_of(by_machine)] == [f"robot (key {robot.key_row.prefix}) for olga"]
    assert [line.who for line in lines_of(both)] == ["olga", f"robot (key {robot.key_row.prefix}) for olga"]


@pytest.mark.parametrize("table", ["trust_decisionuse", "trust_outcomereport", "catalog_agreementevent", "trust_waiverevent"])
def test_the_ledger_covers_who_acted(table: str) -> None:
    (source,) = [source for source in sources() if source.table == table]
    columns = columns_of(source)
    assert "caller_id" in columns
    assert table.endswith("event") is (CONTEXT in columns)


@pytest.mark.parametrize("is_within_another_act", [True, False])
def test_what_the_system_does_in_the_request_of_a_machine_is_not_the_machines(
    olga: Caller, robot: Caller, *, is_within_another_act: bool
) -> None:
    key = robot.key_row
    with request_origin("the-request"):
        set_caller(caller_of(key))
        with recorded("outer", olga.key_row.person) if is_within_another_act else nullcontext():
            with recorded("end_override", None):
                assert machine_key() is None
                assert said_of_caller() == {"request_id": "the-request"}
            assert machine_key() == key.pk
            assert said_of_caller() == {"request_id": "the-request", "caller": "robot", "key": key.prefix}
    assert said_of_caller() == {}
