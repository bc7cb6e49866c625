"""Links that confirm an address: of no use to another account, later, twice, altered, by a look or with a key."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.core import signing
from django.test import Client

from catalog.callers import Caller as ByKey
from catalog.callers import request_origin, set_caller
from catalog.models import Person
from catalog.rules.errors import ForbiddenError
from catalog.services.email_addresses import confirm_email
from catalog.services.people import set_email
from tests.api.callers import Caller
from tests.battery.addresses import ADDRESS, PAGE, client_of, confirm, link_mailed_to, make_petra, token_of, with_mail
from tests.battery.test_changed_accounts import in_form
from tests.factories import make_governance, make_owner

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def mail_server(monkeypatch: pytest.MonkeyPatch) -> None:
    with_mail(monkeypatch)


def other_account(petra: Person, link: str) -> int:
    return confirm(make_governance(), link)


def who_gave_it(petra: Person, link: str) -> int:
    return confirm(Person.objects.get(username="root"), link)


def who_waits_for_the_same_address(petra: Person, link: str) -> int:
    double = make_owner("double")
    set_email(username="double", email=ADDRESS, actor=Person.objects.get(username="root"))
    return confirm(double, link)


def expired(petra: Person, link: str) -> int:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.core.signing.time.time", lambda past=time.time: past() + 3 * 86400 + 60)
        return confirm(petra, link)


def changed_since(petra: Person, link: str) -> int:
    set_email(username="petra", email="other@people.example", actor=Person.objects.get(username="root"))
    return confirm(petra, link)


def withdrawn(petra: Person, link: str) -> int:
    in_form(Person.objects.get(username="root"), petra, email_to_confirm="")
    return confirm(petra, link)


def tampered(petra: Person, link: str) -> int:
    return confirm(petra, link[:-2] + ("aa" if link[-2:] != "aa" else "bb"))


def of_another_salt(petra: Person, link: str) -> int:
    return confirm(petra, "?token=" + signing.dumps({"person": petra.pk, "address": ADDRESS}))


def empty_signature(petra: Person, link: str) -> int:
    return confirm(petra, link.rpartition(":")[0] + ":")


def with_zero_byte(petra: Person, link: str) -> int:
    return confirm(petra, link + "\0")


MISUSES: dict[str, tuple[Callable[[Person, str], int], int]] = {
    "another account": (other_account, 403),
    "who gave it": (who_gave_it, 403),
    "another who waits for the same address": (who_waits_for_the_same_address, 403),
    "expired": (expired, 400),
    "address changed since": (changed_since, 409),
    "withdrawn": (withdrawn, 409),
    "tampered": (tampered, 400),
    "another salt": (of_another_salt, 400),
    "no signature": (empty_signature, 400),
    "zero byte": (with_zero_byte, 400),
}


@pytest.mark.parametrize(("misuse", "status"), MISUSES.values(), ids=MISUSES)
def test_no_misused_link_confirms(misuse: Callable[[Person, str], int], status: int) -> None:
    petra = make_petra()
    assert misuse(petra, link_mailed_to(ADDRESS)) == status
    assert not Person.objects.filter(email=ADDRESS).exists()


def test_opening_the_link_confirms_nothing() -> None:
    petra = make_petra()
    link = link_mailed_to(ADDRESS)
    client = client_of(petra)
    for method in (client.get, client.head):
        assert method(link).status_code == 200
    petra.refresh_from_db()
    assert petra.email == ""
    assert confirm(petra, link) == 200


def test_without_the_pages_own_mark_nothing_is_confirmed() -> None:
    petra = make_petra()
    token = token_of(link_mailed_to(ADDRESS))
    assert client_of(petra, enforce_csrf_checks=True).post(PAGE, {"token": token}).status_code == 403
    petra.refresh_from_db()
    assert petra.email == ""


def test_a_link_is_used_once() -> None:
    petra = make_petra()
    link = link_mailed_to(ADDRESS)
    assert [confirm(petra, link), confirm(petra, link)] == [200, 409]
    set_email(username="petra", email="later@people.example", actor=None)
    assert confirm(petra, link) == 409
    petra.refresh_from_db()
    assert petra.email == "later@people.example"


def test_nobody_signs_in_by_a_link() -> None:
    petra = make_petra()
    link = link_mailed_to(ADDRESS)
    client = client_of(petra)
    client.logout()
    for answer in (client.get(link), client.post(PAGE, {"token": token_of(link)})):
        assert (answer.status_code, answer["Location"].partition("?")[0]) == (302, "/admin/login/")
    petra.refresh_from_db()
    assert petra.email == ""


def test_who_signs_in_comes_back_to_the_link() -> None:
    petra = make_petra()
    petra.is_staff = True
    petra.set_password("correct-horse-9")
    petra.save()
    link, client = link_mailed_to(ADDRESS), Client()
    form = client.get(link)["Location"]
    answer = client.post(form, {"username": "petra", "password": "correct-horse-9"})
    assert (answer.status_code, answer["Location"]) == (302, link)
    assert f"Confirm {ADDRESS}" in client.get(answer["Location"]).content.decode()


def test_no_key_confirms() -> None:
    petra = make_petra()
    token = token_of(link_mailed_to(ADDRESS))
    headers = {"Authorization": f"Bearer {Caller(petra).key}"}
    answer: Any = client_of(petra)
    answer.logout()
    assert answer.post(PAGE, {"token": token}, headers=headers).status_code == 302
    petra.refresh_from_db()
    assert petra.email == ""


def test_a_machine_confirms_nothing_in_the_name_of_its_person() -> None:
    petra = make_petra()
    token = token_of(link_mailed_to(ADDRESS))
    with request_origin("1"):
        set_caller(ByKey(key_id=1, key="ts_x", consumer_id=1, consumer="agent", is_person=False))
        with pytest.raises(ForbiddenError) as refusal:
            confirm_email(token=token, actor=petra)
    assert refusal.value.code == "person_needed"
    assert confirm_email(token=token, actor=petra).email == ADDRESS
