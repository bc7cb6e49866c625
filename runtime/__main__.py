"""The second half of every command, in `.venv`: `launch` hands over to it when everything is installed."""

import sys
from importlib import import_module

from runtime.screen import CommandFailedError, complain, machine_fault

MODULES = {
    "up": "runtime.up",
    "test": "runtime.checks",
    "down": "runtime.down",
    "manage": "runtime.manage",
}


def main(command: str, arguments: list[str]) -> int:
    """The exit status of the command."""
    try:
        status: int = import_module(MODULES[command]).main(arguments)
    except CommandFailedError as error:
        complain(str(error))
        return error.exit_code
    except OSError as error:
        if (sentence := machine_fault(error)) is None:
            raise
        complain(sentence)
        return 1
    except KeyboardInterrupt:  # before the command has put its own handling in place
        return 130
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
