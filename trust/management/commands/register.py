"""`manage.py register FILE...`: data products from their ODCS contracts."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from catalog.contracts.parsing import MAX_BYTES
from catalog.management.actors import add_actor_argument, find_actor
from trust.intake.services.registration import FileOutcome, register_files


class Command(BaseCommand):
    help = (
        "Register data products from ODCS 3.x contracts (YAML or JSON), or bring what is registered in line with them. "
        "Registering the same document again changes nothing. Exits 1 where a file was refused; the others are registered."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE", help="in any order: inputs are registered first")
        parser.add_argument("--dry-run", action="store_true", help="print what would change, and change nothing")
        add = "add the owner and team members who have no account, as active people"
        parser.add_argument("--add-people", action="store_true", help=add)
        parser.add_argument("--owner", default="", metavar="USERNAME", help="owner of products whose contracts name no owner")
        parser.add_argument(
            "--publish-policies", action="store_true", help="publish the contracts' access policies, as governance would"
        )
        add_actor_argument(parser)

    def handle(self, *_: Any, **options: Any) -> None:
        files = {name: self._content(name) for name in options["files"]}
        outcomes = register_files(
            files=files,
            actor=find_actor(options["actor"]),
            now=timezone.now(),
            dry_run=options["dry_run"],
            add_people=options["add_people"],
            owner=options["owner"],
            # The operator at the command line is not governance unless they say so; a person is what they are.
            publish_policies=True if options["publish_policies"] else None if options["actor"] else False,
        )
        for outcome in outcomes:
            self._show(outcome, is_dry=options["dry_run"])
        if failed := sum(outcome.error is not None for outcome in outcomes):
            message = f"{failed} of {len(outcomes)} files were rejected; nothing from them was saved."
            if len(outcomes) == 1:
                message = "The file was rejected; nothing was saved."
            raise CommandError(message, returncode=1)

    def _content(self, name: str) -> bytes:
        path = Path(name)
        try:
            with path.open("rb") as file:
                return file.read(MAX_BYTES + 1)
        except OSError as error:
            message = f"{name} cannot be read: {error.strerror}. Name an ODCS contract, a YAML or JSON file."
            raise CommandError(message) from error

    def _show(self, outcome: FileOutcome, *, is_dry: bool) -> None:
        if outcome.error is not None:
            self.stderr.write(f"{outcome.filename}: rejected. {outcome.error.message}")
            for detail in outcome.error.details:
                self.stderr.write(f"  {detail}")
            self.stderr.write(f"  {outcome.error.remedy}")
            return
        report = outcome.report
        assert report is not None  # noqa: S101 an outcome has one of the two
        words = ("would be created", "would be updated") if is_dry else ("created", "updated")
        what = words[0] if report.created else words[1] if report.changes else "unchanged"
        self.stdout.write(f"{outcome.filename}: {report.slug} {what}")
        for title, lines in (
            ("", report.changes),
            ("kept, but not checked", report.not_executable),
            ("warnings", report.warnings),
            ("next", report.next_steps if report.changes else []),
        ):
            if title and lines:
                self.stdout.write(f"  {title}:")
            for line in lines:
                self.stdout.write(f"    {line}" if title else f"  {line}")
