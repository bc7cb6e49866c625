"""Nobody is the second person of an account that they made, reset, renamed or gave a role or an address, nor the other way."""

from collections.abc import Callable
from datetime import timedelta
from io import StringIO

import pghistory
import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import connection

from catalog.models import AccessPolicy, Person
from catalog.queries import agreements_waiting_for
from catalog.rules.errors import ForbiddenError
from catalog.rules.roles import PersonRole
from catalog.rules.vocabulary import Lifecycle, Sensitivity, Severity, UseCaseStage
from catalog.services.agreements import approve_agreement, request_agreement
from catalog.services.people import add_person, set_email, set_roles
from catalog.services.policies import publish_policy
from catalog.services.products import review_product
from tests.admin.cast import Visitor
from tests.battery.people import BOTH
from tests.factories import NOW, make_consumer, make_owner, make_person, make_policy, make_product, make_use_case
from tests.trust.builders import ask_for_waiver
from tests.trust.stages import put_at
from trust.models import Incident, StageMove, TrustPolicyVersion, Waiver
from trust.use_cases.queries.stage_moves import moves_waiting_for
from trust.use_cases.services.stage_checks import demand_approver
from trust.verdicts.queries.waivers import waivers_waiting_for
from trust.verdicts.services.incidents import open_incident, resolve_incident
from trust.verdicts.services.trust_policies import confirm_trust_policy, publish_trust_policy
from trust.verdicts.services.waivers import grant_waiver, reject_waiver
from trust.vocabulary import StageMoveStatus

pytestmark = pytest.mark.django_db
BY_NAME = {"_save": "Save"}


def form_of(person: Person, **changed: object) -> dict[str, object]:
    return {
        "username": person.username,
        "is_active": "on",
        "groups": [group.pk for group in person.groups.all()],
        **BY_NAME,
        **changed,
    }


def in_form(changer: Person, person: Person, **changed: object) -> None:
    answer = Visitor(changer).post("catalog_person_change", person.pk, **form_of(person, **changed))
    assert answer.status_code == 302, answer.context["adminform"].form.errors


def reset_in_form(changer: Person, person: Person) -> None:
    words = {"usable_password": "true", "password1": "correct-horse-9", "password2": "correct-horse-9"}
    assert Visitor(changer).post("auth_user_password_change", person.pk, **words).status_code == 302


def with_another_name(changer: Person, person: Person) -> None:
    """The changer has another username by now."""
    set_email(username=person.username, email="new@people.example", actor=changer)
    Person.objects.filter(pk=changer.pk).update(username="renamed")


def lose_and_regain(changer: Person, person: Person) -> None:
    roles = [PersonRole(group.name) for group in person.groups.all()]
    set_roles(person=person, roles=[], reason="Left the team.", actor=changer)
    set_roles(person=person, roles=roles, reason="Came back.", actor=changer)


def by_sql(changer: Person, person: Person) -> None:
    with pghistory.context(actor=changer.username), connection.cursor() as cursor:
        cursor.execute("UPDATE catalog_person SET password = 'x' WHERE id = %s", [person.pk])


def by_second_account(changer: Person, person: Person) -> None:
    other = make_person(None, *BOTH)
    Person.objects.filter(pk=other.pk).update(email=changer.email, is_superuser=True)
    set_email(username=person.username, email="new@people.example", actor=Person.objects.get(pk=other.pk))


def by_command(changer: Person, person: Person) -> None:
    call_command("set_email", person.username, "new@people.example", "--as", changer.username, stdout=StringIO())


CHANGES: dict[str, Callable[[Person, Person], None]] = {
    "reset in the form": reset_in_form,
    "renamed in the form": lambda changer, person: in_form(changer, person, username="someone"),
    "another address in the form": lambda changer, person: in_form(changer, person, email_to_confirm="new@people.example"),
    "another role in the form": lambda changer, person: in_form(
        changer, person, groups=[*Group.objects.values_list("pk", flat=True)]
    ),
    "made staff in the form": lambda changer, person: in_form(changer, person, is_staff="on"),
    "another address by command": by_command,
    "roles by the service": lose_and_regain,
    "by SQL": by_sql,
    "by a second account": by_second_account,
    "by somebody renamed since": with_another_name,
}


