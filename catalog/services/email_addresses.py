"""E-mail addresses of accounts: who gives one, and how the person confirms it.

`Person.email` is verified: two-person rules tell people apart by it. The operator vouches for an address at the command line.
From everybody else one waits in `email_to_confirm` until the person, signed in to that very account, opens the link that was
mailed to it and confirms it. It takes both: the mailbox alone, or the account alone, says nothing.

The link's token is made when the mail goes out and is kept nowhere.
"""

from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.utils import timezone

from catalog.callers import machine
from catalog.models import Delivery, Notification, Person
from catalog.rules.errors import ConflictError, ForbiddenError, InvalidError
from catalog.rules.vocabulary import DeliveryChannel
from catalog.services.recording import recorded

KIND = "account.confirm_email"
PAGE = "/account/email"
LASTS = timedelta(days=3)
PAUSE = timedelta(minutes=5)  # our choice: nobody fills another's mailbox
_SALT = "catalog.confirm_email"


def give_address(person: Person, address: str, actor: Person | None) -> None:
    """Put the address where it belongs, without saving. actor None: the operator, who vouches for it."""
    if actor is None:
        person.email, person.email_to_confirm = address, ""
    else:
        person.email_to_confirm = "" if address == person.email else address


def ask_to_confirm(person: Person) -> bool:
    """Whether a mail goes out to the address that waits. None does where one did in the last five minutes, or e-mail is off."""
    now, address = timezone.now(), person.email_to_confirm
    if not address or not is_mail_on():
        return False
    lately = Delivery.objects.filter(notification__person=person, notification__kind=KIND, target=address)
    if lately.filter(notification__created_at__gt=now - PAUSE).exists():
        return False
    notice = Notification.objects.create(
        key=f"confirm_email:{person.pk}:{now.isoformat()}",
        kind=KIND,
        person=person,
        created_at=now,
        subject=f"Confirm the e-mail address of the account {person.username}",
        text=f"The address {address} was given for the account {person.username}. It counts once it is confirmed: sign in as "
        f"{person.username}, open the link in the mail to {address} and press Confirm, within 3 days. The page {PAGE} of "
        "Touchstone sends the mail again. If this account is not yours, do nothing.",
    )
    Delivery.objects.create(notification=notice, channel=DeliveryChannel.EMAIL, target=address, next_attempt_at=now)
    return True


def is_mail_on() -> bool:
    return bool(settings.TOUCHSTONE.email_url.get_secret_value())


def how_to_confirm(person: Person) -> str:
    """What to do so that the address that waits counts; empty where none waits."""
    if not person.email_to_confirm:
        return ""
    vouch = f"the operator vouches for it with `bin/manage set_email {person.username} {person.email_to_confirm}`."
    if not is_mail_on():
        off = "No mail can be sent, since TOUCHSTONE_EMAIL_URL names no mail server"
        return f"{off}: set one and give the address again, or {vouch}"
    can_sign_in = person.is_staff and person.has_usable_password()
    needed = "" if can_sign_in else " (the account needs staff status and a password, set in the admin under People)"
    return (
        f"{person.username} signs in{needed}, opens the link in the mail to {person.email_to_confirm} and confirms it within "
        f"3 days (the page {PAGE} sends it again), or {vouch}"
    )


def link_for(person: Person, address: str) -> str:
    """The line of the mail with the page that confirms; without a host where TOUCHSTONE_PUBLIC_URL is not set."""
    token = signing.dumps({"person": person.pk, "address": address}, salt=_SALT)
    host = settings.TOUCHSTONE.public_url.rstrip("/")
    where = "" if host else "Behind the host of Touchstone, where you sign in: "
    return f"{where}{host}{PAGE}?token={token}"


def address_to_confirm(*, token: str, actor: Person) -> str:
    """The address that this link confirms for `actor`.

    Raises `InvalidError` for a link that is none or has expired, `ForbiddenError` for that of another account and for machines,
    `ConflictError` where the address does not wait any more.
    """
    again = f"Open {PAGE} and have the mail sent again."
    if (caller := machine()) is not None:
        raise ForbiddenError(
            f"{caller.consumer} may not confirm an address: that is for {actor.username} in person.",
            remedy=f"Sign in and open {PAGE}.",
            code="person_needed",
        )
    try:
        said = signing.loads(token, salt=_SALT, max_age=LASTS)
    except signing.SignatureExpired:
        raise InvalidError("This link is older than 3 days and has expired.", remedy=again, code="link_expired") from None
    except signing.BadSignature:
        message = "This link is not one that Touchstone sent, or a part of it is missing."
        raise InvalidError(message, remedy=f"Copy the whole link from the mail. Or: {again}", code="link_invalid") from None
    address = str(said["address"])
    if said["person"] != actor.pk:
        raise ForbiddenError(
            f"This link belongs to another account than {actor.username}, to which you are signed in.",
            remedy="Sign in to the account that the mail names and open the link again. If it is not yours, do nothing.",
            code="link_of_another",
        )
    if address == actor.email:
        raise ConflictError(f"{address} is confirmed already.", remedy="No action needed.", code="address_confirmed")
    if address != actor.email_to_confirm:
        raise ConflictError(
            f"{address} does not wait for confirmation: another address was given since, or none waits.",
            remedy=f"Open {PAGE}: it shows which address waits, and sends the mail to it.",
            code="address_changed",
        )
    return address


def confirm_email(*, token: str, actor: Person) -> Person:
    """The person, whose address is verified from now on. Raises as `address_to_confirm`."""
    with recorded("confirm_email", actor):
        person = Person.objects.select_for_update(no_key=True).get(pk=actor.pk)
        person.email, person.email_to_confirm = address_to_confirm(token=token, actor=person), ""
        person.save(update_fields=["email", "email_to_confirm"])
    return person
