"""What every list of the admin costs in queries: the same for one row as for five, and no more than is pinned here.

A list that is registered and not pinned fails: it says here what it costs, and `rows.py` makes rows for it.
"""

from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.db.models import Model
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.admin.cast import Cast, Visitor
from tests.admin.rows import add_rows

# Of a member of governance. Session, user and permissions are 3 of them. A smaller number is an improvement: write it down.
PINS: dict[str, int] = {
    "catalog.apikey": 8,
    "catalog.accesspolicy": 9,
    "catalog.agreement": 8,
    "catalog.consumer": 9,
    "catalog.contract": 10,
    "catalog.dataproduct": 11,
    "catalog.delivery": 6,
    "catalog.domain": 7,
    "catalog.notification": 6,
    "catalog.outputport": 8,
    "catalog.person": 10,
    "catalog.purpose": 7,
    "catalog.usecase": 8,
    "trust.decision": 9,
    "trust.erasure": 5,
    "trust.export": 6,
    "trust.incident": 8,
    "trust.ledgerbatch": 8,
    "trust.ledgercheck": 6,
    "trust.outputexception": 8,
    "trust.readiness": 6,
    "trust.recall": 6,
    "trust.run": 6,
    "trust.signingkey": 7,
    "trust.stagemove": 8,
    "trust.suite": 6,
    "trust.trustpolicyversion": 8,
    "trust.verdict": 6,
    "trust.waiver": 9,
}


def label(model: type[Model]) -> str:
    return model._meta.label_lower


def listed(visitor: Visitor, model: type[Model]) -> tuple[int, int, list[str]]:
    """How many rows the list shows, and the queries of the second look: the first may judge what is stale."""
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    visitor.client.get(address)
    with CaptureQueriesContext(connection) as captured:
        response = visitor.client.get(address)
    assert response.status_code == 200, address
    return len(response.context["cl"].result_list), len(captured), [query["sql"] for query in captured]


def costs(visitor: Visitor) -> dict[str, tuple[int, int]]:
    return {label(model): listed(visitor, model)[:2] for model in admin.site._registry}


def test_every_list_has_a_pin_and_every_pin_a_list() -> None:
    assert set(PINS) == {label(model) for model in admin.site._registry}


def test_every_list_costs_the_same_for_one_row_as_for_five_and_what_is_pinned(
    cast: Cast, tmp_path: Path, settings: Any
) -> None:
    visitor = cast.governance
    settings.TOUCHSTONE = settings.TOUCHSTONE.model_copy()
    add_rows(1, tmp_path)
    one = costs(visitor)
    for number in range(2, 6):
        add_rows(number, tmp_path)
    five = costs(visitor)
    grown = {name: (one[name][0], five[name][0]) for name in five if five[name][0] < one[name][0] + 4}
    assert grown == {}, "rows.py makes no rows for these lists"
    assert {name: (one[name][1], five[name][1]) for name in five if five[name][1] != one[name][1]} == {}
    assert {name: queries for name, (_, queries) in five.items()} == PINS


def test_a_list_that_looks_something_up_for_each_row_would_be_found(
    cast: Cast, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from trust.models import Incident  # noqa: PLC0415

    settings.TOUCHSTONE = settings.TOUCHSTONE.model_copy()
    add_rows(1, tmp_path)
    incidents = admin.site.get_model_admin(Incident)
    monkeypatch.setattr(incidents, "list_display", [*incidents.list_display, lambda row: row.product.domain.name])
    few = listed(cast.governance, Incident)[1]
    add_rows(2, tmp_path)
    assert listed(cast.governance, Incident)[1] > few
