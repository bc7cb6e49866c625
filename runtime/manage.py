"""`bin/manage`: Django's command line with the settings of `bin/up`, from any folder."""

import os

from runtime.directories import servers_directory
from runtime.launch import ROOT
from runtime.services import EMBEDDED, application_environment, is_set, known_urls


def main(arguments: list[str]) -> int:
    local = ROOT / ".local"
    embedded = not all(is_set(variable) for variable in EMBEDDED)
    os.environ.update(application_environment(local, known_urls(servers_directory(local)) if embedded else {}))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from config.command_line import run  # noqa: PLC0415  reads the environment

    run([str(ROOT / "manage.py"), *arguments])
    return 0
