"""`manage.py` as a person types it: what is said where it cannot work."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from runtime import up
from runtime.caller import detail_of
from runtime.options import up_options
from runtime.registry import Record
from runtime.screen import CommandFailedError
from runtime.supervisor import StopSignals, Supervisor

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


@pytest.fixture
def database_of_before() -> Iterator[str]:
    """A database as an earlier version left it: some of its migrations have names that are gone."""
    server = os.environ["DATABASE_URL"].rpartition("/")[0]
    applied = [("auth", "0001_initial"), ("catalog", "0001_initial"), ("catalog", "0004_roles"), ("api", "0003_key_history")]
    with psycopg.connect(f"{server}/postgres", autocommit=True) as maker:
        maker.execute("DROP DATABASE IF EXISTS made_before")
        maker.execute("CREATE DATABASE made_before")
        with psycopg.connect(f"{server}/made_before") as database:
            database.execute(
                "CREATE TABLE django_migrations "
                "(id bigserial PRIMARY KEY, app text, name text, applied timestamptz DEFAULT now())"
            )
            database.cursor().executemany("INSERT INTO django_migrations (app, name) VALUES (%s, %s)", applied)
        yield f"{server}/made_before"
        maker.execute(sql.SQL("DROP DATABASE made_before WITH (FORCE)"))


def content(url: str) -> list[Any]:
    with psycopg.connect(url) as database:
        tables = database.execute("SELECT oid, relname FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1")
        return [tables.fetchall(), database.execute("SELECT * FROM django_migrations ORDER BY id").fetchall()]


SENTENCE = (
    "Another version of Touchstone made this database: it has the migration api.0003_key_history and 1 more, unknown to this "
    "version. Nothing was changed. Start that version, let DATABASE_URL name an empty database, or move the data of bin/up "
    "away: .local/servers, or the folder that .local/servers-directory names."
)


@pytest.mark.parametrize(("command", "status"), [(["migrate", "--no-input"], 4), (["show_verdicts"], 1)])
def test_a_database_of_another_version_is_refused_in_one_line_and_left_as_it_is(
    database_of_before: str, command: list[str], status: int
) -> None:
    before = content(database_of_before)
    environment = os.environ | {"DATABASE_URL": database_of_before}
    told = subprocess.run(
        [sys.executable, "manage.py", *command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert told.returncode == status, told.stderr
    assert told.stderr.removeprefix("CommandError: ") == f"{SENTENCE}\n"
    assert content(database_of_before) == before


def test_the_start_refuses_a_database_of_another_version_with_that_sentence_alone(
    database_of_before: str, tmp_path: Path
) -> None:
    before = content(database_of_before)
    supervisor = Supervisor(tmp_path, Record(tmp_path / "up.json"), StopSignals())
    start = up.Up(up_options(["--once"]), supervisor)
    supervisor.open_console({**os.environ, "DATABASE_URL": database_of_before, "PYTHONPATH": str(ROOT)})
    try:
        with pytest.raises(CommandFailedError) as failure:
            start.make_tables()
    finally:
        supervisor.stop()
    assert str(failure.value) == SENTENCE
    assert content(database_of_before) == before


@pytest.mark.parametrize("variable", ["DATABASE_URL", "TOUCHSTONE_OWNER_DATABASE_URL"])
def test_a_database_url_of_the_wrong_form_is_told_by_its_name_without_its_value(variable: str) -> None:
    environment = os.environ | {variable: "postgresql://ann:s3cr3t@127.0.0.1:1/none?colour=red"}
    told = subprocess.run(
        [sys.executable, "manage.py", "migrate"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert told.returncode == 1
    assert told.stderr.startswith(f"{variable} is not a connection URL of PostgreSQL")
    assert told.stderr.count("\n") == 1
    assert "s3cr3t" not in told.stderr
