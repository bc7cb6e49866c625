"""`bin/test`: every check of the project, then pytest against a PostgreSQL and a Valkey that live as long as the run."""

import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from runtime.embedded import throwaway_directory
from runtime.install import THIRD_PARTY, third_party_python
from runtime.launch import ROOT
from runtime.options import Scope, TestOptions, test_options
from runtime.registry import Record, sweep
from runtime.screen import say, step
from runtime.services import OWNER_URL, is_set, start_services
from runtime.supervisor import StopRequestedError, StopSignals, Supervisor

LOCAL = ROOT / ".local"
TEARDOWN_SECONDS = 60.0
MOST_PROCESSES = 8  # each holds up to a dozen connections; the server takes 120
PYTHON = (sys.executable,)
MANAGE = (*PYTHON, "manage.py")
QUICK_TESTS = (
    "tests/architecture",
    *sorted(str(p.relative_to(ROOT)) for p in ROOT.glob("tests/**/*") if p.name in {"engines", "rules"}),
)
LONGEST_QUICK_TEST = "tests/trust/evidence/engines/test_parity.py"  # begins first
# The first need further packages, the others take minutes.
FULL_ONLY = (
    "tests/battery",
    "tests/third_party",
    "tests/large",
    "tests/e2e/outages",
    "tests/trust/evidence/rules/profiling",
    "tests/trust/intake/test_drafting.py",
)
ALL_CASES = "TOUCHSTONE_TEST_ALL_CASES"  # set in a full run: tests that try a part of many cases then try more of them
# What `check --deploy` judges: the settings as a production installation behind TLS would have them.
PRODUCTION = {
    "TOUCHSTONE_DEBUG": "false",
    "TOUCHSTONE_HTTPS": "true",
    "TOUCHSTONE_ALLOWED_HOSTS": "touchstone.example",
    "TOUCHSTONE_TRUSTED_ORIGINS": "https://touchstone.example",
    "TOUCHSTONE_TRUSTED_PROXIES": "192.0.2.1",
    "TOUCHSTONE_PUBLIC_URL": "https://touchstone.example",
}


@dataclass(frozen=True)
class Command:
    """One command of the run."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]


@dataclass(frozen=True)
class Result:
    """How a check ended: exit status, seconds, and the output where it was not shown while it ran."""

    name: str
    status: int
    seconds: float
    output: str = ""


def static_checks(environment: Mapping[str, str]) -> list[Command]:
    lint_imports = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"
    return [
        # No cache: whether an import is our own depends on files beside the one that is looked at.
        Command("ruff check", (*PYTHON, "-m", "ruff", "check", "--no-cache", "."), environment),
        Command("ruff format", (*PYTHON, "-m", "ruff", "format", "--check", "."), environment),
        Command("lint-imports", (*PYTHON, "-c", lint_imports), environment),
        Command("makemigrations --check", (*MANAGE, "makemigrations", "--check", "--dry-run"), environment),
        Command("check --deploy", (*MANAGE, "check", "--deploy", "--fail-level", "WARNING"), {**environment, **PRODUCTION}),
        Command("mypy --strict", (*PYTHON, "-m", "mypy", "--strict", "."), environment),
    ]


def pytest_check(options: TestOptions, environment: Mapping[str, str], report: Path) -> Command:
    command = [*PYTHON, "-m", "pytest", f"--junitxml={report}"]
    if options.scope is not Scope.PYTEST:  # a few tests are sooner done in one process
        # More than cores: tests of whole stacks wait a good part of their time. None of those are among the quick ones.
        more = {Scope.QUICK: 0, Scope.ALL: 1}.get(options.scope, 2)
        processes = min(len(os.sched_getaffinity(0)) + more, MOST_PROCESSES)
        command += [
            "-n",
            str(processes),
            "--dist",
            "loadfile",
            "--no-loadscope-reorder",
            "--no-header",
            "-q",
            "--durations=12",
            "--durations-min=5",
        ]
    if options.scope is Scope.QUICK:
        command += [LONGEST_QUICK_TEST, *QUICK_TESTS]
    elif options.scope is Scope.FULL:
        environment = {
            **environment,
            ALL_CASES: "1",
            **{python_variable(name): str(third_party_python(ROOT, name)) for name in THIRD_PARTY},
        }
    elif options.scope is Scope.ALL:
        command += [f"--ignore={folder}" for folder in FULL_ONLY]
    return Command("pytest", (*command, *options.pytest), environment)


def python_variable(name: str) -> str:
    """The environment variable that names the Python of a third party's own environment, for the tests."""
    return f"TOUCHSTONE_TEST_PYTHON_{name.upper()}"


