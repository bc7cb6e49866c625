"""`manage.py grant_runtime_role`: the rights of the role that the processes run with, after each `migrate`."""

from argparse import ArgumentParser
from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from psycopg.conninfo import conninfo_to_dict

from catalog.rules.errors import DomainError
from trust.ledger.services.runtime_role import grant_runtime_role


class Command(BaseCommand):
    help = (
        "Give the role of DATABASE_URL, or the one that --role names, the rights of a runtime role: it reads and writes rows, "
        "and changes nothing that was answered. Done as the owner of the tables, TOUCHSTONE_OWNER_DATABASE_URL. Makes the role "
        "if it is missing and the owner may make roles."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--role", help="default: the role of DATABASE_URL")

    def handle(self, *_: Any, **options: Any) -> None:
        runtime = conninfo_to_dict(settings.TOUCHSTONE.database_url.get_secret_value())
        owner = settings.TOUCHSTONE.owner_database_url.get_secret_value()
        role = options["role"] or (str(runtime.get("user", "")) if owner else "")
        if not role:
            message = (
                "There is one role only: TOUCHSTONE_OWNER_DATABASE_URL is not set. Set it to the URL of the tables' owner and "
                "DATABASE_URL to that of the role that the processes run with, or name that one with --role."
            )
            raise CommandError(message)
        password = str(runtime.get("password", "")) if role == runtime.get("user") else ""
        try:
            owner_url = owner or settings.TOUCHSTONE.database_url.get_secret_value()
            is_new = grant_runtime_role(owner_url=owner_url, role=role, password=password)
        except DomainError as error:
            raise CommandError(str(error)) from error
        except psycopg.Error as error:
            reason = str(error).strip().splitlines()[0]
            message = f"The rights could not be granted to {role}: {reason}. TOUCHSTONE_OWNER_DATABASE_URL names the owner."
            raise CommandError(message) from error
        self.stdout.write(f"The role {role} {'was made and ' if is_new else ''}has the rights of a runtime role.")
