"""`manage.py name_deputy USERNAME DEPUTY --until TIME`: for an absence."""

from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from catalog.management.actors import add_actor_argument, find_account, find_actor
from catalog.rules.errors import DomainError
from catalog.rules.moments import shown
from catalog.services.deputies import name_deputy


class Command(BaseCommand):
    help = "Name a deputy of a person for an absence, who acts under their own name for what the person answers for."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("deputy")
        parser.add_argument("--from", dest="starts_at", metavar="TIME", help="2026-12-24 or 2026-12-24T08:00Z; default: now")
        parser.add_argument("--until", required=True, metavar="TIME")
        parser.add_argument("--reason", required=True, help="kept in the history")
        add_actor_argument(parser)

    def handle(self, *_: Any, **options: Any) -> None:
        now = timezone.now()
        try:
            row = name_deputy(
                person=find_account(options["username"]),
                deputy=options["deputy"],
                starts_at=_moment(options["starts_at"]) if options["starts_at"] else now,
                ends_at=_moment(options["until"]),
                reason=options["reason"],
                actor=find_actor(options["actor"]),
                now=now,
            )
        except DomainError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{options['deputy']} is the deputy of {options['username']} until {shown(row.ends_at)}.")


def _moment(text: str) -> datetime:
    """In UTC where the text does not say otherwise."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        message = f"{text!r} is no time. Write it as 2026-12-24 or 2026-12-24T08:00Z."
        raise CommandError(message) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
