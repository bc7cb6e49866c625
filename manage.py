#!/usr/bin/env python
"""Django's command line for Touchstone, with the servers and the secret of `bin/up` where the environment names none."""

import os
import sys
from pathlib import Path

from django.core.management import execute_from_command_line

from config.runtime.services import complete_environment

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    complete_environment(Path(__file__).resolve().parent)
    execute_from_command_line(sys.argv)
