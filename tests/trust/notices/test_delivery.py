"""E-mails and webhooks on their way: tried, tried again, given up; signed, and never told twice."""

import json
import smtplib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.db import connection
from pydantic import SecretStr

from catalog.models import Consumer, Delivery, Notification
from catalog.services.notifications import notify
from tests.factories import NOW, make_consumer, make_person
from tests.trust.receiver import Receiver, dripping, receiving
from trust.ledger.signing import public_jwks, rotate_key
from trust.notices.services import webhooks
from trust.notices.services.delivery import claim_delivery, deliver_due, end_attempt

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Webhooks to this machine and e-mail are allowed, and three attempts at each."""
    changes = {
        "webhook_hosts": ["127.0.0.1"],
        "webhook_loopback": True,
        "email_url": SecretStr("smtp://mail.example.org"),
        "delivery_max_attempts": 3,
        "delivery_pause_seconds": 30.0,
    }
    for name, value in changes.items():
        monkeypatch.setattr(settings.TOUCHSTONE, name, value)
    return monkeypatch


def tell_webhook(url: str, key: str = "k") -> Delivery:
    notify(
        key=key,
        kind="agreement.active",
        subject="Agreed",
        text="Grüße: you may.",
        now=NOW,
        consumers=[make_consumer(owner=make_person(email=""), webhook_url=url)],
        payload={"agreement": 7},
    )
    return Delivery.objects.latest("pk")


def tell_person(email: str = "olga@example.org") -> Delivery:
    person = make_person()
    person.email = email
    notify(key="k", kind="test", subject="Subject", text="Text.", now=NOW, persons=[person])
    return Delivery.objects.get()


def state(delivery: Delivery) -> tuple[str, int, bool, str]:
    """Status, attempts, whether it will be tried again, and the error."""
    delivery.refresh_from_db()
    return delivery.status, delivery.attempts, delivery.next_attempt_at is not None, delivery.error


@pytest.mark.django_db
def test_a_webhook_gets_the_notice_signed_as_standard_webhooks_say(receiver: Receiver, signing_key: str) -> None:
    delivery = tell_webhook(receiver.url)
    consumer = Consumer.objects.get()
    assert deliver_due(now=NOW) == 1
    assert state(delivery) == ("delivered", 1, False, "")
    assert delivery.delivered_at is not None
    (received,) = receiver.received
    assert received.path == "/touchstone?token=secret"
    assert received.headers["content-type"] == "application/json"
    assert received.headers["host"] == receiver.authority
    assert received.headers["webhook-id"] == f"notice-{delivery.notification_id}"
    assert abs(int(received.headers["webhook-timestamp"]) - NOW.timestamp()) < 60
    assert received.is_signed_by(public_jwks())
    assert json.loads(received.body) == {
        "type": "agreement.active",
        "timestamp": NOW.isoformat().replace("+00:00", "Z"),
        "data": {
            "agreement": 7,
            "recipient": consumer.slug,
            "subject": "Agreed",
            "text": "Grüße: you may.",
        },
    }


@pytest.mark.django_db
def test_a_signature_does_not_hold_for_another_body(receiver: Receiver, signing_key: str) -> None:
    tell_webhook(receiver.url)
    deliver_due(now=NOW)
    (received,) = receiver.received
    forged = type(received)(received.path, received.headers, received.body.replace(b"7", b"8"))
    assert not forged.is_signed_by(public_jwks())


@pytest.mark.django_db
def test_what_fails_is_tried_again_under_the_same_id_until_it_arrives_once(receiver: Receiver, signing_key: str) -> None:
    receiver.answers = [(500, {}), (204, {})]
    delivery = tell_webhook(receiver.url)
    deliver_due(now=NOW)
    said = "The webhook answered with status 500; only 2xx is taken as received, and redirects are not followed."
    assert state(delivery) == ("waiting", 1, True, said)  # and nothing of the body
    assert delivery.next_attempt_at is not None
    assert 22 <= (delivery.next_attempt_at - NOW).total_seconds() <= 39
    assert deliver_due(now=NOW + timedelta(seconds=20)) == 0
    rotate_key()
    assert deliver_due(now=NOW + MINUTE) == 1
    assert state(delivery) == ("delivered", 2, False, "")
    assert deliver_due(now=NOW + DAY) == 0
    first, second = receiver.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]
    assert first.is_signed_by(public_jwks())
    assert second.is_signed_by(public_jwks())


@pytest.mark.django_db
def test_after_the_last_attempt_it_is_given_up_with_the_reason(receiver: Receiver, signing_key: str) -> None:
    receiver.answers = [(503, {})]
    delivery = tell_webhook(receiver.url)
    for day in range(5):
        deliver_due(now=NOW + day * DAY)
    assert len(receiver.received) == 3
    status, attempts, is_due, error = state(delivery)
    assert (status, attempts, is_due) == ("failed", 3, False)
    assert "status 503" in error


@pytest.mark.django_db
def test_a_redirect_is_not_followed(receiver: Receiver, signing_key: str) -> None:
    with receiving() as elsewhere:
        receiver.answers = [(307, {"Location": elsewhere.url})]
        delivery = tell_webhook(receiver.url)
        deliver_due(now=NOW)
        assert elsewhere.received == []
    assert state(delivery)[0] == "waiting"


@pytest.mark.django_db
def test_a_receiver_that_is_gone_is_not_called_again(receiver: Receiver, signing_key: str) -> None:
    receiver.answers = [(410, {})]
    delivery = tell_webhook(receiver.url)
    deliver_due(now=NOW)
    assert state(delivery)[:3] == ("failed", 1, False)


@pytest.mark.django_db
def test_nobody_listening_is_tried_again(signing_key: str) -> None:
    with receiving() as closed:
        url = closed.url
    delivery = tell_webhook(url)
    deliver_due(now=NOW)
    assert state(delivery) == ("waiting", 1, True, f"The webhook of {url.split('/')[2]} cannot be reached: Connection refused.")


@pytest.mark.django_db
def test_a_receiver_that_drips_does_not_hold_the_worker(monkeypatch: pytest.MonkeyPatch, signing_key: str) -> None:
    monkeypatch.setattr(webhooks, "TIMEOUT_SECONDS", 0.5)
    with dripping() as url:
        delivery = tell_webhook(url)
        deliver_due(now=NOW)
    assert state(delivery)[0] == "waiting"
    assert "no answer within" in delivery.error


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"webhook_hosts": []}, "its host 127.0.0.1 is not in TOUCHSTONE_WEBHOOK_HOSTS"),
        ({"webhook_loopback": False}, "its host 127.0.0.1 leads to this machine"),
    ],
)
def test_a_place_that_is_not_allowed_is_not_called_and_the_row_says_so(
    receiver: Receiver, signing_key: str, environment: pytest.MonkeyPatch, changes: dict[str, Any], why: str
) -> None:
    for name, value in changes.items():
        environment.setattr(settings.TOUCHSTONE, name, value)
    delivery = tell_webhook(receiver.url)
    deliver_due(now=NOW)
    status, attempts, is_due, error = state(delivery)
    assert (status, attempts, is_due) == ("failed", 1, False)
    assert error.startswith(f"The webhook is not called: {why}")
    assert receiver.received == []


@pytest.mark.django_db
def test_a_public_name_that_leads_to_a_private_address_is_not_called(signing_key: str, environment: pytest.MonkeyPatch) -> None:
    environment.setattr(settings.TOUCHSTONE, "webhook_hosts", ["hook.example.org"])
    environment.setattr(
        "trust.notices.services.webhooks.socket.getaddrinfo", lambda *_a, **_k: [(2, 1, 6, "", ("10.0.0.5", 443))]
    )
    delivery = tell_webhook("https://hook.example.org/")
    deliver_due(now=NOW)
    assert state(delivery)[0] == "failed"
    assert "leads to the private network" in delivery.error


@pytest.mark.django_db
def test_without_a_signing_key_nothing_is_posted_and_it_is_tried_again(receiver: Receiver) -> None:
    delivery = tell_webhook(receiver.url)
    deliver_due(now=NOW)
    assert receiver.received == []
    assert state(delivery)[:3] == ("waiting", 1, True)
    assert "no signing key" in delivery.error


@pytest.mark.django_db
def test_a_person_gets_an_e_mail() -> None:
    delivery = tell_person()
    assert deliver_due(now=NOW) == 1
    assert state(delivery) == ("delivered", 1, False, "")
    (message,) = mail.outbox
    assert (message.subject, message.body, message.to) == ("Subject", "Text.", ["olga@example.org"])
    assert message.from_email == "touchstone@localhost"
    assert message.extra_headers["Message-ID"] == f"<notice-{delivery.notification_id}.{delivery.pk}@touchstone>"


@pytest.mark.django_db
def test_where_e_mail_is_off_the_row_says_so(environment: pytest.MonkeyPatch) -> None:
    environment.setattr(settings.TOUCHSTONE, "email_url", SecretStr(""))
    delivery = tell_person()
    deliver_due(now=NOW)
    assert state(delivery) == ("failed", 1, False, "E-mail is off: TOUCHSTONE_EMAIL_URL is not set.")
    assert mail.outbox == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("error", "said"),
    [
        (smtplib.SMTPAuthenticationError(535, b"user secret refused"), "The mail server answered with code 535."),
        (ConnectionRefusedError(111, "Connection refused"), "The mail server cannot be reached: Connection refused."),
        (smtplib.SMTPServerDisconnected("secret"), "The mail server cannot be reached: SMTPServerDisconnected."),
    ],
)
def test_a_mail_server_that_fails_is_tried_again_and_its_words_are_not_kept(
    monkeypatch: pytest.MonkeyPatch, error: Exception, said: str
) -> None:
    def fail(*_args: Any) -> None:
        raise error

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", fail)
    delivery = tell_person()
    deliver_due(now=NOW)
    assert state(delivery) == ("waiting", 1, True, said)


@pytest.mark.django_db
def test_one_that_fails_in_a_new_way_does_not_stop_the_others(
    monkeypatch: pytest.MonkeyPatch, receiver: Receiver, signing_key: str
) -> None:
    delivery = tell_person()

    def fail(*_args: Any) -> None:
        message = "surprise"
        raise RuntimeError(message)

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", fail)
    webhook = tell_webhook(receiver.url, key="another")
    assert deliver_due(now=NOW) == 2
    assert state(delivery) == ("waiting", 1, True, "Touchstone failed: RuntimeError; the log has the details.")
    assert state(webhook)[0] == "delivered"


@pytest.mark.django_db
def test_the_delivery_of_a_lost_worker_is_due_again_and_its_late_word_does_not_count() -> None:
    delivery = tell_person()
    lost = claim_delivery(now=NOW)
    assert lost is not None
    assert claim_delivery(now=NOW + MINUTE) is None
    second = claim_delivery(now=NOW + 3 * MINUTE)
    assert second is not None
    assert (second.pk, second.attempts) == (lost.pk, 2)
    assert not end_attempt(delivery=lost, failure=None, now=NOW + 3 * MINUTE)
    assert state(delivery)[0] == "waiting"
    assert end_attempt(delivery=second, failure=None, now=NOW + 3 * MINUTE)
    assert state(delivery)[0] == "delivered"


@pytest.mark.django_db
def test_a_delivery_whose_workers_are_all_lost_is_given_up() -> None:
    delivery = tell_person()
    for day in range(3):
        assert claim_delivery(now=NOW + day * DAY)
    assert claim_delivery(now=NOW + 4 * DAY) is None
    assert state(delivery) == ("failed", 3, False, "The worker was lost in attempt 3, the last one.")


@pytest.mark.django_db(transaction=True)
def test_several_workers_at_once_send_each_notice_once(receiver: Receiver, signing_key: str) -> None:
    agents = [make_consumer(owner=make_person(email=""), webhook_url=receiver.url) for _ in range(30)]
    notify(key="k", kind="test", subject="S", text="T", now=NOW, consumers=agents)

    def work(_worker: int) -> int:
        try:
            return deliver_due(now=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(work, range(4))) == 30
    ids = [received.headers["webhook-id"] for received in receiver.received]
    assert sorted(ids) == sorted(f"notice-{pk}" for pk in Notification.objects.values_list("pk", flat=True))
    assert set(Delivery.objects.values_list("status", "attempts")) == {("delivered", 1)}
