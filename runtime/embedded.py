"""PostgreSQL and Valkey as child processes: what `bin/up` and `bin/test` use where DATABASE_URL and REDIS_URL are unset.

A test that must stop and start a server takes a private one:

    with throwaway_directory() as directory, EmbeddedPostgres(directory / "postgres", durable=False) as postgres:
        connect(postgres.url); postgres.stop(); postgres.start()     # the same url, the same data

Both listen on 127.0.0.1 only, on a free port of their own that is kept from start to start, behind generated passwords. One
object owns its directory while the server runs: a second one on the same directory is refused, what a killed owner left
running is stopped first. As root the server itself runs as an unprivileged account (`runtime.account`).
"""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import psycopg
from psycopg import sql

from runtime.account import require_entry
from runtime.directories import give_directory, make_own_directory, throwaway_directory
from runtime.programs import find_postgres, find_valkey, major_version
from runtime.screen import CommandFailedError
from runtime.server import EmbeddedServer, write_private

__all__ = ["EmbeddedPostgres", "EmbeddedServer", "EmbeddedValkey", "throwaway_directory"]

INITDB_OPTIONS = ("--username=postgres", "--encoding=UTF8", "--auth=scram-sha-256")
BUILTIN_LOCALE_SINCE = 17  # the same sorting and case rules on every machine, whatever its C library


class EmbeddedPostgres(EmbeddedServer):
    """PostgreSQL with one database `touchstone` and two roles that are no superusers.

    `touchstone` owns the database and its tables, and may make databases: `url`. `touchstone_app` has only the rights that
    `manage.py grant_runtime_role` gives it: `runtime_url`, for the processes.
    """

    name = "PostgreSQL"
    stop_steps = ((signal.SIGINT, 30.0), (signal.SIGQUIT, 10.0))  # fast shutdown, then immediate

    @property
    def url(self) -> str:
        return self._url_of("touchstone")

    @property
    def runtime_url(self) -> str:
        return self._url_of("touchstone_app")

    def _url_of(self, role: str) -> str:
        return f"postgresql://{role}:{self.secret(role)}@127.0.0.1:{self.port}/touchstone"

    @property
    def superuser_url(self) -> str:
        """For what only a superuser may do: set-up, and tests that prove what the application's role may not."""
        return f"postgresql://postgres:{self.secret('postgres')}@127.0.0.1:{self.port}/postgres"

    def _programs(self) -> Path:
        return find_postgres(self.directory / "programs", self.account)

    def _prepare(self) -> None:
        make_own_directory(self.directory / "programs", self.account)
        folder = self._programs()
        major = major_version(folder / "postgres")
        version_file = self.data / "PG_VERSION"
        if not version_file.exists():
            self._initialise(folder, major)
        elif (kept := version_file.read_text().strip()) != str(major):
            message = (
                f"The data in {self.data} was written by PostgreSQL {kept}, and the server here is PostgreSQL {major}. "
                f"Dump it with the older one, or move {self.directory} away to start with an empty database."
            )
            raise CommandFailedError(message)
        # Nobody works in the data folder any more (`_stop_leftovers`), so a pid file can only be stale.
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _initialise(self, folder: Path, major: int) -> None:
        """Run initdb beside the final place and rename at the end: an interrupted one leaves nothing to trip over."""
        require_entry(self.account)
        fresh = self.directory / "data.new"
        if fresh.exists():
            shutil.rmtree(fresh)
        if self.data.exists():  # without PG_VERSION it never was a database
            self.data.rmdir()
        give_directory(fresh, self.account)
        password_file = self.directory / "initial-password"
        write_private(password_file, self.secret("postgres"))
        if self.account:
            os.chown(password_file, self.account.uid, self.account.gid)
        locale = (
            ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"] if major >= 17 else ["--locale=C.UTF-8"]
        )
        options = [*INITDB_OPTIONS, *([] if self.durable else ["--no-sync"])]
        command: list[str | Path] = [folder / "initdb", f"--pgdata={fresh}", f"--pwfile={password_file}", *options, *locale]
        environment = {"PATH": os.defpath, "HOME": str(fresh), "LC_ALL": "C", "TZ": "UTC"}
        arguments = self.account.as_popen_arguments() if self.account else {}
        log = self._open_log()
        try:
            status = subprocess.run(
                command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=fresh, env=environment, check=False, **arguments
            ).returncode
        finally:
            os.close(log)
            password_file.unlink()
        if status != 0:
            raise CommandFailedError(self._failure("could not make its data folder", f"initdb ended with status {status}"))
        fresh.rename(self.data)

    def _launch(self, port: int) -> subprocess.Popen[bytes]:
        settings = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",  # a socket's path may have 107 bytes only, and clones lie deeper than that
            "max_connections": "120",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_checkpoints": "off",
            "log_min_error_statement": "panic",  # statements carry data and passwords: they do not belong in a log
            "jit": "off",  # costs more than it gives on short statements
            # After a checkpoint the first change of a page writes the whole page: fewer checkpoints and compressed pages make
            # the log of answers as quick on ten million rows as on none.
            "max_wal_size": "2GB",
            "checkpoint_timeout": "15min",
            "wal_compression": "on",
        }
        if not self.durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "wal_level": "minimal"}
            settings |= {"max_wal_senders": "0", "autovacuum_naptime": "60s"}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return self._popen([self._programs() / "postgres", "-D", self.data, "-p", str(port), *options])

    def _ask(self) -> str | None:
        try:
            with psycopg.connect(self.superuser_url, connect_timeout=5):
                return None
        except psycopg.OperationalError as error:
            return str(error).strip().splitlines()[-1]

    def _finish(self) -> None:
        owner = sql.Identifier("touchstone")
        with psycopg.connect(self.superuser_url, autocommit=True) as connection:
            for role, power in (("touchstone", "CREATEDB"), ("touchstone_app", "")):
                if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
                    statement = sql.SQL("CREATE ROLE {} LOGIN {} PASSWORD {}")
                    password = sql.Literal(self.secret(role))
                    connection.execute(statement.format(sql.Identifier(role), sql.SQL(power), password))
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = 'touchstone'").fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(owner, owner))


