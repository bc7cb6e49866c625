"""Notices that are worked out first and given afterwards, so that what is owed again and again is looked up in one query."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from catalog.models import Consumer, Notification, Person
from catalog.services.notifications import notify

LOOKED_UP_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Notice:
    """What `notify` takes. A recipient gets one notice under the same key."""

    key: str
    kind: str
    subject: str
    text: str
    people: Sequence[Person] = ()
    consumers: Sequence[Consumer] = ()
    payload: Mapping[str, Any] = field(default_factory=dict)

    def give(self, now: datetime) -> int:
        """How many recipients were notified."""
        return notify(
            key=self.key,
            kind=self.kind,
            subject=self.subject,
            text=self.text,
            now=now,
            persons=self.people,
            consumers=self.consumers,
            payload=self.payload,
        )


def give_new(notices: Iterable[Notice], now: datetime, *, most: int) -> int:
    """How many of these notices to people were new to a recipient; at most `most` are given.

    One query for each `LOOKED_UP_AT_ONCE` notices; none is taken from `notices` beyond what is looked up.
    """
    waiting, given = iter(notices), 0
    while given < most and (piece := list(islice(waiting, LOOKED_UP_AT_ONCE))):
        wanted = {notice.key: {f"{notice.key}:person:{person.pk}" for person in notice.people} for notice in piece}
        keys = [key for keys in wanted.values() for key in keys]
        known = set(Notification.objects.filter(key__in=keys).values_list("key", flat=True)) if keys else set()
        new = [notice for notice in piece if wanted[notice.key] - known]
        given += sum(notice.give(now) > 0 for notice in new[: most - given])
    return given
