"""`manage.py close_account USERNAME`: nobody signs in with it any more; `--open` opens it again."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from catalog.management.actors import add_actor_argument, find_account, find_actor
from catalog.rules.errors import DomainError
from catalog.services.people import close_account, open_account


class Command(BaseCommand):
    help = "Close the account of a person who left. `bin/manage hand_over` gives what they answer for to another person first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--open", action="store_true", help="open a closed account again")
        parser.add_argument("--reason", required=True, help="kept in the history")
        add_actor_argument(parser)

    def handle(self, *_: Any, **options: Any) -> None:
        change = open_account if options["open"] else close_account
        try:
            person = change(
                person=find_account(options["username"]), reason=options["reason"], actor=find_actor(options["actor"])
            )
        except DomainError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"The account of {person.username} is {'open' if person.is_active else 'closed'}.")
