"""Handing everything over in one act, and what may not be lost or won by it."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command

from catalog.models import Agreement, Person
from catalog.rules.errors import ConflictError, ForbiddenError, InvalidError
from catalog.rules.vocabulary import Lifecycle, Severity
from catalog.services.products import review_product
from tests.api.callers import Caller, assert_problem
from tests.factories import (
    NOW,
    make_agreement,
    make_consumer,
    make_governance,
    make_owner,
    make_person,
    make_product,
    make_use_case,
    measure_claims,
)
from tests.trust.builders import make_waiver
from trust.desk.services.hand_over import hand_over_everything
from trust.models import Incident, Waiver
from trust.verdicts.services.incidents import open_incident
from trust.verdicts.services.waivers import revoke_waiver

pytestmark = pytest.mark.django_db


def root() -> Caller:
    return Caller(Person.objects.create_superuser("root", "root@people.example"))


def everything(olga: Person) -> dict[str, str]:
    """What olga answers for: kind to name."""
    orders = make_product("orders", owner=olga, lifecycle=Lifecycle.PUBLISHED)
    sales = make_product("sales", lifecycle=Lifecycle.PUBLISHED)
    sales.stewards.add(olga)
    agent = make_consumer("agent", owner=olga)
    agreement = make_agreement(agent, sales)
    make_use_case("delays", business_owner=olga, products=[sales], consumers=[agent])
    make_use_case("routes", products=[sales], measures=[measure_claims(owner=olga.username)])
    waiver = make_waiver(sales, owner=olga)
    incident = open_incident(product=sales, title="Late", severity=Severity.INFO, actor=None, now=NOW)
    Incident.objects.filter(pk=incident.pk).update(owner=olga)
    return {
        "product": orders.slug,
        "stewardship of": "sales",
        "consumer": "agent",
        "agreement": f"{agreement.pk} of agent",
        "use case": "delays",
        "incident": f"{incident.pk} of sales",
        "waiver": f"{waiver.pk} of sales",
    }


@pytest.mark.parametrize("who", ["governance", "the person", "the operator"])
def test_all_of_it_goes_in_one_act_and_is_listed(who: str) -> None:
    olga, otto = make_owner("olga"), make_owner("otto")
    known = everything(olga)
    actor = {"governance": make_governance("gina"), "the person": olga, "the operator": None}[who]
    done = hand_over_everything(person=olga, to="otto", reason="Leaves.", actor=actor, now=NOW)
    listed = {(one.kind, one.name) for one in done}
    assert set(known.items()) | {("use case", "routes")} <= listed
    assert not olga.owned_products.exists()
    assert not olga.stewarded_products.exists()
    assert not olga.use_cases.exists()
    assert set(otto.owned_products.values_list("slug", flat=True)) == {"orders"}
    assert set(otto.consumers.exclude(kind="person").values_list("slug", flat=True)) == {"agent"}
    assert Waiver.objects.get().owner == otto
    assert Incident.objects.get().owner == otto
    assert Agreement.objects.get(consumer__slug="agent").status == "active"
    notice = otto.notifications.get(kind="account.handed_over")
    assert "product orders" in notice.text
    assert hand_over_everything(person=olga, to="otto", reason="Again.", actor=actor, now=NOW) == ()


def test_a_waiver_that_was_handed_over_is_the_same_waiver_else() -> None:
    olga, otto, gina = make_owner("olga"), make_owner("otto"), make_governance("gina")
    waiver = make_waiver(make_product("sales", lifecycle=Lifecycle.PUBLISHED), owner=olga)
    hand_over_everything(person=olga, to="otto", reason="Leaves.", actor=gina, now=NOW)
    row = Waiver.objects.get()
    assert (row.owner, row.granted_by, row.expires_at, row.reason) == (
        otto,
        waiver.granted_by,
        waiver.expires_at,
        waiver.reason,
    )
    revoke_waiver(waiver=row, reason="No more.", actor=gina, now=NOW)


def test_a_waiver_is_not_handed_to_who_granted_it() -> None:
    olga, gina = make_owner("olga"), make_governance("gina")
    make_waiver(make_product("sales", lifecycle=Lifecycle.PUBLISHED), owner=olga, granted_by=gina)
    make_product("orders", owner=olga)
    with pytest.raises(ConflictError) as refusal:
        hand_over_everything(person=olga, to="gina", reason="Leaves.", actor=olga, now=NOW)
    assert refusal.value.code == "four_eyes"
    assert olga.owned_products.exists()


def test_who_handed_over_is_no_second_person_for_it() -> None:
    gina = make_governance("gina")
    product = make_product("orders", owner=gina, lifecycle=Lifecycle.PUBLISHED)
    make_owner("otto")
    hand_over_everything(person=gina, to="otto", reason="Busy.", actor=gina, now=NOW)
    product.refresh_from_db()
    with pytest.raises(ForbiddenError) as refusal:
        review_product(product=product, actor=gina, now=NOW)
    assert refusal.value.code == "four_eyes"


def test_it_is_refused_to_others_and_to_whom_cannot_take_it() -> None:
    olga, otto = make_owner("olga"), make_owner("otto")
    make_product("orders", owner=olga)
    with pytest.raises(ForbiddenError):
        hand_over_everything(person=olga, to="otto", reason="Mine!", actor=otto, now=NOW)
    with pytest.raises(ConflictError):
        hand_over_everything(person=olga, to="olga", reason="x", actor=olga, now=NOW)
    make_person("gone", is_active=False)
    for name in ("gone", "nobody"):
        with pytest.raises(InvalidError):
            hand_over_everything(person=olga, to=name, reason="x", actor=olga, now=NOW)
    with pytest.raises(InvalidError):
        hand_over_everything(person=olga, to="otto", reason=" ", actor=olga, now=NOW)
    assert olga.owned_products.exists()


def test_the_command_lists_it() -> None:
    make_product("orders", owner=make_owner("olga"))
    make_owner("otto")
    out = StringIO()
    call_command("hand_over", "olga", "--to", "otto", "--reason", "Leaves.", stdout=out)
    assert out.getvalue() == "product orders\notto answers for 1 things from now on.\n"


def test_over_the_api_a_person_comes_changes_and_leaves() -> None:
    gina, olga = Caller(make_governance("gina")), Caller(make_owner("olga"))
    make_product("orders", owner=olga.person, domain="Sales")
    added = gina.post("/api/v1/people", {"username": "otto", "email": "o@people.example", "roles": ["data owners"]})
    assert (added.status_code, added["Location"]) == (201, "/api/v1/people/otto")
    assert added.json()["roles"] == ["data owners"]
    assert olga.get("/api/v1/people/otto").json()["email"] is None
    assert olga.get("/api/v1/people/olga").json()["roles"] == ["data owners"]
    answer = olga.post("/api/v1/people/olga/transfer", {"to": "otto", "reason": "Leaves."})
    assert answer.json() == {"handed_over": [{"kind": "product", "name": "orders"}]}
    assert gina.post("/api/v1/people/olga/deactivate", {"reason": "Left."}).json()["is_active"] is False
    assert_problem(olga.get("/api/v1/people"), 401, "person_inactive")
    assert gina.post("/api/v1/people/olga/activate", {"reason": "Back."}).json()["is_active"] is True
    domains = root().put("/api/v1/people/otto/domains", {"domains": ["sales"], "reason": "Knows it."})
    assert domains.json()["domains"] == ["sales"]
    assert [one["username"] for one in gina.get("/api/v1/people?role=governance").json()["results"]] == ["gina"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("greg/roles", {"roles": [], "reason": "x"}),
        ("olga/roles", {"roles": ["governance"], "reason": "x"}),
        ("greg/email", {"email": "g@people.example"}),
        ("gina/email", {"email": "g@people.example"}),
        ("greg/domains", {"domains": [], "reason": "x"}),
    ],
)
def test_the_api_refuses_governance_its_own_accounts(path: str, body: dict[str, object]) -> None:
    gina = Caller(make_governance("gina"))
    make_governance("greg"), make_owner("olga")
    assert_problem(gina.put(f"/api/v1/people/{path}", body), 403, "superuser_only")
    appointed = gina.post("/api/v1/people", {"username": "p", "roles": ["governance"]})
    assert_problem(appointed, 403, "superuser_only")


def test_who_governs_the_domain_reviews_there_and_only_there() -> None:
    gina, dora = root(), Caller(make_owner("dora"))
    make_product("orders", lifecycle=Lifecycle.PUBLISHED, domain="Sales")
    make_product("books", lifecycle=Lifecycle.PUBLISHED, domain="Finance")
    make_product("own", owner=dora.person, lifecycle=Lifecycle.PUBLISHED, domain="Sales")
    assert dora.post("/api/v1/products/orders/review").status_code == 403
    gina.put("/api/v1/people/dora/domains", {"domains": ["sales"], "reason": "Knows it."})
    assert dora.post("/api/v1/products/orders/review").status_code == 200
    assert dora.post("/api/v1/products/books/review").status_code == 403
    assert_problem(dora.post("/api/v1/products/own/review"), 403, "four_eyes")


def test_who_named_them_is_tied_to_them() -> None:
    gina, dora = root(), make_owner("dora")
    make_product("own", owner=dora, lifecycle=Lifecycle.PUBLISHED, domain="Sales")
    gina.put("/api/v1/people/dora/domains", {"domains": ["sales"], "reason": "Knows it."})
    assert_problem(gina.post("/api/v1/products/own/review"), 403, "account_changed_lately")
    assert Caller(make_governance("greg")).post("/api/v1/products/own/review").status_code == 200


def test_a_handed_over_consumer_keeps_what_it_was_granted_until_its_end() -> None:
    olga = make_owner("olga")
    agent = make_consumer("agent", owner=olga)
    agreement = make_agreement(agent, make_product("sales", lifecycle=Lifecycle.PUBLISHED))
    make_owner("otto")
    hand_over_everything(person=olga, to="otto", reason="x", actor=None, now=NOW + timedelta(minutes=1))
    agreement.refresh_from_db()
    assert agreement.status == "active"