def waiver(first: Person, second: Person) -> object:
    row = ask_for_waiver(make_product(owner=make_owner(), lifecycle=Lifecycle.PUBLISHED), actor=first)
    return grant_waiver(waiver=row, actor=second, now=NOW)


def waiver_of_own_product(first: Person, second: Person) -> object:
    row = ask_for_waiver(make_product(owner=first, lifecycle=Lifecycle.PUBLISHED), actor=make_person(None, *BOTH))
    return grant_waiver(waiver=row, actor=second, now=NOW)


def rejected_waiver(first: Person, second: Person) -> object:
    row = ask_for_waiver(make_product(owner=make_owner(), lifecycle=Lifecycle.PUBLISHED), actor=first)
    return reject_waiver(waiver=row, reason="No.", actor=second, now=NOW)


def stage(first: Person, second: Person) -> object:
    return _stage(make_owner(), first, second)


def stage_of_own_decision(first: Person, second: Person) -> object:
    return _stage(first, make_owner(), second)


def _stage(owner: Person, requester: Person, second: Person) -> object:
    use_case = make_use_case(business_owner=owner)
    put_at(use_case, UseCaseStage.PILOT)
    move = StageMove.objects.create(
        use_case=use_case,
        from_stage=UseCaseStage.PILOT,
        to_stage=UseCaseStage.APPROVED,
        status=StageMoveStatus.REQUESTED,
        requested_by=requester,
        requested_at=NOW,
    )
    demand_approver(second, move, use_case)
    return move


def agreement(first: Person, second: Person) -> object:
    return _agreement(first, second, second, Sensitivity.INTERNAL)


def agreement_of_governance(first: Person, second: Person) -> object:
    return _agreement(first, make_owner(), second, Sensitivity.CONFIDENTIAL)


def both_approvals(first: Person, second: Person) -> object:
    product = make_product(owner=first, lifecycle=Lifecycle.PUBLISHED, sensitivity=Sensitivity.CONFIDENTIAL)
    consumer = make_consumer(owner=make_owner())
    row = request_agreement(
        consumer=consumer,
        product=product,
        purpose="analytics",
        reason="Needed.",
        expires_at=NOW + timedelta(days=9),
        actor=consumer.owner,
        now=NOW,
    )
    approve_agreement(agreement=row, actor=first, now=NOW)
    return approve_agreement(agreement=row, actor=second, now=NOW)


def _agreement(first: Person, owner: Person, second: Person, sensitivity: Sensitivity) -> object:
    product = make_product(owner=owner, lifecycle=Lifecycle.PUBLISHED, sensitivity=sensitivity)
    row = request_agreement(
        consumer=make_consumer(owner=first),
        product=product,
        purpose="analytics",
        reason="Needed.",
        expires_at=NOW + timedelta(days=9),
        actor=first,
        now=NOW,
    )
    return approve_agreement(agreement=row, actor=second, now=NOW)


def policy(first: Person, second: Person) -> object:
    row: AccessPolicy = make_policy(make_product(owner=first), is_published=False)
    return publish_policy(policy=row, actor=second, now=NOW)


def review(first: Person, second: Person) -> object:
    product = make_product(owner=first, lifecycle=Lifecycle.PUBLISHED)
    return review_product(product=product, actor=second, now=NOW)


def review_of_a_stewards_product(first: Person, second: Person) -> object:
    product = make_product(owner=make_owner(), lifecycle=Lifecycle.PUBLISHED)
    product.stewards.add(first)
    return review_product(product=product, actor=second, now=NOW)