class Background:
    """Checks that run one after the other beside pytest; their output is kept."""

    def __init__(self, checks: list[Command]) -> None:
        self.results: list[Result] = []
        self._checks = checks
        self._child: subprocess.Popen[bytes] | None = None
        self._is_stopped = False
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wait(self) -> list[Result]:
        self._thread.join()
        return self.results

    def stop(self) -> None:
        """End the check that runs, and begin no other."""
        with self._lock:
            self._is_stopped = True
            if self._child and self._child.poll() is None:
                self._child.kill()
        self._thread.join(TEARDOWN_SECONDS)

    def _run(self) -> None:
        for check in self._checks:
            started = time.monotonic()
            with self._lock:
                if self._is_stopped:
                    return
                self._child = subprocess.Popen(
                    check.command,
                    cwd=ROOT,
                    env=dict(check.environment),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                )
            output, _ = self._child.communicate()
            seconds = time.monotonic() - started
            self.results.append(Result(check.name, self._child.returncode, seconds, output.decode("utf-8", "replace")))


def run_pytest(check: Command, signals: StopSignals) -> Result:
    """Its output goes straight to the screen."""
    say(f"\n== {check.name}")
    started = time.monotonic()
    with signals.deferred():
        keyboard = None if sys.stdin.isatty() else subprocess.DEVNULL  # pytest --pdb needs one, CI has none
        child = subprocess.Popen(check.command, cwd=ROOT, env=dict(check.environment), stdin=keyboard)
    try:
        return Result(check.name, child.wait(), time.monotonic() - started)
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


LEFT_OUT = {
    Scope.PYTEST: "Only pytest ran, with the arguments given; the static checks did not.",
    Scope.QUICK: f"Only the static checks and {', '.join(QUICK_TESTS)} ran.",
    Scope.ALL: f"Not run: {', '.join(FULL_ONLY)} (bin/test --full).",
    Scope.FULL: "",
}


def show_summary(results: list[Result], counts: str, scope: Scope) -> int:
    failed = [result for result in results if result.status != 0]
    for result in failed:
        if result.output:
            say(f"\n== {result.name}\n{result.output.rstrip()}")
    say("\n== Summary")
    for result in results:
        outcome = "passed" if result.status == 0 else f"FAILED ({result.status})"
        say(f"  {outcome:<12} {result.name} ({result.seconds:.1f} s)")
    if LEFT_OUT[scope]:
        say(f"  {LEFT_OUT[scope]}")
    verdict = f"FAILED: {', '.join(result.name for result in failed)}" if failed else "all passed"
    say(f"bin/test: {verdict}; pytest: {counts}")
    return 1 if failed else 0


def run(options: TestOptions) -> int:
    left_behind = sweep(LOCAL)
    if left_behind:
        say(f"Stopped what a killed command had left behind: {', '.join(left_behind)}.")
    signals = StopSignals()
    record = Record(LOCAL / "run" / f"test-{os.getpid()}.json")
    supervisor = Supervisor(ROOT, record, signals)
    report = LOCAL / "logs" / f"pytest-{os.getpid()}.xml"
    with ExitStack() as stack:
        background = None
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
            background = Background([] if options.scope is Scope.PYTEST else static_checks(environment))
            background.start()
            pytest = run_pytest(pytest_check(options, environment, report), signals)
            return show_summary([*background.wait(), pytest], pytest_counts(report), options.scope)
        except StopRequestedError as request:
            say("\nbin/test: stopped before the end.")
            return 128 + request.number
        finally:
            signals.ignore()
            if background:
                background.stop()
            report.unlink(missing_ok=True)
            supervisor.stop()


def main(arguments: list[str]) -> int:
    return run(test_options(arguments))
