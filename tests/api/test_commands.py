"""Keys from the command line."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from catalog.models import ApiKey, Consumer, Person
from tests.api.callers import Cast, assert_problem
from tests.battery.machines import FOR_AI as AI_SCOPES
from tests.factories import make_person

LIST = "/api/v1/products"


def printed(*command: str, **options: Any) -> str:
    out = StringIO()
    call_command(*command, stdout=out, stderr=StringIO(), **options)
    return out.getvalue()


@pytest.mark.django_db
def test_the_key_alone_is_printed_and_works(cast: Cast) -> None:
    key = printed("create_api_key", "olga", "--name", "etl", "--scope", "trust:read", "--scope", "catalog:write", "--days", "7")
    assert cast.nobody.get(LIST, Authorization=f"Bearer {key.strip()}").status_code == 200
    row = ApiKey.objects.get(name="etl")
    assert row.scopes == ["trust:read", "catalog:write"]
    assert row.expires_at is not None
    assert timedelta(days=6, hours=23) < row.expires_at - timezone.now() < timedelta(days=7)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "arguments", [["nobody-here"], ["olga", "--days", "0"], ["olga", "--days", "400"], ["olga", "--days", "99999999999"]]
)
def test_what_cannot_be_is_said_and_makes_no_key(cast: Cast, arguments: list[str]) -> None:
    before = ApiKey.objects.count()
    with pytest.raises(CommandError):
        printed("create_api_key", *arguments, "--name", "x")
    assert ApiKey.objects.count() == before


@pytest.mark.django_db
def test_the_demo_key_replaces_the_one_before(cast: Cast) -> None:
    first, second = printed("create_demo_key").strip(), printed("create_demo_key").strip()
    assert_problem(cast.nobody.get(LIST, Authorization=f"Bearer {first}"), 401, "key_revoked")
    assert cast.nobody.get(LIST, Authorization=f"Bearer {second}").status_code == 200
    assert_problem(cast.nobody.post(LIST, {}, Authorization=f"Bearer {second}"), 403, "scope_missing")
    assert ApiKey.objects.get(revoked_at=None, name="demo").scopes == list(AI_SCOPES)
    consumer = Person.objects.get(username="demo-agent")
    assert not consumer.has_usable_password()


@pytest.mark.django_db
def test_the_demo_key_belongs_to_the_agent_of_the_demo_while_that_is_in_service(cast: Cast) -> None:
    agent = Consumer.objects.create(slug="route-advisor", name="Route advisor", kind="ai_agent", owner=make_person("tom"))
    before = printed("create_demo_key", "--person", "demo-agent").strip()
    printed("create_demo_key")
    key = ApiKey.objects.get(name="demo", revoked_at=None)
    assert (key.consumer, key.scopes) == (agent, list(AI_SCOPES))
    assert_problem(cast.nobody.get(LIST, Authorization=f"Bearer {before}"), 401, "key_revoked")
    agent.status = "suspended"
    agent.save()
    printed("create_demo_key")
    assert ApiKey.objects.filter(consumer__slug="demo-agent", revoked_at=None).exists()


@pytest.mark.django_db
def test_a_demo_key_for_somebody_else(cast: Cast) -> None:
    printed("create_demo_key", "--person", "carl", "--name", "tour")
    assert ApiKey.objects.get(name="tour").person.username == "carl"


@pytest.mark.django_db
def test_a_consumer_is_registered_and_gets_a_key_with_its_own_limit(cast: Cast) -> None:
    told = printed("create_consumer", "scout", "--kind", "ai_agent", "--owner", "olga", "--clearance", "confidential")
    assert "create_api_key --consumer scout" in told
    consumer = Consumer.objects.get(slug="scout")
    assert (consumer.owner.username, consumer.clearance, consumer.name) == ("olga", "confidential", "scout")
    key = printed(
        "create_api_key", "--consumer", "scout", "--name", "run", "--scope", "decide", "--requests-per-minute", "100000"
    ).strip()
    me = cast.nobody.get("/api/v1/me", Authorization=f"Bearer {key}").json()
    assert (me["consumer"]["slug"], me["key"]["requests_per_minute"]) == ("scout", 100_000)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "arguments",
    [
        ["create_consumer", "scout", "--kind", "ai_agent", "--owner", "nobody-here"],
        ["create_consumer", "Scout!", "--kind", "ai_agent", "--owner", "olga"],
        ["create_consumer", "scout", "--kind", "person", "--owner", "olga"],
        ["create_api_key", "--consumer", "nobody-here", "--name", "x"],
        ["create_api_key", "olga", "--consumer", "olga", "--name", "x"],
        ["create_api_key", "--name", "x"],
        ["create_api_key", "olga", "--name", "x", "--requests-per-minute", "0"],
    ],
)
def test_what_cannot_be_registered_is_said_and_makes_nothing(cast: Cast, arguments: list[str]) -> None:
    before = ApiKey.objects.count()
    with pytest.raises(CommandError):
        printed(*arguments)
    assert ApiKey.objects.count() == before
    assert not Consumer.objects.filter(slug__iexact="scout").exists()
