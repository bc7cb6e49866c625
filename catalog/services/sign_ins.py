"""Attempts to sign in: counted before the password is looked at, in the tables of django-axes, and forgotten when one succeeds.

An account that does not exist is counted like any other, under a digest: a password may have been typed in the wrong field.
"""

import logging
from datetime import datetime, timedelta
from hashlib import sha256

from axes.models import AccessAttempt, AccessLog
from django.db import transaction
from django.db.models import Max, Sum

from catalog.models import Person
from catalog.rules.sign_in import FORGET_AFTER, FREE_OF_ACCOUNT, FREE_TOGETHER, KNOWN_FOR, WINDOW, Failures, back_off
from catalog.services.notifications import notify

log = logging.getLogger(__name__)


def begin_attempt(*, username: str, address: str, now: datetime) -> timedelta:
    """How long it has to wait; zero where the password may be looked at, and then it counts as failed until it succeeds.

    An attempt that has to wait counts nothing: who goes on trying does not make the wait longer.
    """
    name = _counted_name(username)
    with transaction.atomic():
        AccessAttempt.objects.get_or_create(
            username=name, ip_address=address or None, user_agent="", defaults={"failures_since_start": 0}
        )
        # One after the other: parallel attempts are counted like any.
        row = AccessAttempt.objects.select_for_update().get(username=name, ip_address=address or None, user_agent="")
        failures = _failures(row, username, now)
        wait = back_off(failures)
        if wait:
            return wait
        row.failures_since_start = failures.together + 1
        row.attempt_time = now
        row.save(update_fields=["failures_since_start", "attempt_time"])
    return timedelta(0)


def note_failure(*, username: str, address: str, now: datetime) -> None:
    """A line in the log, and at each limit a notice to the person and to governance."""
    name = _counted_name(username)
    row = AccessAttempt.objects.filter(username=name, ip_address=address or None, user_agent="").first()
    if row is None:
        return
    failures = _failures(row, username, now)
    shown = "an account that does not exist" if name.startswith("?") else repr(username)
    log.warning("Sign-in of %s from %s failed: %s in a row from there.", shown, address, failures.together)
    if failures.together >= FREE_TOGETHER or failures.of_account >= FREE_OF_ACCOUNT:
        _notify_person(username, address, failures, now)


def note_success(*, username: str, address: str, now: datetime) -> None:
    """Forget what failed from this address, and know it from now on."""
    AccessAttempt.objects.filter(username=username, ip_address=address or None).delete()
    AccessAttempt.objects.filter(attempt_time__lt=now - FORGET_AFTER).delete()
    AccessLog.objects.filter(attempt_time__lt=now - KNOWN_FOR).delete()
    AccessLog.objects.filter(username=username, ip_address=address or None).delete()
    AccessLog.objects.create(username=username, ip_address=address or None)


def is_known(*, username: str, address: str, now: datetime) -> bool:
    """Whether the account has signed in from this address before."""
    known = AccessLog.objects.filter(username=username, ip_address=address or None, attempt_time__gte=now - KNOWN_FOR)
    return bool(known.exists())


def _failures(row: AccessAttempt, username: str, now: datetime) -> Failures:
    recent = AccessAttempt.objects.filter(attempt_time__gte=now - WINDOW, failures_since_start__gt=0)
    of_account = recent.filter(username=row.username).aggregate(sum=Sum("failures_since_start"), latest=Max("attempt_time"))
    of_address = recent.filter(ip_address=row.ip_address).aggregate(sum=Sum("failures_since_start"), latest=Max("attempt_time"))
    is_old = row.attempt_time < now - FORGET_AFTER
    return Failures(
        together=0 if is_old else row.failures_since_start,
        since_together=now - row.attempt_time,
        of_account=of_account["sum"] or 0,
        since_of_account=now - of_account["latest"] if of_account["latest"] else None,
        of_address=of_address["sum"] or 0,
        since_of_address=now - of_address["latest"] if of_address["latest"] else None,
        is_known=is_known(username=username, address=row.ip_address or "", now=now),
    )


def _counted_name(username: str) -> str:
    if Person.objects.filter(username=username).exists():
        return username
    return f"?{sha256(username.encode(errors='replace')).hexdigest()[:40]}"


def _notify_person(username: str, address: str, failures: Failures, now: datetime) -> None:
    person = Person.objects.filter(username=username, is_active=True).first()
    if person is None:
        return
    everywhere = failures.of_account >= FREE_OF_ACCOUNT
    where = "several addresses" if everywhere else address
    count = failures.of_account if everywhere else failures.together
    governance = Person.objects.governance()
    notify(
        key=f"sign-in:{'everywhere' if everywhere else 'address'}:{person.pk}:{now:%Y-%m-%d}",
        kind="account.slowed",
        subject=f"{count} wrong passwords for the account {username}",
        text=(
            f"{count} attempts to sign in as {username} from {where} failed. Further ones from there have to wait, for up to "
            "15 minutes. If that was not you, nothing is lost: choose a long password that is used nowhere else, and tell the "
            "operator of this installation."
        ),
        now=now,
        persons=[person, *governance],
    )
