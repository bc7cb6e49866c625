"""The mail that confirms an address, and the person who opens its link."""

import re
from typing import Any

from django.conf import settings
from django.core import mail
from django.test import Client
from django.utils import timezone
from pydantic import SecretStr
from pytest import MonkeyPatch

from catalog.models import Person
from trust.notices.services.delivery import deliver_due

PAGE = "/account/email"


def with_mail(monkeypatch: MonkeyPatch, url: str = "smtp://mail.example.org") -> None:
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
