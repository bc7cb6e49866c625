"""The promises of DESIGN.md section 3, tried on thousands of products: what must never happen, whatever the facts."""

import os
from collections import defaultdict
from dataclasses import replace
from datetime import datetime, timedelta
from math import floor

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from catalog.rules.vocabulary import Dimension
from runtime.checks import ALL_CASES
from tests.trust.verdicts.rules.factories import HOUR, INSTANT, NOW, POLICY, make_product, make_waiver, with_run
from tests.trust.verdicts.rules.strategies import any_order, check_results, narrow_products, products, trust_policies
from trust.evidence.rules.facts import CheckFacts, PortFacts, RunFacts
from trust.verdicts.rules.codec import canonical, dump_facts, dump_outcome, load_facts, load_outcome
from trust.verdicts.rules.facts import ProductFacts, UpstreamFacts
from trust.verdicts.rules.judge import judge
from trust.verdicts.rules.outcome import Outcome
from trust.verdicts.rules.trust_policy import TrustPolicy
from trust.vocabulary import CheckStatus, GateName, GateStatus, Part, VerdictStatus

RANKS = {GateStatus.PASSED: 2, GateStatus.OFF: 2, GateStatus.UNKNOWN: 1, GateStatus.FAILED: 0}
PROFILE = settings(
    max_examples=int(os.environ.get("TOUCHSTONE_EXAMPLES", "100" if ALL_CASES in os.environ else "50")),
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)


def assert_no_better(after: Outcome, before: Outcome) -> None:
    """Neither a number nor a gate nor the verdict of `after` is better than that of `before`."""
    assert after.raw_score <= before.raw_score
    assert after.score <= before.score
    assert after.effective_score <= before.effective_score
    assert after.verdict.rank <= before.verdict.rank
    for old, new in zip(before.gates, after.gates, strict=True):
        assert RANKS[new.status] <= RANKS[old.status], (old, new)
        assert RANKS[new.waived_from or new.status] <= RANKS[old.waived_from or old.status], (old, new)


def with_checks_of_port(facts: ProductFacts, index: int, checks: tuple[CheckFacts, ...]) -> ProductFacts:
    port = facts.ports[index]
    assert port.latest_run is not None
    changed = replace(port, latest_run=replace(port.latest_run, checks=checks))
    return replace(facts, ports=(*facts.ports[:index], changed, *facts.ports[index + 1 :]))


def drawn_run(data: st.DataObject, facts: ProductFacts) -> tuple[int, RunFacts]:
    """The index of a port that has a run, and its run."""
    indexes = [index for index, port in enumerate(facts.ports) if port.latest_run is not None]
    assume(indexes)
    index = data.draw(st.sampled_from(indexes))
    run = facts.ports[index].latest_run
    assert run is not None
    return index, run


@PROFILE
@given(products() | narrow_products(), trust_policies(), check_results(status=CheckStatus.FAILED), st.data())
def test_adding_a_failing_check_never_makes_anything_better(
    facts: ProductFacts, policy: TrustPolicy, check: CheckFacts, data: st.DataObject
) -> None:
    index, run = drawn_run(data, facts)
    check = replace(check, key="a-check-that-nobody-waived")
    worse = with_checks_of_port(facts, index, (*run.checks, check))
    assert_no_better(judge(worse, policy, NOW), judge(facts, policy, NOW))


@PROFILE
@given(products() | narrow_products(), trust_policies(), st.data())
def test_a_check_that_falls_never_makes_anything_better(facts: ProductFacts, policy: TrustPolicy, data: st.DataObject) -> None:
    """A check that passed now fails. One that erred is left alone: then at least it could be looked at."""
    index, run = drawn_run(data, facts)
    assume(any(check.status is CheckStatus.PASSED for check in run.checks))
    victim = data.draw(st.sampled_from([check for check in run.checks if check.status is CheckStatus.PASSED]))
    fallen = replace(victim, status=CheckStatus.FAILED, unexpected_count=0, element_count=1000, key="fallen")
    facts = with_checks_of_port(facts, index, tuple(replace(c, key="fallen") if c is victim else c for c in run.checks))
    worse = with_checks_of_port(facts, index, tuple(fallen if c is victim else c for c in run.checks))
    assert_no_better(judge(worse, policy, NOW), judge(facts, policy, NOW))


