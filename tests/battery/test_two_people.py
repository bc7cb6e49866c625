"""Incidents of governance and stages of use cases: never decided by the person whose matter it is, by any account."""

from collections.abc import Callable
from functools import partial

import pytest

from catalog.models import Person
from catalog.rules.errors import ForbiddenError
from catalog.rules.roles import PersonRole
from catalog.rules.vocabulary import Severity, UseCaseStage
from catalog.services.permissions import require_identity
from tests.battery.people import BOTH, SECOND_ACCOUNTS, hand_on, make_olga
from tests.factories import NOW, make_governance, make_owner, make_person, make_product, make_use_case
from tests.trust.stages import put_at
from trust.models import Incident, StageMove
from trust.use_cases.queries.stage_moves import moves_waiting_for
from trust.use_cases.services.stage_checks import demand_approver
from trust.verdicts.services.incidents import change_severity, may_lessen, open_incident, resolve_incident
from trust.vocabulary import StageMoveStatus

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("make_second", SECOND_ACCOUNTS.values(), ids=SECOND_ACCOUNTS)
@pytest.mark.parametrize("past", ["owns", "handed on", "lent and taken back"])
@pytest.mark.parametrize(
    "deed",
    [
        partial(resolve_incident, resolution="Done."),
        partial(change_severity, severity=Severity.INFO, reason="Small."),
    ],
    ids=["resolve", "lower"],
)
def test_the_owners_second_account_never_lessens_what_governance_opened(
    make_second: Callable[[], Person], past: str, deed: Callable[..., Incident]
) -> None:
    olga = make_olga()
    product = make_product(owner=olga)
    incident = open_incident(product=product, title="x", severity=Severity.CRITICAL, actor=make_governance(), now=NOW)
    if past != "owns":
        hand_on(product, make_owner())
    if past == "lent and taken back":
        hand_on(product, olga)
    second = make_second()
    with pytest.raises(ForbiddenError) as refusal:
        deed(incident=incident, actor=second, now=NOW)
    assert refusal.value.code == "held_by_governance"


@pytest.mark.parametrize("make_second", SECOND_ACCOUNTS.values(), ids=SECOND_ACCOUNTS)
def test_what_the_owners_second_account_opens_is_the_owners(make_second: Callable[[], Person]) -> None:
    product = make_product(owner=make_olga())
    incident = open_incident(product=product, title="x", severity=Severity.INFO, actor=make_second(), now=NOW)
    assert not incident.held_by_governance


def test_an_account_without_an_address_never_lessens_what_governance_opened() -> None:
    incident = open_incident(product=make_product(), title="x", severity=Severity.CRITICAL, actor=make_governance(), now=NOW)
    blank = make_person(None, PersonRole.GOVERNANCE, email="")
    assert not may_lessen(blank, incident)
    with pytest.raises(ForbiddenError) as refusal:
        resolve_incident(incident=incident, resolution="Done.", actor=blank, now=NOW)
    assert refusal.value.code == "identity_not_verifiable"


def asked_move(owner: Person, requester: Person) -> StageMove:
    use_case = make_use_case(business_owner=owner)
    put_at(use_case, UseCaseStage.PILOT)
    return StageMove.objects.create(
        use_case=use_case,
        from_stage=UseCaseStage.PILOT,
        to_stage=UseCaseStage.APPROVED,
        status=StageMoveStatus.REQUESTED,
        requested_by=requester,
        requested_at=NOW,
    )


@pytest.mark.parametrize("make_second", SECOND_ACCOUNTS.values(), ids=SECOND_ACCOUNTS)
@pytest.mark.parametrize("past", ["owns", "asked", "handed on", "lent and taken back"])
def test_the_business_owners_second_account_never_approves_a_stage(make_second: Callable[[], Person], past: str) -> None:
    olga = make_olga()
    move = asked_move(make_owner() if past == "asked" else olga, olga if past == "asked" else make_owner())
    use_case = move.use_case
    if past in {"handed on", "lent and taken back"}:
        use_case.business_owner = make_owner()
        use_case.save()
    if past == "lent and taken back":
        use_case.business_owner = olga
        use_case.save()
    second = make_second()
    with pytest.raises(ForbiddenError) as refusal:
        demand_approver(second, move, use_case)
    assert refusal.value.code == "four_eyes"
    assert not moves_waiting_for(second).exists()


def test_an_account_without_an_address_never_approves_a_stage() -> None:
    move = asked_move(make_owner(), make_owner())
    blank = make_person(None, *BOTH, email="")
    with pytest.raises(ForbiddenError) as refusal:
        demand_approver(blank, move, move.use_case)
    assert refusal.value.code == "identity_not_verifiable"
    assert not moves_waiting_for(blank).exists()
    judge = make_governance()
    demand_approver(judge, move, move.use_case)
    assert moves_waiting_for(judge).exists()


@pytest.mark.parametrize("address", ["", " ", "\t", "\u200b", "\u00a0"])
def test_an_empty_address_never_tells_an_account_from_another(address: str) -> None:
    person = make_person(None, PersonRole.GOVERNANCE, email="")
    Person.objects.filter(pk=person.pk).update(email=address)
    person.refresh_from_db()
    with pytest.raises(ForbiddenError) as refusal:
        require_identity(person, "do it")
    assert refusal.value.code == "identity_not_verifiable"
