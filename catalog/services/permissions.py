"""Who may do what with a data product. The precedence, once: the system, then superusers, then governance, then who governs
the product's domain, then the owner, then the stewards. An inactive person may do nothing.

`actor` None is the system itself: the operator at the command line, a task, a migration.
"""

from collections.abc import Collection

from django.db.models import Q, Value

from catalog.callers import machine
from catalog.models import ApiKey, DataProduct, DomainGovernor, Person
from catalog.queries.ownership import (
    IsTied,
    SamePerson,
    has_identity,
    has_looked_after_since,
    lookers_since,
    stands_in_for,
    tie_of,
)
from catalog.rules.errors import ForbiddenError
from catalog.rules.moments import shown
from catalog.rules.roles import PersonRole
from catalog.services.email_addresses import how_to_confirm


def has_role(actor: Person, role: PersonRole) -> bool:
    """Whether an active person is in the group of `role`."""
    return actor.is_active and actor.groups.filter(name=role.value).exists()


def may_register(actor: Person | None) -> bool:
    """Whether `actor` is in the group of any role that changes things, or acts for governance: who may register what they
    answer for. Auditors read."""
    if is_governance(actor):
        return True
    return actor is not None and has_role(actor, PersonRole.DATA_OWNERS)


def is_governance(actor: Person | None) -> bool:
    """Whether `actor` may act for governance: the system, a superuser, or the group. An inactive person may not."""
    if actor is None:
        return True
    return actor.is_active and (actor.is_superuser or has_role(actor, PersonRole.GOVERNANCE))


def governs(actor: Person | None, product: DataProduct) -> bool:
    """Whether `actor` may act for governance in the product's domain: governance, or named for the domain by it."""
    return is_governance(actor) or (actor is not None and _governs_domain(actor, product.domain_id))


def _governs_domain(actor: Person, domain_id: int) -> bool:
    return actor.is_active and DomainGovernor.objects.filter(person=actor, domain=domain_id).exists()


def answers_for(actor: Person | None, *people: int | None) -> bool:
    """Whether an active `actor` is one of these people (ids), or their deputy now. A query only where they are not."""
    if actor is None or not actor.is_active:
        return False
    return actor.pk in people or stands_in_for(actor).filter(person__in=[pk for pk in people if pk is not None]).exists()


def owns(actor: Person, product: DataProduct) -> bool:
    """Whether `actor` is the owner, or their deputy; of a product that has none, who registered it."""
    return answers_for(actor, product.owner_id or product.registered_by_id)


def stewards(actor: Person, product: DataProduct) -> bool:
    """Whether `actor` is a steward, or the deputy of one."""
    if not actor.is_active:
        return False
    return product.stewards.filter(Q(pk=actor.pk) | Q(pk__in=stands_in_for(actor).values("person"))).exists()


def can_change(actor: Person | None, product: DataProduct) -> bool:
    """Governance and the owner may change a product and everything that belongs to it."""
    return is_governance(actor) or (actor is not None and owns(actor, product))


def can_look_after(actor: Person | None, product: DataProduct) -> bool:
    """A steward may edit descriptions and request runs, as may everybody who may change the product."""
    return can_change(actor, product) or (actor is not None and stewards(actor, product))


def sees_everything(person: Person) -> bool:
    """Whether `person` may read every product, drafts too: governance, auditors and superusers."""
    return is_governance(person) or has_role(person, PersonRole.AUDITORS)


def require_governance(actor: Person | None, action: str) -> None:
    """Raise `ForbiddenError` unless `actor` acts for governance. `action` completes "may not ..."."""
    if not is_governance(actor):
        raise ForbiddenError(
            f"{actor_name(actor)} may not {action}: that is for governance.",
            remedy="Ask a member of the group 'governance' to do it.",
        )


def require_governs(actor: Person | None, product: DataProduct, action: str) -> None:
    """Raise `ForbiddenError` unless `actor` acts for governance in the product's domain. `action` completes "may not ..."."""
    if not governs(actor, product):
        raise ForbiddenError(
            f"{actor_name(actor)} may not {action}: that is for governance.",
            remedy=f"Ask a member of the group 'governance', or who governs the domain {product.domain.slug}, to do it.",
        )


def require_identity(actor: Person | None, action: str) -> None:
    """Raise `ForbiddenError` where nothing tells whether `actor` is the second person that an act needs, or the first by
    another account: accounts are told apart by their verified e-mail address. `action` completes "may not ..."."""
    if actor is not None and not has_identity(actor):
        raise ForbiddenError(
            f"{actor.username} may not {action}: it takes a second person, and this account has no verified e-mail address, "
            "so it cannot be told from another account of the same person.",
            remedy=how_to_confirm(actor)
            or f"Governance gives an address in the admin under People, and {actor.username} confirms it by the link in the "
            f"mail; or the operator vouches for one with `bin/manage set_email {actor.username} ADDRESS`.",
            code="identity_not_verifiable",
        )


