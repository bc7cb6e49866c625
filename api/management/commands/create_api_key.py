"""`manage.py create_api_key USERNAME|--consumer SLUG --name NAME`: makes an API key and prints it, this once."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from catalog.models import Consumer, Person
from catalog.rules.errors import DomainError
from catalog.rules.moments import shown
from catalog.rules.scopes import Scope
from catalog.services.api_keys import create_key_of
from catalog.services.consumers import consumer_of_person


class Command(BaseCommand):
    help = "Makes an API key for a person or a consumer. The key is printed once on the standard output and kept nowhere."

    def add_arguments(self, parser: ArgumentParser) -> None:
        whose = parser.add_mutually_exclusive_group(required=True)
        whose.add_argument("username", nargs="?", help="the person whose key it is")
        whose.add_argument("--consumer", metavar="SLUG", help="the consumer whose key it is")
        parser.add_argument("--name", required=True, help="where the key is used")
        scopes = ", ".join(Scope)
        parser.add_argument("--scope", action="append", help=f"may be repeated, one of {scopes}; default trust:read")
        parser.add_argument("--days", type=int, help="days until it expires; without it the key has no end")
        parser.add_argument("--requests-per-minute", type=int, metavar="N", help="its own limit; without it the installation's")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        try:
            consumer = self._consumer(options["username"], options["consumer"])
            key, text = create_key_of(
                consumer=consumer,
                actor=None,
                name=options["name"],
                scopes=options["scope"] or [Scope.TRUST_READ.value],
                expires_at=None if options["days"] is None else now + timedelta(days=options["days"]),
                requests_per_minute=options["requests_per_minute"],
                now=now,
            )
        except OverflowError:
            raise CommandError(f"--days {options['days']} lies outside the calendar. Give 1 to 366.") from None
        except DomainError as error:
            raise CommandError(str(error)) from None
        end = f"until {shown(key.expires_at)}" if key.expires_at else "without an end"
        self.stderr.write(f"API key {key.prefix} of {consumer.slug}, {', '.join(key.scopes)}, {end}. Shown this once:")
        self.stdout.write(text)

    def _consumer(self, username: str | None, slug: str | None) -> Consumer:
        if slug is not None:
            consumer = Consumer.objects.select_related("owner").filter(slug=slug).first()
            if consumer is None:
                raise CommandError(
                    f"There is no consumer {slug}. Correct the slug, or register it with "
                    f"`bin/manage create_consumer {slug} --kind KIND --owner USERNAME`."
                )
            return consumer
        person = Person.objects.filter(username=username).first()
        if person is None:
            raise CommandError(
                f"There is no person {username}. Add one with `bin/manage add_person USERNAME`; "
                "a key of a consumer is made with --consumer SLUG."
            )
        if not person.is_active:
            raise CommandError(f"The account of {username} is inactive. Activate it first, or name another person.")
        return consumer_of_person(person)
