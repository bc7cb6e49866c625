"""One person with two accounts, and what people do to look like two."""

from collections.abc import Callable
from dataclasses import replace

from catalog.models import Consumer, DataProduct, Person
from catalog.rules.roles import PersonRole
from catalog.services.products import claims_of, update_product
from tests.factories import make_owner, make_person

ADDRESS = "olga@example.org"
BOTH = (PersonRole.DATA_OWNERS, PersonRole.GOVERNANCE)


def second_account(address: str = ADDRESS) -> Person:
    """Another account, of governance, with that address, written past every form."""
    person = make_person(None, *BOTH)
    Person.objects.filter(pk=person.pk).update(email=address)
    person.refresh_from_db()
    return person


def make_olga() -> Person:
    return make_person(None, PersonRole.DATA_OWNERS, email=ADDRESS)


def hand_on(product: DataProduct, to: Person) -> None:
    """Give the product to another owner, as governance and the system may."""
    update_product(product=product, claims=replace(claims_of(product), owner=to.username), actor=None)
    product.refresh_from_db()


def lend_consumer(consumer: Consumer, to: Person) -> None:
    consumer.owner = to
    consumer.save(update_fields=["owner"])


def _same() -> Person:
    return second_account()


def _other_case() -> Person:
    return second_account(ADDRESS.upper())


def _with_blanks() -> Person:
    return second_account(f"  {ADDRESS}\t ")


def _wide_letters() -> Person:
    return second_account("\uff4flga@example.org")


def _zero_width() -> Person:
    return second_account("olga\u200b@example.org")


def _another_address_by_now() -> Person:
    """The address was shared, and was changed just before the act."""
    person = second_account()
    Person.objects.filter(pk=person.pk).update(email="another@example.org")
    person.refresh_from_db()
    return person


def _third_account() -> Person:
    second_account()
    return second_account("Olga@Example.org")


SECOND_ACCOUNTS: dict[str, Callable[[], Person]] = {
    "same address": _same,
    "other case": _other_case,
    "with blanks": _with_blanks,
    "wide letters": _wide_letters,
    "zero width": _zero_width,
    "another address by now": _another_address_by_now,
    "third account": _third_account,
}

__all__ = ["ADDRESS", "BOTH", "SECOND_ACCOUNTS", "hand_on", "lend_consumer", "make_olga", "make_owner", "second_account"]
