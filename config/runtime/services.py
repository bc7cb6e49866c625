"""The servers behind the application: those that the environment names, else embedded ones; and what every process is told."""

import contextlib
import os
import secrets
from functools import partial
from pathlib import Path

from config.embedded import EmbeddedPostgres, EmbeddedValkey
from config.runtime.directories import POINTER, servers_directory
from config.runtime.screen import CommandFailedError
from config.runtime.server import EmbeddedServer, write_private
from config.runtime.supervisor import Supervisor

EMBEDDED: dict[str, tuple[str, type[EmbeddedServer]]] = {
    "DATABASE_URL": ("postgres", EmbeddedPostgres),
    "REDIS_URL": ("valkey", EmbeddedValkey),
}


def is_set(variable: str) -> bool:
    return bool(os.environ.get(variable, "").strip())


def start_services(supervisor: Supervisor, directory: Path, *, durable: bool) -> dict[str, str]:
    """Start what the environment does not name. Returns DATABASE_URL and REDIS_URL as they are now."""
    urls = {}
    for variable, (name, kind) in EMBEDDED.items():
        if is_set(variable):
            urls[variable] = os.environ[variable]
            continue
        log = supervisor.log_path(name) if durable else None
        server = kind(directory / name, durable=durable, log=log, on_launch=partial(supervisor.record.add, name))
        supervisor.start_server(name, server)
        urls[variable] = server.url
    return urls


def known_urls(directory: Path) -> dict[str, str]:
    """The addresses as of the last start, without starting anything."""
    urls = {}
    for variable, (name, kind) in EMBEDDED.items():
        if is_set(variable):
            urls[variable] = os.environ[variable]
        elif (directory / name / "port").exists():
            urls[variable] = kind(directory / name).url
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
    """What the application's processes are started with."""
    return {**os.environ, **urls, "TOUCHSTONE_SECRET_KEY": secret_key(local), "PYTHONUNBUFFERED": "1"}


def complete_environment(root: Path) -> None:
    """Tell this process what `bin/up` tells its own, for everything that the environment leaves open: servers and secret.

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
