"""Trials: the last decisions ruled on again with a draft in the place of its predecessor, and who may ask for one."""

from dataclasses import asdict, replace
from typing import Any

import pytest

from catalog.cedar import CLEARANCE_RULE, name_of, rule
from catalog.models import AccessPolicy, Consumer, DataProduct
from catalog.queries import policies_in_force
from catalog.rules.claims import PolicyClaims
from catalog.rules.errors import ForbiddenError, InvalidError
from catalog.rules.ruling import AskedFor, Resource, Subject
from catalog.rules.vocabulary import ConsumerKind, Effect, Lifecycle, Sensitivity
from catalog.services.policies import claims_of_policy, draft_guardrail, draft_policy
from tests.factories import NOW, make_auditor, make_governance, make_owner, make_policy, make_product
from tests.trust.logged import log_decision, make_agent
from trust.decisions.services.policy_trials import Trial, try_policy
from trust.models import Decision

pytestmark = pytest.mark.django_db


def log(
    product: DataProduct, consumer: Consumer, *, score: float = 90.0, purpose: str = "analytics", **columns: Any
) -> Decision:
    """A logged decision as the policies in force rule it."""
    subject = Subject(consumer.slug, ConsumerKind(consumer.kind), Sensitivity(consumer.clearance), consumer.owner.username)
    level = Sensitivity(product.sensitivity or "restricted")
    resource = Resource(product.slug, product.domain.slug, level, Lifecycle(product.lifecycle), product.owner.username)
    policies = policies_in_force([product.pk], NOW)[product.pk]
    ruling = rule(subject, resource, AskedFor(purpose, score, is_production_grade=True), policies)
    logged = {
        "request": ruling.request,
        "policies": [asdict(name_of(policy)) for policy in (CLEARANCE_RULE, *policies)],
        "determining": [asdict(name) for name in ruling.determining],
        "is_permitted": ruling.is_permitted,
        "reasons": [asdict(reason) for reason in ruling.reasons],
        "agreement": None,
    }
    given = {
        "decision": ruling.is_permitted,
        "production_grade": True,
        "verdict": "production_grade",
        "reason_codes": [reason.code for reason in ruling.reasons],
    }
    return log_decision(product, consumer, **{"purpose": purpose, "ruling": logged, **given, **columns})


def stricter(policy: AccessPolicy, **changes: Any) -> AccessPolicy:
    """A draft of the next version."""
    claims = replace(claims_of_policy(policy), **changes)
    if policy.product is None:
        return draft_guardrail(claims=claims, actor=None)
    return draft_policy(product=policy.product, claims=claims, actor=None)


def tried(policy: AccessPolicy, last: int = 1000) -> Trial:
    return try_policy(policy=policy, last=last, actor=None)


def test_a_draft_takes_the_place_of_its_predecessor() -> None:
    product, agent = make_product(), make_agent("robot")
    policy = make_policy(product, minimum_score=70)
    good, poor = log(product, agent, score=95), log(product, agent, score=75)
    draft = stricter(policy, minimum_score=80)

    trial = tried(draft)

    assert (trial.tried, trial.same, trial.newly_denied, trial.newly_permitted, trial.skipped) == (2, 1, 1, 0, 0)
    (changed,) = trial.changed
    assert (changed.decision_id, changed.consumer, changed.purpose) == (poor.pk, "robot", "analytics")
    assert (changed.was, changed.would_be) == (True, False)
    assert "at least 80; it is 75" in changed.why
    assert good.pk != changed.decision_id


def test_a_wider_draft_would_permit_what_was_denied() -> None:
    product = make_product()
    policy = make_policy(product)
    denied = log(product, make_agent(), purpose="ai.retrieval")
    trial = tried(stricter(policy, purposes=("analytics", "ai.retrieval")))
    assert [(one.decision_id, one.was, one.would_be, one.why) for one in trial.changed] == [
        (denied.pk, False, True, "Permitted by readers v2.")
    ]
    assert trial.newly_permitted == 1


def test_a_decision_that_something_else_denies_stays_a_no() -> None:
    product = make_product()
    policy = make_policy(product)
    log(product, make_agent(), purpose="ai.retrieval", production_grade=False, verdict="unknown")
    log(product, make_agent(), purpose="ai.retrieval", reason_codes=["purpose_not_permitted", "subject_inactive"])
    trial = tried(stricter(policy, purposes=("analytics", "ai.retrieval")))
    assert (trial.tried, trial.same, trial.permission_only, trial.changed) == (2, 2, 2, ())


def test_other_policies_hold_as_they_held_then() -> None:
    product = make_product()
    policy = make_policy(product)
    make_policy(product, "never", effect=Effect.FORBID, purposes=("ai.training",))
    log(product, make_agent(), purpose="ai.training")
    trial = tried(stricter(policy, purposes=("analytics", "ai.training")))
    assert (trial.same, trial.changed) == (1, ())


def test_a_new_policy_and_a_forbid_are_tried_beside_what_there_was() -> None:
    product = make_product()
    make_policy(product)
    log(product, make_agent())
    forbid = make_policy(product, "stop", is_published=False, effect=Effect.FORBID)
    (changed,) = tried(forbid).changed
    assert (changed.would_be, "stop v1 forbids" in changed.why) == (False, True)


def test_a_guardrail_is_tried_on_the_decisions_about_every_product() -> None:
    sales, people = make_product(domain="Sales"), make_product(domain="People")
    for product in (sales, people):
        make_policy(product)
        log(product, make_agent())
    draft = draft_guardrail(claims=PolicyClaims("no-people", domain="people"), actor=None)
    trial = tried(draft)
    assert (trial.tried, [one.product for one in trial.changed]) == (2, [people.slug])


def test_only_the_last_decisions_with_a_purpose_about_the_product_are_tried(django_assert_num_queries: Any) -> None:
    product, other = make_product(), make_product()
    policy = make_policy(product)
    for _ in range(3):
        newest = log(product, make_agent())
    log_decision(product, make_agent(), purpose=None)
    log(other, make_agent())
    draft = stricter(policy, purposes=("ai.retrieval",))
    with django_assert_num_queries(4):
        trial = tried(draft, last=2)
    assert (trial.tried, trial.newly_denied, trial.changed[0].decision_id) == (2, 2, newest.pk)


def test_a_decision_whose_log_does_not_hold_a_request_is_told_as_skipped() -> None:
    product = make_product()
    policy = make_policy(product)
    log(product, make_agent(), ruling={"is_permitted": False, "reasons": [], "policies": []})
    assert (tried(policy).skipped, tried(policy).tried) == (1, 0)


def test_owners_try_their_own_drafts_and_governance_all() -> None:
    policy = make_policy(make_product(), is_published=False)
    guardrail = draft_guardrail(claims=PolicyClaims("g"), actor=None)
    assert policy.product is not None
    assert try_policy(policy=policy, last=1, actor=policy.product.owner).tried == 0
    assert try_policy(policy=policy, last=1, actor=make_governance()).tried == 0
    assert try_policy(policy=guardrail, last=1, actor=make_governance()).tried == 0
    for actor, refused in [(make_owner(), policy), (make_auditor(), policy), (policy.product.owner, guardrail)]:
        with pytest.raises(ForbiddenError):
            try_policy(policy=refused, last=1, actor=actor)


@pytest.mark.parametrize("last", [0, -1, 10_001])
def test_a_trial_has_a_limit(last: int) -> None:
    with pytest.raises(InvalidError, match="1 to 10,000"):
        tried(make_policy(make_product()), last)
