"""`manage.py erase_person USERNAME --as SUPERUSER`: a pseudonym in the place of the name of a person who left."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from catalog.management.actors import find_account, find_actor
from catalog.rules.errors import DomainError
from trust.clock import database_now
from trust.ledger.services.name_erasure import erase_person
from trust.ledger.signing import KeyUnavailableError


class Command(BaseCommand):
    help = (
        "Erase the username, names and addresses of a person from rows and history, on a lawful request. It cannot be undone. "
        "The ledger verifies as before, and says how many rows were erased. Runs as the owner of the tables. See "
        "docs/security.md."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", help="of a closed account that answers for nothing any more")
        parser.add_argument("--as", dest="actor", metavar="SUPERUSER", required=True, help="the superuser who answers for it")
        parser.add_argument("--reason", required=True, help="kept, without the name")

    def handle(self, *_: Any, **options: Any) -> None:
        actor = find_actor(options["actor"])
        if actor is None:
            raise CommandError("Name the superuser who answers for it: --as SUPERUSER.")
        try:
            done = erase_person(
                person=find_account(options["username"]), reason=options["reason"], actor=actor, now=database_now()
            )
        except (DomainError, KeyUnavailableError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"The person is {done.pseudonym} from now on. Rows that held the name, by table:")
        for table, count in done.rows.items():
            self.stdout.write(f"  {table}: {count}")
        self.stdout.write(f"{done.sealed} of them were sealed; the ledger holds the record of their change.")
        for table, count in done.left.items():
            self.stdout.write(f"Left as they are, because their bytes count: {count} rows of {table} that hold the name.")
