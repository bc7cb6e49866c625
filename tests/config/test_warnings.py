"""What is told at the start of an installation that others reach."""

from typing import Any

import pytest

from trust.checks import its_own_address_is_known, the_proxy_is_known


@pytest.mark.parametrize(
    ("debug", "hosts", "url", "is_told"),
    [
        (False, ["touchstone.example.org"], "", True),
        (False, ["127.0.0.1", "touchstone.example.org"], "", True),
        (False, ["*"], "", True),
        (False, ["touchstone.example.org"], "https://touchstone.example.org", False),
        (False, ["127.0.0.1", "localhost", "[::1]"], "", False),
        (True, ["touchstone.example.org"], "", False),
    ],
)
def test_an_installation_that_does_not_know_its_address_is_told(
    settings: Any, debug: bool, hosts: list[str], url: str, is_told: bool
) -> None:
    settings.DEBUG, settings.ALLOWED_HOSTS = debug, hosts
    settings.TOUCHSTONE = settings.TOUCHSTONE.model_copy(update={"public_url": url})
    assert bool(its_own_address_is_known()) is is_told


@pytest.mark.parametrize(("https", "proxies", "is_told"), [(True, [], True), (True, ["10.0.0.1"], False), (False, [], False)])
def test_an_installation_that_does_not_know_its_proxy_is_told(
    settings: Any, https: bool, proxies: list[str], is_told: bool
) -> None:
    settings.TOUCHSTONE = settings.TOUCHSTONE.model_copy(update={"https": https, "trusted_proxies": proxies})
    assert bool(the_proxy_is_known()) is is_told
