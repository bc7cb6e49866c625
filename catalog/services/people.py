"""People and their accounts: found by username, added, given roles and addresses, closed and opened again.

Governance does all this for others. The accounts of governance, also of single domains, and of superusers are changed by
superusers alone, and only they give the role `governance`, or a domain: nobody of governance makes, or takes over, the second
person of an act that takes two. Closing an account is the exception, since it gives nobody anything.
"""

from collections.abc import Iterable

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from catalog.models import Domain, DomainGovernor, Person
from catalog.rules.errors import ConflictError, ForbiddenError, InvalidError
from catalog.rules.roles import PersonRole
from catalog.services.email_addresses import ask_to_confirm, give_address
from catalog.services.permissions import actor_name, is_governance, require_governance
from catalog.services.recording import recorded
from catalog.services.requests import demand_reason


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


def add_person(
    *,
    username: str,
    full_name: str = "",
    email: str = "",
    roles: Iterable[PersonRole] = (),
    is_staff: bool = False,
    actor: Person | None = None,
) -> Person:
    """A new active person without a password, who can be given one in the admin. An address that others than the operator
    give waits until the person has confirmed it.

    Raises `ForbiddenError`, `ConflictError` where the username is taken, `InvalidError` where it cannot be one.
    """
    wanted = frozenset(roles)
    require_governance(actor, "add people")
    _demand_may_give(actor, wanted, username)
    if Person.objects.filter(username=username).exists():
        raise ConflictError(
            f"A person '{username}' exists already.",
            remedy="Choose another username, or use this one; `bin/manage set_roles` gives it roles.",
            field="username",
        )
    first, _, last = full_name.strip().partition(" ")
    person = Person(username=username, first_name=first, last_name=last, is_staff=is_staff)
    give_address(person, email, actor)
    person.set_unusable_password()
    try:
        person.full_clean()
    except ValidationError as error:
        raise InvalidError(
            f"'{username}' cannot be added as a person.",
            remedy="Use letters, digits and @ . + - _ for a username that no account has or had, and a valid e-mail address.",
            details=[f"{name}: {' '.join(faults)}" for name, faults in error.message_dict.items()],
        ) from error
    with recorded("add_person", actor):
        person.save()
        person.groups.set(_groups(wanted))
        ask_to_confirm(person)
    return person


def set_email(*, username: str, email: str, actor: Person | None = None) -> Person:
    """The active person, with another e-mail address: verified where the operator gives it, else once they have confirmed it.
    The same address again sends the mail again.

    Raises `ForbiddenError`, `InvalidError` for an unknown person and what is no address.
    """
    person = find_person(username=username, part="person")
    demand_may_change(actor, person, f"set the e-mail address of {username}")
    address = email.strip()
    try:
        validate_email(address)
    except ValidationError as error:
        raise InvalidError(
            f"'{email}' is not an e-mail address.", remedy="Give one such as kim.lee@example.org.", field="email"
        ) from error
    with recorded("set_email", actor):
        person = Person.objects.select_for_update(no_key=True).get(pk=person.pk)  # who confirms one meanwhile loses nothing
        give_address(person, address, actor)
        person.save(update_fields=["email", "email_to_confirm"])
        ask_to_confirm(person)
    return person


def set_roles(*, person: Person, roles: Iterable[PersonRole], reason: str, actor: Person | None) -> Person:
    """The person, with exactly these roles. Raises `ForbiddenError`."""
    wanted = frozenset(roles)
    said = demand_reason(reason, "A change of roles")
    demand_may_change(actor, person, f"change the roles of {person.username}")
    _demand_may_give(actor, wanted, person.username)
    with recorded("set_roles", actor, said), transaction.atomic():
        kept = person.groups.exclude(name__in=[role.value for role in PersonRole])
        person.groups.set([*kept, *_groups(wanted)])
    return person


