"""Real workers, a real beat and a real broker for the tests that need them. Nothing here runs in the process of the test."""

import contextlib
import os
import secrets
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO, cast

import psycopg
import pytest
import redis
from django.conf import settings as django_settings
from django.db import connection

from config.celery import app
from runtime.embedded import EmbeddedValkey, throwaway_directory
from runtime.web import web_command
from tests.databases import sources_database

ROOT = Path(__file__).resolve().parents[2]
LEASE_SECONDS = 5  # the shortest that settings allow, so that lost runs come back soon
TIME_LIMIT_SECONDS = 60
CELERY = [sys.executable, "-m", "celery", "-A", "config.celery:app"]


def wait_until(is_so: Callable[[], object], seconds: float = 60, *, what: str = "") -> None:
    """Returns once `is_so`; fails the test when that takes longer than `seconds`."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"Waited {seconds:.0f} s in vain: {what or is_so}"
        time.sleep(0.1)


def database_url(**changes: str) -> str:
    """The test's own database as a libpq URL."""
    now = {**connection.settings_dict, **changes}
    login = f"{now['USER']}:{now['PASSWORD']}" if now["PASSWORD"] else now["USER"]
    return f"postgresql://{login}@{now['HOST']}:{now['PORT']}/{now['NAME']}"


@dataclass
class Stage:
    """Processes of one test with the environment that they share. Their output goes to files below `logs`."""

    environment: dict[str, str]
    logs: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    files: list[TextIO] = field(default_factory=list)

    def start_worker(self, *, concurrency: int = 1, **environment: str) -> subprocess.Popen[bytes]:
        """A worker in a process group of its own, once it is ready to take messages."""
        name = f"worker{len(self.processes)}"
        pool = ["--pool", "prefork", "--concurrency", str(concurrency), "--hostname", f"{name}@test", "--loglevel", "INFO"]
        process = self._start(name, [*CELERY, "worker", *pool], environment)
        wait_until(lambda: "ready." in self.log(name) or process.poll() is not None, what=f"{name} is ready")
        assert process.poll() is None, self.log(name)
        return process

    def start_beat(self) -> subprocess.Popen[bytes]:
        files = ["--schedule", str(self.logs / "schedule"), "--pidfile", ""]
        return self._start(f"beat{len(self.processes)}", [*CELERY, "beat", *files, "--loglevel", "INFO"], {})

    def start_web(self, port: int, **environment: str) -> subprocess.Popen[bytes]:
        """The web server as `bin/up` starts it, in a process group of its own, once it answers."""
        name = f"web{len(self.processes)}"
        process = self._start(name, web_command("127.0.0.1", port), environment)

        def answers() -> bool:
            with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5):
                return True
            return process.poll() is not None

        wait_until(answers, what=f"{name} answers")
        assert process.poll() is None, self.log(name)
        return process

    def manage(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """A management command in the same environment, to its end."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False, timeout=120)
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def log(self, name: str) -> str:
        return (self.logs / f"{name}.log").read_text()

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """SIGKILL for the process and its children, as an out-of-memory killer or a power cut would have it."""
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=10)

    def stop_all(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                self.kill(process)
        for file in self.files:
            file.close()

    def _start(self, name: str, command: list[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        log = (self.logs / f"{name}.log").open("w")
        self.files.append(log)
        process = subprocess.Popen(
            command, cwd=ROOT, env={**self.environment, **environment}, stdout=log, stderr=log, start_new_session=True
        )
        self.processes.append(process)
        return process


@pytest.fixture(scope="session")
def private_valkey() -> Iterator[EmbeddedValkey]:
    """A broker that no other worker of this machine listens to."""
    with throwaway_directory() as directory, EmbeddedValkey(directory / "valkey", durable=False) as valkey:
        yield valkey


@pytest.fixture
def broker(private_valkey: EmbeddedValkey) -> Iterator[EmbeddedValkey]:
    """The private broker, empty, and the one to which the process of the test sends as well."""
    before = app.conf.broker_url
    _send_to(private_valkey.url)
    with redis.Redis.from_url(private_valkey.url) as client:
        client.flushall()
    yield private_valkey
    _send_to(before)


def _send_to(url: str) -> None:
    app.conf.update(broker_url=url)
    cast("Any", app)._after_fork()  # Celery keeps the pools of the first broker that it met; this makes it forget them


@pytest.fixture
def data_root(tmp_path: Path, settings: Any) -> Path:
    """The only folder that files may be read from, for the test and its workers alike."""
    root = tmp_path / "data"
    root.mkdir()
    changes = {
        "data_roots": [str(root)],
        "run_lease_seconds": LEASE_SECONDS,
        "run_time_limit_seconds": TIME_LIMIT_SECONDS,
        "run_max_attempts": 3,
    }
    settings.TOUCHSTONE = django_settings.TOUCHSTONE.model_copy(update=changes)
    return root


@pytest.fixture
def slow_source(transactional_db: None) -> Iterator[Callable[[float], None]]:
    """A view `sources.slow` of three rows that takes its time; call it with the seconds that each look at it takes."""
    with psycopg.connect(sources_database(), autocommit=True) as sources:
        sources.execute("CREATE SCHEMA sources")
        sources.execute("CREATE TABLE sources.pause AS SELECT 0::float AS seconds")
        sources.execute(
            "CREATE VIEW sources.slow AS SELECT rows.id, 'name ' || rows.id AS name "
            "FROM (SELECT pg_sleep(seconds) FROM sources.pause) AS pause, generate_series(1, 3) AS rows(id)"
        )

        def take(seconds: float) -> None:
            sources.execute("UPDATE sources.pause SET seconds = %s", [seconds])

        yield take
        # Who was killed leaves a statement behind that goes on sleeping in the server.
        sources.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE '%sources%slow%'"
        )
        sources.execute("DROP SCHEMA sources CASCADE")


@pytest.fixture
def stage(transactional_db: None, broker: EmbeddedValkey, data_root: Path, tmp_path: Path) -> Iterator[Stage]:
    """Workers on the test's database and the private broker; all are gone before the database is emptied."""
    environment = {
        **os.environ,
        "DATABASE_URL": database_url(),
        "REDIS_URL": broker.url,
        "SOURCE_URL": database_url(NAME=f"{connection.settings_dict['NAME']}_sources"),
        "TOUCHSTONE_SECRET_KEY": secrets.token_hex(32),
        "TOUCHSTONE_DATA_ROOTS": str(data_root),
        "TOUCHSTONE_DATABASE_HOSTS": str(connection.settings_dict["HOST"]),
        "TOUCHSTONE_RUN_LEASE_SECONDS": str(LEASE_SECONDS),
        "TOUCHSTONE_RUN_TIME_LIMIT_SECONDS": str(TIME_LIMIT_SECONDS),
        "TOUCHSTONE_ENGINE_MEMORY_MB": "128",
        "TOUCHSTONE_ENGINE_THREADS": "1",
    }
    if environment.pop("PYTHONDONTWRITEBYTECODE", ""):  # else every worker compiles all that it imports: seconds each
        environment["PYTHONPYCACHEPREFIX"] = str(ROOT / ".local" / "cache" / "bytecode")
    stage = Stage(environment, tmp_path)
    yield stage
    stage.stop_all()
