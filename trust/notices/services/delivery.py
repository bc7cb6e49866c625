"""Carries notices out of the application: what is due is claimed, tried, and tried again until it arrives or is given up.

The row is the queue. A claim is one conditional update that counts the attempt and puts the next one off: a worker that is
killed leaves a delivery that is simply due again. Whoever ends an attempt shows by its number that it is still his. So a
delivery is tried by one worker at a time, and what a worker sent but could not write down is sent again under the same
`webhook-id` or Message-ID, by which the receiver knows it.
"""

import logging
import secrets
import smtplib
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic

from django.conf import settings
from django.core.mail import BadHeaderError, EmailMessage
from django.db import transaction

from catalog.models import Delivery
from catalog.rules.vocabulary import DeliveryChannel, DeliveryStatus
from catalog.services import email_addresses
from trust.ledger.signing import KeyUnavailableError
from trust.notices.rules.delivery import pause_after
from trust.notices.services.webhooks import WebhookError, message_id_of, post_notice

logger = logging.getLogger(__name__)

HOLD = timedelta(minutes=2)
"""How long a claimed delivery is left alone; longer than any attempt takes, as each step of one has a time limit."""
LONGEST_ERROR = 500
E_MAIL_OFF = "E-mail is off: TOUCHSTONE_EMAIL_URL is not set."
WAITS_NO_MORE = "The address does not wait for confirmation any more."


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt failed. `is_final`: trying again is of no use."""

    message: str
    is_final: bool = False


def deliver_due(*, now: datetime, seconds: float = 50.0) -> int:
    """How many deliveries were tried. Stops when nothing is due any more, or after `seconds`; the next call goes on."""
    started, tried = monotonic(), 0
    while monotonic() - started < seconds:
        moment = now + timedelta(seconds=monotonic() - started)
        delivery = claim_delivery(now=moment)
        if delivery is None:
            break
        failure = _attempt(delivery, moment)
        end_attempt(delivery=delivery, failure=failure, now=now + timedelta(seconds=monotonic() - started))
        tried += 1
    return tried


def claim_delivery(*, now: datetime) -> Delivery | None:
    """The delivery that has been due for longest, held for one attempt; None where none is due, or others took it.

    One whose last attempt was never ended, because its worker was lost, is given up here.
    """
    while True:
        with transaction.atomic():
            due = (
                Delivery.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
                .select_related("notification__consumer")
                .filter(next_attempt_at__lte=now)
                .order_by("next_attempt_at")
                .first()
            )
            if due is None:
                return None
            if due.attempts < settings.TOUCHSTONE.delivery_max_attempts:
                due.attempts += 1
                due.next_attempt_at = now + HOLD
                due.save(update_fields=["attempts", "next_attempt_at"])
                return due
            due.status, due.next_attempt_at = DeliveryStatus.FAILED, None
            due.error = due.error or f"The worker was lost in attempt {due.attempts}, the last one."
            due.save(update_fields=["status", "next_attempt_at", "error"])


def end_attempt(*, delivery: Delivery, failure: Failure | None, now: datetime) -> bool:
    """Whether the attempt was still this worker's; if so, what came of it is written down."""
    held = Delivery.objects.filter(pk=delivery.pk, attempts=delivery.attempts, status=DeliveryStatus.WAITING)
    if failure is None:
        return bool(held.update(status=DeliveryStatus.DELIVERED, delivered_at=now, next_attempt_at=None, error=""))
    said = failure.message[:LONGEST_ERROR]
    if failure.is_final or delivery.attempts >= settings.TOUCHSTONE.delivery_max_attempts:
        logger.warning("Delivery %d by %s is given up: %s", delivery.pk, delivery.channel, said)
        return bool(held.update(status=DeliveryStatus.FAILED, next_attempt_at=None, error=said))
    first = timedelta(seconds=settings.TOUCHSTONE.delivery_pause_seconds)
    pause = pause_after(delivery.attempts, first=first, jitter=secrets.randbelow(1001) / 1000)
    return bool(held.update(next_attempt_at=now + pause, error=said))


def _attempt(delivery: Delivery, now: datetime) -> Failure | None:
    """What went wrong, None where nothing did. Whatever it is, the other deliveries go on."""
    try:
        if delivery.channel == DeliveryChannel.EMAIL:
            return _mail(delivery)
        post_notice(delivery, now)
    except WebhookError as error:
        return Failure(str(error), error.is_final)
    except KeyUnavailableError as error:
        return Failure(f"The notice cannot be signed. {error.message}")
    except Exception as error:
        logger.exception("Delivery %d by %s failed unexpectedly.", delivery.pk, delivery.channel)
        return Failure(f"Touchstone failed: {type(error).__name__}; the log has the details.")
    return None


def _mail(delivery: Delivery) -> Failure | None:
    is_on, text = email_addresses.is_mail_on(), _text_of(delivery)
    if not is_on or text is None:
        return Failure(WAITS_NO_MORE if is_on else E_MAIL_OFF, is_final=True)
    notice = delivery.notification
    headers = {"Message-ID": f"<{message_id_of(delivery)}.{delivery.pk}@touchstone>", "Auto-Submitted": "auto-generated"}
    try:
        EmailMessage(notice.subject, text, settings.DEFAULT_FROM_EMAIL, [delivery.target], headers=headers).send()
    except smtplib.SMTPRecipientsRefused:
        return Failure("The mail server does not take mail for this address.")
    except smtplib.SMTPResponseException as error:
        return Failure(f"The mail server answered with code {error.smtp_code}.")
    except (smtplib.SMTPException, OSError) as error:
        words = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
        return Failure(f"The mail server cannot be reached: {words}.")
    except (BadHeaderError, UnicodeError):
        return Failure("The address or the subject cannot be put into an e-mail.", is_final=True)
    return None


def _text_of(delivery: Delivery) -> str | None:
    """The notice's text; where it asks to confirm an address, with the link, which is kept nowhere. None: it asks no more."""
    notice = delivery.notification
    if notice.kind != email_addresses.KIND:
        return notice.text
    person = notice.person
    if person is None or not person.is_active or person.email_to_confirm != delivery.target:
        return None
    return f"{notice.text}\n\n{email_addresses.link_for(person, delivery.target)}\n"
