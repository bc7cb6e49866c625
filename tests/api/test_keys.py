"""API keys: made, used, refused, revoked."""

from datetime import timedelta
from hashlib import sha256

import pytest
from django.test import Client
from django.utils import timezone

from catalog.models import ApiKey, DataProduct
from catalog.rules.errors import InvalidError
from catalog.rules.scopes import Scope
from catalog.services.api_keys import KEY_FORM, create_key
from tests.api.callers import Caller, Cast, assert_problem
from tests.factories import make_person

LIST = "/api/v1/products"


def test_a_key_is_kept_as_its_digest_only(cast: Cast) -> None:
    key = cast.owner.key
    assert key is not None
    assert KEY_FORM.fullmatch(key)
    row = cast.owner.key_row
    assert row.digest == sha256(key.encode()).hexdigest()
    assert not [value for value in ApiKey.objects.values_list().get(pk=row.pk) if value == key]
    assert key.startswith(f"ts_{row.prefix}_")


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "not_authenticated"),
        ("Bearer nonsense", "key_malformed"),
        ("Basic b2xnYTpvbGdh", "key_malformed"),
        ("Bearer ", "key_malformed"),
        ("Bearer ts_abcdefghij_" + "A" * 43, "key_unknown"),
        ("Bearer ts_abcdefghij_" + "é" * 43, "key_malformed"),
    ],
)
def test_a_bad_key_is_refused(cast: Cast, header: str | None, code: str) -> None:
    response = cast.nobody.get(LIST, **({"Authorization": header} if header else {}))
    assert_problem(response, 401, code)
    assert response["WWW-Authenticate"].startswith("Bearer")


def test_a_revoked_key_is_refused_at_once(cast: Cast, product: DataProduct) -> None:
    path = f"/api/v1/products/{product.slug}/trust"
    assert cast.owner.get(path).status_code == 200
    assert cast.owner.delete(f"/api/v1/keys/{cast.owner.key_row.pk}").status_code == 204
    assert_problem(cast.owner.get(path), 401, "key_revoked")
    assert_problem(cast.owner.get(LIST), 401, "key_revoked")


def test_an_expired_key_is_refused(cast: Cast, product: DataProduct) -> None:
    ApiKey.objects.filter(pk=cast.owner.key_row.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert_problem(cast.owner.get(LIST), 401, "key_expired")
    assert_problem(cast.owner.get(f"/api/v1/products/{product.slug}/trust"), 401, "key_expired")


def test_a_key_of_an_inactive_person_is_refused(cast: Cast, product: DataProduct) -> None:
    person = cast.consumer.person
    assert person is not None
    cast.consumer.get(f"/api/v1/products/{product.slug}/trust")
    person.is_active = False
    person.save()
    assert_problem(cast.consumer.get(LIST), 401, "person_inactive")
    assert_problem(cast.consumer.get(f"/api/v1/products/{product.slug}/trust"), 401, "person_inactive")


def test_scopes_are_enforced(cast: Cast, product: DataProduct) -> None:
    assert_problem(cast.consumer.post(LIST, {}), 403, "scope_missing")
    assert_problem(cast.consumer.get("/api/v1/keys"), 403, "scope_missing")
    writer = Caller(cast.owner.person, [Scope.CATALOG_WRITE])
    assert_problem(writer.get(LIST), 403, "scope_missing")
    assert_problem(writer.get(f"/api/v1/products/{product.slug}/trust"), 403, "scope_missing")
    assert_problem(writer.post("/api/v1/keys", {"name": "more"}), 403, "scope_missing")


def test_admin_includes_the_other_scopes(cast: Cast) -> None:
    admin = Caller(cast.owner.person, [Scope.ADMIN])
    assert admin.get(LIST).status_code == 200
    assert_problem(admin.post(LIST, {}), 400, "invalid")


def test_the_last_use_is_kept_to_the_minute(cast: Cast, product: DataProduct) -> None:
    row = cast.consumer.key_row
    for path in (LIST, f"/api/v1/products/{product.slug}/trust"):
        ApiKey.objects.filter(pk=row.pk).update(last_used_at=None)
        cast.consumer.get(path)
        cast.consumer.get(path)
        row.refresh_from_db()
        first = row.last_used_at
        assert first is not None
        cast.consumer.get(path)
        row.refresh_from_db()
        assert row.last_used_at == first
        ApiKey.objects.filter(pk=row.pk).update(last_used_at=first - timedelta(minutes=2))
        cast.consumer.get(path)
        row.refresh_from_db()
        assert row.last_used_at > first


def test_a_key_is_made_once_shown_and_usable(cast: Cast) -> None:
    end = (timezone.now() + timedelta(days=30)).isoformat()
    response = cast.owner.post("/api/v1/keys", {"name": "etl", "scopes": ["catalog:write", "trust:read"], "expires_at": end})
    assert response.status_code == 201
    made = response.json()
    assert made["scopes"] == ["trust:read", "catalog:write"]
    assert response["Cache-Control"] == "no-store"
    used = cast.nobody.get(LIST, Authorization=f"Bearer {made['key']}")
    assert used.status_code == 200
    listed = cast.owner.get("/api/v1/keys").json()["results"]
    assert [key["name"] for key in listed] == ["etl", "test"]
    assert all("key" not in key and "digest" not in key for key in listed)


def test_a_new_key_may_only_read_unless_asked_for_more(cast: Cast) -> None:
    assert cast.owner.post("/api/v1/keys", {"name": "reader"}).json()["scopes"] == ["trust:read"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "   "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "x", "scopes": []}, "scopes"),
        ({"name": "x", "scopes": ["root"]}, "scopes.0"),
        ({"name": "x", "expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"name": "x", "expires_at": "9999-01-01T00:00:00Z"}, "expires_at"),
        ({"name": "x", "expires_at": "2027-01-01"}, "expires_at"),
        ({"name": "x", "person": "gina"}, "person"),
    ],
)
def test_a_bad_request_for_a_key_makes_none(cast: Cast, body: dict[str, object], field: str) -> None:
    count = ApiKey.objects.count()
    problem = assert_problem(cast.owner.post("/api/v1/keys", body), 400, "invalid")
    assert [fault["field"] for fault in problem["errors"]] == [field]
    assert ApiKey.objects.count() == count


