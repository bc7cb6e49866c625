"""The servers behind the application: those that the environment names, else embedded ones; and what every process is given."""

import contextlib
import os
import secrets
from functools import partial
from pathlib import Path

from runtime.directories import POINTER, servers_directory
from runtime.embedded import EmbeddedPostgres, EmbeddedValkey
from runtime.screen import CommandFailedError
from runtime.server import EmbeddedServer, write_private
from runtime.supervisor import Supervisor

OWNER_URL = "TOUCHSTONE_OWNER_DATABASE_URL"
EMBEDDED: dict[str, tuple[str, type[EmbeddedServer]]] = {
    "DATABASE_URL": ("postgres", EmbeddedPostgres),
    "REDIS_URL": ("valkey", EmbeddedValkey),
}


def is_set(variable: str) -> bool:
    return bool(os.environ.get(variable, "").strip())


def start_services(supervisor: Supervisor, directory: Path, *, durable: bool) -> dict[str, str]:
    """Start what the environment does not name. Returns DATABASE_URL, REDIS_URL and the owner's URL as they are now."""
    urls = {}
    for variable, (name, kind) in EMBEDDED.items():
        if is_set(variable):
            urls[variable] = os.environ[variable]
            continue
        log = supervisor.log_path(name) if durable else None
        server = kind(directory / name, durable=durable, log=log, on_launch=partial(supervisor.record.add, name))
        supervisor.start_server(name, server)
        urls |= urls_of(variable, server)
    return urls


def urls_of(variable: str, server: EmbeddedServer) -> dict[str, str]:
    """Where the processes find an embedded server, and the one that migrates a database."""
    if isinstance(server, EmbeddedPostgres):
        return {variable: server.runtime_url, OWNER_URL: server.url}
    return {variable: server.url}


def known_urls(directory: Path) -> dict[str, str]:
    """The addresses as of the last start, without starting anything."""
    urls = {}
    for variable, (name, kind) in EMBEDDED.items():
        if is_set(variable):
            urls[variable] = os.environ[variable]
        elif (directory / name / "port").exists():
            urls |= urls_of(variable, kind(directory / name))
    return urls


def secret_key(local: Path) -> str:
    """Django's secret key: the environment's, else one made at the first start and kept where only we can read it."""
    if is_set("TOUCHSTONE_SECRET_KEY"):
        return os.environ["TOUCHSTONE_SECRET_KEY"]
    path = local / "secret-key"
    if not path.exists():
        write_private(path, secrets.token_urlsafe(64))
    return path.read_text()


def application_environment(local: Path, urls: dict[str, str]) -> dict[str, str]:
    """What `manage.py` is started with; the processes that serve get it `without_owner`."""
    return {**os.environ, **urls, "TOUCHSTONE_SECRET_KEY": secret_key(local), "PYTHONUNBUFFERED": "1"}


def without_owner(environment: dict[str, str]) -> dict[str, str]:
    """The environment of a process that may not change tables: it does not know the password of the role that may."""
    return {name: value for name, value in environment.items() if name != OWNER_URL}


def complete_environment(root: Path) -> None:
    """Give this process what `bin/up` gives its own, for everything that the environment leaves open: servers and secret.

    For `manage.py` in a clone. It writes nothing: where nothing was started, the secret is made up for this process only,
    which is enough for commands and useless for a web server of several processes.
    """
    local = root / ".local"
    with contextlib.suppress(OSError, CommandFailedError):  # another user's servers: then the environment has to name them
        if (local / "servers").is_dir() or (local / POINTER).exists():
            os.environ.update(known_urls(servers_directory(local)))
        if (local / "secret-key").exists():
            os.environ["TOUCHSTONE_SECRET_KEY"] = secret_key(local)
    if not is_set("TOUCHSTONE_SECRET_KEY"):
        os.environ["TOUCHSTONE_SECRET_KEY"] = secrets.token_urlsafe(64)
