"""Moves between stages over HTTP: each deed, each refusal, the queue."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from catalog.models import UseCase
from tests.api.callers import Caller, Cast, assert_problem
from tests.factories import make_governance, make_use_case
from tests.trust.use_cases.rows import make_approvable
from trust.models import StageMove

pytestmark = pytest.mark.django_db
PATH = "/api/v1/use-cases/delays/stage-moves"


@pytest.fixture
def use_case(cast: Cast) -> UseCase:
    """A pilot of olga's that lacks nothing for `approved`."""
    found = make_approvable("delays", business_owner=cast.owner.person)
    assert cast.owner.post(PATH, {"to_stage": "pilot"}).status_code == 201
    return found


def ask(cast: Cast, **given: Any) -> Any:
    return cast.owner.post(PATH, {"to_stage": "approved", **given})


def test_a_use_case_is_moved_asked_for_and_approved(cast: Cast, use_case: UseCase) -> None:
    response = ask(cast, reason="Ready.")
    assert response.status_code == 201
    move = response.json()
    assert response["Location"] == f"{PATH}/{move['id']}"
    assert (move["status"], move["from_stage"], move["to_stage"], move["requested_by"]) == (
        "requested",
        "pilot",
        "approved",
        "olga",
    )
    done = cast.governance.post(f"{PATH}/{move['id']}/approve", {"reason": "Seen."})
    assert done.status_code == 200
    assert (done.json()["status"], done.json()["decided_by"], done.json()["decision_reason"]) == ("done", "gina", "Seen.")
    use_case.refresh_from_db()
    assert use_case.stage == "approved"
    assert cast.auditor.get(f"{PATH}/{move['id']}").json()["status"] == "done"


def test_what_is_missing_is_listed_in_the_refusal(cast: Cast) -> None:
    make_use_case("delays", business_owner=cast.owner.person)
    cast.owner.post(PATH, {"to_stage": "pilot"})
    problem = assert_problem(ask(cast), 409, "not_ready")
    assert any(fault["message"].startswith("production_grade_now: ") for fault in problem["errors"])
    assert StageMove.objects.count() == 1


def test_an_override_is_approved_and_shows_in_every_answer(cast: Cast) -> None:
    make_use_case("delays", business_owner=cast.owner.person)
    cast.owner.post(PATH, {"to_stage": "pilot"})
    end = (timezone.now() + timedelta(days=10)).isoformat()
    move = ask(cast, reason="The season begins.", override_expires_at=end)
    assert move.status_code == 201
    assert move.json()["is_override"]
    done = cast.governance.post(f"{PATH}/{move.json()['id']}/approve", {})
    assert done.status_code == 200
    assert done.json()["missing"][0]["who"]
    for path in ("/api/v1/use-cases/delays", "/api/v1/use-cases/delays/readiness"):
        (override,) = cast.owner.get(path).json()["overrides"]
        assert (override["stage"], override["reason"], override["approved_by"]) == ("approved", "The season begins.", "gina")


def test_a_request_is_rejected_or_withdrawn(cast: Cast, use_case: UseCase) -> None:
    first = ask(cast).json()["id"]
    assert_problem(cast.governance.post(f"{PATH}/{first}/reject", {}), 400, "invalid")
    rejected = cast.governance.post(f"{PATH}/{first}/reject", {"reason": "Not yet."}).json()
    assert (rejected["status"], rejected["decision_reason"]) == ("rejected", "Not yet.")
    second = ask(cast).json()["id"]
    assert cast.owner.post(f"{PATH}/{second}/withdraw").json()["status"] == "withdrawn"
    assert_problem(cast.owner.post(f"{PATH}/{second}/withdraw"), 409, "stage_move_transition")


@pytest.mark.parametrize(
    ("who", "status", "code"),
    [("stranger", 404, "use_case_unknown"), ("auditor", 403, "forbidden"), ("nobody", 401, "not_authenticated")],
)
def test_others_move_nothing(cast: Cast, use_case: UseCase, who: str, status: int, code: str) -> None:
    move = ask(cast).json()["id"]
    caller: Caller = getattr(cast, who)
    assert_problem(caller.post(PATH, {"to_stage": "idea"}), status, code)
    assert_problem(caller.post(f"{PATH}/{move}/approve", {}), status, code)
    use_case.refresh_from_db()
    assert use_case.stage == "pilot"


def test_nobody_approves_their_own_request(cast: Cast, use_case: UseCase) -> None:
    move = cast.governance.post(PATH, {"to_stage": "approved"}).json()["id"]
    assert_problem(cast.governance.post(f"{PATH}/{move}/approve", {}), 403, "four_eyes")


def test_the_queue_is_what_waits_for_who_asks(cast: Cast, use_case: UseCase) -> None:
    move = ask(cast).json()["id"]
    other = Caller(make_governance("greta"))

    def queue(caller: Caller, query: str) -> list[int]:
        return [row["id"] for row in caller.get(f"/api/v1/stage-moves?{query}").json()["results"]]

    assert queue(other, "is_waiting_for_me=true") == queue(cast.governance, "is_waiting_for_me=true") == [move]
    assert queue(cast.owner, "is_waiting_for_me=true") == []
    assert queue(cast.owner, "status=requested") == [move]
    assert queue(cast.stranger, "status=requested") == []
    assert [row["id"] for row in cast.owner.get(f"{PATH}?status=requested").json()["results"]] == [move]


def test_a_move_that_is_not_there_is_not_found(cast: Cast, use_case: UseCase) -> None:
    assert_problem(cast.owner.get(f"{PATH}/999999"), 404, "not_found")
    assert_problem(cast.owner.post(PATH, {"to_stage": "heaven"}), 400, "invalid")


def test_a_key_that_only_reads_moves_nothing(cast: Cast) -> None:
    make_use_case("delays", business_owner=cast.consumer.person)
    assert_problem(cast.consumer.post(PATH, {"to_stage": "pilot"}), 403, "scope_missing")
