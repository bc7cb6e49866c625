"""Notices over HTTP: one's own and those of one's consumers; how they were delivered is for governance."""

from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from catalog.models import Consumer, Delivery, Notification
from catalog.rules.scopes import Scope
from catalog.services.api_keys import create_key_of
from catalog.services.notifications import notify
from tests.api.callers import Caller, Cast, assert_problem
from tests.factories import NOW, make_consumer

URL = "/api/v1/notifications"


@pytest.fixture
def agent(cast: Cast) -> Consumer:
    """Its owner and the stranger have no address: webhooks are the only deliveries."""
    for caller in (cast.consumer, cast.stranger):
        assert caller.person is not None
        caller.person.email = ""
        caller.person.save(update_fields=["email"])
    return make_consumer("agent", owner=cast.consumer.person, webhook_url="https://hook.example.org/services/secret")


@pytest.fixture
def notices(cast: Cast, agent: Consumer) -> list[Notification]:
    """One to carl himself, one to his agent, one to the stranger, in this order."""
    assert cast.consumer.person is not None
    assert cast.stranger.person is not None
    said: dict[str, Any] = {"subject": "Subject", "text": "Text.", "now": NOW, "payload": {"agreement": 7}}
    notify(key="a", kind="test.person", persons=[cast.consumer.person], **said)
    notify(key="b", kind="test.consumer", consumers=[agent], **said)
    notify(key="c", kind="test.stranger", persons=[cast.stranger.person], **said)
    return list(Notification.objects.order_by("pk"))


def ids(caller: Caller, query: str = "") -> list[int]:
    response = caller.get(f"{URL}?{query}")
    assert response.status_code == 200, response.content
    return [row["id"] for row in response.json()["results"]]


def test_one_reads_ones_own_notices_and_those_of_ones_consumers(cast: Cast, notices: list[Notification]) -> None:
    own, agents, strangers = notices
    assert ids(cast.consumer) == [agents.pk, own.pk]
    assert ids(cast.stranger) == [strangers.pk]
    assert ids(cast.owner) == ids(cast.governance) == ids(cast.auditor) == []
    assert_problem(cast.nobody.get(URL), 401, "not_authenticated")
    first, second = cast.consumer.get(URL).json()["results"]
    assert (first["consumer"], second["consumer"]) == ("agent", None)
    assert first["payload"] == {"agreement": 7}
    assert first["read_at"] is None


def test_a_key_of_an_agent_reads_what_its_consumer_was_told_only(
    cast: Cast, agent: Consumer, notices: list[Notification]
) -> None:
    own, agents, _ = notices
    machine = Caller(None)
    _, machine.key = create_key_of(
        consumer=agent, actor=None, name="test", scopes=[Scope.TRUST_READ, Scope.RECALLS_ACKNOWLEDGE], now=timezone.now()
    )
    assert ids(machine) == [agents.pk]
    assert machine.post(f"{URL}/read", {"ids": [own.pk, agents.pk]}).json() == {"marked": 1}


def test_notices_are_filtered_and_marked_read(cast: Cast, notices: list[Notification]) -> None:
    own, agents, strangers = notices
    assert ids(cast.consumer, "kind=test.person") == [own.pk]
    assert ids(cast.consumer, "consumer=agent") == [agents.pk]
    answer = cast.consumer.post(f"{URL}/read", {"ids": [own.pk, strangers.pk, 10**12]})
    assert answer.json() == {"marked": 1}
    assert cast.consumer.post(f"{URL}/read", {"ids": [own.pk]}).json() == {"marked": 0}
    assert ids(cast.consumer, "is_unread=true") == [agents.pk]
    assert ids(cast.consumer, "is_unread=false") == [own.pk]
    strangers.refresh_from_db()
    assert strangers.read_at is None


@pytest.mark.parametrize("body", [None, {}, {"ids": []}, {"ids": ["x"]}, {"ids": [0]}, {"ids": list(range(1, 502))}, [1]])
def test_marking_needs_numbers(cast: Cast, body: Any) -> None:
    assert cast.consumer.post(f"{URL}/read", body).status_code == 400


def test_deliveries_are_for_governance_and_auditors_and_show_no_secret(cast: Cast, notices: list[Notification]) -> None:
    for reader in (cast.governance, cast.auditor):
        (row,) = reader.get("/api/v1/deliveries?status=waiting&channel=webhook").json()["results"]
        assert (row["target"], row["kind"], row["attempts"]) == ("https://hook.example.org/…", "test.consumer", 0)
        assert row["notification"] == notices[1].pk
    assert cast.governance.get("/api/v1/deliveries?channel=email").json()["results"] == []
    assert "secret" not in cast.governance.get("/api/v1/deliveries").content.decode()
    for other in (cast.owner, cast.consumer, cast.stranger):
        assert_problem(other.get("/api/v1/deliveries"), 403, "forbidden")


def test_lists_cost_the_same_for_one_and_for_many(
    cast: Cast, agent: Consumer, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(3):
        notify(key=f"k{number}", kind="test", subject="S", text="T", now=NOW, consumers=[agent])
        cast.consumer.get(URL)
        cast.governance.get(URL)
        with django_assert_num_queries(2):  # the key, and the list
            assert len(ids(cast.consumer)) == number + 1
        with django_assert_num_queries(3):  # and whether one is of governance
            assert cast.governance.get("/api/v1/deliveries").status_code == 200
    assert Delivery.objects.count() == 3
