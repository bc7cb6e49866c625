"""A deputy does what the absent person is asked to do, under their own name, and is no second person to them."""

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from catalog.models import Deputy, Person
from catalog.queries import agreements_waiting_for, visible_products
from catalog.rules.errors import ConflictError, ForbiddenError, InvalidError
from catalog.rules.vocabulary import Lifecycle, Sensitivity, Severity
from catalog.services.agreements import approve_agreement
from catalog.services.api_keys import create_key_of
from catalog.services.deputies import end_deputy, name_deputy
from catalog.services.permissions import can_change, can_look_after, is_governance
from catalog.services.products import acknowledge_product, review_product
from tests.api.callers import Caller, assert_problem
from tests.battery.people import BOTH, second_account
from tests.factories import (
    NOW,
    make_agreement,
    make_consumer,
    make_governance,
    make_owner,
    make_person,
    make_product,
    make_use_case,
)
from tests.trust.builders import ask_for_waiver
from trust.verdicts.services.incidents import open_incident, resolve_incident
from trust.verdicts.services.waivers import grant_waiver

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def away(person: Person, deputy: Person, *, begins: timedelta = -DAY, ends: timedelta = DAY) -> Deputy:
    now = timezone.now()
    return name_deputy(
        person=person,
        deputy=deputy.username,
        starts_at=now + begins,
        ends_at=now + ends,
        reason="On leave.",
        actor=person,
        now=now + min(begins, ends - DAY / 2),
    )


@pytest.fixture
def olga() -> Person:
    return make_owner("olga")


@pytest.fixture
def dora() -> Person:
    return make_owner("dora")


def test_a_deputy_approves_what_the_owner_is_asked_under_their_own_name(olga: Person, dora: Person) -> None:
    product = make_product(owner=olga, lifecycle=Lifecycle.PUBLISHED)
    agreement = make_agreement(None, product, is_approved=False)
    with pytest.raises(ForbiddenError):
        approve_agreement(agreement=agreement, actor=dora, now=NOW)
    away(olga, dora)
    assert agreements_waiting_for(dora, is_governance=False, now=NOW).exists()
    approve_agreement(agreement=agreement, actor=dora, now=NOW)
    agreement.refresh_from_db()
    assert (agreement.status, agreement.owner_approved_by) == ("active", dora)


def test_a_deputy_looks_after_products_incidents_and_use_cases(olga: Person, dora: Person) -> None:
    product = make_product(owner=olga)
    stewarded = make_product()
    stewarded.stewards.add(olga)
    incident = open_incident(product=product, title="x", severity=Severity.INFO, actor=olga, now=NOW)
    away(olga, dora)
    assert (can_change(dora, product), can_look_after(dora, stewarded), can_change(dora, stewarded)) == (True, True, False)
    assert visible_products(dora).filter(pk=product.pk).exists()
    assert resolve_incident(incident=incident, resolution="Done.", actor=dora, now=NOW).resolved_by == dora


@pytest.mark.parametrize("time", ["before", "after", "ended", "closed"])
def test_only_for_the_absence(olga: Person, dora: Person, time: str) -> None:
    product = make_product(owner=olga)
    row = away(olga, dora, begins=DAY if time == "before" else -3 * DAY, ends=-DAY if time == "after" else 2 * DAY)
    if time == "ended":
        end_deputy(deputy=row, actor=dora, now=timezone.now())
    if time == "closed":
        Person.objects.filter(pk=dora.pk).update(is_active=False)
        dora.refresh_from_db()
    assert not can_change(dora, product)


def test_no_role_and_no_word_of_the_person_goes_with_it(dora: Person) -> None:
    gina = make_person("gina", *BOTH)
    product, agent = make_product(owner=gina), make_consumer(owner=gina)
    away(gina, dora)
    assert not is_governance(dora)
    with pytest.raises(ForbiddenError):
        acknowledge_product(product=product, actor=dora, now=NOW)
    with pytest.raises(ForbiddenError):
        create_key_of(consumer=agent, actor=dora, name="mine", scopes=["trust:read"], now=NOW)