def test_keys_of_others_cannot_be_seen_or_revoked(cast: Cast) -> None:
    assert_problem(cast.governance.delete(f"/api/v1/keys/{cast.owner.key_row.pk}"), 404, "not_found")
    assert cast.owner.get(LIST).status_code == 200


def test_revoking_twice_changes_nothing(cast: Cast) -> None:
    made = cast.owner.post("/api/v1/keys", {"name": "old"}).json()
    key = ApiKey.objects.filter(pk=made["id"])
    assert cast.owner.delete(f"/api/v1/keys/{made['id']}").status_code == 204
    first = key.get().revoked_at
    assert cast.owner.delete(f"/api/v1/keys/{made['id']}").status_code == 204
    assert key.get().revoked_at == first is not None


def test_the_limit_of_a_key_is_changed_at_its_own_address(cast: Cast) -> None:
    made = cast.owner.post("/api/v1/keys", {"name": "slow"}).json()
    address = f"/api/v1/keys/{made['id']}"
    assert cast.owner.patch(address, {"requests_per_minute": 5}).json()["requests_per_minute"] == 5
    assert_problem(cast.governance.patch(address, {"requests_per_minute": 6}), 404, "not_found")


def test_the_history_tells_who_made_and_revoked_a_key_but_not_each_use(cast: Cast) -> None:
    made = cast.owner.post("/api/v1/keys", {"name": "old"}).json()
    cast.nobody.get(LIST, Authorization=f"Bearer {made['key']}")
    cast.owner.delete(f"/api/v1/keys/{made['id']}")
    events = ApiKey.pgh_event_model.objects.filter(pgh_obj_id=made["id"]).order_by("pgh_id")  # type: ignore[attr-defined]
    assert [event.pgh_label for event in events] == ["insert", "update"]
    assert cast.owner.person is not None
    assert {event.pgh_context.metadata["user"] for event in events} == {cast.owner.person.pk}


def test_a_session_serves_as_well_but_writes_need_the_csrf_token(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    assert cast.owner.person is not None
    client.force_login(cast.owner.person)
    assert client.get(LIST).status_code == 200
    refused = client.post("/api/v1/keys", {"name": "x"}, content_type="application/json")
    assert_problem(refused, 403, "permission_denied")
    client.cookies["csrftoken"] = "a" * 32
    done = client.post("/api/v1/keys", {"name": "x"}, content_type="application/json", headers={"X-CSRFToken": "a" * 32})
    assert done.status_code == 201


def test_an_inactive_person_gets_no_key(db: None) -> None:
    with pytest.raises(InvalidError, match="inactive"):
        create_key(person=make_person(is_active=False), name="x", scopes=["admin"], now=timezone.now())
