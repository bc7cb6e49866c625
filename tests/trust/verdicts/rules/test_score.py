"""The score by hand: every formula of DESIGN.md section 3 with numbers that a person can check."""

from dataclasses import replace
from fractions import Fraction
from itertools import chain, combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.rules.vocabulary import Dimension, Severity
from tests.trust.verdicts.rules.factories import (
    DAY,
    HOUR,
    NOW,
    POLICY,
    failing,
    make_check,
    make_port,
    make_product,
    make_run,
    make_upstream,
    outcome_of,
    past_runs,
    with_checks,
    with_port,
    with_run,
)
from trust.evidence.rules.facts import CheckFacts
from trust.verdicts.rules.facts import ProductFacts
from trust.verdicts.rules.outcome import DimensionContribution, PartContribution
from trust.verdicts.rules.quality import lowest_mean
from trust.verdicts.rules.score import grade_of, one_decimal, reliability_of, wilson_lower_bound
from trust.vocabulary import CheckStatus, Grade, Part, VerdictStatus


def part_of(facts: ProductFacts, part: Part) -> PartContribution:
    return next(found for found in outcome_of(facts).parts if found.part is part)


def validity_of(*checks: CheckFacts, age_hours: float = 1) -> DimensionContribution:
    """q_d of validity where these are its only checks."""
    kept = (check for check in make_run().checks if check.dimension is not Dimension.VALIDITY)
    facts = with_run(checks=(*kept, *checks), started_at=NOW - HOUR * age_hours)
    return next(found for found in outcome_of(facts).dimensions if found.dimension is Dimension.VALIDITY)


PASSED = make_check(key="passed", id="passed")
WARNING = failing(severity=Severity.WARNING, key="warning")
INFO = failing(severity=Severity.INFO, key="info", unexpected_count=500)


@pytest.mark.parametrize(
    ("checks", "measure"),
    [
        ((), 0),
        ((PASSED,), 1),
        ((failing(),), 0),
        ((PASSED, failing()), 5 / 10),
        ((PASSED, failing(status=CheckStatus.ERROR)), 5 / 10),
        ((PASSED, failing(status=CheckStatus.SKIPPED)), 5 / 10),
        ((PASSED, failing(status=CheckStatus.ERROR, severity=Severity.INFO)), 5 / 6),
        ((PASSED, WARNING), (5 + 2 * 0.45) / 7),
        ((PASSED, INFO), (5 + 0.25) / 6),
        ((PASSED, WARNING, INFO), (5 + 2 * 0.45 + 0.25) / 8),
        ((PASSED, replace(WARNING, missing_count=500)), (5 + 2 * 0.4) / 7),
        ((PASSED, replace(WARNING, element_count=None, unexpected_count=None)), 5 / 7),
        ((PASSED, replace(WARNING, element_count=0, unexpected_count=0)), 5 / 7),
        ((WARNING,), 0),
        ((failing(key="worse"), WARNING), 0),
    ],
)
def test_the_quality_of_a_dimension(checks: tuple[CheckFacts, ...], measure: float) -> None:
    assert validity_of(*checks).measure == pytest.approx(measure)


def test_a_half_credited_check_that_would_raise_the_mean_is_listed_and_left_out() -> None:
    found = validity_of(failing(key="worse", id="worse"), replace(WARNING, id="warning"))
    assert {check.check_id: check.is_counted for check in found.checks} == {"worse": True, "warning": False}
    assert next(check for check in found.checks if not check.is_counted).note.startswith("left out")


def test_a_check_that_cannot_fail_counts_for_nothing() -> None:
    vacuous = replace(make_check(Dimension.VOLUME, kwargs={"min_value": 0}, key="vacuous"), dimension=Dimension.VALIDITY)
    found = validity_of(vacuous, failing())
    assert found.measure == 0
    assert "cannot fail" in next(check for check in found.checks if check.key == "vacuous").note


@pytest.mark.parametrize(("age_hours", "measure"), [(36, 1), (36.36, 0.99), (54, 0.5), (71.9, 0), (72, 0), (720, 0)])
def test_passes_fade_with_the_age_of_their_run(age_hours: float, measure: float) -> None:
    assert validity_of(PASSED, age_hours=age_hours).measure == measure


@given(
    st.lists(st.tuples(st.sampled_from([1, 2, 5]), st.sampled_from([Fraction(0), Fraction(1)])), max_size=4),
    st.lists(st.tuples(st.sampled_from([1, 2, 5]), st.fractions(0, Fraction(1, 2))), max_size=6),
)
def test_the_greedy_choice_is_the_lowest_of_all_choices(
    settled: list[tuple[int, Fraction]], half: list[tuple[int, Fraction]]
) -> None:
    half.sort(key=lambda pair: pair[1])
    mean, used = lowest_mean(settled, half)
    choices = chain.from_iterable(combinations(half, size) for size in range(len(half) + 1))
    every = [
        sum((w * v for w, v in [*settled, *chosen]), Fraction(0)) / sum(w for w, _ in [*settled, *chosen])
        for chosen in choices
        if settled
    ]
    assert mean == min(every, default=Fraction(0))
    assert 0 <= used <= len(half)


@pytest.mark.parametrize(
    ("successes", "total", "bound"),
    [(0, 0, 0), (0, 5, 0), (1, 1, 0.2065), (19, 20, 0.7639), (20, 20, 0.8389), (10, 20, 0.2993)],
)
def test_wilson_lower_bound(successes: int, total: int, bound: float) -> None:
    assert wilson_lower_bound(successes, total) == pytest.approx(bound, abs=5e-5)


