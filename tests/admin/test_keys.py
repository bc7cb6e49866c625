"""API keys in the admin: made for oneself, shown once, revoked at once."""

import re
from typing import Any

from django.test import Client
from django.urls import reverse

from catalog.models import ApiKey
from catalog.services.api_keys import digest_of
from tests.admin.cast import Cast, Visitor

FORM = {"name": "notebook", "scopes": ["trust:read"], "expires_at_0": "", "expires_at_1": ""}


def make_key(visitor: Visitor) -> tuple[ApiKey, str]:
    response = visitor.client.post(reverse("admin:catalog_apikey_add"), FORM, follow=True)
    found = re.search(r"ts_[a-z0-9]{10}_[A-Za-z0-9_-]{43}", response.content.decode())
    assert found
    return ApiKey.objects.get(digest=digest_of(found[0])), found[0]


def test_a_new_key_is_shown_once_and_belongs_to_who_made_it(cast: Cast) -> None:
    key, text = make_key(cast.owner)
    assert key.person == cast.owner.person
    for visitor in (cast.owner, cast.governance, cast.superuser):
        for html in (visitor.sees("catalog_apikey_changelist"), visitor.sees("catalog_apikey_change", key.pk)):
            assert text not in html
            assert key.digest not in html
            assert key.prefix in html


def test_a_key_without_a_scope_is_refused_in_the_form(cast: Cast) -> None:
    response = cast.owner.post("catalog_apikey_add", **{**FORM, "scopes": []})
    assert response.status_code == 200
    assert not ApiKey.objects.exists()


def test_a_revoked_key_opens_nothing(cast: Cast) -> None:
    key, text = make_key(cast.owner)
    client = Client()
    asked: Any = {"Authorization": f"Bearer {text}"}
    assert client.get("/api/v1/products", headers=asked).status_code == 200
    cast.owner.act("catalog_apikey_changelist", "revoke", key)
    key.refresh_from_db()
    assert key.revoked_at is not None
    assert client.get("/api/v1/products", headers=asked).status_code == 401


def test_others_neither_see_nor_revoke_a_key_and_governance_revokes_it(cast: Cast) -> None:
    key, _ = make_key(cast.owner)
    assert key.prefix not in cast.other.sees("catalog_apikey_changelist")
    cast.other.act("catalog_apikey_changelist", "revoke", key)
    cast.auditor.act("catalog_apikey_changelist", "revoke", key)
    key.refresh_from_db()
    assert key.revoked_at is None
    cast.governance.act("catalog_apikey_changelist", "revoke", key)
    key.refresh_from_db()
    assert key.revoked_at is not None
