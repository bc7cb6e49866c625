"""Whatever is sent, the answer is a problem that says what is wrong: never a 500, never a write."""

import json
from typing import Any
from unittest.mock import patch

import pytest
from django.test import RequestFactory

from api.v1.views.products import PublishView
from catalog.models import DataProduct
from tests.api.callers import Cast, assert_problem

LIST = "/api/v1/products"
PRODUCT = {"slug": "fresh", "name": "Fresh", "domain": "Testing"}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "invalid"),
        (b"{", "malformed_json"),
        (b"nonsense", "malformed_json"),
        (b'{"name": NaN}', "malformed_json"),
        (b'{"name": "\xff"}', "malformed_json"),
        (b"\xef\xbb\xbf{}", "malformed_json"),
        (b'{"name": "\\ud800"}', "malformed_json"),
        (b'{"name": 1e999}', "malformed_json"),
        (b'{"name": "a\\u0000b"}', "bad_text"),
        (b'{"a\\u0000": 1}', "bad_text"),
        (b"[" * 100_000, "too_deep"),
        (b'{"a":' * 40 + b"1" + b"}" * 40, "too_deep"),
        (b"[]", "not_an_object"),
        (b"null", "not_an_object"),
        (b'"text"', "not_an_object"),
        (b"12", "not_an_object"),
        (b"{}", "invalid"),
    ],
)
def test_a_bad_body_is_refused(cast: Cast, body: bytes, code: str) -> None:
    assert_problem(cast.owner.post(LIST, body), 400, code)
    assert not DataProduct.objects.exists()


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/xml", "multipart/form-data; boundary=x", "application/json2"]
)
def test_another_media_type_is_refused(cast: Cast, content_type: str) -> None:
    assert_problem(cast.owner.post(LIST, json.dumps(PRODUCT), content_type=content_type), 415, "unsupported_media_type")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "/api/v1/consumers/%00"),
        ("patch", "/api/v1/consumers/a%00b"),
        ("post", "/api/v1/consumers/%00/suspend"),
        ("get", "/api/v1/consumers/%00/keys"),
        ("put", "/api/v1/products/orders/ports/%00"),
    ],
)
def test_an_address_with_a_nul_names_nothing(cast: Cast, method: str, path: str) -> None:
    assert_problem(cast.governance.send(method, path, None if method == "get" else {}), 404, "not_found")


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "APPLICATION/JSON"])
def test_the_media_type_is_read_as_http_has_it(cast: Cast, content_type: str) -> None:
    assert cast.owner.post(LIST, json.dumps(PRODUCT), content_type=content_type).status_code == 201


def test_a_huge_body_is_refused_before_it_is_read(cast: Cast) -> None:
    body = json.dumps({**PRODUCT, "description": "x" * (2 * 1024 * 1024)})
    assert_problem(cast.owner.post(LIST, body), 413, "body_too_large")
    with patch("api.bodies.LONGEST_BODY", 10):
        assert_problem(cast.owner.post(LIST, PRODUCT), 413, "body_too_large")
    assert not DataProduct.objects.exists()


