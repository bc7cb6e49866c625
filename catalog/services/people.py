"""People as the services see them: found by username, and only while their account is active."""

from collections.abc import Iterable

import pghistory
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from catalog.models import Person
from catalog.rules.errors import ConflictError, InvalidError
from catalog.rules.roles import PersonRole


def find_person(*, username: str, part: str) -> Person:
    """The active person of that name. `part` says what for (`owner`, `steward`) and is the error's field.

    Raises `InvalidError` where there is no such person or the account is inactive.
    """
    person = Person.objects.filter(username=username).first()
    if person is None:
        raise InvalidError(
            f"The {part} '{username}' does not exist." if username else f"No {part} is named.",
            remedy=(
                f"Add the person with `bin/manage add_person {username}` (`bin/manage register --add-people` adds all that are "
                "missing), or name an existing one."
                if username
                else f"Name the {part} by username, in the contract's team or with `bin/manage register --owner USERNAME`; a "
                "data product needs an accountable person."
            ),
            code="person_unknown",
            field=part,
        )
    if not person.is_active:
        raise InvalidError(
            f"The {part} '{username}' has an inactive account and cannot answer for anything.",
            remedy=f"Name an active person as {part}, or activate the account in the admin.",
            code="person_inactive",
            field=part,
        )
    return person


@transaction.atomic
def add_person(
    *, username: str, full_name: str = "", email: str = "", roles: Iterable[PersonRole] = (), is_staff: bool = False
) -> Person:
    """A new active person without a password, who can be given one in the admin.

    Raises `ConflictError` where the username is taken, `InvalidError` where it cannot be one.
    """
    if Person.objects.filter(username=username).exists():
        raise ConflictError(
            f"A person '{username}' exists already.",
            remedy="Choose another username, or use this one; its groups are set in the admin.",
            field="username",
        )
    first, _, last = full_name.strip().partition(" ")
    person = Person(username=username, first_name=first, last_name=last, email=email, is_staff=is_staff)
    person.set_unusable_password()
    try:
        person.full_clean()
    except ValidationError as error:
        raise InvalidError(
            f"'{username}' cannot be added as a person.",
            remedy="Use letters, digits and @ . + - _ for a username, and a valid e-mail address.",
            details=[f"{name}: {' '.join(faults)}" for name, faults in error.message_dict.items()],
        ) from error
    with pghistory.context(action="add_person"):
        person.save()
        person.groups.set(Group.objects.filter(name__in=[role.value for role in roles]))
    return person


@transaction.atomic
def set_email(*, username: str, email: str) -> Person:
    """The active person, with another e-mail address. Raises `InvalidError` for an unknown person and what is no address."""
    person = find_person(username=username, part="person")
    person.email = email.strip()
    try:
        validate_email(person.email)
    except ValidationError as error:
        raise InvalidError(
            f"'{email}' is not an e-mail address.", remedy="Give one such as kim.lee@example.org.", field="email"
        ) from error
    with pghistory.context(action="set_email"):
        person.save(update_fields=["email"])
    return person
