"""Until when an answer holds: each thing that can change it by itself, and the moment at which it does."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from catalog.rules.vocabulary import Cadence, Lifecycle
from tests.trust.verdicts.rules.factories import (
    DAY,
    HOUR,
    INSTANT,
    NOW,
    POLICY,
    make_policy,
    make_product,
    make_run,
    make_upstream,
    make_waiver,
    outcome_of,
    with_port,
    with_run,
)
from trust.verdicts.rules.facts import ProductFacts
from trust.verdicts.rules.freshness import boundaries, remaining_share
from trust.vocabulary import GateName, GateStatus

CALM = replace(with_port(cadence=Cadence.STATIC, latest_run=make_run(started_at=NOW)), upstreams=())
EVIDENCE_ENDS = NOW + 36 * HOUR


@pytest.mark.parametrize(
    ("facts", "until"),
    [
        (CALM, EVIDENCE_ENDS),
        (replace(with_port(latest_run=None), upstreams=()), NOW + 30 * DAY),
        (replace(with_port(latest_run=make_run(started_at=NOW)), upstreams=()), NOW + 22 * HOUR),
        (replace(CALM, reviewed_at=NOW - 364 * DAY), NOW + DAY),
        (replace(CALM, acknowledged_at=NOW - 179 * DAY), NOW + DAY),
        (replace(CALM, policies=(make_policy(expires_at=NOW + HOUR),)), NOW + HOUR),
        (replace(CALM, lifecycle=Lifecycle.DEPRECATED, deprecation_ends_at=NOW + HOUR), NOW + HOUR),
        (replace(CALM, upstreams=(make_upstream(valid_until=NOW + HOUR),)), NOW + HOUR),
        (replace(CALM, waivers=(make_waiver(GateName.POLICY, expires_at=NOW + HOUR),)), NOW + HOUR),
        (replace(CALM, waivers=(make_waiver(GateName.POLICY, starts_at=NOW + HOUR),)), NOW + HOUR),
        (replace(CALM, waivers=(make_waiver(GateName.POLICY, starts_at=NOW - 89 * DAY, expires_at=NOW + 9 * DAY),)), NOW + DAY),
        (with_run(started_at=NOW - 36 * HOUR, data_time=NOW), NOW + INSTANT),
        (with_run(started_at=NOW - 36 * HOUR - INSTANT, data_time=NOW), NOW + 0.36 * HOUR - INSTANT),
    ],
)
def test_an_answer_names_the_first_moment_at_which_it_could_change(facts: ProductFacts, until: datetime) -> None:
    assert outcome_of(facts).valid_until == until


def test_nothing_holds_longer_than_the_policy_allows() -> None:
    assert outcome_of(CALM, maximum_validity=HOUR).valid_until == NOW + HOUR


def test_facts_that_miss_the_start_of_a_waiver_are_to_be_read_again_at_once() -> None:
    facts = replace(CALM, known_at=NOW - HOUR, waivers=(make_waiver(GateName.POLICY, starts_at=NOW - HOUR / 2),))
    assert outcome_of(facts).valid_until == NOW + INSTANT
    assert outcome_of(facts).waivers == ()
    assert outcome_of(replace(facts, known_at=NOW)).waivers == facts.waivers


@pytest.mark.parametrize(
    ("offset", "status"),
    [(timedelta(0), GateStatus.PASSED), (28 * DAY - INSTANT, GateStatus.PASSED), (28 * DAY, GateStatus.FAILED)],
)
def test_a_waiver_ends_at_its_expiry(offset: timedelta, status: GateStatus) -> None:
    facts = make_product(policies=(), waivers=(make_waiver(GateName.POLICY),))
    assert outcome_of(facts, NOW + offset).gate(GateName.POLICY).status is status


@pytest.mark.parametrize(
    ("age", "share"),
    [(0, 1.0), (100, 1.0), (101, 0.99), (150, 0.5), (150.5, 0.49), (199, 0.01), (199.5, 0.0), (200, 0.0), (999, 0.0)],
)
def test_a_share_falls_in_steps_of_a_hundredth(age: float, share: float) -> None:
    assert remaining_share(timedelta(hours=age), timedelta(hours=100)) == share


def test_a_span_of_nothing_leaves_no_time_to_fall_in() -> None:
    assert remaining_share(timedelta(0), timedelta(0)) == 1
    assert remaining_share(INSTANT, timedelta(0)) == 0


@pytest.mark.parametrize("span", [timedelta(hours=36), timedelta(days=1, microseconds=1), timedelta(microseconds=3)])
def test_the_share_is_lower_right_after_each_boundary_and_not_before(span: timedelta) -> None:
    now, seen = NOW, 0
    while upcoming := [time for time in boundaries(NOW, span, now) if time >= now]:
        last = min(upcoming)
        assert remaining_share(last - NOW, span) == remaining_share(now - NOW, span)
        assert remaining_share(last + INSTANT - NOW, span) <= remaining_share(now - NOW, span)
        now, seen = last + INSTANT, seen + 1
        assert seen < 110
    assert remaining_share(now - NOW, span) == 0
    assert POLICY.maximum_validity == 30 * DAY