@PROFILE
@given(products() | narrow_products(), trust_policies(), st.data())
def test_deleting_a_check_never_raises_the_score_when_its_dimension_empties(
    facts: ProductFacts, policy: TrustPolicy, data: st.DataObject
) -> None:
    """The raw score always; the capped one for required dimensions, as the gate `coverage` then keeps the cap on."""
    index, run = drawn_run(data, facts)
    by_dimension: dict[Dimension, list[CheckFacts]] = defaultdict(list)
    for check in run.checks:
        by_dimension[check.dimension].append(check)
    alone = sorted(checks[0].id for checks in by_dimension.values() if len(checks) == 1)
    assume(alone)
    name = data.draw(st.sampled_from(alone))
    gone = next(check for check in run.checks if check.id == name and len(by_dimension[check.dimension]) == 1)
    poorer = with_checks_of_port(facts, index, tuple(check for check in run.checks if check is not gone))
    before, after = judge(facts, policy, NOW), judge(poorer, policy, NOW)
    assert after.raw_score <= before.raw_score
    coverage = after.gate(GateName.COVERAGE)
    if gone.dimension in policy.required_dimensions and coverage.status is not GateStatus.OFF and not coverage.waiver_id:
        assert after.score <= before.score
        assert after.effective_score <= before.effective_score


def telling_moments(facts: ProductFacts) -> list[datetime]:
    """The moments that the facts name, as far as they are not over, and some others."""
    named = [
        time for port in facts.ports if port.latest_run for time in (port.latest_run.data_time, port.latest_run.started_at)
    ]
    named += [time for waiver in facts.waivers for time in (waiver.starts_at, waiver.expires_at)]
    named += [upstream.valid_until for upstream in facts.upstreams]
    others = [NOW + timedelta(minutes=minutes) for minutes in (0, 7, 600, 1500, 3000, 10**5, 10**6)]
    return sorted({time for time in named if time is not None and time >= NOW} | set(others))


@PROFILE
@given(products(), trust_policies(), st.data())
def test_time_alone_never_makes_anything_better(facts: ProductFacts, policy: TrustPolicy, data: st.DataObject) -> None:
    moments = st.sampled_from(telling_moments(facts))
    earlier, later = sorted([data.draw(moments), data.draw(moments) + data.draw(st.sampled_from([timedelta(0), INSTANT]))])
    assert_no_better(judge(facts, policy, later), judge(facts, policy, earlier))


@pytest.mark.parametrize(
    "facts",
    [
        make_product(policies=(), waivers=(make_waiver(GateName.POLICY, starts_at=NOW + HOUR),)),
        with_run(data_time=NOW + HOUR),
        with_run(started_at=NOW + HOUR, finished_at=NOW + HOUR),
        make_product(reviewed_at=NOW + HOUR),
        make_product(acknowledged_at=NOW + HOUR),
    ],
)
def test_waiting_for_what_has_not_begun_makes_nothing_better(facts: ProductFacts) -> None:
    before = judge(facts, POLICY, NOW)
    assert before.verdict is not VerdictStatus.PRODUCTION_GRADE
    for hours in (1, 2, 20, 40):
        assert_no_better(judge(facts, POLICY, NOW + hours * HOUR), before)


def fallen(upstream: UpstreamFacts, data: st.DataObject) -> UpstreamFacts:
    """The same input in a state that is no better."""
    worse = [verdict for verdict in VerdictStatus if upstream.verdict and verdict.rank <= upstream.verdict.rank]
    score = upstream.effective_score
    return replace(
        upstream,
        verdict=data.draw(st.sampled_from(worse)) if worse else None,
        effective_score=None if score is None else data.draw(st.sampled_from([score, score / 2, 0.0])),
        cause="It fell.",
    )


@PROFILE
@given(products(), trust_policies(), st.data())
def test_the_fall_of_an_upstream_never_makes_a_downstream_better(
    facts: ProductFacts, policy: TrustPolicy, data: st.DataObject
) -> None:
    assume(facts.upstreams)
    worse = replace(facts, upstreams=tuple(fallen(upstream, data) for upstream in facts.upstreams))
    assert_no_better(judge(worse, policy, NOW), judge(facts, policy, NOW))


@PROFILE
@given(products(), trust_policies(), st.data())
def test_the_same_facts_in_any_order_give_the_same_bytes(facts: ProductFacts, policy: TrustPolicy, data: st.DataObject) -> None:
    shuffled = any_order(data.draw, facts)
    assert dump_facts(shuffled) == dump_facts(facts)
    assert dump_outcome(judge(shuffled, policy, NOW)) == dump_outcome(judge(facts, policy, NOW))


