"""Changing claims and doing deeds in the admin: through services, by those who may, told in words."""

from typing import Any

import pytest
from django.urls import reverse

from catalog.models import DataProduct, Domain
from tests.admin.cast import Cast, Visitor, World
from tests.factories import NOW, make_owner, make_product
from trust.models import Run, Verdict

CHANGE, ADD, DO = "catalog_dataproduct_change", "catalog_dataproduct_add", "catalog_dataproduct_do"


def form_of(product: DataProduct, **changed: Any) -> dict[str, Any]:
    """What the browser would send, with the line ends that browsers send."""
    said = {
        "name": product.name,
        "version": product.version,
        "domain": product.domain_id,
        "tags": ",".join(product.tags),
        "owner": product.owner_id,
        "stewards": [person.pk for person in product.stewards.all()],
        "sensitivity": product.sensitivity or "",
        "cadence": product.cadence,
        **{name: getattr(product, name).replace("\n", "\r\n") for name in ("description", "purpose", "usage", "limitations")},
    }
    return {**said, **changed}


def messages(response: Any) -> str:
    return " ".join(str(message) for message in response.context["messages"])


def test_an_owner_changes_claims_and_the_history_says_who(cast: Cast, world: World) -> None:
    changes = {"description": "Sold goods.", "sensitivity": "confidential", "tags": "shop, money"}
    form = form_of(world.product, **changes, why="Prices are <secret>.")
    assert cast.owner.post(CHANGE, world.product.pk, **form).status_code == 302
    world.product.refresh_from_db()
    assert (world.product.description, world.product.sensitivity) == ("Sold goods.", "confidential")
    assert world.product.tags == ["shop", "money"]
    html = cast.owner.sees(CHANGE, world.product.pk)
    assert "olga · update product · why: Prices are &lt;secret&gt;." in html
    assert "sensitivity: internal → confidential" in html


def test_saving_without_a_change_writes_nothing(cast: Cast, world: World) -> None:
    world.product.description = "First line.\nSecond line.\n"
    world.product.save()
    events = DataProduct.pgh_event_model.objects  # type: ignore[attr-defined]
    before = events.count()
    assert cast.steward.post(CHANGE, world.product.pk, **form_of(world.product)).status_code == 302
    assert events.count() == before


def test_a_steward_changes_words_but_not_the_owner(cast: Cast, world: World) -> None:
    assert cast.steward.post(CHANGE, world.product.pk, **form_of(world.product, purpose="To know.")).status_code == 302
    response = cast.steward.post(CHANGE, world.product.pk, **form_of(world.product, owner=cast.steward.person.pk))
    assert response.status_code == 200
    assert "may not change data product sales" in response.content.decode()
    world.product.refresh_from_db()
    assert world.product.purpose == "To know."
    assert world.product.owner == cast.owner.person


@pytest.mark.parametrize("role", ["other", "auditor", "stranger"])
def test_others_change_nothing(cast: Cast, world: World, role: str) -> None:
    visitor: Visitor = getattr(cast, role)
    assert visitor.post(CHANGE, world.product.pk, **form_of(world.product, name="Mine")).status_code in {302, 403}
    world.product.refresh_from_db()
    assert world.product.name == "Sales"


def test_an_owner_registers_a_draft_under_their_own_name_only(cast: Cast, world: World) -> None:
    form = form_of(world.product, slug="fresh", name="Fresh", stewards=[])
    assert cast.owner.post(ADD, **form).status_code == 302
    assert DataProduct.objects.get(slug="fresh").lifecycle == "draft"
    response = cast.owner.post(ADD, **{**form, "slug": "foreign", "owner": make_owner().pk})
    assert "may not register a data product for" in response.content.decode()
    assert not DataProduct.objects.filter(slug="foreign").exists()


def test_a_slug_that_exists_is_told_beside_the_field(cast: Cast, world: World) -> None:
    response = cast.owner.post(ADD, **form_of(world.product, slug="sales"))
    assert response.status_code == 200
    assert "already exists" in response.content.decode() or "exists already" in response.content.decode()
    assert DataProduct.objects.filter(slug="sales").count() == 1


