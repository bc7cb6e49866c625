"""Product, team, sources and fields of a contract, in Touchstone's words."""

from datetime import UTC, datetime
from typing import Any

import pytest

from catalog.rules.errors import InvalidError
from catalog.rules.vocabulary import ConsumerKind
from tests.catalog.contracts.documents import contract, orders, read, setting


def member(username: str, role: str, **parts: Any) -> dict[str, Any]:
    return {"username": username, "role": role, **parts}


@pytest.mark.parametrize("role", ["owner", "Owner", "OWNER", "data owner", "Data-Owner", "data_product_owner", "product owner"])
def test_an_owner_goes_by_several_names(role: str) -> None:
    assert read(contract(team={"members": [member("ada", role)]})).product.owner == "ada"


def test_a_team_of_3_0_is_a_list() -> None:
    document = read(contract(team=[member("ada", "owner"), member("bob", "data steward", name="Bob B")], apiVersion="v3.0.2"))
    assert (document.product.owner, document.product.stewards) == ("ada", ("bob",))
    assert document.people == {"ada": "", "bob": "Bob B"}


def test_who_has_left_owns_nothing() -> None:
    team = [member("old", "owner", dateOut="2026-11-22"), member("ada", "owner", dateIn="2026-11-22", dateOut="2026-11-23")]
    document = read(contract(team=team))
    assert document.product.owner == "ada"
    assert any("old left" in warning for warning in document.warnings)


def test_nobody_owns_a_product_whose_only_owner_left() -> None:
    assert read(contract(team=[member("old", "owner", dateOut="2020-01-01")])).product.owner == ""


def test_of_two_owners_none_counts_and_both_are_named() -> None:
    document = read(contract(team=[member("ada", "owner"), member("bob", "owner")]))
    assert document.product.owner == ""
    assert [one.rule for one in document.not_executable if one.path == "team"] == ["2 owners: ada, bob"]


def test_somebody_whose_time_cannot_be_read_answers_for_nothing() -> None:
    document = read(contract(team=[member("ada", "owner", dateOut="soon")]))
    assert document.product.owner == ""
    assert any(warning.startswith("team[0]: dateOut is 'soon'") for warning in document.warnings)


def test_a_member_without_a_username_is_named() -> None:
    document = read(contract(team=[{"role": "owner"}]))
    assert [one.path for one in document.not_executable] == ["team[0]"]


@pytest.mark.parametrize(
    ("status", "lifecycle", "is_told"),
    [
        ("active", "published", False),
        ("Active", "published", False),
        ("draft", "draft", False),
        ("proposed", "draft", False),
        ("development", "draft", False),
        ("deprecated", "deprecated", False),
        ("retired", "retired", False),
        ("on fire", "draft", True),
    ],
)
def test_a_status_stands_for_a_stage_of_life(status: str, lifecycle: str, is_told: bool) -> None:
    document = read(contract(status=status))
    assert document.lifecycle == lifecycle
    assert any(warning.startswith("status") for warning in document.warnings) == is_told


@pytest.mark.parametrize(
    ("parts", "slug"),
    [
        ({"dataProduct": "My Orders!", "name": "x"}, "my-orders"),
        ({"dataProduct": None, "name": "Orders of Today"}, "orders-of-today"),
        ({"dataProduct": None, "name": None, "id": "urn:x:7"}, "urnx7"),
        ({"dataProduct": "注文", "name": "Orders"}, "orders"),
    ],
)
def test_a_slug_is_made_where_none_is_given(parts: dict[str, Any], slug: str) -> None:
    document = contract(**parts)
    document["customProperties"] = []
    assert read(document).product.slug == slug


@pytest.mark.parametrize("slug", ["Orders", "a b", "-a", "a--b", "a/b", "x" * 81])
def test_a_slug_that_is_none_is_a_fault(slug: str) -> None:
    document = contract()
    document["customProperties"] = [setting("slug", slug)]
    with pytest.raises(InvalidError, match="is not a slug"):
        read(document)


@pytest.mark.parametrize(
    ("one", "sensitivity", "personal", "is_told"),
    [
        ({}, None, False, False),
        ({"classification": "Restricted"}, "restricted", False, False),
        ({"classification": "pii"}, None, True, True),
        ({"classification": "5"}, None, False, True),
        ({"tags": ["PII"]}, None, True, False),
        ({"customProperties": [setting("personal", True)]}, None, True, False),
    ],
    ids=str,
)
def test_a_field_is_classified_or_told_not_to_be(
    one: dict[str, Any], sensitivity: str | None, personal: bool, is_told: bool
) -> None:
    document = read(contract(schema=[orders({"name": "id", **one})]))
    (field,) = document.ports[0].fields
    assert (field.sensitivity, field.personal) == (sensitivity, personal)
    assert any("classification" in warning for warning in document.warnings) == is_told or sensitivity == "restricted"


def test_a_field_above_its_product_is_told_and_nothing_is_raised() -> None:
    document = read(contract(schema=[orders({"name": "id", "classification": "restricted"})]))
    assert document.product.sensitivity == "internal"
    assert any("orders.id" in warning and "restricted" in warning for warning in document.warnings)


