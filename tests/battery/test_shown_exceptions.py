"""No answer hides what was excepted: waivers, and gates that the trust policy has off."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from api.authzen.rendering import decision_of
from tests.trust.verdicts.rules.factories import NOW, OWNER, POLICY, failing, make_product, with_checks
from trust.decisions.rules.question import Conclusion, Question
from trust.verdicts.rules.answer import evidence_at, full_answer, short_answer, stored_text, trust_part
from trust.verdicts.rules.facts import ProductFacts, WaiverFacts
from trust.verdicts.rules.judge import judge
from trust.vocabulary import DecisionChannel, GateName

DAY = timedelta(days=1)


def context_of(facts: ProductFacts, *, off: frozenset[GateName] = frozenset(), detail: str = "short") -> dict[str, Any]:
    """The `context` of the AuthZEN answer about the product, under a trust policy with these gates off."""
    outcome = judge(facts, replace(POLICY, gates=POLICY.gates - off), NOW)
    trust = full_answer(outcome) if detail == "full" else short_answer(outcome)
    if detail == "stored":
        trust = trust_part(stored_text(outcome), NOW, evidence_at(outcome))
    question = Question(product=outcome.slug, purpose="analytics")
    found = Conclusion(question, DecisionChannel.EVALUATION, "agent", outcome.is_production_grade, trust)
    context: dict[str, Any] = decision_of(found)["context"]
    return context


def waiver(number: int = 1, **what: Any) -> WaiverFacts:
    thing = what or {"gate": GateName.REVIEW}
    return WaiverFacts(str(number), OWNER, "Accepted.", NOW - DAY, NOW + DAY, **thing)


@pytest.mark.parametrize("detail", ["short", "full", "stored"])
@pytest.mark.parametrize("gate", sorted(set(GateName) - {GateName.EVIDENCE, GateName.LIFECYCLE}))
def test_no_waiver_of_a_gate_is_hidden(gate: GateName, detail: str) -> None:
    context = context_of(make_product(waivers=(waiver(gate=gate),)), detail=detail)
    assert [shown["gate"] for shown in context["waivers"]] == [gate]


@pytest.mark.parametrize("detail", ["short", "full", "stored"])
def test_no_waiver_of_a_check_is_hidden(detail: str) -> None:
    bad = failing()
    facts = replace(with_checks(bad), waivers=(waiver(check_key=bad.key),))
    assert [shown["check_key"] for shown in context_of(facts, detail=detail)["waivers"]] == [bad.key]


@pytest.mark.parametrize("many", [2, 3, 5, 12])
def test_waivers_that_are_left_out_are_counted(many: int) -> None:
    context = context_of(make_product(waivers=tuple(waiver(number) for number in range(many))))
    assert len(context["waivers"]) + context.get("more_waivers", 0) == many


@pytest.mark.parametrize("detail", ["short", "full", "stored"])
@pytest.mark.parametrize("gate", sorted(set(GateName) - {GateName.EVIDENCE}))
def test_no_gate_that_is_off_is_hidden(gate: GateName, detail: str) -> None:
    assert context_of(make_product(), off=frozenset({gate}), detail=detail)["gates_off"] == [gate]


def test_all_gates_that_are_off_are_named() -> None:
    off = frozenset(GateName) - {GateName.EVIDENCE}
    assert set(context_of(make_product(), off=off)["gates_off"]) == off


def test_where_nothing_is_excepted_nothing_is_said() -> None:
    assert not {"waivers", "more_waivers", "gates_off"} & context_of(make_product()).keys()
