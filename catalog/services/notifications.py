"""Notices to people and consumers: written once for each recipient, with the deliveries that carry them out of the application.

Nothing is sent or enqueued here: `trust.notices.services.delivery` sends pending deliveries, each minute and whenever an entry
point asks for it (`trust.messages.enqueue_deliveries`).
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from catalog.callers import machine
from catalog.models import Consumer, Delivery, Notification, Person
from catalog.rules.vocabulary import DeliveryChannel

LONGEST_KEY = 160
LONGEST_SUBJECT = 300


@dataclass(frozen=True, slots=True)
class _Recipient:
    """Whom a notice is for, and its ways there: (channel, target) pairs. Exactly one of the ids is set."""

    person_id: int | None
    consumer_id: int | None
    ways: tuple[tuple[DeliveryChannel, str], ...]

    def key_of(self, key: str) -> str:
        return f"{key}:person:{self.person_id}" if self.consumer_id is None else f"{key}:consumer:{self.consumer_id}"


def notify(
    *,
    key: str,
    kind: str,
    subject: str,
    text: str,
    now: datetime,
    persons: Iterable[Person] = (),
    consumers: Iterable[Consumer] = (),
    payload: Mapping[str, Any] | None = None,
) -> int:
    """How many recipients were given the notice; those who were given `key` before get nothing, whatever it says this time.

    A person is notified by e-mail, a consumer by its webhook and the e-mail of its contact and its owner (who also finds the
    notice in the application), each address once. A person who left gets no e-mail. `kind` is dotted (`agreement.requested`)
    and is the `type` of the webhook's body, `payload` its `data`: plain JSON values, no secrets. `key` has at most 160
    characters.

    Consumers should come with their owners (`select_related`), else each costs a query.
    """
    if not 0 < len(key) <= LONGEST_KEY:
        message = f"The key of a notice has {len(key)} characters; it must have 1 to {LONGEST_KEY}: {key[:80]!r}."
        raise ValueError(message)
    recipients = {recipient.key_of(key): recipient for recipient in _recipients(persons, consumers)}
    with transaction.atomic():
        written = _insert(recipients, kind, " ".join(subject.split())[:LONGEST_SUBJECT], text, now, payload or {})
        Delivery.objects.bulk_create(
            [
                Delivery(notification_id=notice_id, channel=channel, target=target, next_attempt_at=now)
                for recipient_key, notice_id in written.items()
                for channel, target in recipients[recipient_key].ways
            ],
            batch_size=1000,
        )
    return len(written)


def notices_for(person: Person) -> QuerySet[Notification]:
    """What `person` may read: their own notices and those of the consumers that they own; a machine, those of its consumer."""
    if (caller := machine()) is not None:
        return Notification.objects.filter(consumer=caller.consumer_id)
    own = Notification.objects.filter(person=person)
    return own | Notification.objects.filter(consumer__owner=person)


def read_mark() -> str:
    """The column in which who asks keeps what they have read: a machine's mark is not the person's."""
    return "read_at" if machine() is None else "caller_read_at"


def mark_read(*, notices: QuerySet[Notification], now: datetime) -> int:
    """How many of `notices` are read from now on and were not before, by the person or by the machine that asks."""
    return notices.filter(**{read_mark(): None}).update(**{read_mark(): now})


def shown_target(channel: str, target: str) -> str:
    """A delivery's target as people may see it: of a webhook only the host, since senders keep secrets in path and query."""
    if channel != DeliveryChannel.WEBHOOK:
        return target
    scheme, _, rest = target.partition("://")
    return f"{scheme}://{rest.partition('/')[0].partition('?')[0]}/…"


def _recipients(persons: Iterable[Person], consumers: Iterable[Consumer]) -> Iterator[_Recipient]:
    mailed: set[str] = set()
    seen = set()
    for person in persons:
        if person.pk not in seen:
            seen.add(person.pk)
            yield _Recipient(person.pk, None, tuple(_mails(mailed, person.email if person.is_active else "")))
    for consumer in consumers:
        owner_email = consumer.owner.email if consumer.owner.is_active else ""
        ways = list(_mails(mailed, consumer.contact_email, owner_email))
        if consumer.webhook_url:
            ways.append((DeliveryChannel.WEBHOOK, consumer.webhook_url))
        yield _Recipient(None, consumer.pk, tuple(ways))


def _mails(mailed: set[str], *addresses: str) -> Iterator[tuple[DeliveryChannel, str]]:
    for address in addresses:
        if address and address.lower() not in mailed:
            mailed.add(address.lower())
            yield DeliveryChannel.EMAIL, address


def _insert(
    recipients: Mapping[str, _Recipient], kind: str, subject: str, text: str, now: datetime, payload: Mapping[str, Any]
) -> dict[str, int]:
    """Key to id of the notices that were written. Raw SQL: Django does not say which rows a conflict left out."""
    if not recipients:
        return {}
    table = connection.ops.quote_name(Notification._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO {table} (key, kind, person_id, consumer_id, subject, text, payload, created_at)
            SELECT given.key, %s::text, given.person_id, given.consumer_id, %s::text, %s::text, %s::jsonb, %s::timestamptz
            FROM unnest(%s::text[], %s::bigint[], %s::bigint[]) AS given (key, person_id, consumer_id)
            ORDER BY given.key -- two that notify the same recipients wait for each other in the same order
            ON CONFLICT (key) DO NOTHING
            RETURNING key, id
            """,
            [
                kind,
                subject,
                text,
                json.dumps(dict(payload)),
                now,
                list(recipients),
                [recipient.person_id for recipient in recipients.values()],
                [recipient.consumer_id for recipient in recipients.values()],
            ],
        )
        return dict(cursor.fetchall())
