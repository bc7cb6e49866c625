"""A value of a request is of the type that the document says, and written in one way: nothing is taken for something else."""

from collections.abc import Iterator
from typing import Any

import pytest
from rest_framework import serializers

from api.v1.base import StrictSerializer
from catalog.models import DataProduct
from tests.api.callers import Cast, assert_problem
from tests.factories import make_consumer, make_use_case

KIND = {
    serializers.BooleanField: "FlagField or FlagParameter",
    serializers.IntegerField: "WholeNumberField or WholeNumberParameter",
    serializers.FloatField: "NumberField or NumberParameter",
    serializers.CharField: "TextField",
    serializers.RegexField: "PatternField",
    serializers.DateTimeField: "MomentField",
}
"""Fields that take what resembles their type, and what stands for them."""


def requests(kind: type[StrictSerializer] = StrictSerializer) -> Iterator[type[StrictSerializer]]:
    for inner in kind.__subclasses__():
        yield inner
        yield from requests(inner)


def test_no_request_is_read_by_a_field_that_takes_what_resembles_its_type() -> None:
    found = list(requests())
    assert len(found) > 50
    for kind in found:
        for name, field in kind().fields.items():
            while isinstance(field, serializers.ListField | serializers.DictField):
                field = field.child  # noqa: PLW2901  the type of its items
            assert type(field) not in KIND, f"{kind.__name__}.{name}: use {KIND[type(field)]}"


PORT = {"source_kind": "csv", "location": "rows.csv"}


@pytest.mark.parametrize("wrong", ["true", "yes", 1, 0, "", [], {}])
def test_a_flag_in_a_body_is_true_or_false(cast: Cast, product: DataProduct, wrong: Any) -> None:
    path = f"/api/v1/products/{product.slug}"
    response = cast.owner.put(f"{path}/ports/more", {**PORT, "is_empty_allowed": wrong})
    assert assert_problem(response, 400, "invalid")["errors"][0]["field"] == "is_empty_allowed"
    field = {"name": "id", "is_critical": wrong}
    assert_problem(cast.owner.put(f"{path}/ports/more", {**PORT, "fields": [field]}), 400, "invalid")
    inputs = {"input_ports": [{"product": "other", "is_required": wrong}]}
    assert_problem(cast.owner.put(f"{path}/input-ports", inputs), 400, "invalid")


@pytest.mark.parametrize("wrong", ["3600", True, 1.5, "", [60]])
def test_a_whole_number_in_a_body_is_a_number(cast: Cast, product: DataProduct, wrong: Any) -> None:
    policy = {"name": "readers", "effect": "permit", "consumer_kinds": ["person"], "purposes": ["analytics"]}
    response = cast.owner.post(f"/api/v1/products/{product.slug}/policies", {**policy, "minimum_score": wrong})
    assert assert_problem(response, 400, "invalid")["errors"][0]["field"] == "minimum_score"


@pytest.mark.parametrize("wrong", [3600, "3600", True, "", ["PT1H"], "1 hour"])
def test_a_duration_in_a_body_is_one_of_iso_8601(cast: Cast, product: DataProduct, wrong: Any) -> None:
    response = cast.owner.put(f"/api/v1/products/{product.slug}/ports/more", {**PORT, "service_level": wrong})
    assert assert_problem(response, 400, "invalid")["errors"][0]["field"] == "service_level"


@pytest.mark.parametrize("wrong", ["50", True, "nan"])
def test_a_number_in_a_body_is_a_number(cast: Cast, product: DataProduct, wrong: Any) -> None:
    response = cast.consumer.post("/api/v1/trust/check", {"products": [product.slug], "min_score": wrong})
    assert_problem(response, 400, "invalid")


@pytest.mark.parametrize("wrong", ["nan", "inf", "1e1", "5_0", "%205", "\u0665", "true", ""])
def test_a_number_in_an_address_is_a_finite_decimal(cast: Cast, product: DataProduct, wrong: str) -> None:
    assert_problem(cast.consumer.get(f"/api/v1/products/{product.slug}/trust?min_score={wrong}"), 400, "invalid")


@pytest.mark.parametrize("query", ["is_unread=yes", "is_unread=1", "is_unread=True", "is_unread=null", "is_unread="])
def test_a_flag_in_an_address_is_true_or_false(cast: Cast, query: str) -> None:
    assert cast.owner.get("/api/v1/notifications?is_unread=true").status_code == 200
    assert_problem(cast.owner.get(f"/api/v1/notifications?{query}"), 400, "invalid")


@pytest.mark.parametrize("number", ["1.0", "1_0", "+1", " 1", "\u0661"])
def test_a_whole_number_in_an_address_is_digits(cast: Cast, number: str) -> None:
    assert_problem(cast.owner.get(f"/api/v1/deliveries?notification={number}"), 400, "invalid")


@pytest.mark.parametrize("slug", [" orders", "orders\n", "orders ", 5, True, None])
def test_a_name_is_taken_as_it_came_or_not_at_all(cast: Cast, slug: Any) -> None:
    body = {"slug": slug, "name": "Orders", "domain": "Sales"}
    assert_problem(cast.owner.post("/api/v1/products", body), 400, "invalid")


@pytest.mark.parametrize("path", ["/api/v1/products?nothing=1", "/api/v1/products/orders/trust?min_score=x"])
@pytest.mark.parametrize("method", ["trace", "put", "delete"])
def test_a_method_that_is_not_taken_is_a_405_whatever_the_parameters_are(
    cast: Cast, product: DataProduct, path: str, method: str
) -> None:
    response = cast.owner.send(method, path) if method != "trace" else cast.owner.client.trace(path)
    assert_problem(response, 405, "method_not_allowed")
    assert "GET" in response["Allow"]


def test_a_change_without_a_body_changes_nothing_and_says_so(cast: Cast, product: DataProduct) -> None:
    make_consumer("agent", owner=cast.owner.person)
    make_use_case("standby", business_owner=cast.owner.person)
    for path in (f"/api/v1/products/{product.slug}", "/api/v1/consumers/agent", "/api/v1/use-cases/standby"):
        assert_problem(cast.owner.patch(path, None), 400, "empty_body")
        assert cast.owner.patch(path, {}).status_code == 200
