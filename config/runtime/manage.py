"""`bin/manage`: Django's command line with the settings of `bin/up`, from any folder."""

import os
import sys

from config.runtime.directories import servers_directory
from config.runtime.launch import ROOT
from config.runtime.screen import CommandFailedError, complain
from config.runtime.services import EMBEDDED, application_environment, is_set, known_urls


def main(arguments: list[str]) -> int:
    local = ROOT / ".local"
    try:
        embedded = not all(is_set(variable) for variable in EMBEDDED)
        environment = application_environment(local, known_urls(servers_directory(local)) if embedded else {})
    except CommandFailedError as error:
        complain(str(error))
        return error.exit_code
    words = [sys.executable, str(ROOT / "manage.py"), *arguments]
    os.execve(words[0], words, environment)  # noqa: S606  (no shell is wanted)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