def require_independence(actor: Person | None, others: Collection[int | None], action: str) -> None:
    """Raise `ForbiddenError` where `actor` is no second person to `others` (ids), by what is known of the accounts: they cannot
    be told apart (`require_identity`), or one changed the account of the other lately, or is their deputy. A person can act
    through an account that they gave a role, a password, an address or a name. `action` completes "may not ...".
    """
    require_identity(actor, action)
    if actor is None or (tie := tie_of(actor, others)) is None:
        return
    raise ForbiddenError(
        f"{actor.username} may not {action}: of the accounts {tie.person} and {tie.other} one was changed by the other, or was "
        f"its deputy, or one person changed both and reset a password, last at {shown(tie.changed_at)}. Until "
        f"{shown(tie.until)} the two do not count as two people.",
        remedy=f"Ask another member of the group 'governance' to do it, or wait until then.{how_to_add_one(actor)}",
        code="account_changed_lately",
    )


def require_second_person(actor: Person | None, product: DataProduct, action: str) -> None:
    """Raise `ForbiddenError` where `actor` owns or stewards `product`, or did since its last review, by any account: what is
    judged about a product takes a person who does not answer for it. `action` completes "may not ...".
    """
    if actor is None:
        return
    if has_looked_after_since(actor, product, product.reviewed_at):
        raise ForbiddenError(
            f"{actor.username} may not {action}: they own or steward the product, or did since its last review, by this or "
            "another account.",
            remedy=f"Ask another member of the group 'governance' to do it.{how_to_add_one(actor)}",
            code="four_eyes",
        )
    require_independence(actor, lookers_since(product, product.reviewed_at), action)


def other_governance(actor: Person) -> list[Person]:
    """The active people of governance who can be told from `actor`, and are not tied to them by a change of an account. One
    query."""
    me = Value(actor.pk)
    others = Person.objects.governance().exclude(SamePerson("pk", me)).exclude(IsTied("pk", me))
    return [one for one in others if has_identity(one)]


def how_to_add_one(actor: Person) -> str:
    """What to do in an installation where nobody else can give the second word; empty where somebody can."""
    if other_governance(actor):
        return ""
    return " There is no other one: add a person with `bin/manage add_person USERNAME --email ADDRESS --role governance`."


def require_can_register(actor: Person | None) -> None:
    """Raise `ForbiddenError` unless `actor` may register a new product."""
    if may_register(actor):
        return
    raise ForbiddenError(
        f"{actor_name(actor)} may not register data products.",
        remedy="Ask a member of the group 'governance' to add you to the group 'data owners'.",
    )


def require_can_change(actor: Person | None, product: DataProduct) -> None:
    """Raise `ForbiddenError` unless `actor` is the owner of `product` or acts for governance."""
    if not can_change(actor, product):
        raise ForbiddenError(
            f"{actor_name(actor)} may not change data product {product.slug}: it belongs to {product.owner_name or 'nobody'}.",
            remedy=f"Ask {f'{product.owner_name} or ' * bool(product.owner)}a member of the group 'governance' to do it.",
        )


def require_can_look_after(actor: Person | None, product: DataProduct) -> None:
    """Raise `ForbiddenError` unless `actor` may request runs of `product` and edit its descriptions."""
    if not can_look_after(actor, product):
        raise ForbiddenError(
            f"{actor_name(actor)} neither owns nor looks after data product {product.slug}.",
            remedy=f"Ask its owner{f' {product.owner_name}' * bool(product.owner)} to do it or to name you as a steward.",
        )


def actor_name(actor: Person | None) -> str:
    """Who acts, as a sentence begins with it: a machine by its own name, and who answers for it."""
    if (caller := machine()) is not None and actor is not None:
        return f"{caller.consumer}, for which {actor.username} answers,"
    return "The system" if actor is None else actor.username


def by_actor(actor: Person | None) -> str:
    """The same behind "by", as a sentence ends with it."""
    return "the system" if actor is None else actor_name(actor).rstrip(",")


def demand_own_request(caller: ApiKey | None, what: str) -> None:
    """Raise `ForbiddenError` where a machine acts and another consumer, or the person, made the request: `caller` did."""
    if (acting := machine()) is not None and (caller is None or caller.consumer_id != acting.consumer_id):
        raise ForbiddenError(
            f"{acting.consumer} did not make {what}, so it does not withdraw it.",
            remedy="The person who answers for it can, with a session or a key of their own.",
            code="not_own_request",
        )


def in_person(actor: Person | None) -> Person | None:
    """The person who acts themselves, and so needs no notice of it; None where the system or a machine does."""
    return None if machine() else actor
