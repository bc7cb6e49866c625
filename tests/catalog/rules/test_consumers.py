"""Where notices may be sent, what may name a consumer, and what may become of it: no database."""

import pytest

from catalog.rules.consumers import MOVES, demand_move_of_status, demand_slug, demand_webhook_url
from catalog.rules.errors import ConflictError, InvalidError
from catalog.rules.vocabulary import ConsumerKind, ConsumerStatus


@pytest.mark.parametrize(
    "url",
    ["", "https://example.org", "https://example.org:8443/hook?x=1", "https://93.184.216.34/", "https://[2606:2800:220:1::1]/"],
)
def test_public_addresses_by_https_are_allowed(url: str) -> None:
    demand_webhook_url(url, allows_loopback=False)


@pytest.mark.parametrize("allows_loopback", [False, True])
@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/",
        "ftp://example.org/",
        "file:///etc/passwd",
        "//example.org/",
        "example.org/hook",
        "https://",
        "https:///hook",
        "https://user:secret@example.org/",
        "https://user@example.org/",
        "https://@example.org/",
        "https://example.org/#part",
        "https://example.org/#",
        "https://exa mple.org/",
        "https://example.org/\nHost: x",
        "https://example.org\\@127.0.0.1/",
        "https://exämple.org/",
        "https://example.org:99999/",
        "https://example.org:0/",
        "https://example.org:x/",
        "https://[::1/",
        "https://10.0.0.1/",
        "https://192.168.1.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://[fe80::1]/",
        "https://0.0.0.0/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://127.1/",
        "https://[::ffff:10.0.0.1]/",
        "https://example.org/" + "x" * 500,
    ],
)
def test_other_addresses_are_refused_whatever_is_allowed(url: str, allows_loopback: bool) -> None:
    with pytest.raises(InvalidError) as raised:
        demand_webhook_url(url, allows_loopback=allows_loopback)
    assert (raised.value.code, raised.value.field) == ("invalid_webhook_url", "webhook_url")


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9000/", "http://localhost/", "https://localhost./x", "http://[::1]:1/", "http://a.localhost/"]
)
def test_this_machine_is_allowed_only_on_demand(url: str) -> None:
    demand_webhook_url(url, allows_loopback=True)
    with pytest.raises(InvalidError):
        demand_webhook_url(url, allows_loopback=False)


@pytest.mark.parametrize("slug", ["a", "scout", "flight-scout.v2", "a_b", "0", "x" * 80])
def test_slugs_of_lower_case_words_are_allowed(slug: str) -> None:
    demand_slug(slug)


@pytest.mark.parametrize("before", list(ConsumerStatus))
@pytest.mark.parametrize("after", list(ConsumerStatus))
def test_a_status_moves_as_the_table_says_and_nowhere_else(before: ConsumerStatus, after: ConsumerStatus) -> None:
    if before is after or after in MOVES[before]:
        demand_move_of_status("scout", ConsumerKind.AI_AGENT, before, after)
    else:
        assert before is ConsumerStatus.RETIRED
        with pytest.raises(ConflictError):
            demand_move_of_status("scout", ConsumerKind.AI_AGENT, before, after)
