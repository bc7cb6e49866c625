"""Ports of this machine."""

import errno
import os
import socket

from runtime.screen import CommandFailedError

NOT_OURS = frozenset({5432, 6379})  # the machine's own PostgreSQL and Redis, running or not


def is_free(host: str, port: int) -> bool:
    """True when a server could listen there now."""
    return why_taken(host, port) is None


def why_taken(host: str, port: int) -> str | None:
    """None when a server could listen on that port, else the reason in the system's words."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a closed connection's wait does not count as taken
            probe.bind(address)
            probe.listen(1)
    except OSError as error:
        return error.strerror or str(error)
    return None


def find_free_port(host: str = "127.0.0.1") -> int:
    """A port that nobody listens on at this moment, given by the system."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.bind((host, 0))
            port: int = probe.getsockname()[1]
        if port not in NOT_OURS:
            return port


def require_free(host: str, port: int) -> None:
    """Raise with the way out when the web server could not listen there."""
    reason = why_taken(host, port)
    if reason is None:
        return
    advice = (
        "Ports below 1024 are for root." if reason == os.strerror(errno.EACCES) else "Another program may be listening there."
    )
    raise CommandFailedError(f"Port {port} on {host} cannot be used: {reason}. {advice} Choose another one with --port N.")