def test_a_body_in_chunks_is_not_taken_for_an_empty_one(rf: RequestFactory, cast: Cast) -> None:
    request = rf.post("/api/v1/products/orders/publish", headers={"Authorization": f"Bearer {cast.owner.key}"})
    del request.META["CONTENT_LENGTH"]
    request.META["HTTP_TRANSFER_ENCODING"] = "chunked"
    response = PublishView.as_view()(request, slug="orders")
    assert (response.status_code, json.loads(response.content)["code"]) == (411, "length_required")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"slug": "Has Space"}, "slug"),
        ({"slug": "x" * 81}, "slug"),
        ({"slug": "-x"}, "slug"),
        ({"slug": "../../etc"}, "slug"),
        ({"slug": 7}, None),
        ({"name": ""}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": ["x"]}, "name"),
        ({"name": None}, "name"),
        ({"name": 5}, "name"),
        ({"tags": "x"}, "tags"),
        ({"tags": ["x"] * 51}, "tags"),
        ({"tags": [{"a": 1}]}, "tags.0"),
        ({"stewards": ["nobody-by-that-name"]}, None),
        ({"sensitivity": "secret"}, "sensitivity"),
        ({"cadence": "daily"}, "cadence"),
        ({"owner_id": 1}, "owner_id"),
        ({"lifecycle": "published"}, "lifecycle"),
        ({"domain": "!!!"}, "domain"),
    ],
)
def test_a_bad_value_is_named_by_its_field(cast: Cast, change: dict[str, Any], field: str | None) -> None:
    response = cast.owner.post(LIST, {**PRODUCT, **change})
    if field is None:
        assert response.status_code in {201, 400}
        return
    problem = assert_problem(response, 400, "invalid")
    assert field in [fault["field"] for fault in problem["errors"]]
    assert not DataProduct.objects.filter(slug="fresh").exists()


@pytest.mark.parametrize(
    "query",
    [
        "limit=-1",
        "limit=0",
        "limit=501",
        "limit=1e2",
        "limit=",
        "limit=%00",
        "limit=%D9%A1",
        "limit=99999999999999999999",
        "cursor=",
        "cursor=%00",
        "cursor=nonsense",
        "cursor=W10",
        "cursor=WyJhIiwgImIiXQ",
        "cursor=WyJcdTAwMDAiXQ",
        "cursor=WzFd",
        "cursor=" + "W1tb" * 20_000,
        "cursor=é",
        "verdict=good",
        "gate=nonsense",
        "sensitivity=secret",
        "lifecycle=alive",
        "q=",
        "q=!!!",
        "q=%00",
        "q=" + "x" * 201,
        "owner=%00",
        "tag=%00",
        "verdcit=unknown",
        "ordering=name",
        "format=xml",
        "limit=1&limit=2",
        "q[]=x",
    ],
)
def test_a_bad_query_is_refused_and_not_ignored(cast: Cast, query: str) -> None:
    assert_problem(cast.owner.get(f"{LIST}?{query}"), 400, "invalid")


@pytest.mark.parametrize(
    "query", ["q=%27%3B+DROP+TABLE", "q=a%26b%7C%21%3A*", "q=%FF%FEx", "q=" + "a+" * 99, "owner=%27", "q=%F0%9F%98%80x"]
)
def test_a_strange_query_finds_nothing_and_breaks_nothing(cast: Cast, query: str) -> None:
    response = cast.owner.get(f"{LIST}?{query}")
    assert response.status_code == 200
    assert response.json()["results"] == []


@pytest.mark.parametrize(
    "path",
    [
        f"{LIST}/" + "x" * 5000,
        f"{LIST}/%00",
        f"{LIST}/%FF",
        f"{LIST}/..%2f..%2fetc",
        f"{LIST}/orders/ports/%00",
        f"{LIST}/orders/ports/" + "x" * 5000,
        f"{LIST}/orders/ports/%FF",
        f"{LIST}/orders/verdicts/99999999999999999999999",
        f"{LIST}/orders/incidents/99999999999999999999999",
        f"{LIST}/orders/policies/readers/99999999999999999999999",
        "/api/v1/trust-policies/99999999999999999999999",
        "/api/v1/runs/not-a-uuid",
        "/api/v1/runs/00000000-0000-0000-0000-000000000000",
    ],
)
def test_a_strange_path_is_a_404(cast: Cast, product: DataProduct, path: str) -> None:
    response = cast.owner.get(path)
    assert response.json()["code"] in {"not_found", "product_unknown", "port_unknown"}
    assert_problem(response, 404, response.json()["code"])


def test_a_strange_trust_address_is_a_404_also_on_the_short_way(cast: Cast) -> None:
    assert_problem(cast.owner.get(f"{LIST}/" + "x" * 5000 + "/trust"), 404, "product_unknown")
    assert_problem(cast.owner.delete("/api/v1/keys/99999999999999999999999"), 404, "not_found")
