"""`bin/manage`: Django's command line with the settings of `bin/up`, from any folder."""

import os
import sys
from typing import NoReturn

from config.runtime.directories import servers_directory
from config.runtime.launch import ROOT
from config.runtime.services import EMBEDDED, application_environment, is_set, known_urls


def main(arguments: list[str]) -> NoReturn:
    local = ROOT / ".local"
    embedded = not all(is_set(variable) for variable in EMBEDDED)
    environment = application_environment(local, known_urls(servers_directory(local)) if embedded else {})
    words = [sys.executable, str(ROOT / "manage.py"), *arguments]
    os.execve(words[0], words, environment)  # noqa: S606  (no shell is wanted)