class EmbeddedValkey(EmbeddedServer):
    """Valkey with a password. Durable means an append-only file: queued messages survive a restart."""

    name = "Valkey"
    stop_steps = ((signal.SIGTERM, 15.0),)

    @property
    def url(self) -> str:
        return f"redis://:{self.secret('valkey')}@127.0.0.1:{self.port}/0"

    def _prepare(self) -> None:
        make_own_directory(self.directory / "programs", self.account)
        give_directory(self.data, self.account)

    def _launch(self, port: int) -> subprocess.Popen[bytes]:
        configuration = {
            "bind": "127.0.0.1",
            "port": port,
            "requirepass": self.secret("valkey"),
            "appendonly": "yes" if self.durable else "no",
            "save": '""',
            "maxmemory-policy": "noeviction",  # a queue must refuse loudly rather than forget
            "daemonize": "no",
        }
        # The configuration comes by standard input: on the command line everybody could read the password.
        program = find_valkey(self.directory / "programs", self.account)
        return self._popen([program, "-"], feed="".join(f"{name} {value}\n" for name, value in configuration.items()))

    def _ask(self) -> str | None:
        import redis  # noqa: PLC0415  0.1 s, and commands only ask for the URL
        from redis.backoff import NoBackoff  # noqa: PLC0415
        from redis.retry import Retry  # noqa: PLC0415

        try:
            with redis.Redis.from_url(self.url, socket_timeout=5, retry=Retry(NoBackoff(), 0)) as client:
                client.ping()
        except redis.RedisError as error:
            return str(error)
        return None
