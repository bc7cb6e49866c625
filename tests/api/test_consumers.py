"""Consumers over HTTP: registered, read, changed, suspended, retired, cleared, handed over; and their keys."""

from typing import Any

import pytest
from django.test import Client

from catalog.models import ApiKey, Consumer
from catalog.rules.consumers import ASKING_SCOPES
from catalog.rules.scopes import Scope
from tests.api.callers import Caller, Cast, assert_problem

CONSUMERS = "/api/v1/consumers"
SCOUT = f"{CONSUMERS}/scout"
LIST = "/api/v1/products"
REQUEST = {"slug": "scout", "name": "Scout", "kind": "ai_agent"}


@pytest.fixture
def scout(cast: Cast) -> dict[str, Any]:
    """An AI agent for which the owner of the cast answers."""
    response = cast.owner.post(CONSUMERS, REQUEST)
    assert response.status_code == 201, response.content
    made: dict[str, Any] = response.json()
    return made


def key_of(caller: Caller, slug: str = "scout", **wanted: Any) -> tuple[int, str]:
    response = caller.post(f"{CONSUMERS}/{slug}/keys", {"name": "run", **wanted})
    assert response.status_code == 201, response.content
    return response.json()["id"], response.json()["key"]


def ask(key: str, path: str = LIST) -> Any:
    return Client(raise_request_exception=False).get(path, headers={"Authorization": f"Bearer {key}"})


def test_a_registered_consumer_is_shown_as_it_is(cast: Cast, scout: dict[str, Any]) -> None:
    assert scout["owner"] == "olga"
    assert (scout["kind"], scout["clearance"], scout["status"], scout["keys"]) == ("ai_agent", "internal", "active", 0)
    assert cast.owner.get(SCOUT).json() == scout
    key_of(cast.owner)
    assert cast.owner.get(SCOUT).json()["keys"] == 1


def test_one_sees_ones_own_consumers_and_governance_and_auditors_see_all(cast: Cast, scout: dict[str, Any]) -> None:
    def seen(caller: Caller) -> set[str]:
        return {row["slug"] for row in caller.get(CONSUMERS).json()["results"]}

    assert seen(cast.owner) == {"olga", "scout"}
    assert seen(cast.stranger) == {"sven"}
    assert seen(cast.governance) == seen(cast.auditor) == {"olga", "scout", "carl", "sven", "gina", "anna"}
    for caller in (cast.stranger, cast.consumer):
        assert_problem(caller.get(SCOUT), 404, "consumer_unknown")
    for caller in (cast.governance, cast.auditor):
        assert caller.get(SCOUT).json() == scout
    assert_problem(cast.nobody.get(CONSUMERS), 401, "not_authenticated")


def test_the_list_is_filtered(cast: Cast, scout: dict[str, Any]) -> None:
    for query, expected in {"kind=ai_agent": ["scout"], "owner=sven": ["sven"], "status=retired": []}.items():
        assert [row["slug"] for row in cast.governance.get(f"{CONSUMERS}?{query}").json()["results"]] == expected
    assert_problem(cast.governance.get(f"{CONSUMERS}?kind=robot"), 400, "invalid")


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"slug": "Scout!"}, "slug"),
        ({"name": ""}, "name"),
        ({"kind": "robot"}, "kind"),
        ({"kind": "person"}, "kind"),
        ({"contact_email": "nobody"}, "contact_email"),
        ({"webhook_url": "http://example.org"}, "webhook_url"),
        ({"webhook_url": "https://me:secret@example.org"}, "webhook_url"),
        ({"clearance": "secret"}, "clearance"),
        ({"status": "active"}, "status"),
    ],
)
def test_a_bad_registration_names_the_part_and_makes_nothing(cast: Cast, changed: dict[str, str], field: str) -> None:
    response = cast.owner.post(CONSUMERS, {**REQUEST, **changed})
    assert response.status_code == 400, response.content
    assert [fault["field"] for fault in response.json()["errors"]] == [field]
    assert not Consumer.objects.filter(slug="scout").exists()


