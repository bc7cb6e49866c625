"""Agreements over HTTP: asked for by the consumer's owner, decided by the product's owner and governance."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from catalog.models import Agreement, Consumer, DataProduct
from catalog.rules.scopes import Scope
from catalog.rules.vocabulary import ConsumerKind, Lifecycle, Sensitivity
from catalog.services.api_keys import create_key_of
from tests.api.callers import Caller, Cast, assert_problem
from tests.factories import NOW, make_agreement, make_consumer, make_product

URL = "/api/v1/agreements"
WORDS = {"purpose": "analytics", "reason": "To count."}


@pytest.fixture
def agent(cast: Cast) -> Consumer:
    """An agent that `carl`, the cast's consumer, answers for."""
    return make_consumer("agent", owner=cast.consumer.person)


@pytest.fixture
def carl(cast: Cast) -> Caller:
    """The agent's owner with a key that may write claims, and no more."""
    return Caller(cast.consumer.person, [Scope.AGREEMENTS_REQUEST])


@pytest.fixture
def orders(cast: Cast) -> DataProduct:
    return make_product("orders", owner=cast.owner.person, lifecycle=Lifecycle.PUBLISHED)


@pytest.fixture
def salaries(cast: Cast) -> DataProduct:
    return make_product(
        "salaries", owner=cast.owner.person, lifecycle=Lifecycle.PUBLISHED, sensitivity=Sensitivity.CONFIDENTIAL
    )


def wanted(consumer: str = "agent", product: str = "orders", **changed: Any) -> dict[str, Any]:
    end = (timezone.now() + timedelta(days=30)).isoformat()
    return {"consumer": consumer, "product": product, **WORDS, "expires_at": end, **changed}


def test_a_request_is_approved_by_the_owner_and_revoked(cast: Cast, carl: Caller, agent: Consumer, orders: DataProduct) -> None:
    asked = carl.post(URL, wanted())
    assert asked.status_code == 201, asked.content
    answer = asked.json()
    path = asked["Location"]
    assert path == f"{URL}/{answer['id']}"
    assert (answer["status"], answer["waits_for"], answer["requested_by"]) == ("requested", ["owner"], "carl")
    approved = cast.owner.post(f"{path}/approve").json()
    assert (approved["status"], approved["owner_approved_by"], approved["waits_for"]) == ("active", "olga", [])
    assert carl.get(path).status_code == 403  # this key has no trust:read
    assert cast.consumer.get(path).json() == approved
    revoked = cast.governance.post(f"{path}/revoke", {"reason": "Over."}).json()
    assert (revoked["status"], revoked["ended_by"], revoked["end_reason"]) == ("revoked", "gina", "Over.")
    assert_problem(cast.governance.post(f"{path}/revoke", {"reason": "Over."}), 409, "agreement_transition")


def test_above_internal_both_approve(cast: Cast, carl: Caller, agent: Consumer, salaries: DataProduct) -> None:
    path = carl.post(URL, wanted(product="salaries"))["Location"]
    assert cast.owner.post(f"{path}/approve").json()["waits_for"] == ["governance"]
    assert_problem(cast.owner.post(f"{path}/approve"), 409, "already_approved")
    assert cast.governance.post(f"{path}/approve").json()["status"] == "active"


def test_rejecting_and_withdrawing(cast: Cast, carl: Caller, agent: Consumer, orders: DataProduct) -> None:
    path = carl.post(URL, wanted())["Location"]
    assert_problem(cast.owner.post(f"{path}/reject", {"reason": " "}), 400, "invalid")
    assert_problem(cast.owner.post(f"{path}/reject"), 400, "invalid")
    assert cast.owner.post(f"{path}/reject", {"reason": "No."}).json()["status"] == "rejected"
    path = carl.post(URL, wanted())["Location"]
    assert_problem(cast.owner.post(f"{path}/withdraw"), 403, "forbidden")
    assert carl.post(f"{path}/withdraw").json()["status"] == "withdrawn"


def test_four_eyes(cast: Cast, agent: Consumer, orders: DataProduct) -> None:
    path = cast.governance.post(URL, wanted())["Location"]
    assert_problem(cast.governance.post(f"{path}/approve"), 403, "four_eyes")
    assert_problem(Caller(cast.consumer.person).post(f"{path}/approve"), 403, "four_eyes")
    assert cast.owner.post(f"{path}/approve").status_code == 200


def test_strangers_find_nothing_and_change_nothing(cast: Cast, agent: Consumer, orders: DataProduct) -> None:
    agreement = make_agreement(agent, orders, is_approved=False, now=timezone.now())
    path = f"{URL}/{agreement.pk}"
    assert cast.stranger.get(URL).json()["results"] == []
    assert_problem(cast.stranger.get(path), 404, "not_found")
    for deed in ("approve", "reject", "withdraw", "revoke"):
        assert_problem(
            cast.stranger.post(f"{path}/{deed}", {"reason": "Mine."} if deed in {"reject", "revoke"} else None),
            404,
            "not_found",
        )
    assert_problem(cast.stranger.post(URL, wanted()), 404, "consumer_unknown")
    assert_problem(cast.nobody.get(URL), 401, "not_authenticated")
    agreement.refresh_from_db()
    assert agreement.status == "requested"


