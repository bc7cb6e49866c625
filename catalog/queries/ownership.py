"""Which accounts are one person, and who owned what when.

Both are said once, in `catalog/sql/same_person.sql`, for services, lists and judgements alike. They are read from the
history: a person who hands something on for an hour still decides in their own matter, by whichever of their accounts. Who
changed whose account lately is said in `catalog/sql/account_changes.sql`, for services and lists: what was decided stays.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import BooleanField, Func, IntegerField, Q, QuerySet
from django.db.models.functions import Now

from catalog.models import DataProduct, Deputy, Person, UseCase


class SamePerson(Func):
    """Whether two accounts, by id, are one person: they have, or ever had, the same e-mail address."""

    function = "catalog_is_same_person"
    output_field = BooleanField()


class IsTied(Func):
    """Whether one of two accounts, by id, changed the other lately: they are not two people in an act that takes two."""

    function = "catalog_is_tied"
    output_field = BooleanField()


class IsTiedToOwner(Func):
    """The same of an account and one who owned a product at any moment from another moment on."""

    function = "catalog_is_tied_to_owner"
    output_field = BooleanField()


class IsTiedToDecisionOwner(Func):
    """The same of the decision of a use case."""

    function = "catalog_is_tied_to_decision_owner"
    output_field = BooleanField()


class IsTiedToAsker(Func):
    """The same of an account and one of those who ask for an agreement."""

    function = "catalog_is_tied_to_asker"
    output_field = BooleanField()


class HasOwnedSince(Func):
    """Whether a person owned a product at any moment from another moment on: ids of the two, and the moment."""

    function = "catalog_has_owned_since"
    output_field = BooleanField()


class HasOwnedDecisionSince(Func):
    """The same of the decision of a use case."""

    function = "catalog_has_owned_decision_since"
    output_field = BooleanField()


class AsksFor(Func):
    """Whether a person is among those who ask for an agreement: its requester, and each owner of its consumer since then."""

    function = "catalog_asks_for"
    output_field = BooleanField()


class OwnerAsksFor(Func):
    """Whether an owner of the product since the request is among those who ask for the agreement."""

    function = "catalog_owner_asks_for"
    output_field = BooleanField()


class RankOf(Func):
    """Rank of the sensitivity that an agreement must be approved for: the highest since the request."""

    function = "catalog_rank_of"
    output_field = IntegerField()


def has_identity(person: Person) -> bool:
    """Whether the account has a verified e-mail address, by which it is told from other accounts of the same person."""
    return any(character.isalnum() for character in person.email)


def is_same_person(one: Person, other: Person) -> bool:
    """Two accounts that have, or ever had, the same e-mail address are one person, confirmed or not. One query, none for one
    account.
    """
    return one.pk == other.pk or _said("catalog_is_same_person(%s, %s)", one.pk, other.pk)


@dataclass(frozen=True, slots=True)
class Tie:
    """That `person` and `other`, usernames, are not two people until a moment: one changed the account of the other, or was
    their deputy, last at `changed_at`.
    """

    person: str
    other: str
    changed_at: datetime
    until: datetime


def tie_of(person: Person, others: Collection[int | None]) -> Tie | None:
    """What ties `person` to one of these accounts, the last that there is; None where nothing does. One query."""
    statement = """
        SELECT p.username, t.at, t.at + trust_independence_interval()
        FROM catalog_person p, LATERAL (SELECT catalog_tied_since(%s, p.id) AS at) t
        WHERE p.id = ANY(%s::bigint[]) AND t.at IS NOT NULL ORDER BY t.at DESC LIMIT 1
    """
    with connection.cursor() as cursor:
        cursor.execute(statement, [person.pk, [pk for pk in others if pk is not None]])
        row = cursor.fetchone()
    return None if row is None else Tie(person.username, *row)


def owners_since(product: DataProduct, since: datetime) -> frozenset[int]:
    """The accounts that owned `product` at any moment from `since` on. One query."""
    return _accounts("catalog_owners_since(%s, %s)", product.pk, since)


def lookers_since(product: DataProduct, since: datetime | None) -> frozenset[int]:
    """The same of owners and stewards; `since` None: ever. One query."""
    return _accounts("catalog_lookers_since(%s, %s::timestamptz)", product.pk, _moment(since))


def decision_owners_since(use_case: UseCase, since: datetime) -> frozenset[int]:
    """The same of the business owners of a use case. One query."""
    return _accounts("catalog_decision_owners_since(%s, %s)", use_case.pk, since)


def stands_in_for(person: Person) -> QuerySet[Deputy]:
    """What makes `person` the deputy of others at the moment."""
    running = Deputy.objects.filter(deputy=person, starts_at__lte=Now(), ends_at__gt=Now())
    return running.filter(Q(ended_at=None) | Q(ended_at__gt=Now()))


def has_owned_since(person: Person, product: DataProduct, since: datetime) -> bool:
    """Whether `person` owned `product`, by any account, at any moment from `since` on, up to now. One query."""
    return product.owner_id == person.pk or _said("catalog_has_owned_since(%s, %s, %s)", person.pk, product.pk, since)


def has_looked_after_since(person: Person, product: DataProduct, since: datetime | None) -> bool:
    """The same of owners and stewards; `since` None: ever. One query."""
    return _said("catalog_has_looked_after_since(%s, %s, %s::timestamptz)", person.pk, product.pk, _moment(since))


def has_owned_decision_since(person: Person, use_case: UseCase, since: datetime) -> bool:
    """Whether `person` was the business owner of `use_case`, by any account, at any moment from `since` on. One query."""
    held = use_case.business_owner_id == person.pk
    return held or _said("catalog_has_owned_decision_since(%s, %s, %s)", person.pk, use_case.pk, since)


def people_of(accounts: frozenset[int]) -> dict[int, int]:
    """Each account with the least id among these accounts that are the same person. One query, none for fewer than two."""
    least = {pk: pk for pk in accounts}
    if len(accounts) < 2:
        return least
    pairs = """
        SELECT a, b FROM unnest(%s::bigint[]) a, unnest(%s::bigint[]) b WHERE a < b AND catalog_is_same_person(a, b)
        ORDER BY a, b
    """
    with connection.cursor() as cursor:
        cursor.execute(pairs, [sorted(accounts), sorted(accounts)])
        for one, other in cursor.fetchall():
            low, high = sorted((least[one], least[other]))
            least = {pk: low if person == high else person for pk, person in least.items()}
    return least


def askers_and_owners(agreement_id: int) -> tuple[frozenset[int], frozenset[int], int]:
    """Who asks for an agreement and who owned its product, each at any moment since the request, and the rank of the
    sensitivity that it must be approved for. One query.
    """
    statement = """
        SELECT ARRAY(SELECT catalog_askers_of(g.id)), ARRAY(SELECT catalog_owners_since(g.product_id, g.requested_at)),
            catalog_rank_of(g.id)
        FROM catalog_agreement g WHERE g.id = %s
    """
    with connection.cursor() as cursor:
        cursor.execute(statement, [agreement_id])
        askers, owners, rank = cursor.fetchone()
    return frozenset(askers), frozenset(owners), rank


def _said(condition: str, *values: int | str | datetime) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {condition}", values)
        return bool(cursor.fetchone()[0])


def _accounts(function: str, *values: int | str | datetime) -> frozenset[int]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}", values)
        return frozenset(row[0] for row in cursor.fetchall())


def _moment(since: datetime | None) -> str:
    return "-infinity" if since is None else since.isoformat()
