"""`bin/test`: every check of the project, then pytest against a PostgreSQL and a Valkey that live as long as the run."""

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from config.embedded import throwaway_directory
from config.runtime.launch import ROOT
from config.runtime.options import test_options
from config.runtime.registry import Record, sweep
from config.runtime.screen import say, step
from config.runtime.services import OWNER_URL, is_set, start_services
from config.runtime.supervisor import StopRequestedError, StopSignals, Supervisor

LOCAL = ROOT / ".local"
TEARDOWN_SECONDS = 60.0
PYTHON = (sys.executable,)
MANAGE = (*PYTHON, "manage.py")
# What `check --deploy` judges: the settings as a production installation behind TLS would have them.
PRODUCTION = {
    "TOUCHSTONE_DEBUG": "false",
    "TOUCHSTONE_HTTPS": "true",
    "TOUCHSTONE_ALLOWED_HOSTS": "touchstone.example",
    "TOUCHSTONE_TRUSTED_ORIGINS": "https://touchstone.example",
}


@dataclass(frozen=True)
class Check:
    """One command of the run."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]


def static_checks(environment: Mapping[str, str]) -> list[Check]:
    lint_imports = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"
    return [
        # No cache: whether an import is our own depends on files beside the one that is looked at.
        Check("ruff check", (*PYTHON, "-m", "ruff", "check", "--no-cache", "."), environment),
        Check("ruff format", (*PYTHON, "-m", "ruff", "format", "--check", "."), environment),
        Check("mypy --strict", (*PYTHON, "-m", "mypy", "--strict", "."), environment),
        Check("lint-imports", (*PYTHON, "-c", lint_imports), environment),
        Check("makemigrations --check", (*MANAGE, "makemigrations", "--check", "--dry-run"), environment),
        Check("check --deploy", (*MANAGE, "check", "--deploy", "--fail-level", "WARNING"), {**environment, **PRODUCTION}),
    ]


def run_check(check: Check, signals: StopSignals) -> int:
    """The exit status. Its output goes straight to the screen."""
    say(f"\n== {check.name}")
    with signals.deferred():
        keyboard = None if sys.stdin.isatty() else subprocess.DEVNULL  # pytest --pdb needs one, CI has none
        child = subprocess.Popen(check.command, cwd=ROOT, env=dict(check.environment), stdin=keyboard)
    try:
        return child.wait()
    except StopRequestedError as request:
        if request.number != signal.SIGINT or not sys.stdin.isatty():  # at a terminal Ctrl-C has reached the child as well
            child.send_signal(signal.SIGINT)
        try:
            child.wait(TEARDOWN_SECONDS)  # pytest takes down what its tests started
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        raise


def pytest_counts(report: Path) -> str:
    """`412 passed, 0 failed, 0 skipped`, from pytest's own report."""
    try:
        suite = ElementTree.parse(report).getroot().find("testsuite")  # noqa: S314  (we wrote it)
    except (FileNotFoundError, ElementTree.ParseError):
        return "no report was written"
    if suite is None:
        return "the report names no tests"
    total, failed, errors, skipped = (int(suite.get(name, "0")) for name in ("tests", "failures", "errors", "skipped"))
    return f"{total - failed - errors - skipped} passed, {failed + errors} failed, {skipped} skipped"


def run_all(checks: list[Check], signals: StopSignals) -> list[tuple[str, int, float]]:
    """Every check with its exit status and seconds: all of them, also after a failure, so that one run tells everything."""
    results = []
    for check in checks:
        started = time.monotonic()
        status = run_check(check, signals)
        results.append((check.name, status, time.monotonic() - started))
    return results


def show_summary(results: list[tuple[str, int, float]], counts: str, partial: bool) -> int:
    say("\n== Summary")
    for name, status, seconds in results:
        say(f"  {'passed' if status == 0 else f'FAILED ({status})':<12} {name} ({seconds:.1f} s)")
    if partial:
        say("  Only pytest was asked for: ruff, mypy, lint-imports, makemigrations and check --deploy were not run.")
    failed = [name for name, status, _ in results if status != 0]
    verdict = f"FAILED: {', '.join(failed)}" if failed else "all passed"
    say(f"bin/test: {verdict}; pytest: {counts}")
    return 1 if failed else 0


def run(arguments: list[str]) -> int:
    left_behind = sweep(LOCAL)
    if left_behind:
        say(f"Stopped what a killed command had left behind: {', '.join(left_behind)}.")
    signals = StopSignals()
    record = Record(LOCAL / "run" / f"test-{os.getpid()}.json")
    supervisor = Supervisor(ROOT, record, signals)
    report = LOCAL / "logs" / f"pytest-{os.getpid()}.xml"
    with ExitStack() as stack:
        try:
            with signals.deferred():
                directory = stack.enter_context(throwaway_directory())
                record.throwaway = str(directory)
                record.write()
            say("Preparing the checks")
            with step("PostgreSQL and Valkey for this run"):
                urls = start_services(supervisor, directory, durable=False)
            environment = {**os.environ, **urls, "PYTHONUNBUFFERED": "1"}
            if owner := environment.pop(OWNER_URL, "").strip():
                environment["DATABASE_URL"] = owner  # tests make databases, and tables in them
            if not is_set("TOUCHSTONE_SECRET_KEY"):
                environment["TOUCHSTONE_SECRET_KEY"] = secrets.token_urlsafe(64)
            pytest = Check("pytest", (*PYTHON, "-m", "pytest", f"--junitxml={report}", *arguments), environment)
            checks = [pytest] if arguments else [*static_checks(environment), pytest]
            results = run_all(checks, signals)
            return show_summary(results, pytest_counts(report), partial=bool(arguments))
        except StopRequestedError as request:
            say("\nbin/test: stopped before the end.")
            return 128 + request.number
        finally:
            signals.ignore()
            report.unlink(missing_ok=True)
            supervisor.stop()


def main(arguments: list[str]) -> int:
    return run(test_options(arguments))
