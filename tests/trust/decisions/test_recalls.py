"""Recalls in the database: who is named, who is told, and that a kill in the middle neither loses nor repeats anything."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from catalog.models import DataProduct, Delivery, Notification, OutputPort
from tests.factories import NOW, make_governance
from tests.trust.builders import make_ready_port, run_well
from tests.trust.logged import log_decision, make_agent
from trust.decisions.services import recall_notices
from trust.decisions.services.recall_notices import carry_out_recalls
from trust.models import CurrentVerdict, Decision, Recall, RecalledConsumer, Verdict
from trust.verdicts.services.judging import ensure_current, judge_stale
from trust.verdicts.services.trust_policies import publish_trust_policy

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
T = NOW + 10 * MINUTE


@pytest.fixture
def port() -> OutputPort:
    """Of a product that is production-grade since ten minutes before T."""
    made = make_ready_port()
    run_well(made, NOW)
    return made


def fall(port: OutputPort, at: datetime) -> Verdict:
    return run_well(port, at, failed=1)


def rise(port: OutputPort, at: datetime) -> Verdict:
    return run_well(port, at)


def told(kind: str) -> list[str]:
    return sorted(Notification.objects.filter(kind=kind).values_list("consumer__slug", flat=True))


def test_a_fall_names_whoever_got_a_yes_and_tells_each_of_them_once(port: OutputPort) -> None:
    agent, other = make_agent("agent", contact_email="agent@example.org"), make_agent("other")
    denied, elsewhere, past = make_agent("denied"), make_agent("elsewhere"), make_agent("past")
    first, second = log_decision(port.product, agent, T - DAY), log_decision(port.product, agent, purpose="ai.evaluation")
    only = log_decision(port.product, other, purpose=None)
    log_decision(port.product, denied, decision=False)
    log_decision(make_ready_port().product, elsewhere)
    log_decision(port.product, past, question={"as_of": "2026-01-01T00:00:00Z"})
    fallen = fall(port, T)

    assert carry_out_recalls(now=T + 4 * MINUTE) == 0
    assert not RecalledConsumer.objects.exists()
    assert carry_out_recalls(now=T + 5 * MINUTE) == 1
    assert carry_out_recalls(now=T + 50 * MINUTE) == 0

    recall = Recall.objects.get()
    assert (recall.status, recall.fallen_verdict, recall.sent_at) == ("sent", fallen, T + 5 * MINUTE)
    named = {row.consumer.slug: (row.decision_ids, row.decision_count, row.purposes) for row in recall.consumers.all()}
    assert named == {
        "agent": ([second.id, first.id], 2, ["ai.evaluation", "analytics"]),
        "other": ([only.id], 1, []),
    }
    assert told("recall.fallen") == ["agent", "other"]
    notice = Notification.objects.get(consumer=agent)
    assert notice.payload["decision_ids"] == [second.id, first.id]
    assert notice.payload["cause"]
    assert f"decisions {second.id}, {first.id}" in notice.text
    assert Delivery.objects.filter(notification=notice, target="agent@example.org").exists()


def test_a_recovery_is_told_once_to_those_who_were_named(port: OutputPort) -> None:
    log_decision(port.product, make_agent("agent"))
    fall(port, T)
    carry_out_recalls(now=T + 5 * MINUTE)
    risen = rise(port, T + 20 * MINUTE)

    assert carry_out_recalls(now=T + 24 * MINUTE) == 0
    assert carry_out_recalls(now=T + 25 * MINUTE) == 1
    assert carry_out_recalls(now=T + 90 * MINUTE) == 0

    recall = Recall.objects.get()
    assert (recall.status, recall.recovered_verdict, recall.recovered_at) == ("recovered", risen, T + 20 * MINUTE)
    assert recall.closed_at is not None
    assert told("recall.recovered") == ["agent"]


def test_a_product_that_flaps_within_the_damping_time_tells_nobody(port: OutputPort) -> None:
    log_decision(port.product, make_agent())
    for minute in range(0, 30, 4):
        fall(port, T + minute * MINUTE)
        carry_out_recalls(now=T + (minute + 1) * MINUTE)
        rise(port, T + (minute + 2) * MINUTE)
        carry_out_recalls(now=T + (minute + 3) * MINUTE)

    assert set(Recall.objects.values_list("status", flat=True)) == {"damped"}
    assert not Notification.objects.exists()


def test_a_fall_that_was_over_before_the_worker_came_is_told_and_then_its_recovery(port: OutputPort) -> None:
    log_decision(port.product, make_agent("agent"))
    fall(port, T)
    rise(port, T + 40 * MINUTE)

    assert carry_out_recalls(now=T + 41 * MINUTE) == 1
    assert (told("recall.fallen"), told("recall.recovered")) == (["agent"], [])
    assert carry_out_recalls(now=T + 44 * MINUTE) == 0
    assert carry_out_recalls(now=T + 45 * MINUTE) == 1
    assert carry_out_recalls(now=T + 200 * MINUTE) == 0
    assert (told("recall.fallen"), told("recall.recovered")) == (["agent"], ["agent"])
    assert Recall.objects.get().status == "recovered"


def test_after_a_relapse_only_those_are_told_who_came_in_between(port: OutputPort) -> None:
    agent, newcomer = make_agent("agent"), make_agent("newcomer")
    log_decision(port.product, agent)
    fall(port, T)
    carry_out_recalls(now=T + 5 * MINUTE)
    rise(port, T + 20 * MINUTE)
    log_decision(port.product, newcomer, T + 21 * MINUTE)
    again = log_decision(port.product, agent, T + 21 * MINUTE)
    fall(port, T + 22 * MINUTE)

    assert carry_out_recalls(now=T + 26 * MINUTE) == 0
    assert carry_out_recalls(now=T + 27 * MINUTE) == 1
    assert carry_out_recalls(now=T + 28 * MINUTE) == 0

    recall = Recall.objects.get()
    assert recall.status == "sent"
    assert told("recall.fallen") == ["agent", "newcomer"]
    assert again.id in recall.consumers.get(consumer=agent).decision_ids
    assert told("recall.recovered") == []


def test_a_second_fall_after_recovery_is_another_recall(port: OutputPort) -> None:
    log_decision(port.product, make_agent("agent"))
    for hours in (0, 1):
        fall(port, T + 60 * hours * MINUTE)
        carry_out_recalls(now=T + (60 * hours + 5) * MINUTE)
        rise(port, T + (60 * hours + 20) * MINUTE)
        carry_out_recalls(now=T + (60 * hours + 25) * MINUTE)

    assert list(Recall.objects.values_list("status", flat=True)) == ["recovered", "recovered"]
    assert told("recall.fallen") == told("recall.recovered") == ["agent", "agent"]


def test_window_and_damping_are_the_trust_policys(port: OutputPort) -> None:
    agent, early = make_agent("agent"), make_agent("early")
    log_decision(port.product, agent, T - DAY)
    log_decision(port.product, early, T - 3 * DAY)
    publish_trust_policy(
        changes={"recall_window": "P2D", "recall_damping": "PT0S"}, note="Tell at once.", actor=make_governance(), now=T
    )
    fall(port, T)

    assert carry_out_recalls(now=T) == 1
    assert told("recall.fallen") == ["agent"]


def test_a_verdict_that_runs_out_is_a_fall_with_its_cause(port: OutputPort) -> None:
    log_decision(port.product, make_agent("agent"))
    over = CurrentVerdict.objects.get(product=port.product).valid_until
    assert over is not None
    judge_stale(now=over + MINUTE)

    assert carry_out_recalls(now=over + 6 * MINUTE) == 1
    recall = Recall.objects.get()
    assert (recall.fallen_verdict.verdict, recall.fallen_verdict.cause) == ("unknown", "time passed")
    assert "evidence expires after 36 hours" in Notification.objects.get().payload["cause"]


def test_a_fall_downstream_is_a_recall_of_its_own(port: OutputPort) -> None:
    downstream = make_ready_port()
    downstream.product.input_ports.create(upstream=port.product)
    run_well(downstream, T - 5 * MINUTE)
    ensure_current([downstream.product_id], T - 5 * MINUTE)
    log_decision(downstream.product, make_agent("agent"))
    fall(port, T)
    judge_stale(now=T)

    carry_out_recalls(now=T + 5 * MINUTE)

    assert set(Recall.objects.values_list("product", flat=True)) == {port.product_id, downstream.product_id}
    assert told("recall.fallen") == ["agent"]


def test_a_product_that_was_never_good_has_nothing_to_recall() -> None:
    made = make_ready_port()
    fall(made, T)
    fall(made, T + MINUTE)

    assert not Recall.objects.exists()


def test_a_change_that_brings_it_back_is_seen_before_anybody_is_told(port: OutputPort) -> None:
    log_decision(port.product, make_agent())
    DataProduct.objects.filter(id=port.product_id).update(purpose="")
    ensure_current([port.product_id], T)
    assert Recall.objects.get().status == "fallen"
    DataProduct.objects.filter(id=port.product_id).update(purpose="To be tested.")
    CurrentVerdict.objects.filter(product_id=port.product_id).update(invalidated_at=T + 2 * MINUTE)

    assert carry_out_recalls(now=T + 6 * MINUTE) == 0
    assert Recall.objects.get().status == "damped"
    assert not Notification.objects.exists()


class KilledError(ValueError):
    """Stands for a process that ends here: nothing after this point happens, and its transaction is lost."""


@pytest.mark.parametrize("step", ["notify", "keep_state"])
def test_killed_in_the_middle_a_recall_is_carried_out_at_the_next_turn(
    port: OutputPort, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("agent", "other"):
        log_decision(port.product, make_agent(name))
    fall(port, T)
    calls: list[int] = []
    real: Callable[..., Any] = getattr(recall_notices, step)

    def killed(*args: Any, **kwargs: Any) -> Any:
        calls.append(1)
        if len(calls) == (2 if step == "notify" else 1):
            raise KilledError
        return real(*args, **kwargs)

    monkeypatch.setattr(recall_notices, step, killed)
    assert carry_out_recalls(now=T + 5 * MINUTE) == 0
    assert (Recall.objects.get().status, RecalledConsumer.objects.count(), Notification.objects.count()) == ("fallen", 0, 0)

    assert carry_out_recalls(now=T + 6 * MINUTE) == 1
    assert told("recall.fallen") == ["agent", "other"]


def test_the_newest_decisions_are_kept_and_all_are_counted(port: OutputPort, monkeypatch: pytest.MonkeyPatch) -> None:
    agent = make_agent()
    made = [log_decision(port.product, agent).id for _ in range(5)]
    monkeypatch.setattr(recall_notices, "MOST_DECISION_IDS", 2)

    (found,) = recall_notices.who_relied(port.product_id, since=T - DAY, until=T + DAY)

    assert (found.decision_count, found.decision_ids) == (5, (made[4], made[3]))
    assert Decision.objects.count() == 5


@pytest.mark.django_db(transaction=True)
def test_workers_that_carry_out_the_same_recall_at_once_tell_everybody_once() -> None:
    made = make_ready_port()
    run_well(made, NOW)
    for name in ("agent", "other"):
        log_decision(made.product, make_agent(name))
    fall(made, T)

    def turn(_: int) -> int:
        try:
            return carry_out_recalls(now=T + 5 * MINUTE)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(turn, range(4)))

    assert sum(done) == 1
    assert told("recall.fallen") == ["agent", "other"]
