"""The arguments of the commands. Read before anything is installed, so that `--help` and a mistake are answered at once."""

import argparse
from dataclasses import dataclass
from enum import StrEnum

UP_TEXT = """Install what Touchstone needs, start it, load the demo on the first start, and show its verdicts.

PostgreSQL and Valkey are started under .local/ unless DATABASE_URL and REDIS_URL are set. Ctrl-C stops
everything that was started and leaves the data. Logs are in .local/logs/."""
DOWN_TEXT = """Stop what a bin/up or bin/test left behind, or a bin/up that is still running. The data stays.

Processes are found by the records in .local/run/, never by name."""
TEST_TEXT = """Install what the tests need, run the static checks (ruff, format, mypy, lint-imports, makemigrations, check
--deploy) and beside them pytest, in as many processes as there are processor cores. With other arguments
than those below only pytest runs, in one process, with those arguments: bin/test tests/trust/verdicts -k score"""


class Scope(StrEnum):
    """How much of the checks to run."""

    ALL = "all"
    QUICK = "quick"
    FULL = "full"
    PYTEST = "pytest"


@dataclass(frozen=True)
class TestOptions:
    """pytest: arguments that are passed on to it."""

    scope: Scope
    pytest: tuple[str, ...] = ()


def port_number(text: str) -> int:
    """1 to 65535."""
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        message = f"{text!r} is not a port: choose a number from 1 to 65535"
        raise argparse.ArgumentTypeError(message)
    return int(text)


def seconds_number(text: str) -> int:
    """One second or more."""
    if not text.isdecimal() or int(text) < 1:
        message = f"{text!r} is not a number of seconds: choose 1 or more"
        raise argparse.ArgumentTypeError(message)
    return int(text)


def command_parser(name: str, text: str) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(
        prog=f"bin/{name}", description=text, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )


def up_options(arguments: list[str]) -> argparse.Namespace:
    """port (None: the default, or for --once any free one), host, demo, once, wait in seconds."""
    parser = command_parser("up", UP_TEXT)
    parser.add_argument("--port", type=port_number, metavar="N", help="port of the web server, on 127.0.0.1 (default 8000)")
    parser.add_argument("--no-demo", dest="demo", action="store_false", help="do not load the demo's data products")
    parser.add_argument(
        "--once",
        action="store_true",
        help="do the whole job through the real worker, print the table and stop; exit status 0, or 2 where a run failed "
        "(without --port on any free port)",
    )
    parser.add_argument(
        "--wait",
        type=seconds_number,
        default=600,
        metavar="SECONDS",
        help="longest time to wait for the demo's verdicts (default %(default)s)",
    )
    return parser.parse_args(arguments)


def down_options(arguments: list[str]) -> argparse.Namespace:
    """purge: also remove the servers' data."""
    parser = command_parser("down", DOWN_TEXT)
    parser.add_argument("--purge", action="store_true", help="also remove the data of the embedded servers permanently")
    return parser.parse_args(arguments)


def test_options(arguments: list[str]) -> TestOptions:
    """--quick and --full come first and alone decide what is run; every other argument is pytest's own."""
    if arguments in (["--help"], ["-h"]):
        parser = command_parser("test", TEST_TEXT + "\n\nFor pytest's own options: bin/test --pytest-help")
        parser.add_argument(
            "--quick", action="store_true", help="static checks and the tests of rules, engines and architecture"
        )
        parser.add_argument(
            "--full",
            action="store_true",
            help="also the tests with 70,000 products, and those that need third parties' packages, each locked apart",
        )
        parser.parse_args(["--help"])
    if arguments == ["--pytest-help"]:
        return TestOptions(Scope.PYTEST, ("--help",))
    if arguments[:1] in (["--quick"], ["--full"]):
        return TestOptions(Scope(arguments[0].removeprefix("--")), tuple(arguments[1:]))
    return TestOptions(Scope.PYTEST if arguments else Scope.ALL, tuple(arguments))
