"""`manage.py try_suite DATA SUITE.json`: what a suite would find in a file, before anything is registered."""

import json
import os
import sys
import threading
import time
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from catalog.rules.expectation import Expectation, SuiteSpec
from catalog.rules.reading import Reading
from catalog.rules.vocabulary import SourceKind
from trust.evidence.engines.suite_json import SuiteJsonError, read_suite
from trust.evidence.rules.evidence import CheckEvidence, Failure, RunEvidence, Source, SourceProblemError
from trust.evidence.services.source_resolution import find_files
from trust.evidence.sources.files import file_kind, resolve_file
from trust.evidence.sources.folders import is_several, names_several, resolve_files
from trust.vocabulary import CheckStatus, EvidenceStatus

EXIT_CODES = {EvidenceStatus.PASSED: 0, EvidenceStatus.FAILED: 1, EvidenceStatus.ERROR: 2}
_SYMBOLS = {
    CheckStatus.PASSED: "✓ passed",
    CheckStatus.FAILED: "✗ failed",
    CheckStatus.ERROR: "! error",
    CheckStatus.SKIPPED: "- skipped",
}
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
    with _progress(f"Checking {location} ..."):
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


@contextmanager
def _progress(sentence: str) -> Iterator[None]:
    """Says on standard error that something is going on, at once to a person and after two seconds to a log."""
    finished = threading.Event()

    def tell() -> None:
        if not finished.wait(0 if sys.stderr.isatty() else 2):
            sys.stderr.write(sentence + os.linesep)
            sys.stderr.flush()

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        finished.set()
        teller.join()


def _as_document(evidence: RunEvidence) -> dict[str, Any]:
    failure = evidence.failure
    return {
        "status": evidence.status.value,
        "rows": evidence.rows,
        "seconds": round(evidence.seconds, 3),
        "reading": dict(evidence.reading),
        "results": [_as_mapping(result) for result in evidence.results],
        "failure": None
        if failure is None
        else {"code": failure.code, "message": failure.message, "remedy": failure.remedy, "retryable": failure.retryable},
    }


def _as_mapping(result: CheckEvidence) -> dict[str, Any]:
    expectation: Expectation = result.expectation
    return {
        "type": expectation.type,
        "kwargs": dict(expectation.kwargs),
        "status": result.status.value,
        "dimension": expectation.dimension.value if expectation.dimension else None,
        "severity": expectation.severity.value,
        "element_count": result.element_count,
        "unexpected_count": result.unexpected_count,
        "unexpected_percent": result.unexpected_percent,
        "observed_value": result.observed_value,
        "samples": list(result.samples),
        "message": result.message,
    }


def _as_text(evidence: RunEvidence) -> str:
    lines = []
    if evidence.results:
        table: list[tuple[str, ...]] = [("RESULT", "SEVERITY", "DIMENSION", "CHECK", "ROWS", "UNEXPECTED")]
        table += [_row(result) for result in evidence.results]
        widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
        lines.append("  ".join(cell.ljust(width) for cell, width in zip(table[0], widths, strict=True)).rstrip())
        for row, result in zip(table[1:], evidence.results, strict=True):
            lines.append("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
            lines += [f"{' ' * (widths[0] + 2)}{line}" for line in _remarks(result)]
        lines.append("")
    if evidence.failure:
        lines.append(f"{evidence.failure.code}: {evidence.failure.message} {evidence.failure.remedy}")
    if evidence.reading:
        lines.append(f"Read with {', '.join(f'{name} {_shown(text)}' for name, text in evidence.reading.items())}.")
    counts = {status: sum(result.status is status for result in evidence.results) for status in CheckStatus}
    counted = ", ".join(f"{count} {status.value}" for status, count in counts.items() if count)
    rows = "" if evidence.rows is None else f", {evidence.rows:,} rows"
    lines.append(f"{evidence.status.value.upper()}: {counted or 'no checks were run'}{rows}, {evidence.seconds:.2f} s")
    return "\n".join(lines)


def _row(result: CheckEvidence) -> tuple[str, ...]:
    expectation = result.expectation
    columns = [expectation.kwargs.get(key) for key in ("column", "column_A", "column_B", "column_list")]
    named = ", ".join(_shown(column) for column in columns if column)
    dimension = expectation.dimension.value if expectation.dimension else ""
    counts = tuple("" if count is None else f"{count:,}" for count in (result.element_count, result.unexpected_count))
    check = f"{expectation.type}({named})" if named else expectation.type
    return (_SYMBOLS[result.status], expectation.severity.value, dimension, check, *counts)


def _shown(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return "".join(char if char.isprintable() else "?" for char in text)


def _remarks(result: CheckEvidence) -> list[str]:
    remarks = [_shown(result.message)] if result.message else []
    if result.samples:
        shown = ", ".join(_shown(repr(sample)) for sample in result.samples[:5])
        remarks.append(f"for example {shown}")
    return remarks
