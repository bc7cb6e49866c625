"""Products: found, shown, registered, changed, and moved through their life."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from catalog.models import DataProduct
from catalog.rules.scopes import Scope
from catalog.rules.vocabulary import Lifecycle, Sensitivity
from tests.api.callers import Caller, Cast, assert_problem
from tests.factories import make_governed_product, make_product
from tests.trust.builders import make_ready_port, run_well
from trust.models import CurrentVerdict

LIST = "/api/v1/products"
NEW = {"slug": "fresh", "name": "Fresh", "domain": "Testing"}


def slugs(response: Any) -> list[str]:
    assert response.status_code == 200, response.content
    return [entry["slug"] for entry in response.json()["results"]]


@pytest.fixture
def good(cast: Cast) -> DataProduct:
    """A production-grade product."""
    port = make_ready_port()
    run_well(port, timezone.now())
    return port.product


def test_an_entry_shows_claims_and_verdict(cast: Cast, good: DataProduct) -> None:
    entry = cast.consumer.get(LIST).json()["results"][0]
    assert entry["slug"] == good.slug
    assert entry["owner"] == good.owner.username
    assert (entry["is_production_grade"], entry["verdict"], entry["grade"]) == (True, "production_grade", "B")
    assert entry["score"] == entry["raw_score"] == entry["effective_score"] > 80
    assert entry["failing_gates"] == []
    assert entry["valid_until"] > entry["evidence_at"]


def test_a_product_that_never_ran_is_not_production_grade(cast: Cast, product: DataProduct) -> None:
    entry = cast.consumer.get(LIST).json()["results"][0]
    assert (entry["is_production_grade"], entry["verdict"], entry["evidence_at"]) == (False, "unknown", None)
    assert "evidence" in entry["failing_gates"]


def test_drafts_show_to_those_who_work_on_them_only(cast: Cast) -> None:
    draft = make_product("hidden", owner=cast.owner.person)
    assert cast.stranger.person is not None
    for caller in (cast.owner, cast.governance, cast.auditor):
        assert slugs(caller.get(LIST)) == ["hidden"]
        assert caller.get(f"{LIST}/hidden").status_code == 200
        assert caller.get(f"{LIST}/hidden/trust").status_code == 200
    for caller in (cast.consumer, cast.stranger):
        assert slugs(caller.get(LIST)) == []
        assert_problem(caller.get(f"{LIST}/hidden"), 404, "product_unknown")
        assert_problem(caller.get(f"{LIST}/hidden/trust"), 404, "product_unknown")
        assert_problem(caller.get(f"{LIST}/hidden/runs"), 404, "product_unknown")
    draft.stewards.add(cast.stranger.person)
    assert slugs(cast.stranger.get(LIST)) == ["hidden"]


def test_retired_products_show_if_asked_for_only(cast: Cast) -> None:
    make_product("gone", lifecycle=Lifecycle.RETIRED)
    make_product("going", lifecycle=Lifecycle.DEPRECATED)
    assert slugs(cast.consumer.get(LIST)) == ["going"]
    assert slugs(cast.consumer.get(f"{LIST}?lifecycle=retired")) == ["gone"]
    assert cast.consumer.get(f"{LIST}/gone/trust").json()["is_production_grade"] is False


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=flight", ["nyc-flights"]),
        ("q=nyc-fl", ["nyc-flights"]),
        ("q=NYC", ["nyc-flights", "nyc-weather"]),
        ("q=departing", ["nyc-flights"]),
        ("q=departs+nyc", ["nyc-flights"]),
        ("q=the+wind", ["nyc-weather"]),
        ("q=trains", []),
        ("sensitivity=public", ["nyc-weather"]),
        ("owner=olga", ["nyc-flights"]),
        ("owner=nobody", []),
        ("domain=air", ["nyc-weather"]),
        ("tag=wet", ["nyc-weather"]),
        ("tag=we", []),
        ("sensitivity=public&tag=wet&q=nyc", ["nyc-weather"]),
        ("sensitivity=internal&tag=wet", []),
        ("verdict=not_production_grade", ["nyc-flights", "nyc-weather"]),
        ("verdict=unknown", []),
        ("verdict=production_grade", []),
        ("gate=policy", ["nyc-flights", "nyc-weather"]),
        ("gate=lifecycle", []),
    ],
)
def test_search_and_filters(cast: Cast, query: str, found: list[str]) -> None:
    published = Lifecycle.PUBLISHED
    make_product("nyc-flights", owner=cast.owner.person, lifecycle=published, description="Every departing aircraft.")
    make_product(
        "nyc-weather",
        lifecycle=published,
        sensitivity=Sensitivity.PUBLIC,
        domain="Air",
        tags=("wet",),
        description="The winds.",
    )
    assert slugs(cast.consumer.get(f"{LIST}?{query}")) == found


def test_a_verdict_filter_never_shows_an_old_verdict(cast: Cast, good: DataProduct) -> None:
    assert slugs(cast.consumer.get(f"{LIST}?verdict=production_grade")) == [good.slug]
    good.owner.is_active = False
    good.owner.save()
    assert slugs(cast.consumer.get(f"{LIST}?verdict=production_grade")) == []
    assert slugs(cast.consumer.get(f"{LIST}?gate=owner")) == [good.slug]


def test_pages_follow_one_another_without_gap_or_repeat(cast: Cast) -> None:
    expected = sorted(make_product(lifecycle=Lifecycle.PUBLISHED).slug for _ in range(5))
    found, path = [], f"{LIST}?limit=2&lifecycle=published"
    while path:
        page = cast.consumer.get(path).json()
        assert len(page["results"]) <= 2
        found += [entry["slug"] for entry in page["results"]]
        path = page["next"]
    assert found == expected


def test_the_last_full_page_names_no_next(cast: Cast) -> None:
    for _ in range(2):
        make_product(lifecycle=Lifecycle.PUBLISHED)
    page = cast.consumer.get(f"{LIST}?limit=2").json()
    assert (len(page["results"]), page["next"], page["next_cursor"]) == (2, None, None)


def test_the_list_costs_the_same_for_one_product_and_for_many(cast: Cast, django_assert_num_queries: Any) -> None:
    cast.consumer.get(LIST)  # keeps the last use of the key
    for _ in range(2):
        make_product(lifecycle=Lifecycle.PUBLISHED)
        cast.consumer.get(LIST)  # judges what is new
        with django_assert_num_queries(2):  # the key, the page
            cast.consumer.get(LIST)


def test_the_detail_tells_the_claims(cast: Cast, product: DataProduct, django_assert_num_queries: Any) -> None:
    cast.consumer.get(f"{LIST}/orders")
    with django_assert_num_queries(6):  # key, product, stewards, inputs, ports, contract
        detail = cast.consumer.get(f"{LIST}/orders").json()
    assert detail["output_ports"] == ["rows"]
    assert detail["input_ports"] == []
    assert detail["stewards"] == []
    assert detail["contract"] is None
    assert detail["acknowledged_by"] == "olga"
    assert detail["intended_purpose"] == "To be tested."


def test_an_owner_registers_a_draft_under_their_own_name(cast: Cast) -> None:
    response = cast.owner.post(LIST, {**NEW, "tags": ["a"], "sensitivity": "internal", "stewards": ["sven"]})
    assert response.status_code == 201
    assert response["Location"] == f"{LIST}/fresh"
    made = cast.owner.get(response["Location"]).json()
    assert (made["owner"], made["lifecycle"], made["sensitivity"]) == ("olga", "draft", "internal")
    assert (made["domain"], made["stewards"], made["tags"]) == ("testing", ["sven"], ["a"])


def test_a_slug_is_given_once(cast: Cast, product: DataProduct) -> None:
    assert_problem(cast.owner.post(LIST, {**NEW, "slug": "orders"}), 409, "slug_exists")


def test_who_may_register(cast: Cast) -> None:
    assert_problem(cast.consumer.post(LIST, NEW), 403, "scope_missing")
    assert_problem(cast.nobody.post(LIST, NEW), 401, "not_authenticated")
    assert_problem(cast.auditor.post(LIST, NEW), 403, "forbidden")
    assert_problem(cast.owner.post(LIST, {**NEW, "owner": "sven"}), 403, "forbidden")
    assert cast.governance.post(LIST, {**NEW, "owner": "sven"}).status_code == 201
    assert DataProduct.objects.count() == 1


def test_an_owner_changes_what_is_named_and_nothing_else(cast: Cast, product: DataProduct) -> None:
    changed = cast.owner.patch(f"{LIST}/orders", {"name": "Orders of all shops", "sensitivity": "confidential"}).json()
    assert (changed["name"], changed["sensitivity"]) == ("Orders of all shops", "confidential")
    assert (changed["intended_purpose"], changed["owner"]) == ("To be tested.", "olga")
    assert cast.owner.patch(f"{LIST}/orders", {}).status_code == 200


def test_a_reason_goes_into_the_history_and_nowhere_else(cast: Cast, product: DataProduct) -> None:
    body = {"sensitivity": "public", "reason": "  The columns that name people are gone. "}
    assert cast.owner.patch(f"{LIST}/orders", body).status_code == 200
    said = DataProduct.pgh_event_model.objects.latest("pgh_id").pgh_context.metadata  # type: ignore[attr-defined]
    assert (said["action"], said["actor"]) == ("update_product", "olga")
    assert said["reason"] == "The columns that name people are gone."
    assert_problem(cast.owner.patch(f"{LIST}/orders", {"name": "x", "reason": "x" * 5001}), 400, "invalid")
    cast.owner.patch(f"{LIST}/orders", {"name": "Orders of all shops", "reason": " "})
    said = DataProduct.pgh_event_model.objects.latest("pgh_id").pgh_context.metadata  # type: ignore[attr-defined]
    assert "reason" not in said


def test_who_may_change(cast: Cast, product: DataProduct) -> None:
    body = {"sensitivity": "public"}
    assert_problem(cast.stranger.patch(f"{LIST}/orders", body), 403, "forbidden")
    assert_problem(cast.auditor.patch(f"{LIST}/orders", body), 403, "forbidden")
    assert_problem(cast.consumer.patch(f"{LIST}/orders", body), 403, "scope_missing")
    assert_problem(cast.owner.patch(f"{LIST}/orders", {"slug": "other"}), 400, "invalid")
    assert cast.governance.patch(f"{LIST}/orders", body).status_code == 200


def test_a_product_goes_through_its_life(cast: Cast) -> None:
    cast.owner.post(LIST, NEW)
    path = f"{LIST}/fresh"
    assert cast.owner.post(f"{path}/publish").json()["lifecycle"] == "published"
    assert cast.owner.post(f"{path}/acknowledge").json()["acknowledged_by"] == "olga"
    assert_problem(cast.owner.post(f"{path}/review"), 403, "forbidden")
    assert cast.governance.post(f"{path}/review").json()["reviewed_by"] == "gina"
    assert_problem(cast.governance.post(f"{path}/acknowledge"), 403, "forbidden")
    assert_problem(cast.owner.post(f"{path}/retire"), 409, "lifecycle_transition")
    end = (timezone.now() + timedelta(days=30)).replace(microsecond=0)
    ended = cast.owner.post(f"{path}/deprecate", {"ends_at": end.isoformat()}).json()
    assert (ended["lifecycle"], ended["deprecation_ends_at"]) == ("deprecated", end.isoformat().replace("+00:00", "Z"))
    assert cast.owner.post(f"{path}/retire").json()["lifecycle"] == "retired"
    assert_problem(cast.owner.patch(path, {"name": "x"}), 409, "product_retired")


def test_no_machine_acknowledges_in_the_name_of_the_owner(cast: Cast, product: DataProduct) -> None:
    """`catalog:write` is the most that a key of an AI agent or model can have."""
    machine = Caller(cast.owner.person, [Scope.TRUST_READ, Scope.CATALOG_WRITE])
    before = DataProduct.objects.get(slug="orders").acknowledged_at
    assert_problem(machine.post(f"{LIST}/orders/acknowledge"), 403, "scope_missing")
    assert DataProduct.objects.get(slug="orders").acknowledged_at == before


def test_deprecation_without_an_end_and_with_a_past_one(cast: Cast, product: DataProduct) -> None:
    assert_problem(cast.owner.post(f"{LIST}/orders/deprecate", {"ends_at": "2020-01-01T00:00:00Z"}), 400, "invalid")
    assert_problem(cast.owner.post(f"{LIST}/orders/deprecate", {"ends_at": "soon"}), 400, "invalid")
    assert cast.owner.post(f"{LIST}/orders/deprecate").json()["deprecation_ends_at"] is None


@pytest.mark.parametrize("step", ["publish", "deprecate", "retire", "acknowledge", "review"])
def test_steps_are_for_those_who_may(cast: Cast, product: DataProduct, step: str) -> None:
    assert_problem(cast.stranger.post(f"{LIST}/orders/{step}"), 403, "forbidden")
    assert_problem(cast.consumer.post(f"{LIST}/orders/{step}"), 403, "scope_missing")
    assert_problem(cast.nobody.post(f"{LIST}/orders/{step}"), 401, "not_authenticated")


def test_an_outdated_verdict_is_judged_again_before_it_is_listed(cast: Cast) -> None:
    product = make_governed_product()
    long_ago = timezone.now() - timedelta(days=3)
    DataProduct.objects.update(acknowledged_at=long_ago, reviewed_at=long_ago)
    run_well(make_ready_port(product), timezone.now() - timedelta(hours=36, seconds=1))  # evidence lives 36 hours
    assert CurrentVerdict.objects.get().verdict == "production_grade"
    entry = cast.consumer.get(LIST).json()["results"][0]
    assert (entry["verdict"], entry["is_production_grade"]) == ("unknown", False)