@PROFILE
@given(products(), trust_policies())
def test_stored_facts_and_outcomes_come_back_equal(facts: ProductFacts, policy: TrustPolicy) -> None:
    assert load_facts(dump_facts(facts)) == canonical(facts)
    outcome = judge(facts, policy, NOW)
    assert load_outcome(dump_outcome(outcome)) == outcome
    assert dump_outcome(judge(load_facts(dump_facts(facts)), policy, NOW)) == dump_outcome(outcome)


@PROFILE
@given(products(), trust_policies(), st.integers(0, 60 * 24 * 100), st.floats(0, 1))
def test_an_answer_holds_until_its_valid_until(facts: ProductFacts, policy: TrustPolicy, minutes: int, share: float) -> None:
    now = NOW + timedelta(minutes=minutes if minutes % 2 else 0)
    answer = judge(facts, policy, now)
    assert now < answer.valid_until <= now + policy.maximum_validity
    for moment in (now + (answer.valid_until - now) * share, answer.valid_until - INSTANT):
        later = judge(facts, policy, min(moment, answer.valid_until - INSTANT))
        assert replace(later, judged_at=now, valid_until=answer.valid_until) == answer


def by_hand(outcome: Outcome, policy: TrustPolicy) -> float:
    """The raw score from nothing but the returned contributions."""
    means: dict[Dimension, list[float]] = defaultdict(list)
    for contribution in outcome.dimensions:
        counted = [check for check in contribution.checks if check.is_counted]
        weight = sum(check.weight for check in counted)
        mean = sum(check.weight * check.freshness * check.value for check in counted) / weight if weight else 0.0
        assert mean == pytest.approx(contribution.measure)
        means[contribution.dimension].append(mean)
    weights = policy.required_dimensions
    quality = sum(weight * sum(means[name]) / len(means[name]) for name, weight in weights.items() if means[name])
    points = 0.0
    for part in outcome.parts:
        terms = [term.measure for term in part.terms]
        measure = part.measure
        if part.part is Part.QUALITY and weights:
            measure = quality / sum(weights.values())
        elif part.part is Part.RELIABILITY:
            measure = min(terms, default=0.0)
        elif part.part is not Part.QUALITY:
            measure = sum(terms) / len(terms) if terms else 0.0
        assert measure == pytest.approx(part.measure)
        assert part.points == pytest.approx(part.weight * measure)
        points += part.weight * measure
    return points


@PROFILE
@given(products(), trust_policies())
def test_the_score_can_be_recomputed_by_hand(facts: ProductFacts, policy: TrustPolicy) -> None:
    outcome = judge(facts, policy, NOW)
    assert abs(by_hand(outcome, policy) - outcome.raw_score) <= 0.05 + 1e-9
    open_gates = [gate for gate in outcome.gates if gate.status in {GateStatus.FAILED, GateStatus.UNKNOWN}]
    assert outcome.score == (min(outcome.raw_score, policy.capped_score) if open_gates else outcome.raw_score)
    assert 0 <= outcome.effective_score <= outcome.score <= outcome.raw_score <= 100


def test_the_good_product_recomputed_by_hand_is_exact() -> None:
    outcome = judge(make_product(), POLICY, NOW)
    assert floor(by_hand(outcome, POLICY) * 10 + 0.5) / 10 == outcome.raw_score == 97.6


def proves_something(port: PortFacts) -> bool:
    run = port.latest_run
    return run is not None and any(check.status in {CheckStatus.PASSED, CheckStatus.SKIPPED} for check in run.checks)


@PROFILE
@given(products(), trust_policies())
def test_nothing_is_production_grade_without_evidence(facts: ProductFacts, policy: TrustPolicy) -> None:
    outcome = judge(facts, policy, NOW)
    if not facts.ports or not all(proves_something(port) for port in facts.ports):
        assert outcome.verdict is not VerdictStatus.PRODUCTION_GRADE
    statuses = {gate.status for gate in outcome.gates}
    assert outcome.is_production_grade is (statuses <= {GateStatus.PASSED, GateStatus.OFF})
    assert bool(outcome.failing_path) is not outcome.is_production_grade
    assert outcome.failing_path[:1] in {(), (facts.slug,)}


@PROFILE
@given(products(), trust_policies())
def test_every_gate_answers_completely(facts: ProductFacts, policy: TrustPolicy) -> None:
    for gate in judge(facts, policy, NOW).gates:
        assert gate.message.endswith(".")
        assert len(gate.message) < 900
        assert bool(gate.remedy and gate.responsible) is (gate.code not in {"ok", "off"})
        assert (gate.code == "off") is (gate.gate not in policy.gates)
        assert (gate.waiver_id is not None) is (gate.waived_from is not None)
