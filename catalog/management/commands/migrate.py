"""`manage.py migrate`: Django's, which refuses a database that another version of Touchstone made."""

from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import migrate

from catalog.layout import OTHER_LAYOUT, other_layout


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        if sentence := other_layout():
            raise CommandError(sentence, returncode=OTHER_LAYOUT)
        super().handle(*args, **options)
