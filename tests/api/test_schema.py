"""The OpenAPI document is valid, complete, stable, and readable without a network."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.test import Client
from django.urls import get_resolver
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from api.schema import operations_of
from catalog.models import DataProduct
from tests.api.callers import Cast


def test_the_document_is_valid_and_made_without_a_warning(tmp_path: Path) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yaml"))


def test_it_is_openapi_3_1_with_a_bearer_scheme(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    scheme = document["components"]["securitySchemes"]["apiKey"]
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")


def test_every_operation_has_a_name_a_summary_a_tag_and_its_problems(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, operation in operations_of(document)]
    assert len(names) == len(set(names))
    for path, operation in operations_of(document):
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", operation["operationId"]), path
        assert operation["summary"], path
        assert operation["tags"], path
        if path.startswith("/api/v1"):
            assert {"400", "401", "403", "405", "429", "500", "503"} <= set(operation["responses"]), path
            assert ("404" in operation["responses"]) == ("{" in path or operation["operationId"] == "request_agreement")
            assert ({"408", "411", "413", "415"} <= set(operation["responses"])) == ("requestBody" in operation), path
            assert operation["security"], path


def responses_of(document: dict[str, Any], operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for status, response in operation["responses"].items():
        name = response.get("$ref", "").rpartition("/")[2]
        yield status, document["components"]["responses"][name] if name else response


def test_every_response_names_its_headers(document: dict[str, Any]) -> None:
    needed = {"401": "WWW-Authenticate", "405": "Allow", "429": "Retry-After", "503": "Retry-After"}
    without_address = {"report_outcome", "report_use", "confirm_obligation"}
    for path, operation in operations_of(document):
        for status, response in responses_of(document, operation):
            assert {"X-Request-ID", needed.get(status, "X-Request-ID")} <= set(response["headers"]), (path, status)
            if status in {"201", "202"}:
                assert ("Location" in response["headers"]) == (operation["operationId"] not in without_address), path
    assert "ETag" in document["paths"]["/api/v1/products/{slug}/contract"]["get"]["responses"]["200"]["headers"]


def parts_of(part: Any, place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """(place, object) of every object in the document."""
    if isinstance(part, dict):
        yield place, part
        for name, inner in part.items():
            yield from parts_of(inner, f"{place}/{name}")
    elif isinstance(part, list):
        for position, inner in enumerate(part):
            yield from parts_of(inner, f"{place}/{position}")


def test_what_may_be_null_says_so_in_a_way_that_null_matches(document: dict[str, Any]) -> None:
    assert "NullEnum" not in document["components"]["schemas"]
    for place, part in parts_of(document):
        choices = part.get("oneOf", [])
        assert {"type": "null"} not in choices, place
        assert {} not in [*choices, *part.get("anyOf", [])], place


def test_no_generated_name_of_a_part_is_that_of_a_component(document: dict[str, Any]) -> None:
    """Generators of clients name an inner object or enumeration after component and property, and drop what collides."""
    components = document["components"]["schemas"]
    for name, component in components.items():
        for inner, part in component.get("properties", {}).items():
            of_items = part.get("items", {}) if isinstance(part.get("items"), dict) else {}
            if {"enum", "properties"} & (part.keys() | of_items.keys()):
                generated = name + "".join(word.title() for word in inner.split("_"))
                assert not {generated, f"{generated}Item"} & components.keys(), (name, inner)
    assert not [name for name in components if "RequestRequest" in name]


def test_an_answer_about_many_fits_its_description_also_where_a_product_is_unknown(
    cast: Cast, product: DataProduct, document: dict[str, Any]
) -> None:
    schema = {"$ref": "#/components/schemas/CheckAnswers", "components": document["components"]}
    validator = Draft202012Validator(schema)
    for more in ({}, {"min_score": 50}):
        response = cast.consumer.post("/api/v1/trust/check", {"products": [product.slug, "nothing"], **more})
        assert [answer.get("score") is None for answer in response.json()["results"]] == [False, True]
        validator.validate(response.json())


def test_a_response_of_a_model_always_has_what_its_description_requires(document: dict[str, Any]) -> None:
    """Only a request may leave out a field that has a default or may be empty."""
    notice = document["components"]["schemas"]["NotificationAnswer"]
    assert set(notice["required"]) == set(notice["properties"])
    assert "more_reasons" not in document["components"]["schemas"]["TrustAnswer"]["required"]


def test_a_body_that_must_be_there_is_required(document: dict[str, Any]) -> None:
    for path, item in document["paths"].items():
        if "patch" in item:
            assert item["patch"]["requestBody"]["required"], path
    assert document["paths"]["/api/v1/contracts"]["post"]["requestBody"]["required"]


def test_tags_are_in_order_and_described_and_none_is_left_over(document: dict[str, Any]) -> None:
    described = [tag["name"] for tag in document["tags"] if tag["description"]]
    used = {tag for _, operation in operations_of(document) for tag in operation["tags"]}
    assert sorted(described) == sorted(used)


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/api/v1/agreements/{agreement_id}/approve", "post"),
        ("/api/v1/consumers/{slug}/suspend", "post"),
        ("/api/v1/decisions/{decision_id}/proof", "get"),
    ],
)
def test_a_conflict_is_documented_also_where_there_is_no_body(document: dict[str, Any], path: str, method: str) -> None:
    operation = document["paths"][path][method]
    assert "requestBody" not in operation
    assert "409" in operation["responses"]


def test_every_address_of_version_1_is_documented(document: dict[str, Any]) -> None:
    def routes(patterns: Any, prefix: str = "/") -> Any:
        for pattern in patterns:
            route = prefix + str(pattern.pattern)
            if hasattr(pattern, "url_patterns"):
                yield from routes(pattern.url_patterns, route)
            elif route.startswith("/api/v1/"):
                yield re.sub(r"<\w+:(\w+)>", r"{\1}", route)

    documented = {path for path, _ in operations_of(document) if path.startswith("/api/v1/")}
    assert set(routes(get_resolver().url_patterns)) == documented


def test_every_documented_read_answers(cast: Cast, product: DataProduct, document: dict[str, Any]) -> None:
    """With the names of things that exist where they do: an answer or a 404 problem, never anything else."""
    names = {"slug": product.slug, "port": "rows", "name": "readers", "version": "1"}
    names |= dict.fromkeys(("run_id", "job_id"), "00000000-0000-0000-0000-000000000000")
    for path, operation in operations_of(document):
        if operation is document["paths"][path].get("get"):
            address = re.sub(r"{(\w+)}", lambda found: names.get(found[1], "1"), path)
            response = cast.governance.get(address)
            assert response.status_code in {200, 404}, (address, response.content)
            if response.status_code == 404:
                assert response.json()["detail"] != "There is nothing at this address.", address


def test_the_docs_say_which_methods_they_take(client: Client) -> None:
    response = client.options("/api/docs")
    assert (response.status_code, response["Allow"]) == (204, "GET, HEAD, OPTIONS")


def test_the_docs_load_nothing_from_elsewhere(client: Client) -> None:
    response = client.get("/api/docs")
    page = response.content.decode()
    assert response.status_code == 200
    assert not re.findall(r"""(?:src|href)=["'](?:https?:)?//""", page)
    assert "script-src 'self';" in response["Content-Security-Policy"]
    assert not re.findall(r"<script>", page)
    script = client.get("/api/docs?script=")
    assert script["Content-Type"].startswith("application/javascript")
    assert "/api/schema" in script.content.decode()
    for asset in re.findall(r"""(?:src|href)="/static/([^"]+)""", page):
        assert finders.find(asset), asset
