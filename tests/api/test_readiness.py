"""Readiness over HTTP: now, as of a past moment, and its history. What may not be seen does not exist."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.models import Person, UseCase
from tests.api.callers import Caller, Cast, assert_problem
from tests.factories import NOW, make_owner, make_product, make_use_case
from tests.trust.logged import make_agent
from tests.trust.use_cases.rows import make_approvable
from trust.models import Readiness
from trust.use_cases.services.readiness import assess_use_case

pytestmark = pytest.mark.django_db
PATH = "/api/v1/use-cases/delays/readiness"


@dataclass
class World:
    cast: Cast
    use_case: UseCase


@pytest.fixture
def world(cast: Cast) -> World:
    """A use case whose business owner is olga and whose agent belongs to carl."""
    agent = make_agent(owner=cast.consumer.person)
    return World(cast, make_approvable("delays", business_owner=cast.owner.person, agent=agent))


def test_readiness_says_each_question_with_its_answer_and_who_can_act(world: World) -> None:
    UseCase.objects.filter(pk=world.use_case.pk).update(fallback="", outputs_owner=None)
    response = world.cast.owner.get(PATH)
    assert response.status_code == 200
    body = response.json()
    assert (body["use_case"], body["stage"], body["overrides"]) == ("delays", "idea", [])
    assert body["level"] == "not_ready"
    assert [gap["gap"] for gap in body["gaps"]] == ["trust", "governance", "ownership", "workflow", "accountability"]
    assert len(body["questions"]) == 23
    outputs = next(one for one in body["questions"] if one["question"] == "outputs_owner_active")
    assert (outputs["answer"], outputs["needed_for"]) == ("no", "approved")
    assert outputs["responsible"] == [{"role": "business_owner", "username": "olga"}]
    assert outputs["remedy"]
    assert Readiness.objects.count() == 1


@pytest.mark.parametrize(
    ("who", "status"),
    [("owner", 200), ("consumer", 200), ("governance", 200), ("auditor", 200), ("stranger", 404), ("nobody", 401)],
)
def test_who_may_see_the_use_case_may_see_its_readiness(world: World, who: str, status: int) -> None:
    caller: Caller = getattr(world.cast, who)
    for path in (PATH, f"{PATH}/history"):
        assert caller.get(path).status_code == status
    if status == 404:
        assert_problem(caller.get(PATH), 404, "use_case_unknown")


def test_a_past_moment_is_answered_as_it_was_known_then(world: World) -> None:
    now = timezone.now()
    assess_use_case(use_case=world.use_case, now=NOW + timedelta(minutes=1), cause="test")
    Person.objects.filter(pk=world.use_case.business_owner_id).update(is_active=False)
    assess_use_case(use_case=world.use_case, now=now, cause="test")

    def level(at: Any) -> str:
        response = world.cast.governance.get(f"{PATH}?as_of={quote(at.isoformat())}")
        assert response.status_code == 200, response.content
        return str(response.json()["level"])

    assert level(now - timedelta(minutes=1)) != "not_ready"
    assert level(now) == "not_ready"


def test_a_moment_that_nobody_knows_is_refused(world: World) -> None:
    assert_problem(world.cast.owner.get(f"{PATH}?as_of=2100-01-01T00:00:00Z"), 400, "as_of_in_the_future")
    assert_problem(world.cast.owner.get(f"{PATH}?as_of=2020-01-01T00:00:00Z"), 404, "not_assessed_yet")
    assert_problem(world.cast.owner.get(f"{PATH}?as_of=yesterday"), 400, "invalid")


def test_the_history_is_paged_and_each_entry_has_its_facts(world: World) -> None:
    assess_use_case(use_case=world.use_case, now=NOW, cause="first")
    UseCase.objects.filter(pk=world.use_case.pk).update(fallback="")
    assess_use_case(use_case=world.use_case, now=NOW + timedelta(minutes=1), cause="second")
    page = world.cast.owner.get(f"{PATH}/history?limit=1").json()
    assert [(row["cause"], "fallback_declared" in row["lacking"]) for row in page["results"]] == [("second", True)]
    (first,) = world.cast.owner.get(page["next"]).json()["results"]
    assert first["cause"] == "first"

    entry = world.cast.owner.get(f"{PATH}/history/{first['id']}").json()
    assert entry["facts"]["slug"] == "delays"
    assert entry["outcome"]["facts_digest"] == entry["facts_sha256"]


def test_an_assessment_of_another_use_case_is_not_found(world: World) -> None:
    other = make_use_case("other")
    assess_use_case(use_case=other, now=NOW, cause="test")
    assert_problem(world.cast.owner.get(f"{PATH}/history/{Readiness.objects.get().pk}"), 404, "not_found")


def test_what_readiness_costs(world: World) -> None:
    world.cast.governance.get(PATH)
    with CaptureQueriesContext(connection) as queries:
        world.cast.governance.get(PATH)
    assert len(queries) <= 30, [query["sql"][:80] for query in queries]


def test_a_draft_of_somebody_else_is_named_nowhere(world: World) -> None:
    secret = make_product("merger-plans", owner=make_owner("zoe"))
    world.use_case.products.create(product=secret)
    governance, others = world.cast.governance, (world.cast.owner, world.cast.consumer)
    base = "/api/v1/use-cases/delays"
    governance.post(f"{base}/stage-moves", {"to_stage": "pilot"})
    asked = {"to_stage": "approved", "reason": "So.", "override_expires_at": (timezone.now() + timedelta(days=1)).isoformat()}
    move = governance.post(f"{base}/stage-moves", asked)["Location"]
    row = Readiness.objects.latest("id")
    as_of = quote(timezone.now().isoformat())
    pages = ("", "/readiness", f"/readiness?as_of={as_of}", f"/readiness/history/{row.pk}", "/stage-moves", "/report")
    for page in (*(f"{base}{page}" for page in pages), move, "/api/v1/stage-moves"):
        for caller in others:
            response = caller.get(page)
            assert response.status_code == 200, page
            assert b"merger-plans" not in response.content, page
            assert b"zoe" not in response.content, page
        assert b"merger-plans" in governance.get(page).content, page
    entry = world.cast.owner.get(f"{base}/readiness/history/{row.pk}").json()
    assert (entry["facts"], entry["outcome"]["level"]) == (None, "not_ready")


def test_a_change_of_the_products_leaves_those_that_were_not_shown(world: World) -> None:
    world.use_case.products.create(product=make_product("merger-plans"))
    path = "/api/v1/use-cases/delays"
    shown = world.cast.owner.get(path).json()
    assert (len(shown["products"]), shown["hidden_products"]) == (1, 1)
    assert world.cast.owner.patch(path, {"products": []}).json()["hidden_products"] == 1
    assert [one.product.slug for one in world.use_case.products.select_related("product")] == ["merger-plans"]
    assert world.cast.governance.patch(path, {"products": []}).json()["hidden_products"] == 0
    assert not world.use_case.products.exists()
