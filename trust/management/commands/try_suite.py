"""`manage.py try_suite DATA SUITE.json`: what a suite would find in a file, before anything is registered."""

import json
import sys
import time
from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from catalog.rules.expectation import SuiteSpec
from catalog.rules.reading import Reading
from catalog.rules.vocabulary import SourceKind
from trust.evidence.engines.suite_json import SuiteJsonError, read_suite
from trust.evidence.rules.evidence import Failure, RunEvidence, Source, SourceProblemError
from trust.evidence.services.source_resolution import find_files
from trust.evidence.sources.files import file_kind, resolve_file
from trust.evidence.sources.folders import is_several, names_several, resolve_files
from trust.intake.services.trying import check_to_json
from trust.management.showing import check_table, counted, progress, shown
from trust.vocabulary import EvidenceStatus

EXIT_CODES = {EvidenceStatus.PASSED: 0, EvidenceStatus.FAILED: 1, EvidenceStatus.ERROR: 2}
_REFERENCE_TYPE = "expect_column_values_to_exist_in_reference"


class Command(BaseCommand):
    help = (
        "Run a suite on data without registering anything. DATA is a Parquet, CSV, TSV, JSON lines or Excel file, or a folder "
        "or pattern of them; SUITE.json is Great Expectations' own suite JSON. "
        "Exit code: 0 all passed, 1 some failed, 2 the data could not be read."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser | ArgumentParser) -> None:
        parser.add_argument("data", metavar="DATA", help="the file to check")
        parser.add_argument("suite", metavar="SUITE.json", help="the suite to run")
        parser.add_argument("--json", action="store_true", dest="as_json", help="print the check results as JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        started = time.monotonic()
        try:
            suite = _read_suite(options["suite"])
            evidence = _run(suite, options["data"])
        except SuiteJsonError as error:
            failure = Failure("suite_malformed", str(error), "Correct the suite and try again.")
            evidence = RunEvidence(EvidenceStatus.ERROR, time.monotonic() - started, failure=failure)
        except SourceProblemError as problem:
            evidence = RunEvidence(EvidenceStatus.ERROR, time.monotonic() - started, failure=problem.failure)
        if options["as_json"]:
            self.stdout.write(json.dumps(_as_document(evidence), ensure_ascii=False, indent=2, allow_nan=False))
        else:
            self.stdout.write(_as_text(evidence))
        if code := EXIT_CODES[evidence.status]:
            sys.exit(code)


def _read_suite(path: str) -> SuiteSpec:
    try:
        return read_suite(Path(path).read_bytes())
    except OSError as error:
        message = f"The suite {path!r} cannot be read: {error.strerror}."
        raise SourceProblemError("suite_unreadable", message, "Check the path and try again.") from error
    except UnicodeDecodeError as error:
        raise SuiteJsonError(f"The suite {path!r} is not written in UTF-8.") from error


def _run(suite: SuiteSpec, location: str) -> RunEvidence:
    source = _source(location)
    folder = Path(source.paths[0]).parent
    source = replace(source, references=_references(suite, folder))
    with progress(f"Checking {location} ..."):
        from trust.evidence.engines.gx import Access, EngineLimits, GxEngine  # noqa: PLC0415  # 1.5 s to import, only where a suite runs

        environment = settings.TOUCHSTONE
        limits = EngineLimits(
            memory=f"{environment.engine_memory_mb}MB",
            threads=environment.engine_threads,
            temp_mb=environment.engine_temp_mb,
        )
        return GxEngine(Access(limits=limits)).run(suite, source)


def _source(location: str) -> Source:
    """A file, or the files of a folder or pattern, of the kind that their names tell."""
    data = Path(location)
    if data.is_dir() or names_several(location):
        written = str(data.absolute()) + ("/" if data.is_dir() else "")
        if is_several(written, ["/"]):
            kinds = _kinds(written)
            if len(kinds) != 1:
                named = " and ".join(sorted(kinds)) or "no data"
                message = f"The files of {location!r} are {named}."
                raise SourceProblemError(
                    "source_format_unknown", message, "Name files of one format by a pattern, such as DIR/*.csv."
                )
            (kind,) = kinds
            found = find_files(written, kind, Reading(), roots=["/"])
            return Source(kind, location, files=found.files, partitions=found.partitions, notes=found.notes)
    kind = file_kind(location)
    return Source(kind, resolve_file(str(data.absolute().parent.resolve() / data.name), ["/"]))


def _kinds(location: str) -> set[SourceKind]:
    found = set()
    for kind in SourceKind:
        try:
            names = resolve_files(location, kind, ["/"]).names if kind.is_file else ()
        except SourceProblemError as problem:
            if problem.failure.code != "source_missing":
                raise
            names = ()
        found |= {file_kind(name) for name in names}
    return found


def _references(suite: SuiteSpec, folder: Path) -> Mapping[str, Source]:
    """References of the suite as sources: here a reference is a path, relative to the folder of DATA."""
    sources: dict[str, Source] = {}
    for expectation in suite.expectations:
        name = expectation.kwargs.get("reference")
        if expectation.type != _REFERENCE_TYPE or not isinstance(name, str) or name in sources:
            continue
        path = (folder / name).resolve()
        sources[name] = Source(kind=file_kind(name), location=str(path))
    return sources


def _as_document(evidence: RunEvidence) -> dict[str, Any]:
    failure = evidence.failure
    return {
        "status": evidence.status.value,
        "rows": evidence.rows,
        "seconds": round(evidence.seconds, 3),
        "reading": dict(evidence.reading),
        "results": [check_to_json(result) for result in evidence.results],
        "failure": None
        if failure is None
        else {"code": failure.code, "message": failure.message, "remedy": failure.remedy, "retryable": failure.retryable},
    }


def _as_text(evidence: RunEvidence) -> str:
    lines = check_table(evidence.results)
    if evidence.failure:
        lines.append(f"{evidence.failure.code}: {evidence.failure.message} {evidence.failure.remedy}")
    if evidence.reading:
        lines.append(f"Read with {', '.join(f'{name} {shown(text)}' for name, text in evidence.reading.items())}.")
    rows = "" if evidence.rows is None else f", {evidence.rows:,} rows"
    lines.append(f"{evidence.status.value.upper()}: {counted(evidence.results)}{rows}, {evidence.seconds:.2f} s")
    return "\n".join(lines)
