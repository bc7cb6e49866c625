"""Notices: once for each recipient, with the deliveries that carry them."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from catalog.models import Consumer, Delivery, Notification
from catalog.rules.vocabulary import ConsumerKind, DeliveryChannel, DeliveryStatus
from catalog.services.notifications import mark_read, notices_for, notify, shown_target
from tests.factories import NOW, make_person

SAID: dict[str, Any] = {"kind": "test.said", "subject": "Something happened", "text": "This and that.", "now": NOW}


def make_agent(slug: str = "agent", **claims: Any) -> Consumer:
    owner = claims.pop("owner", None) or make_person(email="")
    return Consumer.objects.create(slug=slug, name=slug, kind=ConsumerKind.AI_AGENT, owner=owner, **claims)


def ways(notice: Notification) -> set[tuple[str, str]]:
    return set(notice.deliveries.values_list("channel", "target"))


@pytest.mark.django_db
def test_a_person_is_told_in_the_application_and_by_e_mail() -> None:
    person = make_person("olga")
    person.email = "olga@example.org"
    assert notify(key="k", persons=[person], payload={"a": 1}, **SAID) == 1
    notice = Notification.objects.get()
    assert (notice.person, notice.consumer, notice.read_at) == (person, None, None)
    assert (notice.subject, notice.text, notice.payload) == ("Something happened", "This and that.", {"a": 1})
    delivery = Delivery.objects.get()
    assert (delivery.channel, delivery.target) == (DeliveryChannel.EMAIL, "olga@example.org")
    assert (delivery.status, delivery.attempts, delivery.next_attempt_at) == (DeliveryStatus.WAITING, 0, NOW)


@pytest.mark.django_db
def test_a_consumer_is_told_by_webhook_and_by_the_e_mail_of_its_contact_and_its_owner() -> None:
    owner = make_person("olga")
    owner.email = "olga@example.org"
    agent = make_agent(owner=owner, contact_email="team@example.org", webhook_url="https://hook.example.org/x")
    assert notify(key="k", consumers=[agent], **SAID) == 1
    assert ways(Notification.objects.get()) == {
        ("email", "team@example.org"),
        ("email", "olga@example.org"),
        ("webhook", "https://hook.example.org/x"),
    }
    assert notices_for(owner).count() == 1
    assert notices_for(make_person()).count() == 0


@pytest.mark.django_db
def test_one_address_gets_one_e_mail_even_where_it_stands_for_several_recipients() -> None:
    owner = make_person("olga")
    owner.email = "olga@example.org"
    agent = make_agent(owner=owner, contact_email="Olga@example.org")
    assert notify(key="k", persons=[owner, owner], consumers=[agent], **SAID) == 2
    assert list(Delivery.objects.values_list("target", flat=True)) == ["olga@example.org"]


@pytest.mark.django_db
def test_somebody_who_left_gets_no_e_mail() -> None:
    owner = make_person("olga", is_active=False)
    owner.email = "olga@example.org"
    notify(key="k", persons=[owner], consumers=[make_agent(owner=owner)], **SAID)
    assert not Delivery.objects.exists()


@pytest.mark.django_db
def test_the_same_key_tells_each_recipient_once_and_newcomers_still_hear_of_it() -> None:
    agent = make_agent(webhook_url="https://hook.example.org/x")
    assert notify(key="k", consumers=[agent], **SAID) == 1
    agent.webhook_url = "https://elsewhere.example.org/x"
    late = make_person(email="")
    assert notify(key="k", persons=[late], consumers=[agent], **{**SAID, "subject": "Said again"}) == 1
    assert notify(key="k", persons=[late], consumers=[agent], **SAID) == 0
    assert list(Notification.objects.filter(consumer=agent).values_list("subject", flat=True)) == ["Something happened"]
    assert Delivery.objects.count() == 1
    assert notify(key="another", consumers=[agent], **SAID) == 1


@pytest.mark.django_db
def test_a_subject_is_one_line_of_at_most_300_characters() -> None:
    person = make_person()
    notify(key="k", persons=[person], **{**SAID, "subject": "Bcc:\r\nall@example.org " + "x" * 400})
    subject = Notification.objects.get().subject
    assert subject.startswith("Bcc: all@example.org x")
    assert len(subject) == 300


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", "k" * 161])
def test_a_key_that_cannot_name_the_notice_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="must have 1 to 160"):
        notify(key=key, persons=[], **SAID)


@pytest.mark.django_db
def test_a_hundred_consumers_cost_as_many_queries_as_one(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    agents = [make_agent(f"agent-{n}", webhook_url="https://hook.example.org/x") for n in range(100)]
    assert notify(key="none", **SAID) == 0
    with django_assert_num_queries(4):  # notices, deliveries, and a savepoint around both
        assert notify(key="k", consumers=agents, **SAID) == 100
    assert Delivery.objects.count() == 100


@pytest.mark.django_db
def test_reading_is_noted_once() -> None:
    person = make_person()
    notify(key="k", persons=[person], **SAID)
    assert mark_read(notices=notices_for(person), now=NOW) == 1
    assert mark_read(notices=notices_for(person), now=NOW) == 0
    assert Notification.objects.get().read_at == NOW


@pytest.mark.django_db(transaction=True)
def test_two_who_tell_the_same_thing_at_once_tell_it_once() -> None:
    agents = [make_agent(f"agent-{n}", webhook_url="https://hook.example.org/x") for n in range(20)]

    def tell(order: int) -> int:
        try:
            return notify(key="k", consumers=agents[::order], **SAID)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(tell, [1, -1, 1, -1])) == 20
    assert (Notification.objects.count(), Delivery.objects.count()) == (20, 20)


def test_of_a_webhook_only_the_host_is_shown() -> None:
    assert shown_target("webhook", "https://hooks.example.org/services/T0/secret?x=y") == "https://hooks.example.org/…"
    assert shown_target("webhook", "https://hooks.example.org?x=y") == "https://hooks.example.org/…"
    assert shown_target("email", "olga@example.org") == "olga@example.org"
