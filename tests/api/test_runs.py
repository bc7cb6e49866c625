"""Runs: asked for, listed, shown."""

from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pytest
from django.utils import timezone

from catalog.models import OutputPort
from catalog.rules.expectation import Expectation
from catalog.rules.vocabulary import Dimension, Lifecycle, Sensitivity
from catalog.services.products import deprecate_product, retire_product
from tests.api.callers import Cast, assert_problem
from tests.factories import make_governed_product, make_port, make_product
from tests.trust.builders import claim_new_run, evidence_for, make_ready_port, run_badly, run_well
from trust.evidence.rules.evidence import CheckEvidence
from trust.models import Run
from trust.verdicts.services.run_conclusion import complete_run
from trust.vocabulary import CheckStatus


@pytest.fixture
def port(cast: Cast) -> OutputPort:
    return make_ready_port(make_governed_product("orders", owner=cast.owner.person))


RUNS = "/api/v1/products/orders/runs"


def test_a_run_is_queued_and_its_address_given(cast: Cast, port: OutputPort) -> None:
    with patch("api.v1.views.runs.enqueue") as enqueue:
        response = cast.owner.post(RUNS)
    assert response.status_code == 202
    run = Run.objects.get()
    enqueue.assert_called_once_with([run.pk])
    assert response["Location"] == f"/api/v1/runs/{run.pk}"
    shown = cast.consumer.get(response["Location"]).json()
    assert (shown["product"], shown["port"], shown["status"]) == ("orders", "rows", "queued")
    assert (shown["requested_by"], shown["cause"], shown["evidence_status"]) == ("olga", "request", None)
    assert shown["check_results"] == []


def test_a_broker_that_is_away_loses_nothing(cast: Cast, port: OutputPort) -> None:
    with patch("celery.app.base.Celery.send_task", side_effect=ConnectionRefusedError("broker")):
        assert cast.owner.post(RUNS).status_code == 202
    assert Run.objects.get().status == "queued"


def test_asking_twice_gives_the_run_that_waits(cast: Cast, port: OutputPort) -> None:
    assert cast.owner.post(RUNS)["Location"] == cast.owner.post(RUNS)["Location"]
    assert Run.objects.count() == 1


def test_the_port_must_be_named_where_there_are_several(cast: Cast, port: OutputPort) -> None:
    make_ready_port(port.product, "returns")
    problem = assert_problem(cast.owner.post(RUNS), 400, "port_needed")
    assert "returns" in problem["remedy"]
    assert cast.owner.post(RUNS, {"port": "returns"}).json()["port"] == "returns"
    assert_problem(cast.owner.post(RUNS, {"port": "none"}), 404, "port_unknown")
    assert_problem(cast.owner.post(RUNS, {"prot": "rows"}), 400, "invalid")


def test_nothing_runs_without_port_suite_or_life(cast: Cast, port: OutputPort) -> None:
    make_product("empty", owner=cast.owner.person)
    assert_problem(cast.owner.post("/api/v1/products/empty/runs"), 400, "port_needed")
    make_port(make_product("bare", owner=cast.owner.person))
    assert_problem(cast.owner.post("/api/v1/products/bare/runs"), 409, "port_without_suite")
    deprecate_product(product=port.product, ends_at=None, actor=None, now=timezone.now())
    retire_product(product=port.product, actor=None, now=timezone.now())
    assert port.product.lifecycle == Lifecycle.RETIRED
    assert_problem(cast.owner.post(RUNS), 409, "product_retired")
    assert not Run.objects.exists()


def test_who_may_ask_for_a_run(cast: Cast, port: OutputPort) -> None:
    assert_problem(cast.nobody.post(RUNS), 401, "not_authenticated")
    assert_problem(cast.consumer.post(RUNS), 403, "scope_missing")
    assert_problem(cast.stranger.post(RUNS), 403, "forbidden")
    assert_problem(cast.auditor.post(RUNS), 403, "forbidden")
    assert not Run.objects.exists()
    assert cast.governance.post(RUNS).status_code == 202


def test_a_completed_run_shows_every_check_in_order(cast: Cast, port: OutputPort, django_assert_num_queries: Any) -> None:
    run_well(port, timezone.now(), failed=1)
    address = f"/api/v1/runs/{Run.objects.get().pk}"
    cast.consumer.get(address)
    with django_assert_num_queries(4):  # key, run, what the port keeps, check results
        run = cast.consumer.get(address).json()
    assert (run["status"], run["evidence_status"], run["rows"]) == ("completed", "failed", 3)
    assert [check["position"] for check in run["check_results"]] == [0, 1, 2, 3, 4]
    assert [check["status"] for check in run["check_results"]] == ["failed", "passed", "passed", "passed", "passed"]
    assert run["check_results"][0]["type"] == "expect_column_values_to_not_be_null"
    assert [column["name"] for column in run["columns"]] == ["id", "name"]


def test_what_was_classified_after_the_run_is_withheld(cast: Cast, port: OutputPort) -> None:
    claim = claim_new_run(port, timezone.now())
    found = evidence_for(Run.objects.get(id=claim.run_id), failed=1)
    first = replace(found.results[0], samples=("SECRET",))
    greatest = Expectation(
        "expect_column_max_to_be_between", {"column": "name", "max_value": "B"}, dimension=Dimension.VALIDITY
    )
    second = CheckEvidence(greatest, CheckStatus.FAILED, observed_value="SECRET", message="Observed SECRET; expected B.")
    complete_run(claim=claim, evidence=replace(found, results=(first, second, *found.results[2:])), now=timezone.now())
    run, trust = f"/api/v1/runs/{claim.run_id}", f"/api/v1/products/{port.product.slug}/trust?detail=full"
    page = f"/products/{port.product.slug}"
    assert all(b"SECRET" in cast.consumer.get(address).content for address in (run, trust))

    port.fields.update(sensitivity=Sensitivity.RESTRICTED)

    for address in (run, trust, page):
        assert b"SECRET" not in cast.consumer.get(address).content
    shown = cast.consumer.get(run).json()["check_results"][1]
    assert (shown["status"], shown["observed_value"], shown["message"]) == ("failed", "[redacted]", None)


def test_a_failed_run_says_why(cast: Cast, port: OutputPort) -> None:
    run_badly(port, timezone.now())
    run = cast.consumer.get(RUNS).json()["results"][0]
    assert (run["status"], run["evidence_status"], run["rows"]) == ("failed", None, None)
    assert set(run["failure"]) == {"code", "message", "remedy"}


def test_runs_are_listed_newest_first_in_pages(cast: Cast, port: OutputPort, django_assert_num_queries: Any) -> None:
    run_badly(port, timezone.now())
    run_well(port, timezone.now())
    run_well(make_ready_port(port.product, "returns"), timezone.now())
    found, path = [], f"{RUNS}?limit=1"
    while path:
        page = cast.consumer.get(path).json()
        found += [(run["port"], run["status"]) for run in page["results"]]
        path = page["next"]
    assert found == [("returns", "completed"), ("rows", "completed"), ("rows", "failed")]
    assert len(cast.consumer.get(f"{RUNS}?port=rows&status=failed").json()["results"]) == 1
    with django_assert_num_queries(3):  # key, product, runs
        cast.consumer.get(RUNS)


def test_runs_of_a_draft_are_not_shown_to_everybody(cast: Cast) -> None:
    port = make_ready_port(make_product("hidden", owner=cast.owner.person))
    run_well(port, timezone.now())
    address = f"/api/v1/runs/{Run.objects.get().pk}"
    assert_problem(cast.consumer.get(address), 404, "not_found")
    assert cast.owner.get(address).status_code == 200