def test_registering_needs_a_role_and_the_scope_admin(cast: Cast) -> None:
    assert_problem(cast.consumer.post(CONSUMERS, REQUEST), 403, "scope_missing")
    assert_problem(Caller(cast.consumer.person).post(CONSUMERS, REQUEST), 403, "forbidden")
    assert_problem(Caller(cast.owner.person, [Scope.CATALOG_WRITE]).post(CONSUMERS, REQUEST), 403, "scope_missing")
    assert_problem(cast.owner.post(CONSUMERS, {**REQUEST, "clearance": "restricted"}), 403, "forbidden")
    assert_problem(cast.owner.post(CONSUMERS, {**REQUEST, "owner": "sven"}), 403, "forbidden")
    assert not Consumer.objects.filter(slug="scout").exists()


def test_a_slug_is_taken_once(cast: Cast, scout: dict[str, Any]) -> None:
    assert_problem(cast.stranger.post(CONSUMERS, REQUEST), 409, "slug_exists")


def test_the_owner_changes_what_is_said_and_nothing_else(cast: Cast, scout: dict[str, Any]) -> None:
    told = {"description": "Finds flights.", "contact_email": "team@example.org", "webhook_url": "https://example.org/hook"}
    changed = cast.owner.patch(SCOUT, told).json()
    assert {**scout, **told, "updated_at": changed["updated_at"]} == changed
    assert_problem(cast.owner.patch(SCOUT, {"kind": "service"}), 400, "invalid")
    assert_problem(cast.auditor.patch(SCOUT, told), 403, "forbidden")


def test_governance_clears_and_nobody_else(cast: Cast, scout: dict[str, Any]) -> None:
    path, body = f"{SCOUT}/clearance", {"clearance": "restricted"}
    assert_problem(cast.owner.post(path, body), 403, "forbidden")
    assert_problem(cast.stranger.post(path, body), 404, "consumer_unknown")
    assert cast.governance.post(path, body).json()["clearance"] == "restricted"


def test_a_suspended_consumers_keys_are_refused_until_governance_reactivates_it(cast: Cast, scout: dict[str, Any]) -> None:
    _, key = key_of(cast.owner)
    assert ask(key).status_code == 200
    assert cast.owner.post(f"{SCOUT}/suspend").json()["status"] == "suspended"
    assert "/reactivate" in assert_problem(ask(key), 401, "consumer_suspended")["remedy"]
    assert_problem(ask(key, "/api/v1/me"), 401, "consumer_suspended")
    assert_problem(cast.owner.post(f"{SCOUT}/keys", {"name": "more"}), 409, "consumer_suspended")
    assert_problem(cast.owner.post(f"{SCOUT}/reactivate"), 403, "forbidden")
    assert cast.governance.post(f"{SCOUT}/reactivate").json()["status"] == "active"
    assert ask(key).status_code == 200


def test_a_retired_consumers_keys_never_work_again(cast: Cast, scout: dict[str, Any]) -> None:
    _, key = key_of(cast.owner)
    assert cast.owner.post(f"{SCOUT}/retire").json()["status"] == "retired"
    assert_problem(ask(key), 401, "consumer_retired")
    assert_problem(cast.governance.post(f"{SCOUT}/reactivate"), 409, "consumer_retired")
    assert_problem(cast.owner.post(f"{SCOUT}/keys", {"name": "more"}), 409, "consumer_retired")


def test_a_suspended_consumer_does_not_take_its_owners_other_keys(cast: Cast, scout: dict[str, Any]) -> None:
    cast.owner.post(f"{SCOUT}/suspend")
    assert cast.owner.get(LIST).status_code == 200


def test_keys_of_an_inactive_owner_are_refused_and_work_for_the_next_one(cast: Cast, scout: dict[str, Any]) -> None:
    _, key = key_of(cast.owner)
    person = cast.owner.person
    assert person is not None
    person.is_active = False
    person.save()
    assert_problem(ask(key), 401, "person_inactive")
    assert cast.governance.post(f"{SCOUT}/assign", {"owner": "sven"}).json()["owner"] == "sven"
    assert ask(key, "/api/v1/me").json()["person"] == "sven"


