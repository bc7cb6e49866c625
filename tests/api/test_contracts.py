"""Contracts: registered as they come, given back byte for byte."""

import base64
import json
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import yaml

from catalog.models import DataProduct
from tests.api.callers import Cast, assert_problem
from trust.models import Suite

ADDRESS = "/api/v1/contracts"
CONTRACT = """\
# Kept as it is, this comment included.
apiVersion: v3.1.0
kind: DataContract
id: orders-contract
name: orders
version: 1.0.0
status: active
domain: Sales
description: {purpose: Every order., limitations: Test data., usage: In tests.}
team: {members: [{username: olga, role: owner}]}
servers: [{server: files, type: local, path: "./{model}.csv", format: csv}]
customProperties:
  - {property: touchstone.slug, value: orders}
  - {property: touchstone.sensitivity, value: internal}
schema:
  - name: orders
    properties:
      - {name: id, logicalType: integer, required: true, unique: true, classification: internal}
"""
YAML = {"content_type": "application/yaml"}


@pytest.fixture(autouse=True)
def data_root(settings: Any, tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("id\n1\n")
    settings.TOUCHSTONE = settings.TOUCHSTONE.model_copy(update={"data_roots": [str(tmp_path)]})


def test_a_contract_makes_product_port_and_suite(cast: Cast) -> None:
    response = cast.owner.post(ADDRESS, CONTRACT, **YAML)
    assert response.status_code == 201, response.content
    report = response.json()
    assert (report["product"], report["is_new"], report["dry_run"]) == ("orders", True, False)
    assert response["Location"] == "/api/v1/products/orders"
    product = cast.owner.get("/api/v1/products/orders").json()
    assert (product["owner"], product["output_ports"]) == ("olga", ["orders"])
    assert product["contract"]["sha256"] == sha256(CONTRACT.encode()).hexdigest()
    assert Suite.objects.get().is_current


def test_the_same_bytes_again_change_nothing(cast: Cast) -> None:
    cast.owner.post(ADDRESS, CONTRACT, **YAML)
    again = cast.owner.post(ADDRESS, CONTRACT, **YAML)
    assert again.status_code == 200
    assert again.json()["changes"] == []


def test_a_dry_run_says_what_would_change_and_changes_nothing(cast: Cast) -> None:
    response = cast.owner.post(f"{ADDRESS}?dry_run=true", CONTRACT, **YAML)
    assert response.status_code == 200
    assert (response.json()["dry_run"], response.json()["is_new"]) == (True, True)
    assert response.json()["changes"]
    assert "Location" not in response
    assert not DataProduct.objects.exists()


def test_json_is_taken_as_well(cast: Cast) -> None:
    response = cast.owner.post(ADDRESS, json.dumps(yaml.safe_load(CONTRACT)))
    assert response.status_code == 201, response.content
    download = cast.owner.get("/api/v1/products/orders/contract")
    assert download["Content-Disposition"] == 'attachment; filename="orders.odcs.json"'


def test_the_original_comes_back_byte_for_byte(cast: Cast) -> None:
    cast.owner.post(ADDRESS, CONTRACT, **YAML)
    cast.owner.post("/api/v1/products/orders/publish")
    response = cast.consumer.get("/api/v1/products/orders/contract")
    assert response.content == CONTRACT.encode()
    digest = sha256(CONTRACT.encode())
    assert response["ETag"] == f'"{digest.hexdigest()}"'
    assert response["Repr-Digest"] == f"sha-256=:{base64.b64encode(digest.digest()).decode()}:"
    assert response["Content-Disposition"].startswith("attachment")
    assert response["X-Content-Type-Options"] == "nosniff"
    unchanged = cast.consumer.get("/api/v1/products/orders/contract", **{"If-None-Match": response["ETag"]})
    assert (unchanged.status_code, unchanged.content) == (304, b"")


def test_a_product_without_a_contract_says_so(cast: Cast, product: DataProduct) -> None:
    assert_problem(cast.consumer.get("/api/v1/products/orders/contract"), 404, "not_found")


@pytest.mark.parametrize(
    "body",
    [
        b"nonsense",
        b"[1, 2]",
        b"a: [",
        b"\xff\xfe\x00",
        b"kind: DataContract",
        b"&a [*a, *a]",
        b"a: &a [x]\nb: &b [*a, *a]\nc: [*b, *b]",
        b"[" * 50_000,
        CONTRACT.replace("Every order.", '"a\\0b"').encode(),
        CONTRACT.replace("Every order.", '"\\ud800"').encode(),
    ],
)
def test_what_is_no_contract_is_refused_as_a_whole(cast: Cast, body: bytes) -> None:
    response = cast.governance.post(ADDRESS, body, **YAML)
    assert response.status_code == 400, response.content
    assert_problem(response, 400, response.json()["code"])
    assert not DataProduct.objects.exists()


def test_an_empty_body_and_a_foreign_media_type(cast: Cast) -> None:
    assert_problem(cast.owner.post(ADDRESS, b"", **YAML), 400, "no_document")
    assert_problem(cast.owner.post(ADDRESS, b"x", content_type="text/plain"), 415, "unsupported_media_type")
    assert_problem(cast.owner.post(ADDRESS, b"x" * (2 * 1024 * 1024 + 1), **YAML), 413, "body_too_large")


@pytest.mark.parametrize("query", ["dry_run=maybe", "dryrun=true", "dry_run="])
def test_a_misspelt_dry_run_does_not_register(cast: Cast, query: str) -> None:
    assert_problem(cast.owner.post(f"{ADDRESS}?{query}", CONTRACT, **YAML), 400, "invalid")
    assert not DataProduct.objects.exists()


def test_who_may_register(cast: Cast) -> None:
    assert_problem(cast.nobody.post(ADDRESS, CONTRACT, **YAML), 401, "not_authenticated")
    assert_problem(cast.consumer.post(ADDRESS, CONTRACT, **YAML), 403, "scope_missing")
    assert_problem(cast.auditor.post(ADDRESS, CONTRACT, **YAML), 403, "forbidden")
    assert not DataProduct.objects.exists()
    assert cast.stranger.post(ADDRESS, CONTRACT, **YAML).status_code == 201
    product = DataProduct.objects.get()
    assert (product.owner, product.owner_is_provisional, product.lifecycle) == (cast.stranger.person, True, "draft")
    assert cast.governance.post(ADDRESS, CONTRACT, **YAML).status_code == 200
    product.refresh_from_db()
    assert (product.owner_name, product.owner_is_provisional, product.lifecycle) == ("olga", False, "published")


@pytest.mark.parametrize("query", ["", "?dry_run=true"])
def test_a_text_that_anchors_multiply_is_answered_with_413_at_once(cast: Cast, query: str) -> None:
    text = b"description: &a " + b"A" * 200_000 + b"\nvalue_set: [" + b"*a, " * 2_000 + b"]\n"
    before = time.monotonic()

    response = cast.owner.post(f"/api/v1/contracts{query}", text, content_type="application/yaml")

    assert_problem(response, 413, "document_too_large")
    assert "2,097,152" in response.json()["detail"]
    assert time.monotonic() - before < 2
