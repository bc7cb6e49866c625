"""Signing in, tried as somebody who guesses: waits before the password is looked at, and what is told to whom."""

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from axes.models import AccessAttempt
from django.contrib.auth import hashers
from django.test import Client
from django.utils import timezone

from catalog.models import Notification, Person
from catalog.services.sign_ins import begin_attempt, note_success
from config.environment import Environment
from config.sign_in import checks
from tests.factories import make_governance, make_person

pytestmark = pytest.mark.django_db
NOW = timezone.now()
PASSWORD = "a long one that nobody guesses"
LOGIN = "/admin/login/"
HERE, THERE = "192.0.2.1", "192.0.2.2"


@pytest.fixture(autouse=True)
def _checks_are_left() -> Iterator[None]:
    checks.reset()
    with patch("config.sign_in.CHECKS_PER_SECOND", 1000.0), patch("config.sign_in.CHECKS_AT_ONCE", 1000.0):
        checks.reset()
        yield
    checks.reset()


@pytest.fixture
def victim() -> Person:
    person = make_person("vera", is_staff=True)
    person.set_password(PASSWORD)
    person.save()
    return person


def sign_in(username: str, password: str, *, address: str = HERE, forwarded: str = "") -> Any:
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    form = {"username": username, "password": password, "next": "/admin/"}
    return Client(REMOTE_ADDR=address).post(LOGIN, form, headers=headers)


def fail(username: str, times: int, *, address: str = HERE) -> None:
    for _ in range(times):
        sign_in(username, "wrong", address=address)


def test_after_five_wrong_passwords_the_right_one_has_to_wait_and_is_not_looked_at(victim: Person) -> None:
    fail("vera", 5)
    with patch.object(hashers.PBKDF2PasswordHasher, "verify") as looked_at:
        response = sign_in("vera", PASSWORD)
    assert response.status_code == 429
    assert 50 <= int(response["Retry-After"]) <= 60
    assert "Try again in" in response.content.decode()
    assert not looked_at.called


def test_the_right_password_is_good_before_that_and_forgets_what_failed(victim: Person) -> None:
    fail("vera", 4)
    assert sign_in("vera", PASSWORD).status_code == 302
    fail("vera", 4)
    assert sign_in("vera", PASSWORD).status_code == 302


def test_another_address_is_not_locked_out_by_it(victim: Person) -> None:
    fail("vera", 6)
    assert sign_in("vera", PASSWORD, address=THERE).status_code == 302


def test_the_wait_doubles_and_ends_and_is_not_made_longer_by_trying(victim: Person) -> None:
    def attempt(after: timedelta) -> timedelta:
        return begin_attempt(username="vera", address=HERE, now=NOW + after)

    assert [attempt(timedelta(0)) for _ in range(5)] == [timedelta(0)] * 5
    assert attempt(timedelta(seconds=10)) == timedelta(seconds=50)
    assert attempt(timedelta(seconds=50)) == timedelta(seconds=10)
    assert attempt(timedelta(seconds=61)) == timedelta(0)
    assert attempt(timedelta(seconds=61)) == timedelta(minutes=2)
    moment = timedelta(seconds=61)
    for _ in range(10):
        moment += attempt(moment) + timedelta(seconds=1)
        assert attempt(moment) == timedelta(0)
    assert attempt(moment) == timedelta(minutes=15)


def test_who_guesses_from_many_addresses_is_slowed_down_but_not_who_has_signed_in_before(victim: Person) -> None:
    note_success(username="vera", address=HERE, now=NOW)
    for number in range(20):
        assert begin_attempt(username="vera", address=f"198.51.100.{number}", now=NOW) == timedelta(0)
    assert begin_attempt(username="vera", address="198.51.100.99", now=NOW) == timedelta(seconds=2)
    assert begin_attempt(username="vera", address=HERE, now=NOW) == timedelta(0)
    # However long it goes on, a stranger's wait ends within a minute.
    for number in range(100, 160):
        moment = NOW + timedelta(seconds=61 * (number - 99))
        assert begin_attempt(username="vera", address=f"198.51.100.{number}", now=moment) == timedelta(0)


