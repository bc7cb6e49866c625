"""What a ruling would have rested on at a past moment, from the histories that triggers keep by the real clock."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from catalog.models import Agreement, Consumer, DataProduct, Person
from catalog.rules.vocabulary import AgreementStatus, ConsumerKind, Lifecycle, Sensitivity
from catalog.services.policies import withdraw_policy
from tests.factories import make_governed_product, make_policy
from tests.trust.logged import make_agent
from trust.clock import database_now
from trust.decisions.queries.policy_history import PastInputs, ruling_inputs_at

# Histories are dated by the beginning of the transaction, so each change must be one of its own.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def agent() -> Consumer:
    return make_agent("agent", clearance=Sensitivity.INTERNAL)


@pytest.fixture
def product() -> DataProduct:
    return make_governed_product("orders")


def inputs(agent: Consumer, product: DataProduct, at: datetime) -> PastInputs:
    return ruling_inputs_at(consumer_id=agent.pk, product_id=product.pk, purpose="analytics", at=at)


def test_consumer_and_product_are_those_of_the_moment(agent: Consumer, product: DataProduct) -> None:
    before = database_now()
    Consumer.objects.filter(pk=agent.pk).update(clearance=Sensitivity.RESTRICTED, kind=ConsumerKind.SERVICE)
    DataProduct.objects.filter(pk=product.pk).update(sensitivity=Sensitivity.CONFIDENTIAL)
    after = database_now()

    then, now = inputs(agent, product, before), inputs(agent, product, after)

    assert then.subject is not None
    assert (then.subject.slug, then.subject.kind, then.subject.clearance) == ("agent", "ai_agent", "internal")
    assert then.subject.owner == agent.owner.username
    assert then.resource is not None
    assert (then.resource.slug, then.resource.domain, then.resource.lifecycle) == ("orders", "testing", Lifecycle.PUBLISHED)
    assert (then.resource.sensitivity, then.resource.owner) == (Sensitivity.INTERNAL, product.owner.username)
    assert now.subject is not None
    assert (now.subject.kind, now.subject.clearance) == ("service", "restricted")
    assert now.resource is not None
    assert now.resource.sensitivity == "confidential"


def suspend(agent: Consumer) -> None:
    Consumer.objects.filter(pk=agent.pk).update(status="suspended")


def close_account(agent: Consumer) -> None:
    Person.objects.filter(pk=agent.owner_id).update(is_active=False)


@pytest.mark.parametrize("end", [suspend, close_account])
def test_a_consumer_was_active_until_it_or_its_owner_was_not(
    agent: Consumer, product: DataProduct, end: Callable[[Consumer], Any]
) -> None:
    before = database_now()
    end(agent)

    assert inputs(agent, product, before).is_active
    assert not inputs(agent, product, database_now()).is_active


def test_before_there_was_a_consumer_or_a_product_there_is_none(product: DataProduct) -> None:
    before = database_now()
    agent = make_agent()

    assert inputs(agent, product, before).subject is None
    assert not inputs(agent, product, before).is_active
    assert inputs(agent, product, before - timedelta(days=1)).resource is None


def test_policies_and_agreements_are_those_that_stood_then(agent: Consumer, product: DataProduct) -> None:
    start = database_now()
    extra = make_policy(product, "extra")
    agreement = Agreement.objects.create(
        consumer=agent,
        product=product,
        purpose="analytics",
        status=AgreementStatus.ACTIVE,
        reason="Needed.",
        requested_by=agent.owner,
        requested_at=start,
        starts_at=start,
        expires_at=start + timedelta(days=1),
        owner_approved_by=product.owner,
        owner_approved_at=start,
    )
    standing = database_now()
    withdraw_policy(policy=extra, actor=None, now=database_now())
    later = database_now()

    assert [policy.name for policy in inputs(agent, product, standing).policies] == ["readers", "extra"]
    assert [policy.name for policy in inputs(agent, product, later).policies] == ["readers"]
    assert inputs(agent, product, standing).agreement == agreement.pk
    assert inputs(agent, product, start - timedelta(seconds=1)).agreement is None
    assert inputs(agent, product, start + timedelta(days=2)).agreement is None
