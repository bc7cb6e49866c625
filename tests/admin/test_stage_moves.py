"""The queue of stage moves in the admin: asked for, answered on its own page or in the list, and read by those concerned."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from catalog.models import UseCase
from catalog.rules.vocabulary import UseCaseStage
from tests.admin.cast import Cast
from tests.factories import NOW, make_use_case
from tests.trust.use_cases.rows import make_approvable
from trust.models import StageMove
from trust.use_cases.services.stages import request_stage_move

pytestmark = pytest.mark.django_db


@pytest.fixture
def use_case(cast: Cast) -> UseCase:
    """A pilot of olga's that lacks nothing for `approved`."""
    owner = cast.owner.person
    found = make_approvable("delays", business_owner=owner)
    request_stage_move(use_case=found, to_stage=UseCaseStage.PILOT, actor=owner, now=NOW)
    return found


def asked(use_case: UseCase) -> StageMove:
    now = timezone.now()
    return request_stage_move(use_case=use_case, to_stage=UseCaseStage.APPROVED, actor=use_case.business_owner, now=now)


def stage_of(use_case: UseCase) -> str:
    use_case.refresh_from_db()
    return use_case.stage


def ask(cast: Cast, use_case: UseCase, **given: Any) -> Any:
    end = given.pop("override_expires_at", None)
    when = {} if end is None else {"override_expires_at_0": f"{end:%Y-%m-%d}", "override_expires_at_1": f"{end:%H:%M:%S}"}
    return cast.owner.post(
        "trust_stagemove_add", **{"use_case": use_case.pk, "to_stage": "approved", "reason": "", **when, **given}
    )


def test_a_move_is_asked_for_in_the_form(cast: Cast, use_case: UseCase) -> None:
    assert ask(cast, use_case, reason="Ready.").status_code == 302
    move = StageMove.objects.latest("id")
    assert (move.status, move.reason, move.requested_by) == ("requested", "Ready.", cast.owner.person)


def test_the_form_tells_what_is_missing(cast: Cast) -> None:
    bare = make_use_case(business_owner=cast.owner.person)
    request_stage_move(use_case=bare, to_stage=UseCaseStage.PILOT, actor=cast.owner.person, now=NOW)
    response = ask(cast, bare)
    assert response.status_code == 200
    assert "production_grade_now" in response.content.decode()
    assert ask(cast, bare, reason="So.", override_expires_at=timezone.now() + timedelta(days=5)).status_code == 302
    assert StageMove.objects.latest("id").is_override


def test_governance_finds_the_request_in_its_queue_and_approves_it_on_its_page(cast: Cast, use_case: UseCase) -> None:
    move = asked(use_case)
    assert "delays" in cast.governance.sees("trust_stagemove_changelist", waits_for="me")
    assert "delays" not in cast.owner.sees("trust_stagemove_changelist", waits_for="me").split("result_list")[-1]
    page = cast.governance.sees("trust_stagemove_change", move.pk)
    assert 'name="answer"' in page
    response = cast.governance.post("trust_stagemove_change", move.pk, answer="", decision_reason="Seen.")
    assert "Choose an answer" in response.content.decode()
    assert stage_of(use_case) == "pilot"
    response = cast.governance.post("trust_stagemove_change", move.pk, answer="approve", decision_reason="Seen.")
    assert response.status_code == 302
    assert stage_of(use_case) == "approved"
    move.refresh_from_db()
    assert (move.decided_by, move.decision_reason) == (cast.governance.person, "Seen.")
    assert 'name="answer"' not in cast.governance.sees("trust_stagemove_change", move.pk)


def test_the_actions_of_the_list_answer_several_at_once(cast: Cast, use_case: UseCase) -> None:
    move = asked(use_case)
    refused = cast.owner.act("trust_stagemove_changelist", "approve", move).content.decode()
    assert "that is for governance" in refused
    assert "You have approved" in cast.governance.act("trust_stagemove_changelist", "approve", move).content.decode()
    assert stage_of(use_case) == "approved"


def test_a_rejection_needs_a_reason(cast: Cast, use_case: UseCase) -> None:
    move = asked(use_case)
    response = cast.governance.post("trust_stagemove_change", move.pk, answer="reject", decision_reason="")
    assert response.status_code == 200
    assert "must have a reason" in response.content.decode()
    cast.governance.post("trust_stagemove_change", move.pk, answer="reject", decision_reason="Not yet.")
    move.refresh_from_db()
    assert move.status == "rejected"


def test_who_made_the_request_withdraws_it(cast: Cast, use_case: UseCase) -> None:
    move = asked(use_case)
    assert "You have withdrawn" in cast.owner.act("trust_stagemove_changelist", "withdraw", move).content.decode()
    assert stage_of(use_case) == "pilot"


def test_the_assessments_behind_it_are_read(cast: Cast, use_case: UseCase) -> None:
    row = asked(use_case).readiness
    assert row is not None
    assert "delays" in cast.auditor.sees("trust_readiness_changelist")
    page = cast.auditor.sees("trust_readiness_change", row.pk)
    assert row.facts_sha256 in page
    assert page.count('<pre class="ts-json">{\n') == 2
    assert cast.other.get("trust_readiness_change", row.pk).status_code == 302
