"""The mail that confirms an address, and the person who opens its link."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client
from django.utils import timezone
from pydantic import SecretStr

from catalog.models import Person
from catalog.services.people import set_email
from tests.battery.people import BOTH
from tests.factories import make_person
from trust.notices.services.delivery import deliver_due

PAGE, ADDRESS = "/account/email", "petra@people.example"


def make_root() -> Person:
    return Person.objects.create_superuser("root", "root@people.example")


def by_service(root: Person, petra: Person) -> None:
    set_email(username=petra.username, email=ADDRESS, actor=root)


def make_petra(give: Callable[[Person, Person], None] = by_service) -> Person:
    """Of governance, with an address that a superuser gave."""
    petra = make_person("petra", *BOTH, email="")
    give(make_root(), petra)
    petra.refresh_from_db()
    return petra


def with_mail(monkeypatch: pytest.MonkeyPatch, url: str = "smtp://mail.example.org") -> None:
    monkeypatch.setattr(settings.TOUCHSTONE, "email_url", SecretStr(url))


def link_mailed_to(address: str) -> str:
    """The path in the last mail to `address`, with the token."""
    deliver_due(now=timezone.now())
    text = [str(one.body) for one in mail.outbox if one.to == [address]][-1]
    found = re.search(r"/account/email\?token=\S+", text)
    assert found, text
    return found[0]


def token_of(link: str) -> str:
    return link.partition("?token=")[2]


def client_of(person: Person, **options: Any) -> Client:
    client = Client(raise_request_exception=False, **options)
    client.force_login(person)
    return client


def confirm(person: Person, link: str) -> int:
    """The status of pressing the button, signed in as `person`."""
    return client_of(person).post(PAGE, {"token": token_of(link)}).status_code


def confirmed(person: Person) -> Person:
    person.refresh_from_db()
    assert confirm(person, link_mailed_to(person.email_to_confirm)) == 200
    return Person.objects.get(pk=person.pk)
