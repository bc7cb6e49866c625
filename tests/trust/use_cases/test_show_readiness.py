"""`show_readiness`: the use cases at the command line, assessed when it is asked."""

import json
from io import StringIO

import pytest
from django.core.management import call_command

from tests.factories import make_use_case
from trust.models import Readiness, StageMove

pytestmark = pytest.mark.django_db


def shown(*options: str) -> str:
    out = StringIO()
    call_command("show_readiness", *options, stdout=out)
    return out.getvalue()


def test_without_use_cases_it_says_nothing() -> None:
    assert shown() == ""
    assert json.loads(shown("--json")) == []


def test_each_gap_shows_how_many_of_its_questions_are_answered_yes() -> None:
    make_use_case("rota", is_acknowledged=True)
    head, row = shown().splitlines()
    assert head.split() == [
        "use",
        "case",
        "stage",
        "readiness",
        "trust",
        "governance",
        "ownership",
        "workflow",
        "accountability",
    ]
    assert row.split()[:4] == ["rota", "idea", "not", "ready"]
    assert Readiness.objects.get().cause == "asked at the command line"


def test_for_programs_it_names_every_question_with_its_answer() -> None:
    make_use_case("rota")
    (row,) = json.loads(shown("--json"))
    assert (row["use_case"], row["level"]) == ("rota", "not_ready")
    assert len(row["questions"]) == 23
    assert row["questions"]["business_owner_acknowledged"]["answer"] == "no"
    assert sum(gap["yes"] + gap["no"] + gap["unknown"] for gap in row["gaps"].values()) == 23


def test_a_retired_use_case_is_left_out() -> None:
    use_case = make_use_case("rota")
    StageMove.objects.create(
        use_case=use_case, from_stage="idea", to_stage="retired", status="done", requested_at=use_case.created_at
    )
    type(use_case).objects.update(stage="retired")
    assert shown() == ""