def trust_policy(first: Person, second: Person) -> TrustPolicyVersion:
    make_person(None, *BOTH)  # somebody who could publish it, so that it can be proposed
    row = publish_trust_policy(changes={"minimum_score": 1}, note="Why.", actor=first, now=NOW)
    return confirm_trust_policy(version=row, actor=second, now=NOW)


def incident(first: Person, second: Person) -> Incident:
    product = make_product(owner=first)
    judge = make_person(None, *BOTH)
    row = open_incident(product=product, title="x", severity=Severity.CRITICAL, actor=judge, now=NOW)
    return resolve_incident(incident=row, resolution="Done.", actor=second, now=NOW)


ACTS: dict[str, Callable[[Person, Person], object]] = {
    "waiver": waiver,
    "waiver of own product": waiver_of_own_product,
    "rejected waiver": rejected_waiver,
    "stage": stage,
    "stage of own decision": stage_of_own_decision,
    "agreement": agreement,
    "agreement of governance": agreement_of_governance,
    "both approvals": both_approvals,
    "policy": policy,
    "review": review,
    "review of a steward's product": review_of_a_stewards_product,
    "trust policy": trust_policy,
    "incident": incident,
}


def pair() -> tuple[Person, Person]:
    """Two of governance; the first is a superuser, who may change the account of the second."""
    changer = make_person("changer", *BOTH, is_staff=True)
    changer.is_superuser = True
    changer.save()
    return changer, make_person("changed", *BOTH)


def again(*people: Person) -> list[Person]:
    return [Person.objects.get(pk=person.pk) for person in people]


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("is_second", [True, False], ids=["the changed one decides", "the changer decides"])
@pytest.mark.parametrize("act", [waiver, review, trust_policy], ids=lambda act: act.__name__)
def test_who_changed_an_account_is_no_counterpart_of_it(
    change: Callable[[Person, Person], None], is_second: bool, act: Callable[[Person, Person], object]
) -> None:
    people = pair()
    change(*people)
    changer, changed = again(*people)
    with pytest.raises(ForbiddenError) as refusal:
        act(changer, changed) if is_second else act(changed, changer)
    assert refusal.value.code == "account_changed_lately"
    assert "two people" in str(refusal.value)


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
@pytest.mark.parametrize("is_second", [True, False], ids=["the changed one decides", "the changer decides"])
def test_no_act_of_two_is_done_by_an_account_and_who_changed_it(
    act: Callable[[Person, Person], object], is_second: bool
) -> None:
    people = pair()
    reset_in_form(*people)
    changer, changed = again(*people)
    with pytest.raises(ForbiddenError) as refusal:
        act(changer, changed) if is_second else act(changed, changer)
    assert refusal.value.code == "account_changed_lately"


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_an_ordinary_second_person_still_can(act: Callable[[Person, Person], object]) -> None:
    people = pair()
    reset_in_form(*people)
    reset_in_form(people[0], make_person(None, *BOTH))
    act(again(people[1])[0], make_person(None, *BOTH))


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_who_changed_their_own_account_is_a_person_like_any_other(act: Callable[[Person, Person], object]) -> None:
    one, other = make_person(None, *BOTH), make_person(None, *BOTH)
    for person in (one, other):
        with pghistory.context(user=person.pk, actor=person.username):
            person.set_password("correct-horse-9")
            person.save()
    act(one, other)


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_accounts_that_the_operator_made_are_two_people(act: Callable[[Person, Person], object]) -> None:
    for name in ("one", "other"):
        words = ["add_person", name, "--email", f"{name}@people.example", "--role", "governance", "--role", "data owners"]
        call_command(*words, stdout=StringIO())
    act(Person.objects.get(username="one"), Person.objects.get(username="other"))


def vouch(username: str) -> None:
    """The operator says that the address which governance gave is right."""
    set_email(username=username, email=Person.objects.get(username=username).email_to_confirm, actor=None)


def days_ago(days: int) -> None:
    """The accounts were made so long ago."""
    table = Person.pgh_event_models["insert"]._meta.db_table  # type: ignore[attr-defined]  # set by pghistory
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(f"UPDATE {table} SET pgh_created_at = pgh_created_at - %s::interval", [f"{days} days"])
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


