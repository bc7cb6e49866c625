"""`manage.py try CONTRACT|DATA [--data FILE]`: how a contract would be judged on its data, before anything is registered."""  # noqa: N999

import json
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from catalog.contracts.parsing import MAX_BYTES
from catalog.rules.errors import DomainError
from trust.evidence.rules.evidence import Failure, SourceProblemError
from trust.intake.rules.contract_text import defect_sentence
from trust.intake.services.drafting import draft_contract, is_contract
from trust.intake.services.trying import Trial, trial_to_json, try_contract
from trust.management.operator_files import operators_file
from trust.management.showing import check_table, counted, progress
from trust.vocabulary import GateStatus, VerdictStatus


class Command(BaseCommand):
    help = (
        "Judge an ODCS contract on its data without registering anything. Of a data file alone a contract is drafted first. "
        "Exit code: 0 production-grade, but for what only people do (owner, acknowledgement, review, policy, publishing); "
        "1 not, or unknown; 2 it could not be read."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("contract", metavar="CONTRACT", help="an ODCS contract, YAML or JSON, or a data file")
        parser.add_argument("--data", default="", metavar="FILE", help="the file to read instead of what the contract names")
        parser.add_argument("--json", action="store_true", dest="as_json", help="print the result as JSON")

    def handle(self, *_: Any, **options: Any) -> None:
        started = time.monotonic()
        with progress(f"Trying {options['contract']} ..."):
            trial, defects = _tried(options["contract"], options["data"], started)
        for defect in defects:
            self.stderr.write(f"defect: {defect}")
        if options["as_json"]:
            self.stdout.write(json.dumps(trial_to_json(trial), ensure_ascii=False, indent=2, allow_nan=False))
        else:
            self.stdout.write(_as_text(trial))
        if trial.exit_code:
            sys.exit(trial.exit_code)


def _tried(contract: str, data: str, started: float) -> tuple[Trial, list[str]]:
    """The trial, and the defects that a draft of the data names."""
    now, defects = timezone.now(), list[str]()
    try:
        if is_contract(contract):
            with Path(contract).open("rb") as file:
                content = file.read(MAX_BYTES + 1)
            path, roots = operators_file(data) if data else ("", ())
        else:
            path, roots = operators_file(contract)
            drafted = draft_contract(data=path, now=now, show_values=True, roots=roots)
            content = drafted.text.encode()
            defects = [defect_sentence(defect, show_values=False) for defect in drafted.defects]
            if data:
                path, roots = operators_file(data)
        trial = try_contract(content=content, filename=Path(contract).name, actor=None, now=now, data=path, roots=roots)
        return trial, defects
    except OSError as error:
        message = f"{contract} cannot be read: {error.strerror}."
        failure = Failure("contract_unreadable", message, "Name an ODCS contract (YAML or JSON) or a data file.")
    except SourceProblemError as problem:
        failure = problem.failure
    except DomainError as error:
        failure = Failure(error.code, " ".join([error.message, *error.details]), error.remedy)
    return Trial(None, None, time.monotonic() - started, failure=failure), defects


def _as_text(trial: Trial) -> str:
    lines = check_table(trial.checks)
    for one in trial.not_checked:
        lines.append(f"not checked: {one}")
    for gate in trial.outcome.open_gates if trial.outcome else ():
        mark = "✗" if gate.status is GateStatus.FAILED else "?"
        lines += [f"{mark} {gate.gate.value}: {gate.message}", f"    {gate.remedy}"]
    if trial.failure is not None:
        lines.append(f"{trial.failure.code}: {trial.failure.message} {trial.failure.remedy}")
    verdict = (trial.outcome.verdict if trial.outcome else VerdictStatus.UNKNOWN).value.replace("_", " ")
    but = ", but for what only people do" if trial.exit_code == 0 and verdict != VerdictStatus.PRODUCTION_GRADE else ""
    rows = "" if trial.rows is None else f", {trial.rows:,} rows"
    said = "production grade" if but else verdict
    lines.append(f"{said.upper()}{but}: {counted(trial.checks)}{rows}, {trial.seconds:.2f} s")
    return "\n".join(lines)