@pytest.mark.parametrize(
    ("location", "parts", "kind"),
    [
        ("a.csv", [], "csv"),
        ("a.CSV.gz", [], "csv"),
        ("a/b.parquet", [], "parquet"),
        ("a.ndjson", [], "jsonl"),
        ("a.xlsx", [], "xlsx"),
        ("a/*.parquet", [], "parquet"),
        ("a.parquet/", [], "parquet"),
        ("a/", [setting("format", "csv")], "csv"),
        ("a.data", [setting("format", "parquet")], "parquet"),
        ("public.orders", [setting("connection", "env:WAREHOUSE_URL")], "postgres"),
        ("public.orders", [setting("format", "postgres"), setting("connection", "env:X")], "postgres"),
    ],
)
def test_a_location_tells_its_kind(location: str, parts: list[Any], kind: str) -> None:
    document = read(contract(schema=[orders(customProperties=[setting("location", location), *parts])]))
    assert (document.ports[0].source_kind, document.ports[0].location) == (kind, location)


@pytest.mark.parametrize("parts", [[setting("location", "orders")], [setting("location", "a.csv"), setting("format", "xls")]])
def test_a_format_that_is_unknown_is_a_fault(parts: list[Any]) -> None:
    with pytest.raises(InvalidError, match=r"touchstone\.format"):
        read(contract(schema=[orders(customProperties=parts)]))


def test_a_local_server_gives_each_object_its_file() -> None:
    server = {"server": "files", "type": "local", "path": "./data/{model}.csv", "format": "csv"}
    (port,) = read(contract(schema=[orders(physicalName="orders_v1", customProperties=None)], servers=[server])).ports
    assert (port.source_kind, port.location) == ("csv", "data/orders_v1.csv")


def test_a_postgres_server_gives_the_table_and_a_reference_to_its_credentials() -> None:
    server = {
        "server": "dwh",
        "type": "postgres",
        "host": "db.example.com",
        "port": 5432,
        "database": "dwh",
        "schema": "sales",
        "customProperties": [setting("connection", "env:WAREHOUSE_URL")],
    }
    document = read(contract(schema=[orders(customProperties=None)], servers=[server]))
    (port,) = document.ports
    assert (port.source_kind, port.location, port.connection) == ("postgres", "sales.orders", "env:WAREHOUSE_URL")
    assert document.hosts["orders"] == "db.example.com:5432"


@pytest.mark.parametrize(
    "server",
    [
        {"server": "s", "type": "s3", "location": "s3://x", "format": "csv"},
        {"server": "s", "type": "local", "path": "x.json", "format": "json"},
        {"server": "s", "type": "local", "format": "csv"},
        {"server": "s", "type": "postgres", "host": "h", "port": 1, "database": "d", "schema": "s"},
    ],
    ids=str,
)
def test_a_server_that_is_not_read_is_named(server: dict[str, Any]) -> None:
    document = read(contract(schema=[orders(customProperties=None)], servers=[server]))
    assert document.ports[0].source_kind == "unsupported"
    assert "server 's'" in document.ports[0].location
    assert document.not_executable[0].rule == "port orders"


def test_access_policies_and_inputs_are_read() -> None:
    policy = {
        "name": "AI use",
        "effect": "permit",
        "purposes": ["ai.retrieval"],
        "minimumScore": 75,
        "obligations": ["cite-source", {"type": "delete_after", "days": 90}],
        "agreementRequired": True,
        "expiresAt": "2027-01-31T00:00:00Z",
    }
    settings = [
        setting("accessPolicies", [policy]),
        setting("inputPorts", [{"product": "a"}, {"product": "b", "required": False}]),
    ]
    document = read(contract(customProperties=settings))
    (found,) = document.policies
    assert (found.name, found.minimum_score, found.expires_at) == ("ai-use", 75, datetime(2027, 1, 31, tzinfo=UTC))
    assert set(found.consumer_kinds) == set(ConsumerKind)
    assert (found.agreement_required, found.obligations) == (True, ({"type": "delete_after", "days": 90}, "cite-source"))
    assert [(one.product, one.required) for one in document.inputs] == [("a", True), ("b", False)]


@pytest.mark.parametrize(
    "change",
    [
        {"name": None},
        {"effect": "allow"},
        {"consumerKinds": ["robots"]},
        {"minimumScore": 75.5},
        {"minimumScore": "high"},
        {"expiresAt": "2027-01-31T00:00:00"},
        {"expiresAt": "later"},
        {"expiresAt": "9999-12-31T23:59:59-10:00"},
        {"colour": "red"},
        {"agreementRequired": "yes"},
        {"obligations": [{"type": "delete_after", "days": "ninety"}]},
        {"obligations": [{"type": ["delete_after"]}]},
        {"obligations": "cite-source"},
    ],
    ids=str,
)
def test_an_access_policy_that_cannot_be_read_is_a_fault(change: dict[str, Any]) -> None:
    policy = {"name": "a", "effect": "permit", "purposes": ["analytics"], **change}
    with pytest.raises(InvalidError):
        read(contract(customProperties=[setting("accessPolicies", [policy])]))
