"""How a notice travels: when it is tried again, where a webhook may go, and what is signed. Pure: no clock, no network."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

LONGEST_PAUSE = timedelta(hours=6)
GROWTH = 3
SIGNATURE_SCHEME = "v1a"
"""Ed25519, as the specification of Standard Webhooks 1.0.0 names it."""
_NAT64 = IPv6Network("64:ff9b::/96")


class NotAllowedError(ValueError):
    """A place to which no webhook may go. The message completes "The webhook is not called: ..."."""


@dataclass(frozen=True, slots=True)
class WebhookLimits:
    """Where webhooks may go: `host` or `host:port` names; loopback and private addresses only where they are allowed."""

    hosts: frozenset[str] = frozenset()
    allows_loopback: bool = False
    allows_private: bool = False


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A webhook's address, taken apart. `target` is the path with its query."""

    host: str
    port: int
    target: str
    is_tls: bool

    @property
    def authority(self) -> str:
        """The Host header: without the port where it is the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.is_tls else 80) else f"{host}:{self.port}"


def pause_after(attempt: int, *, first: timedelta, jitter: float) -> timedelta:
    """How long to wait after the failed attempt of that number (from 1): `first`, three times as long each time, at most 6 h.

    jitter: 0 to 1; the pause is between three and five quarters of that, so that a receiver which comes back is not called by
    everything at once.
    """
    # The exponent is bounded before it is used: attempts are few, but a timedelta of 3**100 seconds there is not.
    whole: timedelta = min(first * GROWTH ** min(attempt - 1, 20), LONGEST_PAUSE)
    return timedelta(seconds=whole.total_seconds() * (0.75 + 0.5 * jitter))


def endpoint_of(url: str, limits: WebhookLimits) -> Endpoint:
    """The parts of a webhook's address. Raises `NotAllowedError` unless its host is among those that are allowed."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        message = "its address is no URL"
        raise NotAllowedError(message) from None
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme not in {"http", "https"} or not host or "@" in parts.netloc or not (url.isascii() and url.isprintable()):
        message = "its address is not of the form https://host/path"
        raise NotAllowedError(message)
    is_tls = parts.scheme == "https"
    endpoint = Endpoint(
        host, port or (443 if is_tls else 80), (parts.path or "/") + (parts.query and f"?{parts.query}"), is_tls
    )
    if not _is_listed(endpoint, limits.hosts):
        message = f"its host {host[:100]} is not in TOUCHSTONE_WEBHOOK_HOSTS"
        raise NotAllowedError(message)
    return endpoint


def demand_address(address: str, endpoint: Endpoint, limits: WebhookLimits) -> None:
    """Raise `NotAllowedError` where the resolved `address` must not be connected to.

    A public name that leads to this machine or into the private network is how a webhook becomes a way in. Link-local
    addresses (a cloud's metadata service), multicast and reserved ones are never called. Plain http never leaves the private
    network.
    """
    place = _real(ip_address(address.partition("%")[0]))
    fault = None
    if place.is_loopback:
        fault = None if limits.allows_loopback else "this machine (TOUCHSTONE_WEBHOOK_LOOPBACK is off)"
    elif place.is_link_local or place.is_multicast or place.is_unspecified or place.is_reserved:
        fault = "an address that is no server's"
    elif not place.is_global or (isinstance(place, IPv6Address) and place.is_site_local):
        fault = None if limits.allows_private else "the private network (TOUCHSTONE_WEBHOOK_PRIVATE is off)"
    elif not endpoint.is_tls:
        fault = "a public address without https"
    if fault:
        message = f"its host {endpoint.host[:100]} leads to {fault}"
        raise NotAllowedError(message)


def signed_content(message_id: str, timestamp: int, body: bytes) -> bytes:
    """What the signature of Standard Webhooks covers: `id.timestamp.body`."""
    return f"{message_id}.{timestamp}.".encode() + body


def _is_listed(endpoint: Endpoint, hosts: Collection[str]) -> bool:
    host = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
    names = {name.strip().lower() for name in hosts}
    return bool({endpoint.host, host, f"{host}:{endpoint.port}"} & names)


def _real(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 address stands for, where it does: a disguise must not change the answer."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else address)