def test_run_now_queues_a_run_and_tells_the_workers_after_commit(
    cast: Cast, world: World, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    told: list[Any] = []
    monkeypatch.setattr("trust.messages.enqueue", told.extend)
    with django_capture_on_commit_callbacks(execute=True):
        response = cast.owner.client.post(reverse(f"admin:{DO}", args=[world.product.pk, "run"]), follow=True)
    run = Run.objects.get(status="queued")
    assert told == [run.pk]
    assert run.requested_by == cast.owner.person
    assert "1 run requested" in messages(response)


def test_run_now_as_an_action_of_the_list(cast: Cast, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trust.messages.enqueue", lambda _: None)
    portless = make_product("portless", owner=cast.owner.person)
    response = cast.owner.act("catalog_dataproduct_changelist", "run_chosen", world.product, portless)
    assert Run.objects.filter(status="queued").count() == 1
    assert "sales: 1 run requested" in messages(response)
    assert "portless has no output port" in messages(response)


def test_judge_again_says_the_verdict_and_writes_none_where_nothing_changed(cast: Cast, world: World) -> None:
    response = cast.owner.act("catalog_dataproduct_changelist", "judge_chosen", world.product)
    assert "sales was re-evaluated: not production-grade, score 59" in messages(response)
    assert Verdict.objects.filter(product=world.product).count() == 1


@pytest.mark.parametrize(
    ("role", "offered", "withheld"),
    [
        ("owner", ["Run now", "Re-evaluate", "Acknowledge", "Deprecate"], ["Review"]),
        ("steward", ["Run now", "Re-evaluate"], ["Acknowledge", "Deprecate", "Review"]),
        ("governance", ["Run now", "Re-evaluate", "Review", "Deprecate"], ["Acknowledge"]),
        ("auditor", [], ["Run now", "Re-evaluate", "Acknowledge", "Review", "Deprecate"]),
    ],
)
def test_each_is_offered_what_they_may_do(cast: Cast, world: World, role: str, offered: list[str], withheld: list[str]) -> None:
    html = getattr(cast, role).sees(CHANGE, world.product.pk)
    for title in offered:
        assert f"</span>{title}</button>" in html
    for title in withheld:
        assert f"</span>{title}</button>" not in html


def test_what_is_not_offered_is_refused_all_the_same(cast: Cast, world: World) -> None:
    before = DataProduct.objects.filter(pk=world.product.pk).values().get()
    for deed in ("run", "judge", "acknowledge", "review", "deprecate", "retire"):
        response = cast.auditor.client.post(reverse(f"admin:{DO}", args=[world.product.pk, deed]), follow=True)
        assert "may not" in messages(response) or "neither owns" in messages(response), deed
        assert cast.other.post(DO, world.product.pk, deed).status_code == 404
        assert cast.stranger.post(DO, world.product.pk, deed).status_code == 404
    assert DataProduct.objects.filter(pk=world.product.pk).values().get() == before
    assert not Run.objects.filter(status="queued").exists()


def test_a_deed_is_never_done_by_a_link(cast: Cast, world: World) -> None:
    assert cast.owner.get(DO, world.product.pk, "run").status_code == 405
    assert cast.owner.post(DO, world.product.pk, "sell").status_code == 404


def test_acknowledging_reviewing_and_the_lifecycle(cast: Cast, world: World) -> None:
    for visitor, deed in (
        (cast.owner, "acknowledge"),
        (cast.governance, "review"),
        (cast.owner, "deprecate"),
        (cast.owner, "publish"),
        (cast.owner, "deprecate"),
        (cast.owner, "retire"),
    ):
        assert visitor.post(DO, world.product.pk, deed).status_code == 302
    world.product.refresh_from_db()
    assert world.product.lifecycle == "retired"
    assert world.product.reviewed_by == cast.governance.person
    assert world.product.acknowledged_at is not None
    assert world.product.acknowledged_at > NOW
    assert Domain.objects.filter(name="Testing").exists()
