#!/usr/bin/env python
"""Django's command line for Touchstone, with the servers and the secret of `bin/up` where the environment names none."""

import os
import sys
from pathlib import Path

try:
    from config.command_line import run
    from runtime.services import complete_environment
except ModuleNotFoundError as error:
    sys.exit(f"{error}. Use bin/manage, which installs what is needed and takes the same words.")

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    complete_environment(Path(__file__).resolve().parent)
    run(sys.argv)
