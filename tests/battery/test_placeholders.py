"""What says nothing never counts as an explanation, in products and in use cases."""

from typing import Any

import pytest

from catalog.models import DataProduct, UseCase
from catalog.rules.texts import is_placeholder, says_something
from tests.factories import NOW, make_governed_product, make_use_case
from trust.use_cases.queries.use_case_facts import use_case_facts
from trust.use_cases.rules.readiness.assess import assess
from trust.verdicts.queries.policies import current_policy
from trust.verdicts.queries.product_facts import facts_of
from trust.verdicts.rules.judge import judge
from trust.verdicts.rules.trust_policy import DEFAULT_POLICY
from trust.vocabulary import Answer, GateName, GateStatus, ReadinessQuestion

FILLERS = (
    ".", "-", "...", "---", "?", "!?", "TBD", "tbd.", "T.B.D.", "n/a", "N/A", "n.a.", "NA", "todo", "TODO:", "to do", "none",
    "None.", "null", "nil", "tba", "tbd tbd", "TBD, TBD", "x", "xxx", "XXXXXXXX", "a a a", "1", "000", "\u200b", "\u2060",
    "\ufeff", "\u3164", "\u2800", "\u115f\u1160", "\uffa0", "\u200b\u200c\u200d", "T\u200bBD", "\uff34\uff22\uff24", "\u00a0",
    "\u2003", "*", "\U0001f600", "\u3164\u3164 \u200b", "n\u2060/a", "\u00ad", "lorem ipsum",
)  # fmt: skip
GOOD = (
    "In tests.", "To be tested.", "Holds nothing real.", "The duty manager decides.", "Nur f\u00fcr Pl\u00e4ne", "\u6771\u4eac",
    "None of the rows is older than 2019.", "ok", "No", "Todo lists of the crews.", "B2", "\u03a7\u03c1\u03ae\u03c3\u03b7",
)  # fmt: skip


@pytest.mark.parametrize("text", FILLERS, ids=ascii)
def test_a_filler_never_says_anything(text: str) -> None:
    assert not says_something(text)


@pytest.mark.parametrize("text", GOOD, ids=ascii)
def test_a_sentence_says_something(text: str) -> None:
    assert says_something(text)
    assert not is_placeholder(text)


@pytest.mark.parametrize("text", ["", " ", "\t\n"])
def test_nothing_is_no_placeholder(text: str) -> None:
    assert not says_something(text)
    assert not is_placeholder(text)


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["TBD", ".", "\u200b", "\u3164", "n/a"], ids=ascii)
@pytest.mark.parametrize(("field", "name"), [("usage", "intended use"), ("limitations", "limitations"), ("purpose", "purpose")])
def test_no_product_is_explained_by_a_filler(text: str, field: str, name: str) -> None:
    product = make_governed_product()
    DataProduct.objects.filter(pk=product.pk).update(**{field: text})
    outcome = judge(facts_of(product.pk, NOW), DEFAULT_POLICY, NOW)
    gate = next(gate for gate in outcome.gates if gate.gate is GateName.EXPLAINABILITY)
    assert (gate.status, gate.code) == (GateStatus.FAILED, "not_explained")
    assert "only a placeholder" in gate.message
    assert name in gate.message.lower()


QUESTIONS = {
    "workflow": ReadinessQuestion.STEP_NAMED,
    "system": ReadinessQuestion.STEP_NAMED,
    "step": ReadinessQuestion.STEP_NAMED,
    "fallback": ReadinessQuestion.FALLBACK_DECLARED,
    "explainability_requirement": ReadinessQuestion.EXPLAINABILITY_DOCUMENTED,
    "explainability_met": ReadinessQuestion.EXPLAINABILITY_DOCUMENTED,
}


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["TBD", ".", "\u200b", "\u3164", "todo"], ids=ascii)
@pytest.mark.parametrize("field", QUESTIONS)
def test_no_question_of_readiness_is_answered_by_a_filler(text: str, field: str) -> None:
    good: dict[str, Any] = {
        "explainability_requirement": "Why a crew was called.",
        "explainability_met": "Each call names its reasons.",
    }
    use_case = make_use_case(explainability_required=True, is_acknowledged=True, **good)
    UseCase.objects.filter(pk=use_case.pk).update(**{field: text})
    policy = current_policy()[1]
    found = assess(use_case_facts(use_case.pk, NOW, policy), policy, NOW)
    result = next(one for one in found.questions if one.question is QUESTIONS[field])
    assert result.answer in {Answer.NO, Answer.UNKNOWN}
    assert "placeholder" in result.message
