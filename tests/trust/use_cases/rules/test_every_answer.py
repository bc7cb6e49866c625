"""No question of readiness goes without a case for each of its three answers."""

from importlib import import_module

import pytest

from tests.trust.use_cases.rules.table import Row
from trust.vocabulary import Answer, Gap, ReadinessQuestion

MODULES = {
    Gap.TRUST: "test_data_trust",
    Gap.GOVERNANCE: "test_governance",
    Gap.OWNERSHIP: "test_ownership",
    Gap.WORKFLOW: "test_workflow",
    Gap.ACCOUNTABILITY: "test_accountability",
}


def answers_tried(question: ReadinessQuestion) -> set[Answer]:
    """What the tables of the question's gap have a row for."""
    module = import_module(f"tests.trust.use_cases.rules.{MODULES[question.gap]}")
    marks = [mark for member in vars(module).values() for mark in getattr(member, "pytestmark", [])]
    cases = [case for mark in marks if mark.name == "parametrize" for case in mark.args[1] if hasattr(case, "values")]
    rows = [list(case.values) for case in cases]
    return {answered.answer for asked, *rest in rows for answered in rest if asked is question and isinstance(answered, Row)}


@pytest.mark.parametrize("question", ReadinessQuestion)
def test_every_question_is_tried_for_yes_no_and_unknown(question: ReadinessQuestion) -> None:
    assert answers_tried(question) == set(Answer)
