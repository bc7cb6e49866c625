"""Waivers: who asks, who grants, what is refused, what the database refuses whatever the services do."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from catalog.models import DataProduct, Notification, Person
from catalog.rules.errors import ConflictError, DomainError, ForbiddenError, InvalidError
from catalog.rules.roles import PersonRole
from catalog.services.products import claims_of, update_product
from tests.factories import NOW, make_auditor, make_governance, make_governed_product, make_owner, make_person
from tests.trust.builders import EXPECTATIONS, ask_for_waiver, make_ready_port, make_waiver, run_well
from trust.evidence.rules.identity import check_key
from trust.evidence.services.source_resolution import suite_spec
from trust.models import Waiver
from trust.verdicts.queries.waivers import granted_waivers, waivers_waiting_for
from trust.verdicts.services.judging import ensure_current
from trust.verdicts.services.waivers import (
    check_keys_of,
    close_unanswered,
    grant_waiver,
    reject_waiver,
    revoke_waiver,
    withdraw_waiver,
)
from trust.vocabulary import WaiverStatus

pytestmark = pytest.mark.django_db


@pytest.fixture
def product() -> DataProduct:
    return make_governed_product()


def failing(product: DataProduct, now: Any = NOW) -> list[str]:
    ensure_current([product.id], now)
    product.current_verdict.refresh_from_db()
    return product.current_verdict.failing_gates


def told(kind: str) -> set[str]:
    return {notice.person.username for notice in Notification.objects.filter(kind=kind) if notice.person}


def steward_of(product: DataProduct) -> Person:
    steward = make_person()
    product.stewards.add(steward)
    return steward


def test_a_request_excepts_nothing_until_somebody_else_grants_it(product: DataProduct) -> None:
    run_well(make_ready_port(product), failed=1)
    waiver = ask_for_waiver(product, gate="critical_checks")
    assert "critical_checks" in failing(product)

    governance = make_governance()
    granted = grant_waiver(waiver=waiver, actor=governance, now=NOW)

    assert (granted.status, granted.granted_by, granted.starts_at) == (WaiverStatus.GRANTED, governance, NOW)
    assert "critical_checks" not in failing(product)


def test_the_owner_the_stewards_and_governance_may_ask(product: DataProduct) -> None:
    for actor, gate in ((product.owner, "score"), (steward_of(product), "owner"), (make_governance(), "review")):
        assert ask_for_waiver(product, gate=gate, actor=actor).requested_by == actor


@pytest.mark.parametrize("who", [make_owner, make_auditor, make_person])
def test_nobody_else_may_ask(product: DataProduct, who: Any) -> None:
    with pytest.raises(ForbiddenError):
        ask_for_waiver(product, actor=who())
    assert not Waiver.objects.exists()


def test_nobody_but_governance_answers(product: DataProduct) -> None:
    waiver = ask_for_waiver(product)
    for actor in (product.owner, steward_of(product), make_owner(), make_auditor()):
        with pytest.raises(ForbiddenError):
            grant_waiver(waiver=waiver, actor=actor, now=NOW)
        with pytest.raises(ForbiddenError):
            reject_waiver(waiver=waiver, reason="No.", actor=actor, now=NOW)
    waiver.refresh_from_db()
    assert waiver.status == WaiverStatus.REQUESTED


def test_who_asked_does_not_answer_even_after_becoming_governance(product: DataProduct) -> None:
    steward = steward_of(product)
    waiver = ask_for_waiver(product, actor=steward)
    steward.groups.set(make_governance().groups.all())

    answers: tuple[Callable[[], object], ...] = (
        lambda: grant_waiver(waiver=waiver, actor=steward, now=NOW),
        lambda: reject_waiver(waiver=waiver, reason="Mine.", actor=steward, now=NOW),
    )
    for answer in answers:
        with pytest.raises(ForbiddenError) as refusal:
            answer()
        assert refusal.value.code == "four_eyes"


def test_an_owner_who_is_governance_too_does_not_answer_a_stewards_request() -> None:
    owner = make_person(None, PersonRole.DATA_OWNERS, PersonRole.GOVERNANCE)
    product = make_governed_product(owner=owner)
    waiver = ask_for_waiver(product, actor=steward_of(product))

    with pytest.raises(ForbiddenError, match="owns the product"):
        grant_waiver(waiver=waiver, actor=owner, now=NOW)


def test_two_accounts_with_one_address_are_one_person(product: DataProduct) -> None:
    waiver = ask_for_waiver(product)
    Person.objects.filter(pk=product.owner_id).update(email="olga@example.org")
    twin = make_governance()
    twin.email = "Olga@Example.org"
    twin.save()

    with pytest.raises(ForbiddenError, match="same e-mail address"):
        grant_waiver(waiver=waiver, actor=twin, now=NOW)


def test_a_waiver_holds_no_more_once_who_granted_it_owns_the_product(product: DataProduct) -> None:
    run_well(make_ready_port(product), failed=1)
    governance = make_governance()
    make_waiver(product, gate="critical_checks", granted_by=governance)
    assert "critical_checks" not in failing(product)

    update_product(product=product, claims=replace(claims_of(product), owner=governance.username), actor=None)

    assert "critical_checks" in failing(product)
    assert not granted_waivers(NOW).exists()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"gate": ""}, "exactly one"),
        ({"gate": "score", "check_key": "rows:x"}, "exactly one"),
        ({"gate": "evidence"}, "cannot be waived"),
        ({"gate": "lifecycle"}, "cannot be waived"),
        ({"gate": "nonsense"}, "no gate 'nonsense'"),
        ({"reason": " "}, "must have a reason"),
        ({"reason": "x" * 5_001}, "1 to 5000 characters"),
        ({"expires_at": NOW}, "ends before"),
        ({"expires_at": NOW + timedelta(days=91)}, "can last at most 90 days"),
        ({"check_key": "no such check"}, "has no check"),
    ],
)
def test_a_waiver_that_would_not_hold_is_refused(product: DataProduct, changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(DomainError, match=reason):
        ask_for_waiver(product, **changes)
    assert not Waiver.objects.exists()
    assert not told("waiver.requested")


def test_a_waiver_needs_an_owner_who_is_still_there(product: DataProduct) -> None:
    with pytest.raises(InvalidError, match="has left"):
        ask_for_waiver(product, owner=make_person(is_active=False))


def test_what_does_not_hold_any_more_is_not_granted(product: DataProduct) -> None:
    owner = make_person()
    waiver = ask_for_waiver(product, owner=owner, expires_at=NOW + timedelta(days=1))
    with pytest.raises(ConflictError, match="expired at"):
        grant_waiver(waiver=waiver, actor=make_governance(), now=NOW + timedelta(days=1))
    Person.objects.filter(pk=owner.pk).update(is_active=False)
    with pytest.raises(InvalidError, match="has left"):
        grant_waiver(waiver=waiver, actor=make_governance(), now=NOW)
    waiver.refresh_from_db()
    assert waiver.status == WaiverStatus.REQUESTED


def test_the_same_is_asked_for_once_at_a_time(product: DataProduct) -> None:
    first = ask_for_waiver(product)
    with pytest.raises(ConflictError, match="already requested"):
        ask_for_waiver(product)
    withdraw_waiver(waiver=first, actor=product.owner, now=NOW)
    assert ask_for_waiver(product).pk != first.pk


def test_a_request_that_nobody_answered_makes_room_for_another(product: DataProduct) -> None:
    first = ask_for_waiver(product, expires_at=NOW + timedelta(days=1))
    later = NOW + timedelta(days=2)
    assert ask_for_waiver(product, now=later).status == WaiverStatus.REQUESTED
    first.refresh_from_db()
    assert (first.status, first.ended_at, first.ended_by) == (WaiverStatus.WITHDRAWN, later, None)
    assert close_unanswered(now=later) == 0


def test_a_waived_check_no_longer_decides_until_the_waiver_ends(product: DataProduct) -> None:
    port = make_ready_port(product)
    suite = suite_spec(port.suites.get())
    key = check_key(port.name, suite.expectations[2])
    assert key in check_keys_of(product)
    run_well(port, failed=3)
    for number in range(3):
        make_waiver(product, check_key=check_key(port.name, suite.expectations[number]), expires_at=NOW + timedelta(hours=1))

    assert "critical_checks" not in failing(product)
    assert "critical_checks" in failing(product, NOW + timedelta(hours=1))
    assert len(EXPECTATIONS) == len(check_keys_of(product))


def test_only_governance_revokes_and_only_what_is_granted(product: DataProduct) -> None:
    waiver = make_waiver(product)
    governance = make_governance()
    with pytest.raises(ForbiddenError):
        revoke_waiver(waiver=waiver, reason="Mine.", actor=product.owner, now=NOW)
    with pytest.raises(InvalidError, match="must have a reason"):
        revoke_waiver(waiver=waiver, reason=" ", actor=governance, now=NOW)
    revoked = revoke_waiver(waiver=waiver, reason="It got worse.", actor=governance, now=NOW)
    assert (revoked.status, revoked.revoked_at, revoked.ended_by, revoked.end_reason) == (
        WaiverStatus.REVOKED,
        NOW,
        governance,
        "It got worse.",
    )
    with pytest.raises(ConflictError, match="is revoked and cannot be revoked"):
        revoke_waiver(waiver=waiver, reason="Again.", actor=governance, now=NOW)
    with pytest.raises(ConflictError, match="cannot be granted"):
        grant_waiver(waiver=waiver, actor=governance, now=NOW)


def test_a_request_is_withdrawn_by_who_made_it_or_the_owner_and_by_nobody_else(product: DataProduct) -> None:
    steward = steward_of(product)
    waiver = ask_for_waiver(product, actor=steward)
    with pytest.raises(ForbiddenError, match="did not request"):
        withdraw_waiver(waiver=waiver, actor=make_governance(), now=NOW)
    assert withdraw_waiver(waiver=waiver, actor=product.owner, now=NOW).status == WaiverStatus.WITHDRAWN
    with pytest.raises(ConflictError):
        withdraw_waiver(waiver=waiver, actor=steward, now=NOW)


def test_who_can_answer_is_told_of_a_request_and_the_products_side_of_the_answer(product: DataProduct) -> None:
    judge, gone = make_governance(), make_governance()
    Person.objects.filter(pk=gone.pk).update(is_active=False)
    answerable = make_person()
    waiver = ask_for_waiver(product, owner=answerable)
    assert judge.username in told("waiver.requested")
    assert not told("waiver.requested") & {gone.username, product.owner.username}

    reject_waiver(waiver=waiver, reason="Repair it.", actor=judge, now=NOW)

    assert told("waiver.rejected") == {product.owner.username, answerable.username}
    assert "Repair it." in Notification.objects.filter(kind="waiver.rejected")[0].text


def test_the_queue_holds_what_one_may_answer(product: DataProduct) -> None:
    judge, asker = make_governance(), make_governance()
    waiver = ask_for_waiver(product, actor=asker)
    ask_for_waiver(product, gate="owner", expires_at=NOW + timedelta(days=1))
    later = NOW + timedelta(days=2)
    assert list(waivers_waiting_for(judge, later)) == [waiver]
    assert not waivers_waiting_for(asker, later).exists()
    assert not waivers_waiting_for(product.owner, later).exists()


# What the database refuses


def refused(statement: str, *values: Any) -> str:
    with pytest.raises(DatabaseError) as refusal, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)
    return str(refusal.value)


def test_the_database_refuses_a_waiver_that_its_requester_or_the_owner_grants(product: DataProduct) -> None:
    judge = make_governance()
    waiver = ask_for_waiver(product, actor=judge)
    grant = "UPDATE trust_waiver SET status = 'granted', starts_at = now(), granted_by_id = %s WHERE id = %s"
    assert "waiver_four_eyes" in refused(grant, judge.pk, waiver.pk)
    assert "granted by the owner" in refused(grant, product.owner_id, waiver.pk)
    assert "waiver_four_eyes" in refused(grant, None, waiver.pk)
    insert = """
    INSERT INTO trust_waiver (product_id, gate, check_key, reason, owner_id, status, requested_by_id, requested_at,
        granted_by_id, starts_at, expires_at, end_reason)
    VALUES (%s, %s, '', 'x', %s, 'granted', %s, now(), %s, now(), now() + interval '1 day', '')
    """
    owner, another = product.owner_id, make_person().pk
    assert "waiver_four_eyes" in refused(insert, product.pk, "score", owner, another, another)
    assert "granted by the owner" in refused(insert, product.pk, "score", owner, another, owner)
    assert "waiver_of_what_may_be_waived" in refused(insert, product.pk, "evidence", owner, another, judge.pk)


def test_the_database_keeps_a_waiver_as_it_was_asked_for_and_granted(product: DataProduct) -> None:
    waiver = make_waiver(product)
    for change in (
        "expires_at = expires_at + interval '1 year'",
        "reason = 'y'",
        "gate = 'review'",
        "owner_id = granted_by_id",
    ):
        assert "Cannot update" in refused(f"UPDATE trust_waiver SET {change} WHERE id = %s", waiver.pk)
    assert "Cannot update" in refused(
        "UPDATE trust_waiver SET starts_at = starts_at - interval '1 day' WHERE id = %s", waiver.pk
    )
    assert "Cannot delete" in refused("DELETE FROM trust_waiver WHERE id = %s", waiver.pk)


def test_the_database_lets_no_waiver_come_back(product: DataProduct) -> None:
    waiver = make_waiver(product)
    revoke_waiver(waiver=waiver, reason="Over.", actor=make_governance(), now=NOW)
    back = "UPDATE trust_waiver SET status = 'granted', revoked_at = NULL WHERE id = %s"
    assert "Invalid transition" in refused(back, waiver.pk)
