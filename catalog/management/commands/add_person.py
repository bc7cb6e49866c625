"""`manage.py add_person USERNAME`: somebody who can own, look after, govern or audit."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from catalog.management.actors import add_actor_argument, find_actor
from catalog.rules.errors import DomainError
from catalog.rules.roles import PersonRole
from catalog.services.email_addresses import how_to_confirm
from catalog.services.people import add_person


class Command(BaseCommand):
    help = "Add a person without a password. Set one with `bin/manage changepassword USERNAME`, to allow sign-in."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--name", default="", help="full name")
        parser.add_argument("--email", default="")
        roles = [role.value for role in PersonRole]
        parser.add_argument("--role", action="append", default=[], choices=roles, help="may be given more than once")
        parser.add_argument("--staff", action="store_true", help="may use the admin")
        add_actor_argument(parser)

    def handle(self, *_: Any, **options: Any) -> None:
        roles = [PersonRole(role) for role in options["role"]]
        try:
            person = add_person(
                username=options["username"],
                full_name=options["name"],
                email=options["email"],
                roles=roles,
                is_staff=options["staff"],
                actor=find_actor(options["actor"]),
            )
        except DomainError as error:
            raise CommandError(str(error)) from error
        said = f", in {', '.join(roles)}" if roles else ""
        self.stdout.write(f"Added {person.username}{said}.")
        if person.email_to_confirm:
            self.stdout.write(f"{person.email_to_confirm} does not count yet. {how_to_confirm(person)}")
        elif not person.email:
            self.stdout.write(
                "Without an e-mail address this account cannot be told from another of the same person, so it cannot be the "
                "second person of an act of two (a review, an approval). Set one: "
                f"bin/manage set_email {person.username} ADDRESS"
            )
