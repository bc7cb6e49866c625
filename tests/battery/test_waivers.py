"""A waiver ends with the account of the person who answers for it, and is never granted or kept by one person."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from catalog.models import DataProduct, Person
from catalog.rules.errors import ForbiddenError
from catalog.rules.roles import PersonRole
from tests.battery.people import ADDRESS, SECOND_ACCOUNTS, hand_on, make_olga
from tests.factories import NOW, make_governance, make_governed_product, make_owner, make_person
from tests.trust.builders import ask_for_waiver, make_ready_port, make_waiver, run_well
from trust.models import CurrentVerdict, Waiver
from trust.verdicts.queries.waivers import granted_waivers, waivers_waiting_for
from trust.verdicts.services.judging import ensure_current
from trust.verdicts.services.waivers import grant_waiver, reject_waiver

pytestmark = pytest.mark.django_db


def close(person: Person) -> None:
    Person.objects.filter(pk=person.pk).update(is_active=False)


def close_in_the_form(person: Person) -> None:
    person.is_active = False
    person.save()


def close_with_others(person: Person) -> None:
    Person.objects.filter(pk__in=[person.pk, make_person().pk]).update(is_active=False)


def green_by_waiver(owner: Person) -> DataProduct:
    product = make_governed_product()
    run_well(make_ready_port(product), failed=1)
    make_waiver(product, gate="critical_checks", owner=owner)
    make_waiver(product, gate="coverage", owner=owner)
    make_waiver(product, gate="score", owner=owner)
    ensure_current([product.id], NOW)
    assert CurrentVerdict.objects.get(product=product).verdict == "production_grade"
    return product


def is_stale(product: DataProduct) -> bool:
    return CurrentVerdict.objects.get(product=product).invalidated


@pytest.mark.parametrize("answers", [grant_waiver, partial(reject_waiver, reason="No.")], ids=["grants", "rejects"])
@pytest.mark.parametrize("by", ["the same account", "another account"])
def test_who_answers_for_a_waiver_does_not_decide_on_it(answers: Callable[..., Any], by: str) -> None:
    gina = make_governance()
    other = make_governance()
    if by == "another account":
        Person.objects.filter(pk=other.pk).update(email=gina.email)
    waiver = ask_for_waiver(make_governed_product(), owner=gina)
    decider = gina if by == "the same account" else Person.objects.get(pk=other.pk)
    assert not waivers_waiting_for(decider, NOW).exists()
    with pytest.raises(ForbiddenError) as refusal:
        answers(waiver=waiver, actor=decider, now=NOW)
    assert refusal.value.code == "four_eyes"
    third = make_governance()
    assert waivers_waiting_for(third, NOW).exists()
    answers(waiver=waiver, actor=third, now=NOW)


@pytest.mark.parametrize("closing", [close, close_in_the_form, close_with_others])
def test_a_waiver_never_outlives_the_account_of_the_person_who_answers_for_it(closing: Callable[[Person], None]) -> None:
    answerable = make_person()
    product = green_by_waiver(answerable)
    closing(answerable)
    assert is_stale(product)
    ensure_current([product.id], NOW)
    assert CurrentVerdict.objects.get(product=product).verdict != "production_grade"


def test_what_is_built_on_it_falls_too() -> None:
    answerable = make_person()
    upstream = green_by_waiver(answerable)
    product = make_governed_product(inputs=(upstream,))
    ensure_current([product.id], NOW)
    close(answerable)
    assert is_stale(product)


@pytest.mark.parametrize("part", ["owner", "steward", "waiver", "granter", "former owner"])
@pytest.mark.parametrize("change", [{"is_active": False}, {"email": "new@example.org"}, {"username": "renamed"}])
def test_no_verdict_outlives_a_change_of_an_account_that_it_looked_at(part: str, change: dict[str, Any]) -> None:
    owner, steward, answerable, granter = make_owner(), make_owner(), make_owner(), make_governance()
    product = make_governed_product(owner=owner)
    product.stewards.add(steward)
    make_waiver(product, owner=answerable, granted_by=granter)
    if part == "former owner":
        hand_on(product, make_owner())
    ensure_current([product.id], NOW)
    assert not is_stale(product)
    who = {"owner": owner, "steward": steward, "waiver": answerable, "granter": granter, "former owner": owner}[part]
    Person.objects.filter(pk=who.pk).update(**change)
    assert is_stale(product)


def test_an_account_that_no_judgement_looked_at_changes_nothing() -> None:
    product = make_governed_product()
    ensure_current([product.id], NOW)
    close(make_person())
    assert not is_stale(product)


@pytest.mark.parametrize("make_second", SECOND_ACCOUNTS.values(), ids=SECOND_ACCOUNTS)
@pytest.mark.parametrize("past", ["owns", "handed on", "lent and taken back", "asked"])
@pytest.mark.parametrize("deed", [grant_waiver, partial(reject_waiver, reason="No.")], ids=["grant", "reject"])
def test_a_second_account_never_answers_what_the_first_asked_or_owned(
    make_second: Callable[[], Person], past: str, deed: Callable[..., Waiver]
) -> None:
    olga = make_olga()
    product = make_governed_product(owner=make_owner() if past == "asked" else olga)
    steward = make_owner()
    product.stewards.add(steward, olga)
    waiver = ask_for_waiver(product, actor=olga if past == "asked" else steward)
    if past in {"handed on", "lent and taken back"}:
        hand_on(product, make_owner())
    if past == "lent and taken back":
        hand_on(product, olga)
    second = make_second()
    with pytest.raises(ForbiddenError) as refusal:
        deed(waiver=waiver, actor=second, now=NOW)
    assert refusal.value.code == "four_eyes"
    assert not waivers_waiting_for(second, NOW).exists()


@pytest.mark.parametrize("make_second", SECOND_ACCOUNTS.values(), ids=SECOND_ACCOUNTS)
@pytest.mark.parametrize("for_how_long", ["for good", "for an hour"])
def test_a_waiver_does_not_outlive_its_granter_coming_to_own_the_product(
    make_second: Callable[[], Person], for_how_long: str
) -> None:
    product = make_governed_product()
    waiver = make_waiver(product, granted_by=make_second())
    assert waiver in granted_waivers(NOW)
    before = product.owner
    hand_on(product, make_olga())
    if for_how_long == "for an hour":
        hand_on(product, before)
    assert waiver not in granted_waivers(NOW)


def test_accounts_that_come_to_share_an_address_end_the_waiver_between_them() -> None:
    product = make_governed_product(owner=make_olga())
    granter = make_governance()
    waiver = make_waiver(product, granted_by=granter)
    ensure_current([product.id], NOW)
    Person.objects.filter(pk=granter.pk).update(email=ADDRESS)
    assert is_stale(product)
    assert waiver not in granted_waivers(NOW)


def test_an_account_without_an_address_never_grants() -> None:
    waiver = ask_for_waiver(make_governed_product())
    fresh = make_person(None, PersonRole.GOVERNANCE, email="")
    with pytest.raises(ForbiddenError) as refusal:
        grant_waiver(waiver=waiver, actor=fresh, now=NOW)
    assert refusal.value.code == "identity_not_verifiable"
    assert "set_email" in refusal.value.remedy
    assert not waivers_waiting_for(fresh, NOW).exists()


def test_a_person_with_another_address_grants_as_before() -> None:
    product = make_governed_product()
    waiver = ask_for_waiver(product)
    other = make_governance()
    assert list(waivers_waiting_for(other, NOW)) == [waiver]
    assert grant_waiver(waiver=waiver, actor=other, now=NOW).expires_at == NOW + timedelta(days=30)