@pytest.mark.parametrize("is_over", [False, True], ids=["deputy", "was deputy last week"])
@pytest.mark.parametrize("through", ["the account", "the deputy's other account", "the person's other account"])
@pytest.mark.parametrize("act", ["review", "waiver", "agreement"])
def test_the_two_are_never_two_people(act: str, through: str, is_over: bool) -> None:
    olga, dora = make_person("olga", *BOTH), make_person("dora", *BOTH)
    named_by = second_account(olga.email) if "person's" in through else olga
    away(
        named_by,
        second_account(dora.email) if "deputy's" in through else dora,
        begins=-9 * DAY,
        ends=-7 * DAY if is_over else DAY,
    )
    product = make_product(owner=olga, lifecycle=Lifecycle.PUBLISHED, sensitivity=Sensitivity.INTERNAL)
    waiver = ask_for_waiver(product, actor=olga)
    own = make_product(owner=dora, lifecycle=Lifecycle.PUBLISHED)
    agreement = make_agreement(make_consumer(owner=olga), own, is_approved=False)
    acts: dict[str, Callable[[], object]] = {
        "review": lambda: review_product(product=product, actor=dora, now=NOW),
        "waiver": lambda: grant_waiver(waiver=waiver, actor=dora, now=NOW),
        "agreement": lambda: approve_agreement(agreement=agreement, actor=dora, now=NOW),
    }
    with pytest.raises(ForbiddenError) as refusal:
        acts[act]()
    assert refusal.value.code == "account_changed_lately"
    assert "deputy" in str(refusal.value)
    review_product(product=product, actor=make_governance(), now=NOW)


def test_who_may_name_and_what_cannot_be(olga: Person, dora: Person) -> None:
    now = timezone.now()
    span: dict[str, Any] = {"starts_at": now, "ends_at": now + DAY, "reason": "Leave.", "now": now}
    with pytest.raises(ForbiddenError):
        name_deputy(person=olga, deputy="dora", actor=dora, **span)
    for change in ({"ends_at": now - DAY}, {"ends_at": now + 400 * DAY}, {"starts_at": now + 2 * DAY}, {"reason": " "}):
        with pytest.raises(InvalidError):
            name_deputy(person=olga, deputy="dora", actor=olga, **{**span, **change})
    for name in ("olga", "nobody"):
        with pytest.raises(InvalidError):
            name_deputy(person=olga, deputy=name, actor=olga, **span)
    row = name_deputy(person=olga, deputy="dora", actor=make_governance("gina"), **span)
    assert dora.notifications.get().kind == "deputy.named"
    end_deputy(deputy=row, actor=olga, now=now + DAY / 2)
    with pytest.raises(ConflictError):
        end_deputy(deputy=row, actor=olga, now=now + DAY / 2)


def test_the_command_and_the_api(olga: Person, dora: Person) -> None:
    out = StringIO()
    call_command("name_deputy", "olga", "dora", "--until", f"{timezone.now() + DAY:%Y-%m-%d}", "--reason", "Leave.", stdout=out)
    assert "dora is the deputy of olga until" in out.getvalue()
    caller, path = Caller(olga), "/api/v1/people/olga/deputies"
    make_use_case(business_owner=olga)
    later = (timezone.now() + DAY).isoformat()
    made = caller.post(path, {"deputy": "dora", "ends_at": later, "reason": "Leave."})
    assert made.status_code == 201
    assert len(caller.get(path).json()["results"]) == 2
    assert_problem(Caller(make_owner("eve")).post(f"{path}/{made.json()['id']}/end"), 403, "forbidden")
    assert caller.post(f"{path}/{made.json()['id']}/end").json()["ended_at"] is not None
    assert_problem(caller.post(f"{path}/0/end"), 404, "deputy_unknown")
