"""Incidents by hand: who may, what is refused, what the timeline and the database keep."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from catalog.models import DataProduct, Notification, Person
from catalog.rules.errors import ConflictError, ForbiddenError, InvalidError
from catalog.rules.vocabulary import Severity
from catalog.services.products import claims_of, update_product
from tests.factories import NOW, make_auditor, make_governance, make_governed_product, make_owner, make_person
from tests.trust.builders import ask_for_waiver, make_ready_port, run_well
from trust.models import Incident
from trust.verdicts.services.incidents import (
    assign_incident,
    change_severity,
    comment_on_incident,
    open_incident,
    resolve_incident,
)
from trust.verdicts.services.waivers import grant_waiver

pytestmark = pytest.mark.django_db


@pytest.fixture
def product() -> DataProduct:
    return make_governed_product()


def opened(product: DataProduct, actor: Person | None = None, **changes: Any) -> Incident:
    wanted: dict[str, Any] = {"title": "Late", "severity": Severity.CRITICAL, "actor": actor or product.owner, "now": NOW}
    return open_incident(product=product, **{**wanted, **changes})


def lower(incident: Incident, actor: Person) -> Incident:
    return change_severity(incident=incident, severity=Severity.INFO, reason="Minor.", actor=actor, now=NOW)


def resolve(incident: Incident, actor: Person) -> Incident:
    return resolve_incident(incident=incident, resolution="Came.", actor=actor, now=NOW)


def timeline(incident: Incident) -> list[tuple[str, str | None, str, str, str]]:
    rows = incident.entries.select_related("actor")
    return [(row.kind, row.actor.username if row.actor else None, row.before, row.after, row.text) for row in rows]


def test_every_step_is_in_the_timeline(product: DataProduct) -> None:
    steward, helper = make_person(), make_person()
    product.stewards.add(steward)
    owner = product.owner

    incident = opened(product, steward, title=" Late ", severity=Severity.WARNING)
    comment_on_incident(incident=incident, text="Since noon.", actor=owner, now=NOW)
    assign_incident(incident=incident, owner=helper, actor=owner, now=NOW)
    change_severity(incident=incident, severity=Severity.CRITICAL, reason="Rows are lost.", actor=helper, now=NOW)
    resolved = resolve(incident, helper)

    assert (incident.title, incident.opened_by, incident.owner) == ("Late", steward, owner)
    assert (resolved.resolved_by, resolved.resolved_at, resolved.owner) == (helper, NOW, helper)
    assert timeline(incident) == [
        ("opened", steward.username, "", "warning", ""),
        ("comment", owner.username, "", "", "Since noon."),
        ("owner", owner.username, owner.username, helper.username, ""),
        ("severity", helper.username, "warning", "critical", "Rows are lost."),
        ("resolved", helper.username, "", "", "Came."),
    ]


@pytest.mark.parametrize("who", [make_owner, make_auditor, make_person])
def test_strangers_do_nothing(product: DataProduct, who: Any) -> None:
    incident, stranger = opened(product), who()
    for deed in (
        lambda: opened(product, stranger),
        lambda: comment_on_incident(incident=incident, text="Hm.", actor=stranger, now=NOW),
        lambda: assign_incident(incident=incident, owner=stranger, actor=stranger, now=NOW),
        lambda: lower(incident, stranger),
        lambda: resolve(incident, stranger),
    ):
        with pytest.raises(ForbiddenError):
            deed()
    incident.refresh_from_db()
    assert (incident.resolved_at, incident.severity, incident.entries.count()) == (None, Severity.CRITICAL, 1)


def test_what_governance_opened_only_governance_lowers_and_resolves(product: DataProduct) -> None:
    steward = make_person()
    product.stewards.add(steward)
    incident = opened(product, make_governance())
    for actor in (product.owner, steward):
        with pytest.raises(ForbiddenError, match="governance opened or raised it"):
            lower(incident, actor)
        with pytest.raises(ForbiddenError, match="governance opened or raised it"):
            resolve(incident, actor)
    assign_incident(incident=incident, owner=steward, actor=product.owner, now=NOW)
    with pytest.raises(ForbiddenError):
        resolve(incident, steward)
    assert resolve(incident, make_governance()).resolved_at == NOW


def test_what_governance_raised_only_governance_lowers(product: DataProduct) -> None:
    incident = opened(product, severity=Severity.INFO)
    change_severity(incident=incident, severity=Severity.CRITICAL, reason="Worse.", actor=make_governance(), now=NOW)
    with pytest.raises(ForbiddenError):
        lower(incident, product.owner)
    assert lower(incident, make_governance()).severity == Severity.INFO


def test_an_owner_in_governance_holds_nothing_against_themselves_and_lifts_nothing_of_others(product: DataProduct) -> None:
    judge = make_governance()
    held = opened(product, judge)
    product.owner.groups.set(judge.groups.all())
    own = opened(product, title="Own")
    assert (held.held_by_governance, own.held_by_governance) == (True, False)
    with pytest.raises(ForbiddenError):
        resolve(held, product.owner)
    assert resolve(own, product.owner).resolved_at == NOW


def test_an_owner_who_hands_the_product_on_for_an_hour_is_still_its_owner(product: DataProduct) -> None:
    judge, friend = make_governance(), make_owner()
    owner = product.owner
    owner.groups.set(judge.groups.all())
    incident = opened(product, judge)
    update_product(product=product, claims=replace(claims_of(product), owner=friend.username), actor=owner)
    with pytest.raises(ForbiddenError):
        resolve(incident, owner)
    with pytest.raises(ForbiddenError):
        lower(incident, owner)
    with pytest.raises(ForbiddenError):
        grant_waiver(waiver=ask_for_waiver(product, gate="incidents", actor=friend, now=NOW), actor=owner, now=NOW)


def test_words_and_people_must_be_there(product: DataProduct) -> None:
    with pytest.raises(InvalidError, match="title"):
        opened(product, title=" ")
    with pytest.raises(InvalidError, match="inactive account"):
        opened(product, owner=make_person(is_active=False))
    incident = opened(product)
    for deed in (
        lambda: comment_on_incident(incident=incident, text=" ", actor=product.owner, now=NOW),
        lambda: resolve_incident(incident=incident, resolution="", actor=product.owner, now=NOW),
        lambda: change_severity(incident=incident, severity=Severity.INFO, reason=" ", actor=product.owner, now=NOW),
        lambda: assign_incident(incident=incident, owner=make_person(is_active=False), actor=product.owner, now=NOW),
    ):
        with pytest.raises(InvalidError):
            deed()
    assert incident.entries.count() == 1


def test_what_changes_nothing_and_what_is_over_is_refused(product: DataProduct) -> None:
    incident = opened(product)
    owner = product.owner
    with pytest.raises(ConflictError, match="already"):
        change_severity(incident=incident, severity=Severity.CRITICAL, reason="So.", actor=owner, now=NOW)
    with pytest.raises(ConflictError, match="already"):
        assign_incident(incident=incident, owner=owner, actor=owner, now=NOW)
    resolve(incident, owner)
    deeds: tuple[Callable[[], object], ...] = (
        lambda: resolve(incident, owner),
        lambda: lower(incident, owner),
        lambda: assign_incident(incident=incident, owner=make_person(), actor=owner, now=NOW),
    )
    for deed in deeds:
        with pytest.raises(ConflictError, match="was resolved"):
            deed()
    comment_on_incident(incident=incident, text="It was the network.", actor=owner, now=NOW)


def test_those_concerned_are_told_but_not_who_did_it_and_nobody_who_left(product: DataProduct) -> None:
    steward, gone, helper = make_person(), make_person(is_active=False), make_person()
    product.stewards.add(steward, gone)
    incident = opened(product, make_governance())
    assign_incident(incident=incident, owner=helper, actor=product.owner, now=NOW)

    def told(kind: str) -> set[str]:
        return {notice.person.username for notice in Notification.objects.filter(kind=kind) if notice.person}

    assert told("incident.opened") == {product.owner.username, steward.username}
    assert told("incident.assigned") == {steward.username, helper.username}


def test_no_consumer_is_told_of_an_incident_since_recalls_do_that(product: DataProduct) -> None:
    run_well(make_ready_port(product))
    opened(product)
    assert not Notification.objects.exclude(consumer=None).exists()


# What the database refuses


def refused(statement: str, *values: Any) -> str:
    with pytest.raises(DatabaseError) as refusal, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)
    return str(refusal.value)


def test_the_database_keeps_incidents_and_their_timelines(product: DataProduct) -> None:
    incident = opened(product)
    assert "Cannot delete" in refused("DELETE FROM trust_incident WHERE id = %s", incident.pk)
    assert "Cannot update" in refused("UPDATE trust_incident SET opened_at = opened_at - interval '1 day'")
    assert "Cannot update" in refused("UPDATE trust_incident SET title = 'Nothing'")
    assert "Cannot update" in refused("UPDATE trust_incidententry SET text = 'Nothing'")
    assert "Cannot update or delete" in refused("DELETE FROM trust_incidententry")
    assert "incident_resolved_says_how" in refused("UPDATE trust_incident SET resolved_at = now()")
    resolve(incident, product.owner)
    assert "Cannot update" in refused("UPDATE trust_incident SET resolved_at = NULL")


def test_the_database_keeps_one_open_incident_for_each_cause(product: DataProduct) -> None:
    port = make_ready_port(product)
    insert = """
    INSERT INTO trust_incident (product_id, title, description, severity, opened_at, resolution, rule, port_id, check_key,
        held_by_governance) VALUES (%s, 'x', '', 'critical', now(), '', %s, %s, 'k', false)
    """
    with connection.cursor() as cursor:
        cursor.execute(insert, [product.pk, "critical_check_failed", port.pk])
    assert "incident_one_open_for_each_cause" in refused(insert, product.pk, "critical_check_failed", port.pk)
    assert "incident_rule_is_known" in refused(insert, product.pk, "critical_check_failed", None)
    assert "incident_rule_is_known" in refused(insert, product.pk, "bad_weather", port.pk)
