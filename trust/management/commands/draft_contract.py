"""`manage.py draft_contract DATA [--out FILE]`: a contract to start from, made from the data itself."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from trust.evidence.rules.evidence import SourceProblemError
from trust.intake.rules.contract_text import defect_sentence
from trust.intake.services.drafting import draft_contract
from trust.management.operator_files import operators_file
from trust.management.showing import progress


class Command(BaseCommand):
    help = (
        "Profile a data file (Parquet, CSV, JSON lines, Excel) and write an ODCS 3.2 contract that its honest rows keep, "
        "with the reason of each demand. What looks like a defect is named, and not made into a rule. Nothing is registered."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("data", metavar="DATA", help="the data file, or a folder of files of one table")
        parser.add_argument(
            "--out", default="", metavar="FILE", help="write the contract to this file; it must not be there yet"
        )
        parser.add_argument("--name", default="", metavar="NAME", help="name of the data product; by default the file's name")

    def handle(self, *_: Any, **options: Any) -> None:
        path, roots = operators_file(options["data"])
        try:
            with progress(f"Reading {options['data']} ..."):
                drafted = draft_contract(data=path, now=timezone.now(), show_values=True, roots=roots, name=options["name"])
        except SourceProblemError as problem:
            raise CommandError(f"{problem.failure.message} {problem.failure.remedy}", returncode=2) from problem
        if not options["out"]:
            self.stdout.write(drafted.text, ending="")
        else:
            self._write(Path(options["out"]), drafted.text)
            draft = drafted.draft
            self.stdout.write(f"{options['out']}: {drafted.name}, {len(draft.fields)} columns, {draft.rows:,} rows")
            self.stdout.write(f"  next: read it and try it: bin/manage try {options['out']}")
            self.stdout.write(f"  then register it: bin/manage register {options['out']} --owner USERNAME --add-people")
        for defect in drafted.defects:
            self.stderr.write(f"defect: {defect_sentence(defect, show_values=False)}")
        if Path(drafted.location).is_absolute():
            self.stderr.write(
                f"warning: {drafted.location} lies in no data root. Put it into one (TOUCHSTONE_DATA_ROOTS), "
                "or runs will not read it."
            )

    def _write(self, out: Path, text: str) -> None:
        try:
            with out.open("x", encoding="utf-8") as file:
                file.write(text)
        except FileExistsError as error:
            raise CommandError(f"{out} is there already. Give --out another name, or remove it.") from error
        except OSError as error:
            raise CommandError(
                f"{out} cannot be written: {error.strerror}. Give --out a path that you may write to."
            ) from error