def test_only_the_latest_runs_of_the_window_count() -> None:
    assert reliability_of(past_runs(5, 2), 2) == 0
    assert reliability_of(past_runs(2, 0), 20) == Fraction(wilson_lower_bound(2, 2))


def test_a_product_is_as_reliable_as_its_weakest_port() -> None:
    facts = make_product(ports=(make_port(), make_port("items", past_runs=past_runs(10, 10))))
    assert part_of(facts, Part.RELIABILITY).measure == pytest.approx(wilson_lower_bound(10, 20))


@pytest.mark.parametrize(("age", "measure"), [(24, 1), (36, 0.5), (48, 0), (100, 0)])
def test_data_freshness_falls_after_its_service_level(age: float, measure: float) -> None:
    assert part_of(with_run(data_time=NOW - age * HOUR), Part.FRESHNESS).measure == measure


def test_coverage_is_the_mean_of_dimensions_and_critical_fields() -> None:
    found = part_of(with_checks(without=Dimension.UNIQUENESS), Part.COVERAGE)
    assert {term.name: term.measure for term in found.terms} == {"orders: dimensions": 0.8, "orders: critical fields": 1.0}
    assert found.measure == pytest.approx(0.9)


def test_governance_is_the_mean_of_six_shares() -> None:
    facts = replace(make_product(), has_purpose=False, reviewed_at=None, policies=(), acknowledged_at=None)
    found = part_of(facts, Part.GOVERNANCE)
    assert found.measure == pytest.approx((1 + 0 + 2 / 3 + 0 + 1 + 0) / 6)


def test_an_empty_port_is_felt() -> None:
    facts = make_product(ports=(make_port(), make_port("items", latest_run=None, past_runs=())))
    measures = {part.part: part.measure for part in outcome_of(facts).parts}
    assert (measures[Part.QUALITY], measures[Part.RELIABILITY], measures[Part.COVERAGE]) == (0.5, 0, 0.5)


def test_a_dimension_that_is_not_required_is_listed_with_weight_0() -> None:
    facts = with_checks(failing(Dimension.ACCURACY, Severity.WARNING))
    found = next(d for d in outcome_of(facts).dimensions if d.dimension is Dimension.ACCURACY)
    assert (found.weight, len(found.checks)) == (0, 1)
    assert outcome_of(facts).raw_score == outcome_of(make_product()).raw_score


def test_tolerances_stand_beside_results() -> None:
    tolerant = make_check(key="tolerant", kwargs={"column": "size", "mostly": 0.9})
    found = validity_of(tolerant)
    assert [(check.tolerance, check.column) for check in found.checks] == [(0.9, "size")]


@pytest.mark.parametrize(
    ("score", "grade"),
    [(100, "A"), (90, "A"), (89.9, "B"), (80, "B"), (79.9, "C"), (70, "C"), (69.9, "D"), (60, "D"), (59.9, "F"), (0, "F")],
)
def test_grades(score: float, grade: str) -> None:
    assert grade_of(score) is Grade(grade)


@pytest.mark.parametrize(("number", "rounded"), [("83.45", 83.5), ("83.449", 83.4), ("99.95", 100), ("0.04", 0)])
def test_rounding_is_half_up_to_one_decimal(number: str, rounded: float) -> None:
    assert one_decimal(Fraction(number)) == rounded


def test_an_open_gate_caps_the_score_and_the_grade() -> None:
    outcome = outcome_of(make_product(has_purpose=False))
    assert (outcome.score, outcome.grade, outcome.raw_score) == (59, Grade.F, 96.7)


def test_the_cap_does_not_raise_a_low_score() -> None:
    outcome = outcome_of(with_port(latest_run=None, past_runs=()))
    assert outcome.score == outcome.raw_score == 15


@pytest.mark.parametrize(
    ("changes", "effective", "limited_by"),
    [
        ({}, 90.0, "parts"),
        ({"effective_score": 99.0}, 97.6, None),
        ({"is_required": False, "effective_score": 10.0}, 97.6, None),
        ({"verdict": VerdictStatus.UNKNOWN, "effective_score": 42.0}, 42.0, "parts"),
        ({"verdict": None, "effective_score": None}, 0.0, "parts"),
        ({"valid_until": NOW - DAY}, 0.0, "parts"),
        ({"is_cycle": True}, 0.0, "parts"),
    ],
)
def test_the_effective_score_is_held_down_by_required_inputs(
    changes: dict[str, Any], effective: float, limited_by: str | None
) -> None:
    outcome = outcome_of(make_product(upstreams=(make_upstream(**changes),)))
    assert (outcome.effective_score, outcome.limited_by) == (effective, limited_by)


def test_an_empty_table_that_may_be_empty_can_be_production_grade() -> None:
    skipped = tuple(replace(check, status=CheckStatus.SKIPPED) for check in make_run().checks)
    outcome = outcome_of(with_port(allows_empty=True, latest_run=make_run(rows=0, checks=skipped)))
    assert outcome.verdict is VerdictStatus.PRODUCTION_GRADE
    assert outcome.raw_score == outcome_of(make_product()).raw_score


def test_without_required_dimensions_quality_has_nothing_left_to_prove() -> None:
    assert outcome_of(make_product(), required_dimensions={}).parts[0].measure == 1
    assert outcome_of(make_product(ports=()), required_dimensions={}).parts[0].measure == 0


def test_the_policy_weighs_the_parts() -> None:
    weights = {Part.QUALITY: 100.0} | dict.fromkeys(set(Part) - {Part.QUALITY}, 0.0)
    assert outcome_of(make_product(), part_weights=weights).raw_score == 100
    assert POLICY.part_weights[Part.QUALITY] == 40
