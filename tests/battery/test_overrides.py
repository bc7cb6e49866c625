"""No override outlives its end by a moment, in whatever way stages are read."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from catalog.models import UseCase
from catalog.rules.errors import ConflictError
from catalog.rules.vocabulary import UseCaseStage
from tests.api.callers import Caller
from tests.factories import make_governance, make_use_case
from tests.trust.stages import put_at
from trust.models import Readiness
from trust.use_cases.queries.stage_moves import overrides
from trust.use_cases.services.readiness import assess_use_case
from trust.use_cases.services.stages import request_stage_move

pytestmark = pytest.mark.django_db
APPROVED, PILOT = UseCaseStage.APPROVED, UseCaseStage.PILOT


def make_overridden(ends_at: datetime) -> UseCase:
    """At `approved` by an override of an hour ago that accepts a missing fallback."""
    use_case = make_use_case("rota", fallback="")
    begun = ends_at - timedelta(hours=1)
    put_at(use_case, PILOT, now=begun)
    missing = [{"question": "fallback_declared", "message": "x", "remedy": "x"}]
    put_at(use_case, APPROVED, now=begun, reason="So.", is_override=True, override_expires_at=ends_at, missing=missing)
    return use_case


def stage_by_api(path: str, *members: str) -> Callable[[Caller], Any]:
    def read(caller: Caller) -> Any:
        answer = caller.get(path)
        assert answer.status_code == 200, answer.content
        found = answer.json()
        for member in members:
            found = found[0] if member == "0" else found[member]
        return found

    return read


def stage_by_command(_: Caller) -> Any:
    out = StringIO()
    call_command("show_readiness", "--json", stdout=out)
    return json.loads(out.getvalue())[0]["stage"]


STAGES: dict[str, Callable[[Caller], Any]] = {
    "use case": stage_by_api("/api/v1/use-cases/rota", "stage"),
    "list": stage_by_api("/api/v1/use-cases", "results", "0", "stage"),
    "list of the stage": stage_by_api("/api/v1/use-cases?stage=pilot", "results", "0", "stage"),
    "readiness": stage_by_api("/api/v1/use-cases/rota/readiness", "stage"),
    "report": stage_by_api("/api/v1/use-cases/rota/report", "use_case", "stage"),
    "moves": stage_by_api("/api/v1/use-cases/rota/stage-moves", "results", "0", "to_stage"),
    "all moves": stage_by_api("/api/v1/stage-moves", "results", "0", "to_stage"),
    "command": stage_by_command,
}
OVERRIDES: dict[str, Callable[[Caller], Any]] = {
    "use case": stage_by_api("/api/v1/use-cases/rota", "overrides"),
    "readiness": stage_by_api("/api/v1/use-cases/rota/readiness", "overrides"),
    "report": stage_by_api("/api/v1/use-cases/rota/report", "overrides"),
}


@pytest.mark.parametrize("read", STAGES.values(), ids=STAGES)
@pytest.mark.parametrize("ago", [timedelta(0), timedelta(seconds=3), timedelta(days=1)], ids=str)
def test_no_reader_sees_the_stage_of_an_override_past_its_end(read: Callable[[Caller], Any], ago: timedelta) -> None:
    make_overridden(timezone.now() - ago)
    assert read(Caller(make_governance())) == PILOT


@pytest.mark.parametrize("read", OVERRIDES.values(), ids=OVERRIDES)
@pytest.mark.parametrize("is_over", [False, True])
def test_no_reader_lists_an_override_past_its_end(read: Callable[[Caller], Any], is_over: bool) -> None:
    make_overridden(timezone.now() + timedelta(seconds=-1 if is_over else 3600))
    assert len(read(Caller(make_governance()))) == (0 if is_over else 1)


@pytest.mark.parametrize("after", [0, 1, 60, 300, 86_400])
def test_no_override_counts_from_its_end_on_whether_the_task_ran_or_not(after: int) -> None:
    ends_at = timezone.now() + timedelta(hours=1)
    use_case = make_overridden(ends_at)
    assert len(overrides([use_case.pk], ends_at - timedelta(microseconds=1))[use_case.pk]) == 1
    assert overrides([use_case.pk], ends_at + timedelta(seconds=after))[use_case.pk] == []


def test_nothing_is_accepted_by_an_override_past_its_end() -> None:
    use_case = make_overridden(timezone.now() - timedelta(seconds=1))
    assess_use_case(use_case=use_case, now=timezone.now(), cause="test")
    assert "fallback_declared" in Readiness.objects.latest("id").lacking


def test_no_step_up_starts_from_a_stage_whose_override_is_over() -> None:
    use_case = make_overridden(timezone.now() - timedelta(seconds=1))
    with pytest.raises(ConflictError) as refusal:
        request_stage_move(
            use_case=use_case,
            to_stage=UseCaseStage.PRODUCTION,
            actor=use_case.business_owner,
            now=timezone.now(),
            reason="On we go.",
        )
    assert refusal.value.code == "stage_transition"


def test_an_override_that_is_not_over_stays() -> None:
    make_overridden(timezone.now() + timedelta(hours=1))
    assert STAGES["use case"](Caller(make_governance())) == APPROVED