def test_an_auditor_reads_all_and_decides_nothing(cast: Cast, agent: Consumer, orders: DataProduct) -> None:
    agreement = make_agreement(agent, orders, is_approved=False, now=timezone.now())
    assert [row["id"] for row in cast.auditor.get(URL).json()["results"]] == [agreement.pk]
    assert_problem(cast.auditor.post(f"{URL}/{agreement.pk}/approve"), 403, "forbidden")


@pytest.mark.parametrize("deed", ["approve", "reject", "revoke"])
def test_deciding_needs_a_key_with_the_scope_admin(cast: Cast, agent: Consumer, orders: DataProduct, deed: str) -> None:
    agreement = make_agreement(agent, orders, is_approved=False, now=timezone.now())
    writer = Caller(cast.owner.person, [Scope.CATALOG_WRITE])
    assert_problem(writer.post(f"{URL}/{agreement.pk}/{deed}", {"reason": "x"}), 403, "scope_missing")


def test_reading_does_not_let_one_ask(cast: Cast, agent: Consumer, orders: DataProduct) -> None:
    assert_problem(cast.consumer.post(URL, wanted()), 403, "scope_missing")


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"purpose": "unheard-of"}, 400, "purpose_unknown"),
        ({"reason": "  "}, 400, "invalid"),
        ({"reason": "x" * 5001}, 400, "invalid"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, 400, "invalid"),
        ({"expires_at": "2999-01-01T00:00:00Z"}, 400, "invalid"),
        ({"expires_at": "tomorrow"}, 400, "invalid"),
        ({"consumer": "unheard-of"}, 404, "consumer_unknown"),
        ({"product": "unheard-of"}, 404, "product_unknown"),
        ({"misspelt": 1}, 400, "invalid"),
    ],
)
def test_a_request_that_cannot_be_is_a_problem(
    carl: Caller, agent: Consumer, orders: DataProduct, changed: dict[str, Any], status: int, code: str
) -> None:
    assert_problem(carl.post(URL, wanted(**changed)), status, code)
    assert not Agreement.objects.exists()


def test_a_second_request_and_a_retired_product_are_conflicts(
    cast: Cast, carl: Caller, agent: Consumer, orders: DataProduct
) -> None:
    carl.post(URL, wanted())
    assert_problem(carl.post(URL, wanted()), 409, "already_requested")
    make_product("gone", lifecycle=Lifecycle.RETIRED)
    assert_problem(carl.post(URL, wanted(product="gone")), 409, "product_retired")


def test_a_list_can_be_narrowed(cast: Cast, agent: Consumer, orders: DataProduct, salaries: DataProduct) -> None:
    now = timezone.now()
    active = make_agreement(agent, orders, now=now)
    open_ = make_agreement(agent, salaries, "ai.training", is_approved=False, now=now)

    def ids(caller: Caller, query: str = "") -> list[int]:
        return [row["id"] for row in caller.get(f"{URL}?{query}").json()["results"]]

    assert ids(cast.owner) == [open_.pk, active.pk]
    assert ids(cast.consumer, "status=active") == [active.pk]
    assert ids(cast.governance, "product=salaries&purpose=ai.training&consumer=agent") == [open_.pk]
    assert ids(cast.owner, "is_waiting_for_me=true") == [open_.pk]
    assert ids(cast.governance, "is_waiting_for_me=true") == [open_.pk]
    assert ids(cast.consumer, "is_waiting_for_me=true") == []
    assert ids(cast.owner, "limit=1") == [open_.pk]
    assert_problem(cast.owner.get(f"{URL}?status=unheard-of"), 400, "invalid")


def test_a_list_costs_the_same_for_one_and_for_many(
    cast: Cast, agent: Consumer, orders: DataProduct, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for purpose in ("analytics", "ai.training", "ai.retrieval"):
        make_agreement(agent, orders, purpose, is_approved=purpose == "analytics", now=NOW)
        for caller in (cast.owner, cast.governance):
            caller.get(URL)
            with django_assert_num_queries(2):  # the key, and the list
                assert caller.get(URL).status_code == 200
            with django_assert_num_queries(3):  # and whether one is of governance
                assert caller.get(f"{URL}?is_waiting_for_me=true").status_code == 200


def test_a_key_of_an_agent_asks_for_its_owner_but_never_decides(cast: Cast, orders: DataProduct) -> None:
    machine = make_consumer("machine", owner=cast.owner.person, kind=ConsumerKind.AI_AGENT)
    caller = Caller(None)
    _, caller.key = create_key_of(
        consumer=machine, actor=None, name="test", scopes=[Scope.AGREEMENTS_REQUEST], now=timezone.now()
    )
    path = caller.post(URL, wanted("machine"))["Location"]
    assert_problem(caller.post(f"{path}/approve"), 403, "scope_missing")
