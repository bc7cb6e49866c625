"""Guardrails, raw Cedar, and what is in force when: who may, what is refused, and what the history keeps."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.utils import timezone

from catalog.models import AccessPolicy, Domain, PolicyStatus
from catalog.queries import policies_by_id, policies_in_force
from catalog.rules.claims import PolicyClaims
from catalog.rules.errors import ForbiddenError, InvalidError
from catalog.rules.vocabulary import Effect, Sensitivity
from catalog.services.policies import claims_of_policy, draft_guardrail, draft_policy, publish_policy, raw_text, withdraw_policy
from catalog.services.products import update_product
from tests.factories import NOW, make_auditor, make_governance, make_owner, make_policy, make_product, product_claims
from trust.clock import database_now

pytestmark = pytest.mark.django_db
TRAINING = PolicyClaims("no-training", minimum_sensitivity=Sensitivity.RESTRICTED, purposes=("ai.training",))
RAW = 'permit (principal, action, resource == Touchstone::DataProduct::"orders")\nwhen { principal.owner == resource.owner };'


def make_guardrail(claims: PolicyClaims = TRAINING, *, is_published: bool = True) -> AccessPolicy:
    draft = draft_guardrail(claims=claims, actor=None)
    return publish_policy(policy=draft, actor=None, now=NOW) if is_published else draft


def names_in_force(*products: Any, at: Any = NOW) -> list[list[str]]:
    found = policies_in_force([product.pk for product in products], at)
    return [[policy.name for policy in found[product.pk]] for product in products]


def test_governance_drafts_publishes_and_withdraws_a_guardrail_and_the_history_says_who() -> None:
    governance, other = make_governance(), make_governance()
    draft = draft_guardrail(claims=TRAINING, actor=governance)
    assert (draft.product, draft.effect, draft.status, draft.version) == (None, "forbid", "draft", 1)
    assert "resource.sensitivity >= 3" in draft.cedar
    publish_policy(policy=draft, actor=governance, now=NOW)
    second = draft_guardrail(claims=replace(TRAINING, purposes=("ai.training", "ai.evaluation")), actor=governance)
    publish_policy(policy=second, actor=governance, now=NOW)
    draft.refresh_from_db()
    assert (draft.status, second.version) == ("withdrawn", 2)
    withdraw_policy(policy=second, actor=other, now=NOW)
    withdraw_policy(policy=second, actor=governance, now=NOW)
    events = AccessPolicy.pgh_event_model.objects.filter(pgh_obj_id=second.pk).order_by("pgh_id")  # type: ignore[attr-defined]
    deeds = [(event.pgh_context.metadata["action"], event.pgh_context.metadata["actor"]) for event in events]
    assert deeds == [
        ("draft_guardrail", governance.username),
        ("publish_guardrail", governance.username),
        ("request_guardrail_change", other.username),
        ("withdraw_guardrail", governance.username),
    ]


def test_nobody_but_governance_touches_a_guardrail() -> None:
    guardrail, draft = make_guardrail(), make_guardrail(replace(TRAINING, name="other"), is_published=False)
    for actor in (make_owner(), make_auditor()):
        for deed in (
            lambda actor=actor: draft_guardrail(claims=TRAINING, actor=actor),
            lambda actor=actor: publish_policy(policy=draft, actor=actor, now=NOW),
            lambda actor=actor: withdraw_policy(policy=guardrail, actor=actor, now=NOW),
            lambda actor=actor: withdraw_policy(policy=draft, actor=actor, now=NOW),
        ):
            with pytest.raises(ForbiddenError, match="governance"):
                deed()
    guardrail.refresh_from_db()
    assert (guardrail.status, AccessPolicy.objects.count()) == ("published", 2)


@pytest.mark.parametrize(
    ("claims", "field"),
    [
        (replace(TRAINING, effect=Effect.PERMIT), "effect"),
        (replace(TRAINING, domain="nowhere"), "domain"),
        (replace(TRAINING, purposes=("fun",)), "purposes"),
        (replace(TRAINING, obligations=("human_review",)), "obligations"),
        (replace(TRAINING, agreement_required=True), "agreement_required"),
        (PolicyClaims("raw", cedar="permit(principal, action, resource);"), "cedar"),
        (PolicyClaims("raw", cedar="forbid(principal, action, resource);", purposes=("ai.training",)), "purposes"),
        (PolicyClaims("raw", cedar="forbid(principal, action, resource);", domain="testing"), "domain"),
        (PolicyClaims("raw", cedar='@id("0") forbid(principal, action, resource);'), "cedar"),
    ],
)
def test_a_guardrail_that_cannot_hold_is_refused(claims: PolicyClaims, field: str) -> None:
    make_product()
    with pytest.raises(InvalidError) as refusal:
        draft_guardrail(claims=claims, actor=None)
    assert refusal.value.field == field
    assert not AccessPolicy.objects.exists()


def test_the_database_refuses_a_guardrail_that_permits_and_a_policy_in_force_without_cedar() -> None:
    guardrail = make_guardrail(is_published=False)
    for change in ("effect = 'permit'", "status = 'published', cedar = ''"):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE catalog_accesspolicy SET {change} WHERE id = %s", [guardrail.pk])


@pytest.mark.parametrize("change", ["cedar = 'permit(principal, action, resource);'", "domain_id = NULL", "obligations = '[]'"])
def test_the_database_refuses_to_change_what_rules(change: str) -> None:
    domain = make_product().domain
    guardrail = make_guardrail(replace(TRAINING, domain=domain.slug, name="g"))
    policy = make_policy(make_product(), obligations=("human_review",))
    pk = policy.pk if "obligations" in change else guardrail.pk
    with pytest.raises(ProgrammingError), connection.cursor() as cursor:
        cursor.execute(f"UPDATE catalog_accesspolicy SET {change} WHERE id = %s", [pk])


@pytest.mark.parametrize("table", ["catalog_domain", "catalog_dataproduct"])
def test_a_slug_that_cedar_text_names_never_changes(table: str) -> None:
    make_product()
    with pytest.raises(ProgrammingError), connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET slug = 'elsewhere'")


def test_governance_writes_raw_cedar_for_a_product() -> None:
    product = make_product("orders")
    draft = draft_policy(product=product, claims=PolicyClaims("mine", cedar=RAW), actor=make_governance())
    assert (draft.is_raw, draft.effect, raw_text(draft)) == (True, "permit", RAW)
    assert draft.cedar.startswith('@id("orders/mine/v1")\n@name("mine v1")\n')
    assert draft_policy(product=product, claims=claims_of_policy(draft), actor=None).pk == draft.pk
    published = publish_policy(policy=draft, actor=None, now=NOW)
    assert published.status == PolicyStatus.PUBLISHED
    (policy,) = policies_in_force([product.pk], NOW)[product.pk]
    assert (policy.is_raw, policy.effect) == (True, Effect.PERMIT)


def test_an_owner_may_not_write_raw_cedar() -> None:
    product = make_product("orders")
    with pytest.raises(ForbiddenError, match="raw Cedar"):
        draft_policy(product=product, claims=PolicyClaims("mine", cedar=RAW), actor=product.owner)


@pytest.mark.parametrize(
    ("cedar", "words"),
    [
        (
            "permit(principal, action, resource);",
            "bound to its data product by `resource == Touchstone::DataProduct",
        ),
        (RAW.replace('"orders"', '"clicks"'), "bound to its data product"),
        (RAW.replace("==", "in", 1), "bound to its data product"),
        (f"{RAW}\n{RAW}", "2 policies"),
        (f"{RAW} permit(principal, action, resource);", "2 policies"),
        (RAW.replace("principal.owner", "principal.boss"), "attribute `boss`"),
        (RAW.replace("Touchstone", "Other"), "bound to its data product|unrecognized entity type"),
        ('@name("readers v1")' + RAW, "Leave out @name"),
        ("permit(", "Cedar cannot read"),
    ],
)
def test_raw_cedar_that_is_not_one_policy_of_the_product_is_refused_with_every_fault(cedar: str, words: str) -> None:
    with pytest.raises(InvalidError) as refusal:
        draft_policy(product=make_product("orders"), claims=PolicyClaims("mine", cedar=cedar), actor=None)
    assert (refusal.value.code, refusal.value.field) == ("invalid_cedar", "cedar")
    assert any(part in " ".join(refusal.value.details) for part in words.split("|"))


def test_a_product_policy_cannot_reach_beyond_its_product() -> None:
    product = make_product("orders")
    with pytest.raises(InvalidError, match="guardrail"):
        make_policy(product, domain=product.domain.slug)
    with pytest.raises(InvalidError, match="guardrail"):
        make_policy(product, minimum_sensitivity=Sensitivity.PUBLIC)


def test_obligations_and_the_agreement_are_kept_as_they_were_written() -> None:
    policy = make_policy(
        make_product(), obligations=({"type": "delete_after", "days": 30}, "human_review"), agreement_required=True
    )
    assert policy.obligations == [{"type": "delete_after", "days": 30}, "human_review"]
    assert "when { context.agreement }" in policy.cedar
    assert claims_of_policy(policy).agreement_required


def test_guardrails_are_in_force_where_domain_and_sensitivity_match() -> None:
    restricted = make_product(domain="People", sensitivity=Sensitivity.RESTRICTED)
    unclassified = make_product(domain="Sales", sensitivity=None)
    open_data = make_product(domain="People", sensitivity=Sensitivity.PUBLIC)
    make_guardrail()
    make_guardrail(PolicyClaims("people", domain="people"))
    make_guardrail(PolicyClaims("everywhere"))
    make_policy(open_data)
    for_all = names_in_force(restricted, unclassified, open_data, at=timezone.now())
    assert for_all == [
        ["no-training", "people", "everywhere"],
        ["no-training", "everywhere"],
        ["people", "everywhere", "readers"],
    ]


def test_what_was_in_force_at_a_past_moment_is_still_known(django_assert_num_queries: Any) -> None:
    product = make_product()
    first = make_policy(product, expires_at=NOW + timedelta(days=30))
    later = NOW + timedelta(days=1)
    second = draft_policy(product=product, claims=replace(claims_of_policy(first), minimum_score=80), actor=None)
    publish_policy(policy=second, actor=None, now=later)
    withdraw_policy(policy=second, actor=None, now=later + timedelta(days=1))
    moments = [NOW - timedelta(seconds=1), NOW, later, later + timedelta(days=1)]
    with django_assert_num_queries(len(moments)):
        found = [[policy.version for policy in policies_in_force([product.pk], at)[product.pk]] for at in moments]
    assert found == [[], [1], [2], []]
    assert policies_by_id([first.pk, second.pk]).keys() == {first.pk, second.pk}


def test_a_policy_that_has_expired_is_not_in_force() -> None:
    product = make_product()
    make_policy(product, expires_at=NOW + timedelta(days=1))
    assert names_in_force(product, at=NOW + timedelta(days=1)) == [[]]


@pytest.mark.django_db(transaction=True)
def test_a_guardrail_is_in_force_for_a_moment_where_it_bound_the_product_as_it_was_then() -> None:
    product = make_product(sensitivity=Sensitivity.PUBLIC)
    make_guardrail()
    moments = [database_now()]
    for sensitivity in (Sensitivity.RESTRICTED, Sensitivity.INTERNAL):
        claims = product_claims(product.slug, product.owner.username, sensitivity=sensitivity)
        update_product(product=product, claims=claims, actor=None)
        moments.append(database_now())
    assert [names_in_force(product, at=moment) for moment in moments] == [[[]], [["no-training"]], [[]]]


def test_a_domain_may_still_change_its_name() -> None:
    domain = make_product().domain
    domain.name = "Renamed"
    domain.save()
    assert Domain.objects.get(pk=domain.pk).name == "Renamed"
