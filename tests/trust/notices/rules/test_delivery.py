"""When a notice is tried again, and where a webhook may go."""

from datetime import timedelta

import pytest

from trust.notices.rules.delivery import (
    LONGEST_PAUSE,
    NotAllowedError,
    WebhookLimits,
    demand_address,
    endpoint_of,
    pause_after,
    signed_content,
)

FIRST = timedelta(seconds=30)
HOSTS = frozenset({"hook.example.org", "other.example.org:8443", "127.0.0.1", "[::1]:9000", "localhost"})
STRICT = WebhookLimits(HOSTS)


def test_pauses_triple_up_to_six_hours() -> None:
    pauses = [pause_after(attempt, first=FIRST, jitter=0.5) for attempt in (1, 2, 3, 4, 7, 8, 100)]
    assert [pause.total_seconds() for pause in pauses] == [30, 90, 270, 810, 21600, 21600, 21600]


def test_jitter_moves_a_pause_by_a_quarter_at_most() -> None:
    assert pause_after(1, first=FIRST, jitter=0) == FIRST * 0.75
    assert pause_after(1, first=FIRST, jitter=1) == FIRST * 1.25
    assert pause_after(50, first=FIRST, jitter=1) == LONGEST_PAUSE * 1.25


@pytest.mark.parametrize(
    ("url", "host", "port", "target", "authority"),
    [
        ("https://hook.example.org", "hook.example.org", 443, "/", "hook.example.org"),
        ("https://HOOK.example.org.:443/a?b=c#d", "hook.example.org", 443, "/a?b=c", "hook.example.org"),
        ("https://hook.example.org:444/x", "hook.example.org", 444, "/x", "hook.example.org:444"),
        ("https://other.example.org:8443/x", "other.example.org", 8443, "/x", "other.example.org:8443"),
        ("http://[::1]:9000/x", "::1", 9000, "/x", "[::1]:9000"),
    ],
)
def test_a_listed_host_is_called(url: str, host: str, port: int, target: str, authority: str) -> None:
    endpoint = endpoint_of(url, STRICT)
    assert (endpoint.host, endpoint.port, endpoint.target, endpoint.authority) == (host, port, target, authority)


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("https://evil.example.org/", "is not in TOUCHSTONE_WEBHOOK_HOSTS"),
        ("https://hook.example.org.evil.example/", "is not in TOUCHSTONE_WEBHOOK_HOSTS"),
        ("https://other.example.org/", "is not in TOUCHSTONE_WEBHOOK_HOSTS"),
        ("https://hook.example.org@evil.example/", "not of the form"),
        ("https://evil.example\\@hook.example.org/", "not of the form"),
        ("ftp://hook.example.org/", "not of the form"),
        ("file:///etc/passwd", "not of the form"),
        ("https://hook.example.org:99999/", "no URL"),
        ("https://hook.example.org/\r\nX: y", "not of the form"),
    ],
)
def test_other_addresses_are_not_called(url: str, fault: str) -> None:
    with pytest.raises(NotAllowedError, match=fault):
        endpoint_of(url, STRICT)


def test_without_a_list_no_webhook_is_called() -> None:
    with pytest.raises(NotAllowedError):
        endpoint_of("https://hook.example.org/", WebhookLimits())


LOOPBACK = ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"]
PRIVATE = [
    "10.0.0.1",
    "172.16.5.4",
    "192.168.1.1",
    "100.64.0.1",
    "fd00::1",
    "fec0::1",
    "::ffff:10.0.0.1",
    "2002:0a00:0001::1",
    "64:ff9b::a00:1",
]
NEVER = [
    "169.254.169.254",
    "::ffff:169.254.169.254",
    "fe80::1",
    "fe80::1%eth0",
    "0.0.0.0",  # noqa: S104
    "::",
    "224.0.0.1",
    "ff02::1",
    "240.0.0.1",
]
TLS = endpoint_of("https://hook.example.org/", STRICT)
PLAIN = endpoint_of("http://hook.example.org/", STRICT)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
def test_a_public_address_is_called_by_https_only(address: str) -> None:
    demand_address(address, TLS, STRICT)
    with pytest.raises(NotAllowedError, match="without https"):
        demand_address(address, PLAIN, WebhookLimits(HOSTS, allows_loopback=True, allows_private=True))


@pytest.mark.parametrize("address", LOOPBACK)
def test_this_machine_is_called_only_where_that_is_allowed(address: str) -> None:
    for limits in (STRICT, WebhookLimits(HOSTS, allows_private=True)):
        with pytest.raises(NotAllowedError, match="this machine"):
            demand_address(address, TLS, limits)
    demand_address(address, PLAIN, WebhookLimits(HOSTS, allows_loopback=True))


@pytest.mark.parametrize("address", PRIVATE)
def test_the_private_network_is_called_only_where_that_is_allowed(address: str) -> None:
    for limits in (STRICT, WebhookLimits(HOSTS, allows_loopback=True)):
        with pytest.raises(NotAllowedError, match="private network"):
            demand_address(address, TLS, limits)
    demand_address(address, PLAIN, WebhookLimits(HOSTS, allows_private=True))


@pytest.mark.parametrize("address", NEVER)
def test_metadata_services_and_addresses_of_no_server_are_never_called(address: str) -> None:
    with pytest.raises(NotAllowedError):
        demand_address(address, TLS, WebhookLimits(HOSTS, allows_loopback=True, allows_private=True))


def test_the_signature_covers_id_time_and_body() -> None:
    assert signed_content("notice-1", 1700000000, b'{"a":1}') == b'notice-1.1700000000.{"a":1}'