def test_who_tries_many_accounts_from_one_address_is_slowed_down(victim: Person) -> None:
    for number in range(30):
        assert begin_attempt(username=f"nobody{number}", address=HERE, now=NOW) == timedelta(0)
    assert begin_attempt(username="vera", address=HERE, now=NOW) > timedelta(0)
    assert begin_attempt(username="vera", address=THERE, now=NOW) == timedelta(0)


def test_a_process_looks_at_few_passwords_a_second_whoever_asks(victim: Person) -> None:
    with patch("config.sign_in.CHECKS_PER_SECOND", 0.01), patch("config.sign_in.CHECKS_AT_ONCE", 4.0):
        checks.reset()
        answers = [sign_in(f"nobody{number}", "wrong", address=f"198.51.100.{number}").status_code for number in range(8)]
    assert answers == [200] * 4 + [429] * 4


def test_every_failure_is_a_line_in_the_log_without_the_password(victim: Person, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        sign_in("vera", "hunter2-wrong")
        sign_in("hunter2-in-the-wrong-field", "x")
    lines = [record.getMessage() for record in caplog.records]
    assert f"Sign-in of 'vera' from {HERE} failed: 1 in a row from there." in lines
    assert f"Sign-in of an account that does not exist from {HERE} failed: 1 in a row from there." in lines
    assert "hunter2" not in caplog.text
    assert not AccessAttempt.objects.filter(username__contains="hunter2").exists()


def test_the_person_and_governance_are_told_once_a_day(victim: Person) -> None:
    gwen = make_governance("gwen")
    fail("vera", 8)
    told = Notification.objects.filter(kind="account.slowed")
    assert sorted(notice.person.username for notice in told if notice.person) == ["gwen", "vera"]
    assert gwen.pk in {notice.person_id for notice in told}
    assert HERE in told[0].text
    assert "wrong" not in told[0].text.replace("wrong passwords", "")


def test_an_account_that_does_not_exist_is_answered_like_one_that_does(victim: Person) -> None:
    make_person("closed", is_active=False)
    seen: dict[str, object] = {}
    for name in ("vera", "closed", "nobody-at-all"):
        with patch.object(hashers, "get_hasher", wraps=hashers.get_hasher) as asked:
            answers = [sign_in(name, "wrong", address=f"203.0.113.{len(seen)}") for _ in range(6)]
        pages = [answer.content.decode().replace(name, "NAME") for answer in answers]
        seen[name] = ([answer.status_code for answer in answers], [len(page) // 100 for page in pages], bool(asked.called))
    assert seen["vera"] == seen["closed"] == seen["nobody-at-all"]


@pytest.mark.parametrize(
    ("proxies", "forwarded", "counted"),
    [
        ([], "203.0.113.9", HERE),
        (["192.0.2.0/24"], "203.0.113.9", "203.0.113.9"),
        (["192.0.2.0/24"], "10.9.9.9, 203.0.113.9", "203.0.113.9"),
        (["192.0.2.0/24", "203.0.113.9"], "10.9.9.9, 203.0.113.9", "10.9.9.9"),
        (["192.0.2.0/24"], "nonsense", HERE),
        (["198.51.100.7"], "203.0.113.9", HERE),
    ],
)
def test_only_a_trusted_proxy_says_whose_address_counts(
    victim: Person, settings: Any, proxies: list[str], forwarded: str, counted: str
) -> None:
    settings.TOUCHSTONE = settings.TOUCHSTONE.model_copy(update={"trusted_proxies": proxies})
    sign_in("vera", "wrong", forwarded=forwarded)
    assert AccessAttempt.objects.get().ip_address == counted


def test_a_proxy_that_is_no_address_stops_the_start() -> None:
    with pytest.raises(ValueError, match="addresses or networks"):
        Environment(trusted_proxies=["proxy.example.org"])
