"""How long a person stays signed in, and what the browser may do with the pages."""

from unittest.mock import patch

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from config.sessions import BEGAN, IDLE_SECONDS, LONGEST_SECONDS
from tests.factories import make_governance

pytestmark = pytest.mark.django_db


@pytest.fixture
def person(client: Client) -> Client:
    client.force_login(make_governance("gwen", is_staff=True))
    client.get("/admin/")
    return client


def is_signed_in(client: Client, after: float) -> bool:
    began = client.session[BEGAN]
    with patch("config.sessions.time.time", return_value=began + after):
        return client.get("/admin/").status_code == 200


def test_a_session_ends_after_eight_idle_hours(person: Client) -> None:
    assert is_signed_in(person, IDLE_SECONDS - 100)
    assert is_signed_in(person, 2 * IDLE_SECONDS - 600)
    assert not is_signed_in(person, 3 * IDLE_SECONDS)
    assert person.get("/admin/").status_code == 302, "the session is gone, not only refused"


def test_a_session_ends_after_a_week_however_busy(person: Client) -> None:
    step = IDLE_SECONDS - 600
    moments = range(step, LONGEST_SECONDS, step)
    assert all(is_signed_in(person, moment) for moment in moments)
    assert not is_signed_in(person, LONGEST_SECONDS + 100)


def test_a_session_is_written_once_in_five_minutes_not_for_each_request(person: Client) -> None:
    before = Session.objects.get().session_data
    assert is_signed_in(person, 200)
    assert Session.objects.get().session_data == before
    assert is_signed_in(person, 400)
    assert Session.objects.get().session_data != before


@pytest.mark.parametrize(
    "address",
    [
        "/admin/",
        "/admin/login/",
        "/admin/catalog/dataproduct/",
        "/admin/catalog/dataproduct/add/",
        "/admin/password_change/",
        "/admin/audit/",
        "/admin/no/such/page/",
        "/",
        "/no-such-page",
        "/api/docs",
        "/api/schema",
        "/api/v1/products",
        "/api/no-such-address",
        "/healthz",
        "/.well-known/jwks.json",
    ],
)
def test_every_page_says_what_the_browser_may_load(person: Client, address: str) -> None:
    policy = person.get(address, follow=True).headers["Content-Security-Policy"]
    directives = {words[0]: words[1:] for part in policy.split(";") if (words := part.split())}
    assert directives["default-src"] == ["'none'"]
    assert directives["base-uri"] == directives["frame-ancestors"] == ["'none'"]
    scripts = directives.get("script-src", [])
    assert "'unsafe-inline'" not in scripts
    assert "*" not in policy
    assert "http" not in policy
    if not address.startswith("/admin/"):
        assert "'unsafe-eval'" not in scripts
