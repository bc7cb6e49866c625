"""Where a client that only knows the host finds the addresses (AuthZEN 1.0, section 9)."""

from typing import Any

import pytest
from django.test import Client
from django.urls import resolve

WELL_KNOWN = "/.well-known/authzen-configuration"
ENDPOINTS = {
    "access_evaluation_endpoint",
    "access_evaluations_endpoint",
    "search_subject_endpoint",
    "search_resource_endpoint",
    "search_action_endpoint",
}


def test_the_metadata_names_every_address_absolutely(client: Client) -> None:
    response = client.get(WELL_KNOWN, headers={"Host": "localhost:8000", "X-Request-ID": "abc"})
    metadata = response.json()
    assert response["Content-Type"] == "application/json"
    assert response["X-Request-ID"] == "abc"
    assert metadata["policy_decision_point"] == "http://localhost:8000"
    assert set(metadata) == {"policy_decision_point", *ENDPOINTS}
    for name in ENDPOINTS:
        path = metadata[name].removeprefix("http://localhost:8000")
        assert resolve(path).func.__module__.startswith("api.authzen.")


def test_behind_tls_the_addresses_are_https(client: Client) -> None:
    metadata = client.get(WELL_KNOWN, secure=True).json()
    assert all(address.startswith("https://testserver") for address in metadata.values())


def test_the_public_address_goes_before_the_host_that_was_asked(client: Client, settings: Any) -> None:
    settings.TOUCHSTONE = settings.TOUCHSTONE.model_copy(update={"public_url": "https://trust.example.com/"})
    metadata = client.get(WELL_KNOWN).json()
    assert metadata["policy_decision_point"] == "https://trust.example.com"
    assert all(
        address.startswith("https://trust.example.com/access/") for name, address in metadata.items() if name in ENDPOINTS
    )


def test_it_needs_no_key_and_may_be_kept_for_a_while(client: Client) -> None:
    assert client.get(WELL_KNOWN)["Cache-Control"] == "public, max-age=3600"


def test_another_host_gets_nothing(client: Client) -> None:
    assert client.get(WELL_KNOWN, headers={"Host": "evil.example"}).status_code == 400


@pytest.mark.parametrize("path", [f"{WELL_KNOWN}/tenant", "/.well-known/nothing", "/.well-known"])
def test_no_other_place_is_known(client: Client, path: str) -> None:
    response = client.get(path)
    assert (response.status_code, response["Content-Type"]) == (404, "application/problem+json")


def test_it_is_only_read(client: Client) -> None:
    assert client.post(WELL_KNOWN).status_code == 405
