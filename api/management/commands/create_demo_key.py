"""`manage.py create_demo_key`: prints a fresh key of the demo's consumer, and nothing else, for the curl line of `bin/up`."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from api.access.keys import create_key, revoke_keys_named
from api.access.scopes import Scope
from catalog.models import Person
from catalog.rules.errors import DomainError

DEMO_CONSUMER = "demo-agent"


class Command(BaseCommand):
    help = "Prints a fresh API key that may read, of the demo's consumer. Its earlier keys of the same name are revoked."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--person", default=DEMO_CONSUMER, help=f"username (default {DEMO_CONSUMER}), made if missing")
        parser.add_argument("--name", default="demo", help="name of the key (default demo)")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        person, is_new = Person.objects.get_or_create(
            username=options["person"], defaults={"first_name": "Demo", "last_name": "consumer"}
        )
        if is_new:
            person.set_unusable_password()
            person.save(update_fields=["password"])
        now = timezone.now()
        revoke_keys_named(person=person, name=options["name"], now=now)
        try:
            _, text = create_key(person=person, name=options["name"], scopes=[Scope.TRUST_READ], now=now)
        except DomainError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(text)
