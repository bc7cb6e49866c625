from datetime import timedelta

import pytest

from catalog.models import DataProduct
from catalog.rules.vocabulary import Lifecycle
from tests.factories import NOW
from tests.trust.builders import make_ready_port, make_suite, run_badly, run_well
from trust.evidence.services.runs import request_run
from trust.evidence.services.suites import queue_due_runs
from trust.models import Run

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def test_a_port_that_never_ran_is_due_at_once() -> None:
    port = make_ready_port(schedule="P1D")

    queued = queue_due_runs(now=NOW)

    run = Run.objects.get()
    assert (queued, run.port, run.cause, run.requested_by) == ([run.id], port, "schedule", None)


def test_a_port_is_due_one_interval_after_its_last_run_was_asked_for_also_when_that_failed() -> None:
    run_well(make_ready_port(schedule="PT1H"))
    run_badly(make_ready_port(schedule="PT1H"))

    assert queue_due_runs(now=NOW + HOUR - timedelta(seconds=1)) == []
    assert len(queue_due_runs(now=NOW + HOUR)) == 2


def test_cron_lines_are_followed_in_utc() -> None:
    due = (NOW + 5 * HOUR).replace(minute=30, second=0)
    run_well(make_ready_port(schedule=f"30 {due.hour} * * *"))

    assert queue_due_runs(now=due - timedelta(seconds=1)) == []
    assert len(queue_due_runs(now=due)) == 1


def test_a_port_whose_run_is_queued_or_under_way_gets_no_second_one() -> None:
    request_run(port=make_ready_port(schedule="PT1H"), actor=None, now=NOW - 5 * HOUR)

    assert queue_due_runs(now=NOW) == []


@pytest.mark.parametrize("lifecycle", [Lifecycle.DRAFT, Lifecycle.RETIRED])
def test_products_that_nobody_may_use_are_not_run(lifecycle: Lifecycle) -> None:
    port = make_ready_port(schedule="PT1H")
    DataProduct.objects.filter(id=port.product_id).update(lifecycle=lifecycle)

    assert queue_due_runs(now=NOW) == []


def test_a_suite_without_a_schedule_runs_on_request_only() -> None:
    make_ready_port()

    assert queue_due_runs(now=NOW) == []


def test_a_schedule_that_cannot_be_followed_does_not_hold_up_the_others() -> None:
    port = make_ready_port()
    run_well(port)
    make_suite(port, schedule="every full moon")
    due = make_ready_port(schedule="PT1H")

    queue_due_runs(now=NOW)

    assert Run.objects.get(status="queued").port == due
