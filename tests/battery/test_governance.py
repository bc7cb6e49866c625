"""Governance's word about a product never comes from a person who answers for it, by whichever account."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from catalog.models import AccessPolicy, DataProduct, Notification, Person
from catalog.rules.claims import PolicyClaims
from catalog.rules.errors import ForbiddenError
from catalog.rules.moments import shown
from catalog.rules.roles import PersonRole
from catalog.rules.vocabulary import ConsumerKind, Effect, Sensitivity
from catalog.services.policies import draft_guardrail, publish_policy, withdraw_policy
from catalog.services.products import claims_of, review_product, update_product
from tests.battery.people import ADDRESS, BOTH, SECOND_ACCOUNTS, hand_on, make_olga
from tests.factories import NOW, make_governance, make_governed_product, make_owner, make_person, make_policy, make_product
from trust.verdicts.rules.codec import load_outcome
from trust.verdicts.services.judging import judge_product
from trust.verdicts.services.reviews import review_product as review_now

pytestmark = pytest.mark.django_db

ACTORS: dict[str, Callable[[DataProduct], Person | None]] = {
    "owner": lambda product: product.owner,
    "owner of both groups": lambda product: product.owner,
    "second account": lambda _: make_person(None, *BOTH, email=ADDRESS.upper()),
    "governance": lambda _: make_governance(),
    "system": lambda _: None,
}


def make_reviewed(owner: Person) -> DataProduct:
    product = make_governed_product(owner=owner, sensitivity=Sensitivity.CONFIDENTIAL)
    review_now(product=product, actor=make_governance(), now=NOW)
    return product


def review_code(product: DataProduct) -> str:
    """That of the gate `review`, judged now."""
    outcome = load_outcome(judge_product(product_id=product.pk, now=NOW, cause="test").outcome)
    [gate] = [gate for gate in outcome.gates if gate.gate == "review"]
    return gate.code


@pytest.mark.parametrize("who", ACTORS)
@pytest.mark.parametrize(
    "claims",
    [
        {"sensitivity": Sensitivity.INTERNAL},
        {"sensitivity": Sensitivity.PUBLIC},
        {"domain": "Elsewhere"},
        {"domain": "Elsewhere", "sensitivity": Sensitivity.RESTRICTED},
        {"domain": "Elsewhere", "sensitivity": Sensitivity.PUBLIC, "name": "New"},
    ],
)
def test_no_review_outlives_a_lower_sensitivity_or_another_domain(who: str, claims: dict[str, Any]) -> None:
    roles = BOTH if who == "owner of both groups" else (PersonRole.DATA_OWNERS,)
    product = make_reviewed(make_person(None, *roles, email=ADDRESS))
    update_product(product=product, claims=replace(claims_of(product), **claims), actor=ACTORS[who](product))
    assert review_code(product) == "changed_since_review"
    review_now(product=product, actor=make_governance(), now=NOW)
    assert review_code(product) == "ok"


@pytest.mark.parametrize("who", ACTORS)
@pytest.mark.parametrize("claims", [{"sensitivity": Sensitivity.RESTRICTED}, {"name": "New"}, {"usage": "Other use."}])
def test_a_review_holds_through_what_loosens_nothing(who: str, claims: dict[str, Any]) -> None:
    product = make_reviewed(make_person(None, *BOTH, email=ADDRESS))
    update_product(product=product, claims=replace(claims_of(product), **claims), actor=ACTORS[who](product))
    assert review_code(product) == "ok"


def review(product: DataProduct, actor: Person) -> None:
    review_product(product=product, actor=actor, now=NOW)


def publish(product: DataProduct, actor: Person) -> None:
    publish_policy(policy=make_policy(product, "more", is_published=False), actor=actor, now=NOW)


def withdraw_a_forbid(product: DataProduct, actor: Person) -> None:
    policy = make_policy(product, "no-training", effect=Effect.FORBID, purposes=("ai.training",))
    withdraw_policy(policy=policy, actor=actor, now=NOW)


JUDGED = pytest.mark.parametrize("deed", [review, publish, withdraw_a_forbid])


def refused(deed: Callable[[DataProduct, Person], None], product: DataProduct, actor: Person) -> ForbiddenError:
    product.refresh_from_db()
    with pytest.raises(ForbiddenError) as refusal:
        deed(product, actor)
    return refusal.value


@JUDGED
@pytest.mark.parametrize("make_second", SECOND_ACCOUNTS.values(), ids=SECOND_ACCOUNTS)
@pytest.mark.parametrize("past", ["owns", "handed on", "lent and taken back", "steward"])
def test_a_second_account_never_judges_what_the_first_answers_for(
    deed: Callable[[DataProduct, Person], None], make_second: Callable[[], Person], past: str
) -> None:
    olga = make_olga()
    product = make_product(owner=make_owner() if past == "steward" else olga)
    if past == "steward":
        product.stewards.add(olga)
    if past in {"handed on", "lent and taken back"}:
        hand_on(product, make_owner())
    if past == "lent and taken back":
        hand_on(product, olga)
    assert refused(deed, product, make_second()).code == "four_eyes"


@JUDGED
@pytest.mark.parametrize("past", ["owns", "handed on", "steward", "steward before"])
def test_governance_never_judges_what_it_answers_for(deed: Callable[[DataProduct, Person], None], past: str) -> None:
    judge = make_person(None, *BOTH)
    product = make_product(owner=judge if past in {"owns", "handed on"} else make_owner())
    if past == "handed on":
        hand_on(product, make_owner())
    if past.startswith("steward"):
        product.stewards.add(judge)
    if past == "steward before":
        product.stewards.remove(judge)
    assert refused(deed, product, judge).code == "four_eyes"


@JUDGED
def test_an_account_without_an_address_never_judges(deed: Callable[[DataProduct, Person], None]) -> None:
    error = refused(deed, make_product(), make_person(None, PersonRole.GOVERNANCE, email=""))
    assert error.code == "identity_not_verifiable"
    assert "set_email" in error.remedy


@JUDGED
@pytest.mark.parametrize("others", ["none", "closed", "the same person", "without an address"])
def test_who_is_alone_in_governance_reads_what_to_do(deed: Callable[[DataProduct, Person], None], others: str) -> None:
    judge = make_person(None, *BOTH, email=ADDRESS)
    product = make_product(owner=judge)
    if others != "none":
        email = {"closed": None, "the same person": ADDRESS, "without an address": ""}[others]
        make_person(None, PersonRole.GOVERNANCE, email=email, is_active=others != "closed")
    assert "add_person USERNAME --email ADDRESS --role governance" in refused(deed, product, judge).remedy
    make_governance()
    assert "add_person" not in refused(deed, product, judge).remedy


@JUDGED
def test_another_person_of_governance_judges(deed: Callable[[DataProduct, Person], None]) -> None:
    deed(make_product(), make_governance())


@JUDGED
def test_who_owned_it_before_the_last_review_of_another_judges_again(deed: Callable[[DataProduct, Person], None]) -> None:
    judge = make_person(None, *BOTH)
    product = make_product(owner=judge)
    hand_on(product, make_owner())
    DataProduct.objects.filter(pk=product.pk).update(reviewed_at="2999-01-01T00:00:00Z", reviewed_by=make_governance())
    product.refresh_from_db()
    deed(product, judge)


def make_guardrail(**claims: Any) -> AccessPolicy:
    spec = {"purposes": ("ai.training",), "minimum_sensitivity": Sensitivity.CONFIDENTIAL, **claims}
    draft = draft_guardrail(claims=PolicyClaims(name="no-training", effect=Effect.FORBID, **spec), actor=None)
    return publish_policy(policy=draft, actor=None, now=NOW)


def draft_version(**claims: Any) -> AccessPolicy:
    spec = {"purposes": ("ai.training",), "minimum_sensitivity": Sensitivity.CONFIDENTIAL, **claims}
    return draft_guardrail(claims=PolicyClaims(name="no-training", effect=Effect.FORBID, **spec), actor=make_governance())


def in_force() -> list[int]:
    return list(AccessPolicy.objects.filter(product=None, status="published").values_list("version", flat=True))


def again(policy: AccessPolicy) -> AccessPolicy:
    return AccessPolicy.objects.get(pk=policy.pk)


LOOSER_GUARDRAILS: dict[str, dict[str, Any]] = {
    "another purpose": {"purposes": ("ai.evaluation",)},
    "a kind only": {"consumer_kinds": (ConsumerKind.AI_AGENT,)},
    "a domain only": {"domain": "testing"},
    "higher sensitivity": {"minimum_sensitivity": Sensitivity.RESTRICTED},
    "an end": {"expires_at": NOW + timedelta(days=1)},
}
STRICTER_GUARDRAILS: dict[str, dict[str, Any]] = {
    "one purpose more": {"purposes": ("ai.training", "ai.evaluation")},
    "all purposes": {"purposes": ()},
    "lower sensitivity": {"minimum_sensitivity": Sensitivity.INTERNAL},
    "whatever the sensitivity": {"minimum_sensitivity": None},
}


def test_no_guardrail_is_withdrawn_by_one_person() -> None:
    guardrail, gina, greg = make_guardrail(), make_governance(), make_governance()
    withdraw_policy(policy=guardrail, actor=gina, now=NOW)
    assert (in_force(), again(guardrail).requested_by) == ([1], gina)
    assert Notification.objects.filter(kind="guardrail.requested", person=greg).exists()
    with pytest.raises(ForbiddenError) as refusal:
        withdraw_policy(policy=again(guardrail), actor=gina, now=NOW)
    assert refusal.value.code == "four_eyes"
    withdraw_policy(policy=again(guardrail), actor=greg, now=NOW)
    assert in_force() == []


@pytest.mark.parametrize("make_second", SECOND_ACCOUNTS.values(), ids=SECOND_ACCOUNTS)
@pytest.mark.parametrize("deed", ["withdraw", "publish"])
def test_a_second_account_never_loosens_a_guardrail_after_the_first(make_second: Callable[[], Person], deed: str) -> None:
    guardrail, first = make_guardrail(), make_person(None, *BOTH, email=ADDRESS)
    make_governance()
    policy = guardrail if deed == "withdraw" else draft_version(minimum_sensitivity=Sensitivity.RESTRICTED)
    act = withdraw_policy if deed == "withdraw" else publish_policy
    act(policy=policy, actor=first, now=NOW)
    second = make_second()
    with pytest.raises(ForbiddenError) as refusal:
        act(policy=again(policy), actor=second, now=NOW)
    assert refusal.value.code == "four_eyes"
    assert in_force() == [1]


@pytest.mark.parametrize("claims", LOOSER_GUARDRAILS.values(), ids=LOOSER_GUARDRAILS)
def test_no_guardrail_is_replaced_by_a_looser_one_by_one_person(claims: dict[str, Any]) -> None:
    make_product()
    make_guardrail()
    looser, gina, greg = draft_version(**claims), make_governance(), make_governance()
    publish_policy(policy=looser, actor=gina, now=NOW)
    assert in_force() == [1]
    publish_policy(policy=again(looser), actor=greg, now=NOW)
    assert in_force() == [2]
    assert again(looser).requested_by is None


@pytest.mark.parametrize("claims", STRICTER_GUARDRAILS.values(), ids=STRICTER_GUARDRAILS)
def test_a_guardrail_that_forbids_more_takes_one_person(claims: dict[str, Any]) -> None:
    make_guardrail()
    publish_policy(policy=draft_version(**claims), actor=make_governance(), now=NOW)
    assert in_force() == [2]


def test_a_draft_that_changes_after_the_request_is_asked_for_again() -> None:
    make_guardrail()
    gina, greg = make_governance(), make_governance()
    looser = draft_version(minimum_sensitivity=Sensitivity.RESTRICTED)
    publish_policy(policy=looser, actor=gina, now=NOW)
    changed = draft_version(minimum_sensitivity=Sensitivity.RESTRICTED, purposes=("ai.evaluation",))
    assert (changed.pk, again(changed).requested_by) == (looser.pk, None)
    publish_policy(policy=again(changed), actor=greg, now=NOW)
    assert in_force() == [1]


def test_a_request_by_who_has_left_governance_counts_no_more() -> None:
    guardrail, gina, greg = make_guardrail(), make_governance(), make_governance()
    make_governance()
    withdraw_policy(policy=guardrail, actor=gina, now=NOW)
    gina.groups.clear()
    withdraw_policy(policy=again(guardrail), actor=greg, now=NOW)
    assert (in_force(), again(guardrail).requested_by) == ([1], greg)


@pytest.mark.parametrize("deed", ["withdraw", "publish"])
@pytest.mark.parametrize("who", ["the first", "another"])
def test_a_request_to_loosen_a_guardrail_counts_for_two_weeks(deed: str, who: str) -> None:
    """After that, the same step is a request of its own, whoever takes it; it never completes the old one."""
    guardrail, gina, greg = make_guardrail(), make_governance(), make_governance()
    policy = guardrail if deed == "withdraw" else draft_version(minimum_sensitivity=Sensitivity.RESTRICTED)
    act = withdraw_policy if deed == "withdraw" else publish_policy
    act(policy=policy, actor=gina, now=NOW)
    late = NOW + timedelta(days=14)
    first, second = (gina, greg) if who == "the first" else (greg, gina)
    act(policy=again(policy), actor=first, now=late)
    assert (in_force(), again(policy).requested_by, again(policy).requested_at) == ([1], first, late)
    notice = Notification.objects.filter(kind="guardrail.requested", person=second).latest("pk")
    assert f"The request of {gina.username} of {shown(NOW)} has expired" in notice.text
    act(policy=again(policy), actor=second, now=late + timedelta(days=14, seconds=-1))
    assert in_force() == ([] if deed == "withdraw" else [2])


def test_who_is_alone_never_withdraws_a_guardrail_and_the_operator_needs_nobody() -> None:
    guardrail, gina = make_guardrail(), make_governance()
    with pytest.raises(ForbiddenError) as refusal:
        withdraw_policy(policy=guardrail, actor=gina, now=NOW)
    assert "add_person USERNAME --email ADDRESS --role governance" in refusal.value.remedy
    withdraw_policy(policy=again(guardrail), actor=None, now=NOW)
    assert in_force() == []
