"""`manage.py hand_over USERNAME --to USERNAME`: all that a person answers for, in one act."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from catalog.management.actors import add_actor_argument, find_account, find_actor
from catalog.rules.errors import DomainError
from trust.clock import database_now
from trust.desk.services.hand_over import hand_over_everything


class Command(BaseCommand):
    help = "Hand over all that a person answers for: products, consumers, use cases, measures, incidents, exceptions, waivers."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--to", required=True, metavar="USERNAME", help="who answers for it from now on")
        parser.add_argument("--reason", required=True, help="kept in the history")
        add_actor_argument(parser)

    def handle(self, *_: Any, **options: Any) -> None:
        try:
            done = hand_over_everything(
                person=find_account(options["username"]),
                to=options["to"],
                reason=options["reason"],
                actor=find_actor(options["actor"]),
                now=database_now(),
            )
        except DomainError as error:
            raise CommandError(str(error)) from error
        for one in done:
            self.stdout.write(str(one))
        self.stdout.write(f"{options['to']} answers for {len(done)} things from now on.")
