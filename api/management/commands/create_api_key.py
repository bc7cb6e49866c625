"""`manage.py create_api_key USERNAME --name NAME`: makes an API key for a person and prints it, this once."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from api.access.keys import create_key
from api.access.scopes import Scope
from catalog.models import Person
from catalog.rules.errors import DomainError


class Command(BaseCommand):
    help = "Makes an API key for a person. The key is printed once on the standard output and kept nowhere."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--name", required=True, help="where the key is used")
        parser.add_argument(
            "--scope", action="append", choices=[scope.value for scope in Scope], help="may be repeated; default trust:read"
        )
        parser.add_argument("--days", type=int, help="days until it expires; without it the key has no end")

    def handle(self, *args: Any, **options: Any) -> None:
        person = Person.objects.filter(username=options["username"]).first()
        if person is None:
            raise CommandError(f"There is no person {options['username']}. Add one with `bin/manage add_person USERNAME`.")
        now = timezone.now()
        try:
            expires_at = None if options["days"] is None else now + timedelta(days=options["days"])
            scopes = options["scope"] or [Scope.TRUST_READ.value]
            key, text = create_key(person=person, name=options["name"], scopes=scopes, expires_at=expires_at, now=now)
        except OverflowError:
            raise CommandError(f"--days {options['days']} lies outside of the calendar. Give 1 to 366.") from None
        except DomainError as error:
            raise CommandError(str(error)) from None
        end = f"until {key.expires_at:%Y-%m-%d %H:%M} UTC" if key.expires_at else "without an end"
        self.stderr.write(f"API key {key.prefix} of {person.username}, {', '.join(key.scopes)}, {end}. Shown this once:")
        self.stdout.write(text)
