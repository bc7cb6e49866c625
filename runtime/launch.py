"""The first half of every command: read the arguments, refuse what cannot work, install, and hand over to `.venv`.

Run by whatever Python 3.11+ the machine has, before anything is installed:  python3 -I runtime/launch.py up --port 9000
"""

import os
import sys
from pathlib import Path
from typing import NoReturn

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from runtime.directories import make_local
from runtime.install import Installer, install_third_parties, lock
from runtime.options import Scope, down_options, test_options, up_options
from runtime.ports import require_free
from runtime.registry import Record, sweep
from runtime.screen import CommandFailedError, complain, machine_fault, say

ROOT = Path(__file__).resolve().parents[1]
HOST = "127.0.0.1"
DEFAULT_PORT = 8000


def refuse_second_up(local: Path) -> None:
    running = Record.read(local / "run" / "up.json")
    if running and running.owner.is_alive():
        message = (
            f"bin/up is already running here, as process {running.owner.pid}. Stop it with Ctrl-C there, or with bin/down."
        )
        raise CommandFailedError(message)


def check_up(arguments: list[str]) -> None:
    """What would only fail after the long work, found before it."""
    options = up_options(arguments)
    refuse_second_up(ROOT / ".local")
    left_behind = sweep(ROOT / ".local")  # it may hold the port
    if left_behind:
        say(f"Stopped what a killed command had left behind: {', '.join(left_behind)}.")
    if options.port or not options.once:
        require_free(HOST, options.port or DEFAULT_PORT)


def prepare(command: str, arguments: list[str]) -> Path:
    """Check the arguments and install what the command needs. Returns the Python to go on with."""
    if sys.platform != "linux":
        raise CommandFailedError("bin/up and bin/test need Linux. With containers: docker-compose.yml.")
    installer = Installer(ROOT)
    if command == "up":
        check_up(arguments)
    elif command == "test":
        test_options(arguments)
    elif command == "down":
        down_options(arguments)
        return Path(sys.executable)  # it reads records and sends signals: nothing has to be installed
    make_local(ROOT / ".local")
    installer.install("requirements-dev.txt" if command == "test" else "requirements.txt")
    if command == "test" and test_options(arguments).scope is Scope.FULL:
        install_third_parties(ROOT)
    return installer.python


def become(words: list[str]) -> NoReturn:
    """Become that program: signals then reach it without anybody in between."""
    os.execv(words[0], words)  # noqa: S606  (no shell is wanted)


def main() -> int:
    command, arguments = sys.argv[1], sys.argv[2:]
    try:
        if command == "lock":
            lock(make_local(ROOT / ".local").parent, arguments)
            return 0
        python = prepare(command, arguments)
    except CommandFailedError as error:
        complain(str(error))
        return error.exit_code
    except OSError as error:
        if (sentence := machine_fault(error)) is None:
            raise
        complain(sentence)
        return 1
    except KeyboardInterrupt:
        complain("stopped. The next start goes on from here.")
        return 130
    if command != "manage":  # whose arguments name files from where the user stands
        os.chdir(ROOT)
    os.environ["PYTHONPATH"] = str(ROOT)
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
        # Who sets it wants clean folders, not packages that are compiled again by every process: 4 s in a worker's start.
        os.environ["PYTHONPYCACHEPREFIX"] = str(ROOT / ".local" / "cache" / "bytecode")
    words = [
        str(python),
        "-P",
        "-m",
        "runtime",
        command,
        *arguments,
    ]  # -P: a folder `config` where the user stands is not ours
    return become(words)


if __name__ == "__main__":
    sys.exit(main())
