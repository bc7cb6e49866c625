"""Overrides: a use case moves although something is missing, visibly, for a time, and goes back."""

from typing import Any

import pytest

from catalog.models import Notification, UseCase
from catalog.rules.errors import ConflictError, DomainError, ForbiddenError, InvalidError
from tests.trust.use_cases.rows import LATER
from tests.trust.use_cases.stages import APPROVED, DAY, IDEA, MINUTE, PILOT, PRODUCTION, Cast
from trust.models import Readiness, StageMove
from trust.use_cases.queries.stage_moves import overrides
from trust.use_cases.services.readiness import assess_use_case
from trust.use_cases.services.stages import end_overrides

pytestmark = pytest.mark.django_db


# -- overrides


def test_an_override_moves_although_something_is_missing_and_stays_visible(lacking: Cast) -> None:
    move = lacking.move(APPROVED, reason="The season begins.", override_expires_at=LATER + 30 * DAY)
    assert (move.status, move.is_override) == ("requested", True)
    done = lacking.approve(move)
    assert lacking.stage == "approved"
    assert {one["question"] for one in done.missing} >= {"production_grade_now", "business_owner_acknowledged"}
    assert overrides([lacking.use_case.pk])[lacking.use_case.pk] == [done]
    assess_use_case(use_case=lacking.use_case, now=LATER + MINUTE, cause="test")
    assert Readiness.objects.latest("id").lacking == []  # all that is missing is accepted


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"reason": " ", "override_expires_at": LATER + DAY}, InvalidError),
        ({"reason": "So.", "override_expires_at": LATER}, InvalidError),
        ({"reason": "So.", "override_expires_at": LATER + 91 * DAY}, InvalidError),
    ],
    ids=["no reason", "end in the past", "end too far away"],
)
def test_an_override_needs_a_reason_and_an_end(lacking: Cast, given: dict[str, Any], error: type[DomainError]) -> None:
    with pytest.raises(error):
        lacking.move(APPROVED, **given)
    assert StageMove.objects.count() == 1


def test_nothing_to_override_is_refused(cast: Cast) -> None:
    for to in (APPROVED, IDEA):
        with pytest.raises(ConflictError) as refusal:
            cast.move(to, reason="So.", override_expires_at=LATER + DAY)
        assert refusal.value.code == "override_not_needed"


def test_an_override_is_not_approved_by_who_asked_nor_after_its_end(lacking: Cast) -> None:
    move = lacking.move(APPROVED, lacking.gina, reason="So.", override_expires_at=LATER + DAY)
    with pytest.raises(ForbiddenError):
        lacking.approve(move, lacking.gina)
    with pytest.raises(ConflictError) as over:
        lacking.approve(move, lacking.greta, now=LATER + DAY)
    assert over.value.code == "override_ended"


def test_an_override_that_ends_moves_the_use_case_back_while_something_is_missing(lacking: Cast) -> None:
    done = lacking.approve(lacking.move(APPROVED, reason="So.", override_expires_at=LATER + DAY))
    assert end_overrides(now=LATER + DAY - MINUTE) == 0
    assert end_overrides(now=LATER + DAY) == 1
    assert end_overrides(now=LATER + DAY) == 0
    back = StageMove.objects.latest("id")
    assert (back.from_stage, back.to_stage, back.status, back.reason, back.decided_by) == (
        "approved",
        "pilot",
        "done",
        "override ended",
        None,
    )
    assert lacking.stage == "pilot"
    done.refresh_from_db()
    assert done.override_ended_at == LATER + DAY
    assert overrides([lacking.use_case.pk]) == {lacking.use_case.pk: []}
    assert overrides([lacking.use_case.pk], LATER + MINUTE) == {lacking.use_case.pk: [done]}
    told = Notification.objects.filter(key__startswith=f"stage-move:{back.pk}:").values_list("person__username", flat=True)
    assert {"olga", "gina", "greta"} <= set(told)


def test_an_override_that_ends_with_nothing_missing_leaves_the_use_case_where_it_is(cast: Cast) -> None:
    UseCase.objects.filter(pk=cast.use_case.pk).update(fallback="")
    done = cast.approve(cast.move(APPROVED, reason="So.", override_expires_at=LATER + 10 * MINUTE))
    assert [one["question"] for one in done.missing] == ["fallback_declared"]
    UseCase.objects.filter(pk=cast.use_case.pk).update(fallback="Plan by hand.")
    assert end_overrides(now=LATER + 10 * MINUTE) == 1
    assert cast.stage == "approved"
    done.refresh_from_db()
    assert done.override_ended_at == LATER + 10 * MINUTE


def test_an_override_that_needs_none_any_more_is_approved_as_a_plain_move(cast: Cast) -> None:
    UseCase.objects.filter(pk=cast.use_case.pk).update(fallback="")
    move = cast.move(APPROVED, reason="So.", override_expires_at=LATER + DAY)
    UseCase.objects.filter(pk=cast.use_case.pk).update(fallback="Plan by hand.")
    done = cast.approve(move)
    assert (done.is_override, done.override_expires_at, done.missing) == (False, None, [])


@pytest.fixture
def twice_overridden(lacking: Cast) -> Cast:
    """In production under an override of an hour, from `approved`, where it came under one of a day."""
    lacking.approve(lacking.move(APPROVED, reason="So.", override_expires_at=LATER + DAY))
    lacking.approve(lacking.move(PRODUCTION, reason="So.", override_expires_at=LATER + 60 * MINUTE))
    return lacking


def test_an_override_that_ends_leaves_no_stage_that_only_another_override_gave(twice_overridden: Cast) -> None:
    assert end_overrides(now=LATER + 60 * MINUTE) == 1
    assert twice_overridden.stage == "pilot"
    assert overrides([twice_overridden.use_case.pk]) == {twice_overridden.use_case.pk: []}


def test_a_step_back_does_not_shed_the_override_of_the_stage_before(twice_overridden: Cast) -> None:
    with pytest.raises(ConflictError) as refusal:
        twice_overridden.move(APPROVED)
    assert refusal.value.code == "stage_was_overridden"
    assert any(line.startswith("production_grade_now: ") for line in refusal.value.details)
    assert twice_overridden.stage == "production"
    twice_overridden.move(PILOT)
    assert twice_overridden.stage == "pilot"


def test_a_stage_that_was_reached_on_evidence_is_gone_back_to_whatever_is_missing_by_then(cast: Cast) -> None:
    cast.approve(cast.move(APPROVED))
    cast.approve(cast.move(PRODUCTION, reason="So.", override_expires_at=LATER + DAY))
    UseCase.objects.filter(pk=cast.use_case.pk).update(fallback="")
    cast.move(APPROVED)
    assert cast.stage == "approved"