def set_domains(*, person: Person, domains: Iterable[str], reason: str, actor: Person | None) -> Person:
    """The person, who acts for governance in exactly these domains (slugs). Four eyes hold there as anywhere.

    Raises `ForbiddenError`, `InvalidError` for a domain that does not exist.
    """
    wanted, said = frozenset(domains), demand_reason(reason, "A change of domains")
    require_governance(actor, f"change the domains of {person.username}")
    if not _is_superuser(actor):
        raise _for_superusers(actor, f"change the domains of {person.username}", "governance does not appoint its own members")
    found = list(Domain.objects.filter(slug__in=wanted))
    if missing := sorted(wanted - {domain.slug for domain in found}):
        raise InvalidError(
            f"There is no domain {missing[0][:80]}.",
            remedy="Name one that a data product belongs to, by its slug.",
            code="domain_unknown",
            field="domains",
        )
    with recorded("set_domains", actor, said):
        person.governed_domains.exclude(domain__in=found).delete()
        present = set(person.governed_domains.values_list("domain", flat=True))
        for domain in found:
            if domain.pk not in present:
                DomainGovernor.objects.create(domain=domain, person=person)
    return person


def close_account(*, person: Person, reason: str, actor: Person | None) -> Person:
    """The person, who cannot sign in any more and answers for nothing; their keys and consumers are blocked with them.

    Raises `ForbiddenError`, `ConflictError` where the account is closed already.
    """
    said = demand_reason(reason, "Closing an account")
    require_governance(actor, f"close the account of {person.username}")
    if person.is_superuser and not _is_superuser(actor):
        raise _for_superusers(actor, f"close the account of {person.username}", "it is a superuser's")
    if actor is not None and actor.pk == person.pk:
        raise ConflictError(
            f"{actor.username} cannot close their own account.", remedy="Ask another member of the group 'governance' to do it."
        )
    if not person.is_active:
        raise ConflictError(f"The account of {person.username} is closed already.", remedy="No action needed.")
    with recorded("close_account", actor, said):
        person.is_active = False
        person.save(update_fields=["is_active"])
    return person


def open_account(*, person: Person, reason: str, actor: Person | None) -> Person:
    """The person, whose account is open again. Raises `ForbiddenError`, `ConflictError` where it is open."""
    said = demand_reason(reason, "Opening an account")
    demand_may_change(actor, person, f"open the account of {person.username}")
    if person.is_active:
        raise ConflictError(f"The account of {person.username} is open.", remedy="No action needed.")
    with recorded("open_account", actor, said):
        person.is_active = True
        person.save(update_fields=["is_active"])
    return person


def may_change(actor: Person | None, person: Person) -> bool:
    """Whether `actor` may give this account a role, a password, an address or a name."""
    return _is_superuser(actor) or (is_governance(actor) and not _is_protected(person))


def demand_may_change(actor: Person | None, person: Person, action: str) -> None:
    """Raise `ForbiddenError` unless `actor` may change this account. `action` completes "may not ..."."""
    require_governance(actor, action)
    if not may_change(actor, person):
        raise _for_superusers(actor, action, "the account is of governance or a superuser")


def _is_superuser(actor: Person | None) -> bool:
    """None: the operator at the command line."""
    return actor is None or (actor.is_active and actor.is_superuser)


def _is_protected(person: Person) -> bool:
    """Governance, also of single domains, and superusers. Closed accounts too: one that is opened again acts again."""
    governs = person.groups.filter(name=PersonRole.GOVERNANCE.value).exists() or person.governed_domains.exists()
    return person.is_superuser or governs


def _demand_may_give(actor: Person | None, roles: frozenset[PersonRole], username: str) -> None:
    if PersonRole.GOVERNANCE in roles and not _is_superuser(actor):
        raise _for_superusers(actor, f"give {username} the role governance", "governance does not appoint its own members")


def _for_superusers(actor: Person | None, action: str, why: str) -> ForbiddenError:
    return ForbiddenError(
        f"{actor_name(actor)} may not {action}: {why}.",
        remedy="Ask a superuser to do it in the admin, or the operator with a command of bin/manage.",
        code="superuser_only",
    )


def _groups(roles: Iterable[PersonRole]) -> list[Group]:
    return list(Group.objects.filter(name__in=[role.value for role in roles]))
