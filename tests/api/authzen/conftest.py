"""The cast of AuthZEN's tests: an enforcement point, an agent, a model, and the products that they ask about."""

from collections.abc import Collection
from copy import deepcopy
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.utils import timezone

from catalog.models import Consumer, DataProduct
from catalog.rules.scopes import Scope
from catalog.rules.vocabulary import ConsumerKind, Sensitivity
from catalog.services.api_keys import create_key_of
from tests.api.authzen.client import EnforcementPoint
from tests.conftest import ModuleRows
from tests.factories import make_consumer, make_governed_product, make_owner, make_policy, make_use_case
from tests.trust.builders import make_ready_port, run_well

PURPOSE = "ai.decision-support"


def enforcement_point_of(consumer: Consumer, scopes: Collection[str] = (Scope.DECIDE,)) -> EnforcementPoint:
    """A client with a new key of the consumer."""
    _, key = create_key_of(consumer=consumer, actor=None, name="test", scopes=scopes, now=timezone.now())
    return EnforcementPoint(key)


def make_good_product(slug: str, *, purposes: tuple[str, ...] = (PURPOSE,), **claims: object) -> DataProduct:
    """A production-grade product that everybody with the clearance may use for these purposes."""
    product = make_governed_product(slug, owner=make_owner(), **claims)
    make_policy(product, "deciders", purposes=purposes, obligations=("human_review",))
    run_well(make_ready_port(product), timezone.now() - timedelta(hours=1))
    return product


@dataclass(frozen=True)
class Rows:
    """What the tests of a module share. Each test gets copies."""

    gateway: Consumer
    agent: Consumer
    model: Consumer
    pep: EnforcementPoint
    orders: DataProduct


@pytest.fixture(scope="module")
def module_authzen(module_rows: ModuleRows) -> Rows:
    with module_rows():
        return _make_rows()


def _make_rows() -> Rows:
    gateway = make_consumer("gateway", kind=ConsumerKind.SERVICE, is_enforcement_point=True)
    make_use_case("planning", business_owner=gateway.owner)
    return Rows(
        gateway=gateway,
        agent=make_consumer("flight-planner", kind=ConsumerKind.AI_AGENT),
        model=make_consumer("delay-model", kind=ConsumerKind.AI_MODEL, clearance=Sensitivity.PUBLIC),
        pep=enforcement_point_of(gateway),
        orders=make_good_product("orders"),
    )


@pytest.fixture
def gateway(module_authzen: Rows, db: None) -> Consumer:
    """A service that enforces decisions for others."""
    return deepcopy(module_authzen.gateway)


@pytest.fixture
def agent(module_authzen: Rows, db: None) -> Consumer:
    return deepcopy(module_authzen.agent)


@pytest.fixture
def model(module_authzen: Rows, db: None) -> Consumer:
    return deepcopy(module_authzen.model)


@pytest.fixture
def pep(module_authzen: Rows, db: None) -> EnforcementPoint:
    return EnforcementPoint(module_authzen.pep.key)


@pytest.fixture
def orders(module_authzen: Rows, db: None) -> DataProduct:
    return deepcopy(module_authzen.orders)
