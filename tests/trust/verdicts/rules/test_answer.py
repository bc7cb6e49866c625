"""What consumers get: the shape of DESIGN.md section 5, under 1 KB, and everything on request."""

import json
from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import HealthCheck, given, settings

from catalog.rules.vocabulary import Dimension
from tests.trust.verdicts.rules.factories import (
    HOUR,
    NOW,
    POLICY,
    failing,
    make_port,
    make_product,
    make_run,
    make_upstream,
    make_waiver,
    outcome_of,
    with_checks,
    with_port,
)
from tests.trust.verdicts.rules.strategies import products
from trust.verdicts.rules.answer import evidence_at, filled, full_answer, short_answer, stored_text, trust_part
from trust.verdicts.rules.facts import ProductFacts
from trust.verdicts.rules.judge import judge
from trust.verdicts.rules.outcome import Outcome
from trust.vocabulary import GateName

KEYS = (
    "product", "is_production_grade", "verdict", "score", "raw_score", "grade", "as_of", "valid_until", "gates", "reasons",
    "sensitivity", "owner", "policy_version", "evidence",
)  # fmt: skip


def test_a_good_product_has_a_short_answer_without_reasons() -> None:
    answer = short_answer(outcome_of(replace(make_product(), upstreams=())))
    assert answer == {
        "product": "shop-orders",
        "is_production_grade": True,
        "verdict": "production_grade",
        "score": 97.6,
        "raw_score": 97.6,
        "grade": "A",
        "as_of": "2026-11-22T12:00:00.000000Z",
        "valid_until": "2026-11-23T10:00:00Z",
        "gates": {"passed": 15, "failed": 0, "unknown": 0},
        "reasons": [],
        "sensitivity": "internal",
        "owner": "ana",
        "policy_version": 1,
        "evidence": {"run": "run-1", "age_seconds": 3600},
    }
    assert tuple(answer) == KEYS


def test_a_reason_says_what_is_wrong_what_to_do_and_who_can() -> None:
    answer = short_answer(outcome_of(with_checks(failing(Dimension.COMPLETENESS))))
    assert answer["score"] == 59
    assert isinstance(answer["score"], float)  # so with one decimal in JSON
    assert answer["reasons"] == [
        {
            "gate": "critical_checks",
            "code": "critical_check_failed",
            "message": "100 of 1,000 rows (10%) have no id.",
            "remedy": "Correct the data at its source, or the expectation if it is too strict, then run the suite again.",
            "owner": "sam",
        }
    ]


def test_causes_come_before_what_follows_and_the_rest_is_counted() -> None:
    answer = short_answer(outcome_of(with_port(latest_run=None)))
    assert [reason["gate"] for reason in answer["reasons"]] == ["evidence"]
    assert answer["gates"] == {"passed": 9, "failed": 0, "unknown": 6}
    assert answer["more_reasons"] == 5
    assert answer["evidence"] is None


def test_waivers_show_in_every_answer() -> None:
    facts = make_product(policies=(), waivers=(make_waiver(GateName.POLICY),))
    short, full = short_answer(outcome_of(facts)), full_answer(outcome_of(facts))
    for answer in (short, full):
        assert answer["is_production_grade"] is True
        assert answer["gates"]["waived"] == 1
    assert short["waivers"] == [{"id": "waiver-1", "gate": "policy", "expires_at": "2026-12-20T12:00:00Z", "owner": "ana"}]
    assert [waiver["reason"] for waiver in full["waivers"]] == ["Known and accepted."]


def test_gates_that_are_off_and_inputs_that_limit_are_told() -> None:
    answer = short_answer(outcome_of(make_product(), gates=frozenset(GateName) - {GateName.OWNER}))
    assert answer["gates"] == {"passed": 14, "failed": 0, "unknown": 0, "off": 1}
    assert (answer["effective_score"], answer["limited_by"]) == (90, "parts")


def test_the_age_of_the_evidence_is_that_of_the_oldest_port_at_the_moment_asked_about() -> None:
    older = make_port("items", latest_run=make_run(id="run-0", started_at=NOW - 5 * HOUR))
    answer = short_answer(outcome_of(make_product(ports=(make_port(), older))), NOW + HOUR)
    assert answer["evidence"] == {"run": "run-0", "age_seconds": 6 * 3600}
    assert answer["as_of"] == "2026-11-22T13:00:00.000000Z"


def spoilt() -> ProductFacts:
    """A product with long names and everything wrong at once."""
    port = "a-port-with-a-rather-long-name-" * 3
    run = make_run(checks=tuple(failing(key=f"{n}", id=f"bad-{n}", kwargs={"column": f"colonne_à_{n}" * 9}) for n in range(30)))
    return make_product(
        slug="a-rather-long-slug-of-a-product-of-somebody-somewhere-in-the-company",
        ports=tuple(make_port(f"{port}{n}", latest_run=run) for n in range(5)),
        upstreams=tuple(make_upstream(f"{port}{n}", verdict=None) for n in range(5)),
        has_purpose=False,
        policies=(),
        acknowledged_at=None,
        waivers=tuple(make_waiver(check_key=f"{n}" * 90, id=f"waiver-{n}", reason="because " * 90) for n in range(7)),
    )


def test_the_short_answer_stays_under_a_kilobyte_and_says_what_it_leaves_out() -> None:
    outcome = outcome_of(spoilt())
    answer = short_answer(outcome)
    assert len(widest(outcome)) < 1024
    assert answer["more_waivers"] >= 5
    assert answer["more_reasons"] >= 4


def widest(outcome: Outcome) -> bytes:
    """The answer as it goes over the wire, with an id, a moment and an age as long as they can become."""
    return filled(stored_text(outcome), 2**63 - 1, datetime.max.replace(tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC)).encode()


def test_a_stored_answer_is_filled_with_id_moment_and_age() -> None:
    outcome = outcome_of(with_checks(failing(Dimension.COMPLETENESS, kwargs={"column": "\x01 \x02 \x03"})))
    asked_at = NOW + HOUR / 2
    moment = evidence_at(outcome)
    answer = json.loads(filled(stored_text(outcome), 7, asked_at, moment))
    assert list(answer)[:3] == ["decision_id", "decision", "product"]
    assert answer == {"decision_id": 7, "decision": False, **short_answer(outcome, asked_at)}
    assert trust_part(stored_text(outcome), asked_at, moment) == short_answer(outcome, asked_at)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(products())
def test_every_short_answer_is_under_a_kilobyte(facts: ProductFacts) -> None:
    outcome = judge(facts, POLICY, NOW)
    answer = short_answer(outcome)
    assert len(widest(outcome)) < 1024
    assert len(answer["reasons"]) + answer.get("more_reasons", 0) == len(outcome.open_gates)
    assert tuple(answer)[: len(KEYS)] == KEYS


def test_the_full_answer_holds_every_gate_check_port_and_tolerance() -> None:
    answer = json.loads(json.dumps(full_answer(outcome_of(spoilt()))))
    assert len(answer["gate_results"]) == 15
    assert len(answer["reasons"]) == answer["gates"]["failed"] + answer["gates"]["unknown"]
    assert len(answer["waivers"]) == 7
    assert {part["part"] for part in answer["score_parts"]} == {"quality", "reliability", "freshness", "coverage", "governance"}
    checks = [check for dimension in answer["checks"] for check in dimension["checks"]]
    assert len(checks) == 150
    assert all(check["tolerance"] == 1 for check in checks)
    assert len(answer["ports"]) == 5
    assert "more_reasons" not in answer