@pytest.mark.parametrize("role", ["the owner's", "the requester's"])
@pytest.mark.parametrize("days", [2, 400])
def test_two_accounts_in_one_hand_are_not_two_people(role: str, days: int) -> None:
    gina = make_person("gina", PersonRole.GOVERNANCE, is_staff=True)
    victor = make_owner("victor")
    days_ago(days)
    add_person(username="puppet", email="p@people.example", roles=[PersonRole.DATA_OWNERS], actor=gina)
    vouch("puppet")
    reset_in_form(gina, victor)
    puppet, victor = Person.objects.get(username="puppet"), again(victor)[0]
    with pytest.raises(ForbiddenError) as refusal:
        agreement(puppet, victor) if role == "the owner's" else agreement(victor, puppet)
    assert refusal.value.code == "account_changed_lately"
    agreement(make_owner(), victor)


def test_who_came_through_the_same_hands_are_two_people() -> None:
    """Each is added and given a first password by the same member of governance."""
    gina = make_person("gina", PersonRole.GOVERNANCE, is_staff=True)
    people = [
        add_person(username=name, email=f"{name}@people.example", roles=[PersonRole.DATA_OWNERS], actor=gina)
        for name in ("olga", "otto")
    ]
    for person in people:
        vouch(person.username)
        reset_in_form(gina, person)
    agreement(*again(*people))


def test_a_superuser_who_resets_passwords_ties_no_others() -> None:
    root, victor = pair()
    days_ago(9)
    add_person(username="new", email="n@people.example", roles=[PersonRole.DATA_OWNERS], actor=root)
    reset_in_form(root, victor)
    agreement(Person.objects.get(username="new"), again(victor)[0])


def test_the_lists_of_what_waits_leave_them_out() -> None:
    people = pair()
    reset_in_form(*people)
    changer, changed = again(*people)
    ask_for_waiver(make_product(owner=make_owner(), lifecycle=Lifecycle.PUBLISHED), actor=changed)
    with pytest.raises(ForbiddenError):
        stage(changed, changer)
    with pytest.raises(ForbiddenError):
        agreement(changed, changer)
    third = make_person(None, *BOTH)
    assert [waivers_waiting_for(one, NOW).count() for one in (changer, third)] == [0, 1]
    assert [moves_waiting_for(one).count() for one in (changer, third)] == [0, 1]
    assert not agreements_waiting_for(changer, is_governance=True, now=NOW).exists()


@pytest.mark.parametrize(("days", "holds"), [(29, True), (31, False)])
def test_it_ends_after_the_time_that_the_trust_policy_sets(days: int, holds: bool) -> None:
    people = pair()
    reset_in_form(*people)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE catalog_personpasswordevent DISABLE TRIGGER USER")
        cursor.execute(
            "UPDATE catalog_personpasswordevent SET pgh_created_at = pgh_created_at - %s::interval", [f"{days} days"]
        )
    changer, changed = again(*people)
    if holds:
        with pytest.raises(ForbiddenError):
            waiver(changer, changed)
    else:
        waiver(changer, changed)


def test_shortening_that_time_takes_two_people() -> None:
    row = publish_trust_policy(changes={"independence_interval": "P1D"}, note="Why.", actor=pair()[0], now=NOW)
    assert row.published_at is None
    longer = publish_trust_policy(
        changes={"independence_interval": "P60D"}, note="Why.", actor=make_person(None, *BOTH), now=NOW
    )
    assert longer.is_current


def test_the_refusal_says_what_to_do() -> None:
    people = pair()
    reset_in_form(*people)
    changer, changed = again(*people)
    with pytest.raises(ForbiddenError) as refusal:
        waiver(changer, changed)
    assert "another member of the group 'governance'" in refusal.value.remedy
    assert "bin/manage add_person" in refusal.value.remedy
    assert Waiver.objects.get().granted_by is None