def test_handed_over_by_its_owner_a_consumer_loses_its_keys(cast: Cast, scout: dict[str, Any]) -> None:
    _, key = key_of(cast.owner)
    answer = cast.owner.post(f"{SCOUT}/assign", {"owner": "gina"}).json()
    assert (answer["owner"], answer["keys"]) == ("gina", 0)
    assert_problem(ask(key), 401, "key_revoked")
    assert_problem(cast.owner.get(SCOUT), 404, "consumer_unknown")


def test_handed_over_by_governance_it_keeps_no_key_that_speaks_for_the_owner(cast: Cast, scout: dict[str, Any]) -> None:
    asking, writing = (
        key_of(cast.owner, scopes=scopes)[1] for scopes in (["trust:read", "decide"], ["decide", "agreements:request"])
    )
    assert cast.governance.post(f"{SCOUT}/assign", {"owner": "sven"}).json()["keys"] == 1
    assert ask(asking, "/api/v1/me").json()["person"] == "sven"
    assert_problem(ask(writing), 401, "key_revoked")


def test_governance_makes_no_key_that_acts_in_the_name_of_somebody_else(cast: Cast, scout: dict[str, Any]) -> None:
    """With such keys one person could request an agreement as its consumer's owner and give both approvals."""
    cast.owner.post(CONSUMERS, {**REQUEST, "slug": "etl", "kind": "service"})
    count = ApiKey.objects.count()
    for slug, scopes in (("scout", ["reports:write"]), ("etl", ["admin"]), ("etl", ["trust:read", "catalog:write"])):
        answer = cast.governance.post(f"{CONSUMERS}/{slug}/keys", {"name": "x", "scopes": scopes})
        assert_problem(answer, 403, "key_acts_for_owner")
    for scope in Scope:
        answer = cast.governance.post(f"{CONSUMERS}/olga/keys", {"name": "x", "scopes": [scope]})
        assert_problem(answer, 403, "key_of_a_person")
    assert ApiKey.objects.count() == count
    assert key_of(cast.governance, "gina", scopes=["admin"]), "of oneself"


def test_every_scope_either_asks_or_acts_for_the_owner() -> None:
    assert {scope.value for scope in Scope} - ASKING_SCOPES == {
        "reports:write",
        "agreements:request",
        "recalls:acknowledge",
        "catalog:write",
        "admin",
    }
    assert {scope.value for scope in Scope} > ASKING_SCOPES


def test_a_person_as_a_consumer_is_neither_retired_nor_handed_over(cast: Cast) -> None:
    assert_problem(cast.owner.post(f"{CONSUMERS}/olga/retire"), 409, "consumer_is_a_person")
    assert_problem(cast.governance.post(f"{CONSUMERS}/olga/assign", {"owner": "sven"}), 409, "consumer_is_a_person")


def test_several_keys_each_with_scopes_an_end_and_a_limit(cast: Cast, scout: dict[str, Any]) -> None:
    first, key = key_of(cast.owner, scopes=["decide"], requests_per_minute=60)
    second, _ = key_of(cast.governance)
    listed = cast.owner.get(f"{SCOUT}/keys").json()["results"]
    assert [(row["id"], row["consumer"], row["requests_per_minute"]) for row in listed] == [
        (second, "scout", None),
        (first, "scout", 60),
    ]
    assert "key" not in listed[0]
    me = ask(key, "/api/v1/me").json()
    assert me["consumer"] == {"slug": "scout", "kind": "ai_agent", "clearance": "internal", "is_enforcement_point": False}
    assert (me["person"], me["scopes"], me["key"]["requests_per_minute"]) == ("olga", ["decide"], 60)
    assert me["key"]["prefix"] == key.split("_")[1]
    assert_problem(ask(key), 403, "scope_missing")
    assert cast.owner.delete(f"{SCOUT}/keys/{first}").status_code == 204
    assert [one["revoked_at"] is None for one in cast.owner.get(f"{SCOUT}/keys").json()["results"]] == [True, False]
    assert_problem(ask(key, "/api/v1/me"), 401, "key_revoked")


