"""`manage.py` as a person types it: what is said where it cannot work."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_a_database_that_is_away_is_told_in_one_sentence_without_its_password() -> None:
    environment = os.environ | {"DATABASE_URL": "postgresql://ann:s3cr3t@127.0.0.1:1/none"}
    told = subprocess.run(
        [sys.executable, "manage.py", "show_verdicts"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert told.returncode == 1
    assert told.stderr.startswith("The database cannot be used: ")
    assert told.stderr.endswith("Start bin/up in another terminal, or set DATABASE_URL.\n")
    assert "Traceback" not in told.stderr
    assert "s3cr3t" not in told.stderr


def test_a_python_without_the_packages_is_told_which_command_has_them() -> None:
    told = subprocess.run(
        [sys.executable, "-E", "-s", "-S", "manage.py", "check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert told.returncode == 1
    assert told.stderr == "No module named 'django'. Use bin/manage, which installs what is needed and takes the same words.\n"
