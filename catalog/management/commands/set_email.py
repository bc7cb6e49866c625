"""`manage.py set_email USERNAME ADDRESS`: the address by which an account is told from other accounts of the same person."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from catalog.management.actors import add_actor_argument, find_actor
from catalog.rules.errors import DomainError
from catalog.services.email_addresses import how_to_confirm
from catalog.services.people import set_email


class Command(BaseCommand):
    help = (
        "Set the e-mail address of a person, for which the operator vouches; with --as the person has to confirm it. "
        "Two accounts with one address count as one person."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("address")
        add_actor_argument(parser)

    def handle(self, *_: Any, **options: Any) -> None:
        try:
            person = set_email(username=options["username"], email=options["address"], actor=find_actor(options["actor"]))
        except DomainError as error:
            raise CommandError(str(error)) from error
        if person.email_to_confirm:
            self.stdout.write(f"{person.email_to_confirm} does not count yet. {how_to_confirm(person)}")
        else:
            self.stdout.write(f"{person.username} has the address {person.email}.")
