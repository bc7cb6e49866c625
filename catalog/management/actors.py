"""Who acts at the command line: the operator (the system), or the person named with `--as`."""

from argparse import ArgumentParser

from django.core.management.base import CommandError

from catalog.models import DataProduct, Person
from catalog.rules.roles import PersonRole


def add_actor_argument(parser: ArgumentParser, *, is_required: bool = False) -> None:
    """`--as USERNAME`, as `options["actor"]`."""
    text = "act as this person, with their permissions" + ("" if is_required else "; default: the operator, without limits")
    parser.add_argument("--as", dest="actor", metavar="USERNAME", required=is_required, help=text)


def find_actor(username: str | None, role: PersonRole | None = None) -> Person | None:
    """The active person of that name, None where none is named. Raises `CommandError`.

    role: what a person who is missing should be added with, for the hint.
    """
    if username is None:
        return None
    person = Person.objects.filter(username=username, is_active=True).first()
    if person is None:
        words = f"{username} --role {role}" if role else username
        message = f"There is no active person '{username}'. Add one with `bin/manage add_person {words}`."
        raise CommandError(message)
    return person


def find_account(username: str) -> Person:
    """The person of that name, whose account may be closed. Raises `CommandError`."""
    person = Person.objects.filter(username=username).first()
    if person is None:
        raise CommandError(f"There is no person '{username}'. The admin lists all under People, the API at /api/v1/people.")
    return person


def find_product(slug: str) -> DataProduct:
    """The data product of that slug. Raises `CommandError`."""
    product = DataProduct.objects.select_related("owner").filter(slug=slug).first()
    if product is None:
        raise CommandError(f"There is no data product '{slug}'. `bin/manage show_verdicts` lists all.")
    return product
