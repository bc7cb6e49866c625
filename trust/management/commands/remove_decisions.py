"""`manage.py remove_decisions --as SUPERUSER`: decisions that are older than they are kept."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from catalog.management.actors import find_actor
from catalog.rules.errors import DomainError
from trust.clock import database_now
from trust.decisions.services.retention import removable, remove_decisions
from trust.ledger.signing import KeyUnavailableError


class Command(BaseCommand):
    help = (
        "Remove the decisions that are older than TOUCHSTONE_KEEP_DECISIONS_DAYS. It cannot be undone. The ledger verifies as "
        "before, and says how many were removed. Runs as the owner of the tables. See docs/operations.md."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--as", dest="actor", metavar="SUPERUSER", required=True, help="the superuser who answers for it")
        parser.add_argument("--reason", required=True, help="kept with the record")
        parser.add_argument("--dry-run", action="store_true", help="only say what would be removed")

    def handle(self, *_: Any, **options: Any) -> None:
        days, now = settings.TOUCHSTONE.keep_decisions_days, database_now()
        if not days:
            message = "Decisions are kept for ever. Set TOUCHSTONE_KEEP_DECISIONS_DAYS to the days that they are kept."
            raise CommandError(message)
        before = now - timedelta(days=days)
        actor = find_actor(options["actor"])
        if actor is None:
            raise CommandError("Name the superuser who answers for it: --as SUPERUSER.")
        try:
            if options["dry_run"]:
                found = removable(before=before, now=now)
            else:
                found = remove_decisions(before=before, reason=options["reason"], actor=actor, now=now)
        except (DomainError, KeyUnavailableError) as error:
            raise CommandError(str(error)) from error
        said = "would be removed" if options["dry_run"] else "were removed; the ledger holds the record"
        self.stdout.write(f"{found.count} decisions from before {before:%Y-%m-%d %H:%M} UTC {said}.")
