"""The first page of the admin: what it tells, to whom, where its numbers lead, and what it costs."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalog.models import DataProduct, Person
from catalog.rules.vocabulary import Lifecycle, Sensitivity, Severity
from tests.admin.cast import Cast, Visitor, World
from tests.factories import NOW, make_agreement, make_governed_product, make_policy, make_product, make_use_case
from tests.trust.builders import make_ready_port, run_badly, run_well
from tests.trust.logged import log_decision, make_agent
from trust.models import Recall, RecalledConsumer
from trust.verdicts.services.incidents import open_incident
from trust.verdicts.services.product_upkeep import count_daily_verdicts

LATER = NOW + timedelta(hours=3)


def plain(html: str) -> str:
    """The words of the page, in order, with single spaces."""
    return " ".join(re.sub(r"<(script|style|svg).*?</\1>|<[^>]*>", " ", html, flags=re.DOTALL).split())


def desk(visitor: Visitor) -> str:
    return plain(visitor.sees("index"))


def section(html: str, name: str) -> str:
    """The words of one section, by the id of its heading."""
    found = re.search(rf'<section aria-labelledby="{name}">.*?</section>', html, flags=re.DOTALL)
    assert found, name
    return plain(found.group())


def recall_of(world: World, *, acknowledged: bool = False) -> Recall:
    recall = Recall.objects.create(
        product=world.product, status="sent", fallen_at=NOW, changed_at=NOW, sent_at=NOW, fallen_verdict=world.verdict
    )
    RecalledConsumer.objects.create(
        recall=recall,
        consumer=make_agent(),
        decision_ids=[1],
        decision_count=1,
        acknowledged_at=NOW if acknowledged else None,
    )
    return recall


def test_a_login_by_its_own_address_leads_to_the_desk(cast: Cast) -> None:
    cast.governance.person.set_password("a long way round")
    cast.governance.person.save()
    response = Client().post("/admin/login/", {"username": cast.governance.person.username, "password": "a long way round"})
    assert (response.status_code, response["Location"]) == (302, "/admin/")


def test_the_desk_tells_the_state_in_numbers(cast: Cast, world: World) -> None:
    run_well(make_ready_port(make_governed_product("good", sensitivity=Sensitivity.PUBLIC)), NOW)
    make_product("draft")
    open_incident(product=world.product, title="Late", severity=Severity.CRITICAL, actor=cast.owner.person, now=NOW)
    recall_of(world)
    words = desk(cast.governance)
    assert "Production-grade 1 of 2 50% of the published products" in words
    assert "Open incidents 1 1 critical" in words
    assert "Open recalls 1 1 consumer yet to acknowledge" in words
    assert "sales fell 3 hours ago 1 consumer named, 1 yet to acknowledge" in words


def test_products_are_told_by_sensitivity_and_verdict(cast: Cast, world: World) -> None:
    run_well(make_ready_port(make_governed_product("open", sensitivity=Sensitivity.PUBLIC)), NOW)
    run_well(make_ready_port(make_governed_product("closed", sensitivity=Sensitivity.RESTRICTED)), NOW)
    make_governed_product("unheard", sensitivity=None)
    words = section(cast.governance.sees("index"), "desk-products")
    # Production-grade, not, unknown, all
    for row in ("Restricted 1 0 0 1", "Internal 0 1 0 1", "Public 1 0 0 1", "Unclassified 0 1 0 1", "All 2 2 0 4"):
        assert row in words, (row, words)
    assert words.index("Unclassified") < words.index("Restricted") < words.index("Public")


def test_a_verdict_that_has_run_out_counts_as_unknown(cast: Cast, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(12):
        run_well(make_ready_port(make_governed_product(f"p-{number}")), NOW)
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW + timedelta(days=3))
    assert "Internal 0 1 12 13" in section(cast.governance.sees("index"), "desk-products")


def test_every_number_leads_to_exactly_the_rows_that_it_counts(cast: Cast, world: World) -> None:
    run_well(make_ready_port(make_governed_product("good", sensitivity=Sensitivity.PUBLIC)), NOW)
    make_governed_product("unheard", sensitivity=None)
    orphan = make_product("orphan", lifecycle=Lifecycle.PUBLISHED)
    Person.objects.filter(pk=orphan.owner_id).update(is_active=False)
    make_policy(world.product, "draft", is_published=False)
    make_agreement(product=world.product, is_approved=False)
    open_incident(product=world.product, title="Late", severity=Severity.WARNING, actor=cast.owner.person, now=NOW)
    recall_of(world)
    make_use_case("delays", products=[world.product])
    cast.governance.sees("catalog_dataproduct_changelist")  # judges what is new
    html = cast.governance.sees("index")
    links = re.findall(r'<a href="(/admin/[a-z]+/[a-z]+/\?[^"]*|/admin/catalog/usecase/)">(\d+)(?: open)?</a>', html)
    assert len(links) > 15
    for address, number in links:
        response = cast.governance.client.get(address.replace("&amp;", "&"))
        assert response.status_code == 200, address
        if "usecase" not in address:
            assert len(response.context["cl"].result_list) == int(number), address


def test_the_first_of_what_is_not_production_grade_is_named_with_its_first_gate(cast: Cast, world: World) -> None:
    words = section(cast.governance.sees("index"), "desk-open")
    assert "Sales Not production-grade 59 Critical checks olga" in words


def test_products_without_owner_or_policy_are_named(cast: Cast, world: World) -> None:
    make_product("closed", lifecycle=Lifecycle.PUBLISHED)
    Person.objects.filter(pk=world.product.owner_id).update(is_active=False)
    words = section(cast.governance.sees("index"), "desk-products")
    assert "1 No active owner sales" in words
    assert "1 No access policy closed" in words


def test_denials_are_counted_by_reason(cast: Cast, world: World) -> None:
    agent = make_agent()
    for codes in (["critical_check_failed"], ["critical_check_failed", "no_agreement"], ["no_agreement"]):
        log_decision(world.product, agent, decision=False, reason_codes=codes)
    log_decision(world.product, agent, decision=False, reason_codes=["too_old"], asked_at=NOW - timedelta(days=8))
    log_decision(world.product, agent)
    words = section(cast.governance.sees("index"), "desk-denials")
    assert "3 denials among 4 answers." in words
    assert "critical check failed 2 no agreement 2" in words
    assert "too old" not in words


def test_what_waits_is_told_with_where_it_is_done(cast: Cast, world: World) -> None:
    agreement = make_agreement(product=world.product, is_approved=False)
    draft = make_policy(world.product, "agents", is_published=False)
    html = cast.governance.sees("index")
    words = section(html, "queues")
    assert "Policies to publish 1 for you 1 open agents v1 sales" in words
    assert f"/admin/catalog/accesspolicy/{draft.pk}/change/" in html
    assert "Agreements to approve 1 open" in words  # internal: the owner's alone
    html = cast.owner.sees("index")
    assert "Agreements to approve 1 for you 1 open" in section(html, "queues")
    assert f"/admin/catalog/agreement/{agreement.pk}/change/" in html
    assert "Policies to publish 1 open" in section(html, "queues")


def test_products_that_were_never_reviewed_or_acknowledged_wait_for_governance_and_their_owner(cast: Cast) -> None:
    make_product("raw", owner=cast.owner.person, lifecycle=Lifecycle.PUBLISHED)
    words = section(cast.governance.sees("index"), "queues")
    assert "Products to review 1 for you 1 open Raw never reviewed" in words
    assert "Products to acknowledge 1 open" in words
    words = section(cast.owner.sees("index"), "queues")
    assert "Products to review 1 open" in words
    assert "Products to acknowledge 1 for you 1 open Raw never acknowledged" in words


def test_an_owner_sees_only_what_is_theirs(cast: Cast, world: World) -> None:
    other = make_governed_product("secret-thing", owner=cast.other.person)
    port = make_ready_port(make_governed_product("other-thing", owner=cast.other.person))
    run_badly(port, NOW)
    open_incident(product=other, title="Hidden trouble", severity=Severity.CRITICAL, actor=cast.other.person, now=NOW)
    log_decision(other, make_agent(), decision=False, reason_codes=["hidden_reason"])
    make_agreement(product=other, is_approved=False)
    make_policy(other, "hidden-draft", is_published=False)
    make_use_case("hidden-case", products=[other])
    html = cast.owner.sees("index")
    for secret in ("secret-thing", "Secret Thing", "other-thing", "Hidden trouble", "hidden", "no such file"):
        assert secret not in plain(html), secret
    assert "Production-grade 0 of 1" in desk(cast.owner)
    assert "Agreements to approve 0 open" in desk(cast.owner)
    for visitor in (cast.other, cast.governance, cast.auditor):
        assert "Hidden trouble" in visitor.sees("index")
    assert "Production-grade 0 of 1" in desk(cast.steward)


def test_an_auditor_sees_everything_and_nothing_waits_for_them(cast: Cast, world: World) -> None:
    make_agreement(product=world.product, is_approved=False)
    make_policy(world.product, "agents", is_published=False)
    words = desk(cast.auditor)
    assert "All products and use cases" in words
    assert "To do 0" in words
    assert "Agreements to approve 1 open" in words
    assert "for you" not in section(cast.auditor.sees("index"), "queues")


def test_without_a_role_there_is_nothing(cast: Cast, world: World) -> None:
    words = desk(cast.stranger)
    assert "You have no role yet" in words
    assert "Production-grade" not in words
    assert "sales" not in words


def test_texts_from_outside_are_escaped(cast: Cast, world: World) -> None:
    evil = "<script>alert(1)</script>"
    open_incident(product=world.product, title=evil, severity=Severity.CRITICAL, actor=cast.owner.person, now=NOW)
    log_decision(world.product, make_agent(), decision=False, reason_codes=[evil])
    make_use_case("evil", name=evil, products=[world.product])
    assert evil not in cast.governance.sees("index")
    assert evil.replace("_", " ") not in cast.governance.sees("index")


def test_the_trend_goes_up_to_today(cast: Cast, world: World) -> None:
    DataProduct.objects.update(published_at=NOW - timedelta(days=10))
    run_well(world.port, NOW + timedelta(minutes=1))
    assert "Counted from today on" in section(cast.governance.sees("index"), "desk-trend")
    count_daily_verdicts(now=LATER)
    words = section(cast.governance.sees("index"), "desk-trend")
    assert "100% today, up 100 points since" in words
    assert "100% today, up 100 points since" in section(cast.owner.sees("index"), "desk-trend")


@pytest.mark.parametrize("role", ["governance", "auditor", "owner"])
def test_the_desk_costs_the_same_number_of_queries_however_much_there_is(cast: Cast, world: World, role: str) -> None:
    def queries() -> int:
        getattr(cast, role).sees("index")
        with CaptureQueriesContext(connection) as captured:
            getattr(cast, role).sees("index")
        return len(captured)

    def more(name: str) -> None:
        product = make_governed_product(name, owner=cast.owner.person)
        port = make_ready_port(product)
        verdict = run_well(port, NOW, failed=1)
        run_badly(port, NOW)
        make_use_case(f"case-{name}", products=[product])
        make_agreement(product=product, is_approved=False)
        make_policy(product, "draft", is_published=False)
        open_incident(product=product, title=name, severity=Severity.CRITICAL, actor=cast.owner.person, now=NOW)
        Recall.objects.create(product=product, status="sent", fallen_at=NOW, changed_at=NOW, fallen_verdict=verdict)
        log_decision(product, make_agent(), decision=False)

    more("one")
    few = queries()
    for name in ("two", "three", "four", "five"):
        more(name)
    assert queries() == few
    assert few <= QUERIES[role]


QUERIES = {"governance": 62, "auditor": 62, "owner": 64}


def test_nothing_on_the_desk_comes_from_elsewhere(cast: Cast, world: World) -> None:
    html = cast.governance.sees("index")
    content = html[html.index('class="ts story desk"') :]
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", content)
    assert "<style" not in content
