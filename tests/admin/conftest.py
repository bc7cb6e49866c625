"""Fixtures of the admin's tests. The clock stands still, three hours after what the factories did."""

from copy import deepcopy
from datetime import timedelta

import pytest

import config.urls  # noqa: F401  registers the pages, which some tests look through
from tests.admin.cast import Cast, World, make_cast
from tests.conftest import ModuleRows
from tests.factories import NOW, make_governed_product
from tests.trust.builders import make_ready_port, run_well
from trust.models import Run, Suite, Verdict


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    stop_clock(monkeypatch)


def stop_clock(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("django.utils.timezone.now", lambda: NOW + timedelta(hours=3))


@pytest.fixture(scope="module")
def module_cast(module_rows: ModuleRows) -> Cast:
    with module_rows(), pytest.MonkeyPatch.context() as patch:
        stop_clock(patch)
        return make_cast()


@pytest.fixture
def cast(module_cast: Cast, db: None) -> Cast:
    return deepcopy(module_cast)


@pytest.fixture(scope="module")
def module_world(module_rows: ModuleRows, module_cast: Cast) -> World:
    with module_rows(), pytest.MonkeyPatch.context() as patch:
        stop_clock(patch)
        return _make_world(module_cast)


@pytest.fixture
def world(module_world: World, db: None) -> World:
    return deepcopy(module_world)


def _make_world(cast: Cast) -> World:
    product = make_governed_product("sales", owner=cast.owner.person)
    product.stewards.add(cast.steward.person)
    port = make_ready_port(product, name="rows")
    verdict = run_well(port, NOW, failed=1)
    return World(
        product=product,
        port=port,
        suite=Suite.objects.get(port=port),
        run=Run.objects.get(port=port),
        verdict=Verdict.objects.get(pk=verdict.pk),
        policy=product.access_policies.get(),
    )
