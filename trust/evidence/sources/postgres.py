"""Connections to PostgreSQL: how they are referred to, to which hosts they may go, and how a table is named.

A connection is stored as a reference (`env:NAME` or `file:/path`) and never as a value. What it refers to is read at the last
moment, taken apart by libpq's own parser, and rebuilt from the few settings that are allowed: no `hostaddr`, no list of
hosts, no service file, nothing that could lead to a host that is not on the list. No message ever holds what was read.
"""

import logging
import os
import re
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

from trust.evidence.rules.evidence import SourceProblemError

log = logging.getLogger(__name__)
_ENVIRONMENT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}\Z")
_ALLOWED_SETTINGS = {
    "host",
    "port",
    "dbname",
    "user",
    "password",
    "sslmode",
    "sslrootcert",
    "sslnegotiation",
    "channel_binding",
    "connect_timeout",
    "application_name",
    "keepalives",
}
_MAX_SECRET_BYTES = 16_384
_MAX_IDENTIFIER_BYTES = 63  # PostgreSQL's NAMEDATALEN - 1
_IDENTIFIERS = re.compile(r'\s*(?:"((?:[^"\0]|"")+)"|([^".\0]+))\s*(?:\.|\Z)')


@dataclass(frozen=True, slots=True)
class ConnectionReference:
    """Where a connection string is to be found: `kind` is `env` or `file`."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"


def parse_connection_reference(text: str) -> ConnectionReference:
    """The reference that `text` writes. Raises SourceProblemError; its message never repeats a text that may be a secret."""
    kind, _, name = text.partition(":")
    if kind == "env" and _ENVIRONMENT_NAME.match(name):
        return ConnectionReference(kind, name)
    if kind == "file" and name.startswith("/") and "\0" not in name and ".." not in Path(name).parts:
        return ConnectionReference(kind, name)
    raise SourceProblemError(
        "connection_reference_invalid",
        "The connection is not a reference to an environment variable or a file.",
        "Write env:NAME or file:/absolute/path; never the connection string itself.",
    )


def demand_granted(reference: str, owner: str, granted: Iterable[str]) -> None:
    """Raise SourceProblemError where `granted` names connections and does not grant this one to `owner`, a username.

    granted: `REFERENCE=USERNAME;USERNAME` or `REFERENCE=*` each; none: every owner may use every connection.
    """
    grants = dict(one.rpartition("=")[::2] for one in granted)
    users = grants.get(reference, "").split(";")
    if grants and "*" not in users and owner not in users:
        raise SourceProblemError(
            "connection_not_granted",
            f"The connection {parse_connection_reference(reference)} is not granted to {owner}.",
            "Ask an administrator to add it to TOUCHSTONE_CONNECTIONS, or use a connection that is granted to you.",
        )


def read_connection(reference: ConnectionReference, environ: Mapping[str, str] | None = None) -> str:
    """The connection string that is referred to. Raises SourceProblemError where there is none."""
    if reference.kind == "env":
        value = (os.environ if environ is None else environ).get(reference.name, "")
    else:
        value = _read_secret(reference.name)
    if not value:
        raise SourceProblemError(
            "connection_missing",
            f"The connection {reference} is empty, missing or cannot be read by the worker.",
            "Set it in the worker's environment, or give the worker the file.",
        )
    return value


def _read_secret(path: str) -> str:
    """The text of a regular file; empty where there is none. Anything else could make the reader wait for ever."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return ""
    try:
        status = os.fstat(descriptor)
        # What the kernel makes up as it is read (/proc) is of no size, and nobody keeps a credential there.
        is_secret = stat.S_ISREG(status.st_mode) and 0 < status.st_size <= _MAX_SECRET_BYTES
        return os.read(descriptor, _MAX_SECRET_BYTES).decode("utf-8").strip() if is_secret else ""
    except (OSError, UnicodeDecodeError):
        return ""
    finally:
        os.close(descriptor)


def checked_settings(connection: str, allowed_hosts: Iterable[str]) -> dict[str, str]:
    """libpq's settings for `connection`, which may be an address or keywords, if it leads to an allowed host.

    allowed_hosts: `host`, any port, or `host:port`. Raises SourceProblemError.
    """
    address = re.sub(r"\Apostgres(?:ql)?(?:\+\w+)?://", "postgresql://", connection)
    try:
        parsed = {key: str(value) for key, value in conninfo_to_dict(address).items() if value not in {None, ""}}
    except psycopg.ProgrammingError:
        raise _refused("it cannot be read as a PostgreSQL connection") from None
    unknown = sorted(set(parsed) - _ALLOWED_SETTINGS)
    if unknown:
        raise _refused(f"the settings {', '.join(unknown)} are not allowed")
    host, port = parsed.get("host", ""), parsed.get("port", "5432")
    if not host:
        raise _refused("it names no host")
    if "," in host or "," in port:
        raise _refused("it names more than one host")
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise _refused("its port is not a number from 1 to 65535")
    names = {name.strip().lower() for name in allowed_hosts}
    if host.lower() not in names and f"{host}:{int(port)}".lower() not in names:
        raise _refused("its host is not among the allowed hosts")
    if re.search(r"[=\0]|://", parsed.get("dbname", "")):
        raise _refused("the name of its database is itself a connection")
    return parsed


def connection_settings(text: str, allowed_hosts: Iterable[str]) -> dict[str, str]:
    """libpq's settings for the reference `text`. One answer whatever is wrong with what it refers to; the log has the cause.

    Else whoever may name a reference could find out which files and variables the server has, and what kind of text is in them.
    Raises SourceProblemError: `connection_reference_invalid`, `connection_unusable`.
    """
    reference = parse_connection_reference(text)
    try:
        return checked_settings(read_connection(reference), allowed_hosts)
    except SourceProblemError as problem:
        log.warning("The connection %s cannot be used: %s", reference, problem.failure.message)
        raise SourceProblemError(
            "connection_unusable",
            f"The connection {reference} does not exist, or is no PostgreSQL connection to an allowed host.",
            "Ask the operator: the log of the server has the reason.",
        ) from None


def split_table(location: str) -> tuple[str, str]:
    """(schema, table) of `schema.table`; quoted parts may hold dots, a bare name lies in `public`.

    Raises SourceProblemError.
    """
    parts, position = [], 0
    while position < len(location) and (match := _IDENTIFIERS.match(location, position)):
        quoted, bare = match.groups()
        parts.append(quoted.replace('""', '"') if quoted is not None else bare.strip())
        position = match.end()
    complete = position == len(location) and not location.rstrip().endswith(".")
    if not complete or len(parts) not in {1, 2} or any(not p or len(p.encode()) > _MAX_IDENTIFIER_BYTES for p in parts):
        raise SourceProblemError(
            "source_location_refused",
            f"{location!r} does not name a table.",
            'Write schema.table; put a name that holds a dot into double quotes, as in public."my.table".',
        )
    schema, table = parts if len(parts) == 2 else ("public", parts[0])
    if schema.lower().startswith("pg_") or schema.lower() == "information_schema":
        # pg_authid holds password hashes, pg_stats samples of every column, pg_stat_activity what others ask.
        raise SourceProblemError(
            "source_location_refused",
            f"{location!r} is a table of PostgreSQL's own, which is no data product.",
            "Name a table or view in a schema of your own.",
        )
    return schema, table


def _refused(why: str) -> SourceProblemError:
    return SourceProblemError(
        "connection_refused_by_policy",
        f"The connection is refused: {why}.",
        "Correct the connection, or let an administrator add its host to the allowed hosts.",
    )
