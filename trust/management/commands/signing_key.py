"""`manage.py signing_key`: which key signs; `--ensure` makes the first one, `--rotate` the next one."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from catalog.rules.errors import DomainError
from trust.ledger.signing import ensure_key, rotate_key
from trust.ledger.signing.folder import newest_private_key
from trust.ledger.signing.keys import public_jwk


class Command(BaseCommand):
    help = "Show the key that signs answers and the ledger, by its public thumbprint; make the first key or a new one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        choices = parser.add_mutually_exclusive_group()
        choices.add_argument("--ensure", action="store_true", help="make a key if there is none, and publish its public half")
        choices.add_argument(
            "--rotate", action="store_true", help="make a new key that signs from now on; the old ones are kept"
        )

    def handle(self, *_: Any, **options: Any) -> None:
        try:
            self.stdout.write(self._done(is_ensured=options["ensure"], is_rotated=options["rotate"]))
        except DomainError as error:
            raise CommandError(str(error)) from error

    def _done(self, *, is_ensured: bool, is_rotated: bool) -> str:
        if is_rotated:
            return f"Made the signing key {rotate_key()}; it signs from now on. Older signatures stay valid."
        if is_ensured:
            kid, is_new = ensure_key()
            return f"Made the signing key {kid}." if is_new else f"The signing key is {kid}."
        return f"The signing key is {public_jwk(newest_private_key().public_key())['kid']}."
