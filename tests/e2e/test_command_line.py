"""`manage.py` as a person types it: what is said where it cannot work."""

import os
import subprocess
import sys
from pathlib import Path

from config.runtime.caller import detail_of

ROOT = Path(__file__).resolve().parents[2]


def test_a_database_that_is_away_is_told_in_one_sentence_without_its_password() -> None:
    environment = os.environ | {"DATABASE_URL": "postgresql://ann:s3cr3t@127.0.0.1:1/none"}
    told = subprocess.run(
        [sys.executable, "manage.py", "show_verdicts"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert told.returncode == 1
    assert told.stderr.startswith("The database cannot be used: ")
    assert told.stderr.endswith("Start bin/up in another terminal, or let DATABASE_URL name one that runs.\n")
    assert "Traceback" not in told.stderr
    assert "s3cr3t" not in told.stderr


def test_a_variable_of_the_wrong_form_is_told_by_its_name_without_its_value() -> None:
    environment = os.environ | {"TOUCHSTONE_PAGE_SIZE": "many"}
    told = subprocess.run(
        [sys.executable, "manage.py", "show_verdicts"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert told.returncode == 1
    assert told.stderr.startswith("The environment cannot be used: TOUCHSTONE_PAGE_SIZE: ")
    assert told.stderr.count("\n") == 1
    assert "many" not in told.stderr


def test_a_python_without_the_packages_is_told_which_command_has_them() -> None:
    told = subprocess.run(
        [sys.executable, "-E", "-s", "-S", "manage.py", "check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert told.returncode == 1
    assert told.stderr == "No module named 'django'. Use bin/manage, which installs what is needed and takes the same words.\n"


def test_the_start_tells_why_the_web_server_is_not_ready() -> None:
    assert detail_of(b'{"status": 503, "detail": "The broker does not answer."}') == " (The broker does not answer.)"
    assert [detail_of(body) for body in (b"", b"<html>", b"[]", b"{}", b"\xff")] == [""] * 5
