"""`manage.py create_admin`: the superuser `admin` with a password that is shown once."""

import secrets
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from catalog.models import Person

_USERNAME, _ADDRESS = "admin", "admin@localhost"
"""The address tells this account, which the operator makes, from the others; `set_email` gives it a real one."""
_RESET = "`bin/manage create_admin --reset` makes a new one"


class Command(BaseCommand):
    help = "Create the superuser 'admin' and print its password, which is not kept and never shown again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        existing = parser.add_mutually_exclusive_group()
        existing.add_argument("--once", action="store_true", help="do not change an existing account")
        existing.add_argument("--reset", action="store_true", help="give an existing account a new password")

    def handle(self, *args: Any, **options: Any) -> None:
        person = Person.objects.filter(username=_USERNAME).first()
        if person is not None and options["once"]:
            self.stdout.write(f"Admin account '{_USERNAME}': its password was shown when it was made; {_RESET}.")
            return
        if person is not None and not options["reset"]:
            message = f"The account '{_USERNAME}' exists already, and its password is not kept in readable form; {_RESET}."
            raise CommandError(message)
        password = secrets.token_urlsafe(15)
        if person is None:
            Person.objects.create_superuser(_USERNAME, _ADDRESS, password)
        else:
            person.is_active = person.is_staff = person.is_superuser = True
            person.set_password(password)
            person.save()
        self.stdout.write(f"Admin account '{_USERNAME}', password {password} (shown this once; {_RESET}).")
