"""From an approved agreement to a signed webhook and an e-mail's row, through a real worker on a real broker."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import transaction

from catalog.models import Delivery
from catalog.services.agreements import approve_agreement
from tests.e2e.conftest import Stage, wait_until
from tests.factories import make_agreement, make_consumer
from tests.trust.receiver import Receiver, receiving
from trust.clock import database_now
from trust.ledger.signing import public_jwks
from trust.messages import enqueue_deliveries
from trust.tasks import deliver_notices, look_after_agreements

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def start_worker(stage: Stage, key_folder: Path, receiver: Receiver) -> None:
    stage.start_worker(
        concurrency=2,
        TOUCHSTONE_WEBHOOK_HOSTS=receiver.authority,
        TOUCHSTONE_WEBHOOK_LOOPBACK="1",
        TOUCHSTONE_DELIVERY_PAUSE_SECONDS="0.5",
        TOUCHSTONE_SIGNING_KEYS=str(key_folder),
    )


def test_a_receiver_that_fails_first_gets_each_notice_once_in_the_end(
    stage: Stage, key_folder: Path, signing_key: str, receiver: Receiver
) -> None:
    receiver.answers = [(500, {}), (503, {}), (204, {})]
    start_worker(stage, key_folder, receiver)
    consumer = make_consumer("agent", webhook_url=receiver.url, contact_email="team@example.org")
    agreement = make_agreement(consumer, is_approved=False, now=database_now())
    with transaction.atomic():
        approve_agreement(agreement=agreement, actor=agreement.product.owner, now=database_now())
        transaction.on_commit(enqueue_deliveries)
    webhooks = Delivery.objects.filter(channel="webhook")

    def all_arrived() -> bool:
        enqueue_deliveries()  # as beat does each minute; several at once do no harm
        enqueue_deliveries()
        return not webhooks.exclude(status="delivered").exists()

    wait_until(all_arrived)
    assert sorted(webhooks.values_list("notification__kind", flat=True)) == ["agreement.active", "agreement.requested"]
    assert sum(webhooks.values_list("attempts", flat=True)) == len(receiver.received) == 4
    jwks = public_jwks()
    assert all(received.is_signed_by(jwks) for received in receiver.received)
    ids = [received.headers["webhook-id"] for received in receiver.received]
    assert set(ids) == {f"notice-{pk}" for pk in webhooks.values_list("notification", flat=True)}
    types = {received.headers["webhook-id"]: json.loads(received.body)["type"] for received in receiver.received}
    assert sorted(types.values()) == ["agreement.active", "agreement.requested"]
    mails = Delivery.objects.filter(channel="email")
    wait_until(lambda: not mails.filter(status="waiting").exists())
    assert set(mails.values_list("status", "error")) == {("failed", "E-mail is off: TOUCHSTONE_EMAIL_URL is not set.")}


def test_an_agreement_that_ran_out_is_written_down_and_told(
    stage: Stage, key_folder: Path, signing_key: str, receiver: Receiver
) -> None:
    start_worker(stage, key_folder, receiver)
    consumer = make_consumer("agent", webhook_url=receiver.url)
    agreement = make_agreement(consumer, now=database_now() - timedelta(days=2), lives=timedelta(days=1))
    look_after_agreements.delay()

    def is_expired() -> bool:
        agreement.refresh_from_db()
        return agreement.status == "expired"

    wait_until(is_expired)
    deliver_notices.delay()
    wait_until(lambda: not Delivery.objects.filter(channel="webhook").exclude(status="delivered").exists())
    kinds = [json.loads(received.body)["type"] for received in receiver.received]
    assert sorted(kinds) == ["agreement.active", "agreement.expired", "agreement.requested"]
