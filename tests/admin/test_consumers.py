"""Consumers in the admin: registered, changed, suspended, cleared and handed over by whom it is for, with their history."""

from typing import Any

import pytest

from catalog.models import ApiKey, Consumer
from catalog.rules.consumers import ConsumerClaims, ConsumerDetails
from catalog.rules.vocabulary import ConsumerKind
from catalog.services.api_keys import create_key_of
from catalog.services.consumers import register_consumer, suspend_consumer
from tests.admin.cast import Cast
from tests.factories import NOW

LIST = "catalog_consumer_changelist"
PAGE = "catalog_consumer_change"


def form(cast: Cast, **changed: Any) -> dict[str, Any]:
    return {
        "slug": "scout",
        "kind": "ai_agent",
        "name": "Scout",
        "description": "",
        "contact_email": "",
        "webhook_url": "",
        "owner": cast.owner.person.pk,
        "clearance": "internal",
        **changed,
    }


@pytest.fixture
def scout(cast: Cast) -> Consumer:
    claims = ConsumerClaims(slug="scout", kind=ConsumerKind.AI_AGENT, details=ConsumerDetails(name="Scout"))
    return register_consumer(claims=claims, actor=cast.owner.person)


def messages(response: Any) -> str:
    return " ".join(str(message) for message in response.context["messages"])


def test_an_owner_registers_a_consumer_and_answers_for_it(cast: Cast) -> None:
    assert cast.owner.get("catalog_consumer_add").context["adminform"].form.initial["owner"] == cast.owner.person.pk
    assert cast.owner.post("catalog_consumer_add", **form(cast)).status_code == 302
    assert Consumer.objects.get(slug="scout").owner == cast.owner.person


@pytest.mark.parametrize(
    "changed", [{"slug": "Scout!"}, {"clearance": "restricted"}, {"webhook_url": "http://example.org"}, {"kind": "person"}]
)
def test_what_the_service_refuses_is_told_in_the_form(cast: Cast, changed: dict[str, Any]) -> None:
    assert cast.owner.post("catalog_consumer_add", **form(cast, **changed)).status_code == 200
    assert cast.other.post("catalog_consumer_add", **form(cast)).status_code == 200, "in the name of somebody else"
    assert not Consumer.objects.filter(slug="scout").exists()


def test_the_owner_changes_what_is_said_but_not_the_clearance(cast: Cast, scout: Consumer) -> None:
    assert cast.owner.post(PAGE, scout.pk, **form(cast, name="Scout 2", clearance="restricted")).status_code == 302
    scout.refresh_from_db()
    assert (scout.name, scout.clearance) == ("Scout 2", "internal")
    assert cast.governance.post(PAGE, scout.pk, **form(cast, name="Scout 2", clearance="restricted")).status_code == 302
    scout.refresh_from_db()
    assert scout.clearance == "restricted"


def test_governance_hands_over_in_the_form(cast: Cast, scout: Consumer) -> None:
    assert cast.governance.post(PAGE, scout.pk, **form(cast, owner=cast.other.person.pk)).status_code == 302
    scout.refresh_from_db()
    assert scout.owner == cast.other.person
    assert cast.owner.get(PAGE, scout.pk).status_code == 302


def test_others_do_not_see_it_and_auditors_only_read(cast: Cast, scout: Consumer) -> None:
    assert "scout" not in cast.other.sees(LIST)
    assert "scout" in cast.auditor.sees(LIST)
    assert cast.auditor.post(PAGE, scout.pk, **form(cast, name="Mine")).status_code == 403
    for visitor in (cast.other, cast.auditor):
        visitor.act(LIST, "suspend", scout)
    scout.refresh_from_db()
    assert (scout.status, scout.name) == ("active", "Scout")


def test_actions_are_for_whom_they_are_for(cast: Cast, scout: Consumer) -> None:
    assert "is suspended" in messages(cast.owner.act(LIST, "suspend", scout))
    cast.owner.act(LIST, "reactivate", scout)
    cast.owner.act(LIST, "clear_restricted", scout)
    scout.refresh_from_db()
    assert (scout.status, scout.clearance) == ("suspended", "internal")
    assert "is active again" in messages(cast.governance.act(LIST, "reactivate", scout))
    assert "cleared up to restricted" in messages(cast.governance.act(LIST, "clear_restricted", scout))
    assert "is retired" in messages(cast.owner.act(LIST, "retire", scout))
    assert "stays so" in messages(cast.governance.act(LIST, "reactivate", scout))
    assert cast.governance.post(PAGE, scout.pk, **form(cast, name="Back")).status_code == 403


def test_the_page_tells_its_history_and_its_keys(cast: Cast, scout: Consumer) -> None:
    for name in ("a", "b"):
        create_key_of(consumer=scout, actor=cast.owner.person, name=name, scopes=["decide"], now=NOW)
    suspend_consumer(consumer=scout, actor=cast.governance.person)
    html = cast.owner.sees(PAGE, scout.pk)
    assert "gina · suspend consumer · status: active → suspended" in html
    assert "olga · register consumer · registered" in html


def test_badges_say_in_words_how_a_consumer_stands(cast: Cast, scout: Consumer) -> None:
    assert "active" in cast.governance.sees(LIST, q="scout")
    person = cast.owner.person
    person.is_active = False
    person.save()
    assert "ownerless" in cast.governance.sees(LIST, q="scout")


def test_the_list_costs_the_same_for_one_and_for_four(cast: Cast, scout: Consumer, django_assert_num_queries: Any) -> None:
    counts = []
    for number in range(2):
        for extra in range(2 * number):
            slug = f"scout-{number}-{extra}"
            claims = ConsumerClaims(slug=slug, kind=ConsumerKind.SERVICE, details=ConsumerDetails(name=slug))
            made = register_consumer(claims=claims, actor=cast.owner.person)
            create_key_of(consumer=made, actor=None, name="k", scopes=["decide"], now=NOW)
        with django_assert_num_queries(9) as captured:
            cast.governance.get(LIST)
        counts.append(len(captured))
    assert counts == [9, 9]


def test_a_key_is_made_for_a_consumer_that_one_answers_for(cast: Cast, scout: Consumer) -> None:
    wanted = {"name": "run", "consumer": scout.pk, "scopes": ["decide"], "requests_per_minute": "60"}
    ends = {"expires_at_0": "", "expires_at_1": ""}
    assert cast.other.post("catalog_apikey_add", **wanted, **ends).status_code == 200
    assert not ApiKey.objects.exists()
    assert cast.owner.post("catalog_apikey_add", **wanted, **ends).status_code == 302
    key = ApiKey.objects.get()
    assert (key.consumer, key.requests_per_minute) == (scout, 60)
    assert "scout" in cast.owner.sees("catalog_apikey_changelist")
    suspend_consumer(consumer=scout, actor=None)
    assert "blocked" in cast.owner.sees("catalog_apikey_changelist")


def test_the_history_names_who_revoked_a_key(cast: Cast, scout: Consumer) -> None:
    key, _ = create_key_of(consumer=scout, actor=cast.owner.person, name="k", scopes=["decide"], now=NOW)
    cast.governance.act("catalog_apikey_changelist", "revoke", key)
    last = ApiKey.pgh_event_model.objects.filter(pgh_obj_id=key.pk).order_by("-pgh_id").first()  # type: ignore[attr-defined]
    assert (last.pgh_context.metadata["action"], last.pgh_context.metadata["actor"]) == ("revoke_key", "gina")