def test_a_key_of_a_machine_never_administers(cast: Cast, scout: dict[str, Any]) -> None:
    problem = assert_problem(
        cast.governance.post(f"{SCOUT}/keys", {"name": "x", "scopes": ["admin"]}), 400, "scope_not_for_kind"
    )
    assert problem["errors"][0]["field"] == "scopes"
    cast.owner.post(CONSUMERS, {**REQUEST, "slug": "etl", "kind": "service"})
    assert key_of(cast.owner, "etl", scopes=["admin"])


def test_a_stranger_and_an_auditor_make_and_revoke_no_keys_of_a_consumer(cast: Cast, scout: dict[str, Any]) -> None:
    number, key = key_of(cast.owner)
    for path in (f"{SCOUT}/keys", f"{SCOUT}/keys/{number}"):
        send = cast.stranger.delete if path.endswith(str(number)) else cast.stranger.get
        assert_problem(send(path), 404, "consumer_unknown")
    assert_problem(cast.auditor.post(f"{SCOUT}/keys", {"name": "x"}), 403, "forbidden")
    assert_problem(cast.auditor.delete(f"{SCOUT}/keys/{number}"), 403, "forbidden")
    assert_problem(cast.owner.delete(f"{SCOUT}/keys/{cast.stranger.key_row.pk}"), 404, "not_found")
    assert ask(key).status_code == 200
    assert ApiKey.objects.filter(consumer__slug="scout").count() == 1


def test_only_governance_gives_a_key_more_than_the_default(cast: Cast, scout: dict[str, Any], settings: Any) -> None:
    default = settings.TOUCHSTONE.key_requests_per_minute
    number, _ = key_of(cast.owner, requests_per_minute=default)
    path, more = f"{SCOUT}/keys/{number}", {"requests_per_minute": default + 1}
    assert_problem(cast.owner.patch(path, more), 403, "forbidden")
    assert_problem(cast.owner.post(f"{SCOUT}/keys", {"name": "x", **more}), 403, "forbidden")
    assert cast.governance.patch(path, more).json()["requests_per_minute"] == default + 1
    assert cast.owner.patch(path, {"requests_per_minute": None}).json()["requests_per_minute"] is None
    for wrong in (0, -1, 10**9, "many"):
        assert_problem(cast.governance.patch(path, {"requests_per_minute": wrong}), 400, "invalid")


def test_me_in_a_browser(cast: Cast) -> None:
    client = Client()
    assert cast.auditor.person is not None
    client.force_login(cast.auditor.person)
    me = client.get("/api/v1/me").json()
    assert (me["person"], me["key"], me["consumer"]["slug"]) == ("anna", None, "anna")
    assert me["scopes"] == [scope.value for scope in Scope]
    assert_problem(cast.nobody.get("/api/v1/me"), 401, "not_authenticated")


@pytest.mark.parametrize(("path", "queries"), [(CONSUMERS, 2), (SCOUT, 2), (f"{SCOUT}/keys", 3), ("/api/v1/me", 2)])
def test_reading_costs_the_same_for_one_and_for_three(
    cast: Cast, scout: dict[str, Any], path: str, queries: int, django_assert_num_queries: Any
) -> None:
    for number in range(3):
        cast.owner.post(CONSUMERS, {**REQUEST, "slug": f"scout-{number}"})
        key_of(cast.owner)
        assert cast.governance.get(path).status_code == 200  # keeps the last use of the key
        with django_assert_num_queries(queries):
            cast.governance.get(path)


def test_a_word_that_is_not_on_the_list_is_answered_with_the_list(cast: Cast) -> None:
    kind = assert_problem(cast.owner.post(CONSUMERS, {**REQUEST, "kind": "robot"}), 400, "invalid")
    assert kind["errors"][0]["message"] == '"robot" is none of person, service, ai_agent, ai_model.'
    status = assert_problem(cast.owner.get(f"{CONSUMERS}?status=gone"), 400, "invalid")
    assert status["errors"][0]["message"] == '"gone" is none of active, suspended, retired.'
