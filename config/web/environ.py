"""A request of granian's RSGI interface, as the environ of WSGI that Django's handler takes."""

import sys
from collections.abc import AsyncIterator, Iterable
from io import BytesIO
from typing import Any, Protocol

Headers = list[tuple[str, str]]


class Transport(Protocol):
    """The body of an answer that is sent in pieces."""

    async def send_bytes(self, data: bytes) -> None: ...


class Connection(Protocol):
    """What granian hands over beside the scope: the body of the request, and the ways to answer it."""

    def __aiter__(self) -> AsyncIterator[bytes]: ...
    def response_bytes(self, status: int, headers: Headers, body: bytes) -> None: ...
    def response_stream(self, status: int, headers: Headers) -> Transport: ...


class ScopeHeaders(Protocol):
    def items(self) -> Iterable[tuple[str, str]]: ...


class Scope(Protocol):
    """A request without its body."""

    proto: str
    http_version: str
    server: str
    client: str
    scheme: str
    method: str
    path: str
    query_string: str

    @property
    def headers(self) -> ScopeHeaders: ...


def environ_of(scope: Scope) -> dict[str, Any]:
    """The request with an empty body; whoever reads the body replaces `wsgi.input`.

    A header whose name has an underscore is left out: WSGI could not tell it from the one with a hyphen, which a proxy sets.
    """
    server_name, _, server_port = scope.server.rpartition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": server_name,
        "SERVER_PORT": server_port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope.headers.items():
        if "_" in name:
            continue
        key = name.upper().replace("-", "_")
        if key not in {"CONTENT_TYPE", "CONTENT_LENGTH"}:
            key = f"HTTP_{key}"
        separator = "; " if key == "HTTP_COOKIE" else ","
        environ[key] = f"{environ[key]}{separator}{value}" if key in environ else value
    return environ
