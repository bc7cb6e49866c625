"""Moves between stages: who may, what refuses them, four eyes, and what raw SQL cannot do."""

from collections.abc import Callable
from dataclasses import replace
from threading import Thread
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from catalog.models import Notification, Person
from catalog.rules.errors import ConflictError, ForbiddenError, InvalidError
from catalog.rules.vocabulary import UseCaseStage
from catalog.services.use_cases import claims_of, update_use_case
from tests.factories import make_auditor, make_governance, make_owner, make_product, make_use_case
from tests.trust.use_cases.rows import LATER, make_approvable, use_in_earnest
from tests.trust.use_cases.stages import APPROVED, DAY, IDEA, MINUTE, PILOT, PRODUCTION, RETIRED, Cast
from trust.models import Readiness, StageMove
from trust.use_cases.queries.stage_moves import moves_waiting_for
from trust.use_cases.rules.stages import Way, way, ways_from
from trust.use_cases.services.stages import approve_stage_move, reject_stage_move, withdraw_stage_move

pytestmark = pytest.mark.django_db


def test_up_goes_one_step_at_a_time_down_and_to_retired_from_anywhere_and_back_from_there_never() -> None:
    assert ways_from(IDEA) == (PILOT, RETIRED)
    assert ways_from(PILOT) == (IDEA, APPROVED, RETIRED)
    assert ways_from(APPROVED) == (IDEA, PILOT, PRODUCTION, RETIRED)
    assert ways_from(PRODUCTION) == (IDEA, PILOT, APPROVED, RETIRED)
    assert ways_from(RETIRED) == ()
    by_approval = {(start, end) for start in UseCaseStage for end in UseCaseStage if way(start, end) is Way.APPROVED}
    assert by_approval == {(PILOT, APPROVED), (APPROVED, PRODUCTION)}


def test_a_move_that_nobody_needs_to_approve_is_done_at_once_and_told(cast: Cast) -> None:
    move = StageMove.objects.get()
    assert (move.status, move.from_stage, move.to_stage, move.requested_by, move.decided_by) == (
        "done",
        "idea",
        "pilot",
        cast.olga,
        cast.olga,
    )
    assert cast.stage == "pilot"
    assert cast.use_case.stage_since == LATER
    told = Notification.objects.filter(kind="stage_move.done", person__isnull=False).values_list("person__username", flat=True)
    assert {"gina", "greta"} <= set(told)
    assert "olga" not in told
    assert Notification.objects.filter(kind="stage_move.done", consumer__isnull=False).count() == 1


def test_a_use_case_is_approved_by_somebody_else_on_evidence(cast: Cast) -> None:
    move = cast.move(APPROVED, reason="Ready.")
    assert (move.status, move.missing, cast.stage) == ("requested", [], "pilot")
    assert move.readiness is not None
    done = cast.approve(move, now=LATER + MINUTE)
    assert (done.status, done.decided_by, done.decided_at) == ("done", cast.gina, LATER + MINUTE)
    assert cast.stage == "approved"
    assert done.readiness_id == Readiness.objects.latest("id").pk
    assert done.readiness_id != move.readiness_id
    event = StageMove.pgh_event_model.objects.latest("pgh_id")  # type: ignore[attr-defined]
    assert event.pgh_context.metadata["action"] == "approve_stage_move"
    assert event.pgh_context.metadata["actor"] == "gina"


def test_what_is_missing_refuses_the_request_with_a_list_and_writes_nothing(lacking: Cast) -> None:
    with pytest.raises(ConflictError) as refusal:
        lacking.move(APPROVED)
    assert refusal.value.code == "not_ready"
    assert any(line.startswith("production_grade_now: ") for line in refusal.value.details)
    assert any("business owner" in line for line in refusal.value.details)
    assert StageMove.objects.count() == 1
    assert not Readiness.objects.exists()


def test_what_only_production_asks_for_does_not_keep_from_approved(cast: Cast) -> None:
    cast.approve(cast.move(APPROVED))
    with pytest.raises(ConflictError) as refusal:
        cast.move(PRODUCTION)
    assert any(line.startswith("asked_from_there: ") for line in refusal.value.details)
    use_in_earnest(cast.use_case)
    cast.approve(cast.move(PRODUCTION))
    assert cast.stage == "production"


def test_what_fell_since_the_request_refuses_the_approval(cast: Cast) -> None:
    move = cast.move(APPROVED)
    Person.objects.filter(pk=cast.olga.pk).update(is_active=False)
    with pytest.raises(ConflictError) as refusal:
        cast.approve(move)
    assert refusal.value.code == "not_ready"
    move.refresh_from_db()
    assert (move.status, cast.stage) == ("requested", "pilot")


def test_nobody_approves_what_is_theirs(cast: Cast) -> None:
    move = cast.move(APPROVED, cast.gina)
    with pytest.raises(ForbiddenError) as own:
        cast.approve(move, cast.gina)
    assert own.value.code == "four_eyes"
    cast.olga.groups.set(cast.gina.groups.all())
    with pytest.raises(ForbiddenError, match="business owner") as owned:
        cast.approve(move, cast.olga)
    assert owned.value.code == "four_eyes"
    cast.approve(move, cast.greta)
    assert cast.stage == "approved"


@pytest.mark.parametrize("make", [make_owner, make_auditor], ids=["stranger", "auditor"])
def test_others_neither_ask_nor_answer(cast: Cast, make: Callable[[], Person]) -> None:
    other, move = make(), cast.move(APPROVED)
    deeds: list[Callable[[], object]] = [
        lambda: cast.move(IDEA, other),
        lambda: cast.approve(move, other),
        lambda: reject_stage_move(move=move, reason="No.", actor=other, now=LATER),
        lambda: withdraw_stage_move(move=move, actor=other, now=LATER),
    ]
    for deed in deeds:
        with pytest.raises(ForbiddenError):
            deed()
    assert cast.stage == "pilot"


def test_the_business_owner_does_not_approve(cast: Cast) -> None:
    move = cast.move(APPROVED, cast.gina)
    with pytest.raises(ForbiddenError, match="that is for governance"):
        cast.approve(move, cast.olga)


def test_a_request_is_rejected_with_a_reason_or_withdrawn_by_who_made_it(cast: Cast) -> None:
    move = cast.move(APPROVED)
    with pytest.raises(ForbiddenError):
        reject_stage_move(move=move, reason="Mine.", actor=cast.olga, now=LATER)
    with pytest.raises(InvalidError):
        reject_stage_move(move=move, reason=" ", actor=cast.gina, now=LATER)
    assert reject_stage_move(move=move, reason="Not yet.", actor=cast.gina, now=LATER).decision_reason == "Not yet."
    with pytest.raises(ConflictError) as over:
        cast.approve(move)
    assert over.value.code == "stage_move_transition"

    move = cast.move(APPROVED)
    assert withdraw_stage_move(move=move, actor=cast.olga, now=LATER).status == "withdrawn"
    assert cast.stage == "pilot"


def test_a_second_request_waits_for_the_first(cast: Cast) -> None:
    cast.move(APPROVED)
    with pytest.raises(ConflictError) as refusal:
        cast.move(APPROVED, cast.gina)
    assert refusal.value.code == "already_requested"


@pytest.mark.parametrize("to", [PILOT, PRODUCTION], ids=["where it is", "two steps up"])
def test_a_move_that_there_is_not_is_refused_and_says_which_there_are(cast: Cast, to: UseCaseStage) -> None:
    with pytest.raises(ConflictError, match="cannot move to") as refusal:
        cast.move(to)
    assert refusal.value.code == "stage_transition"
    assert "approved" in refusal.value.remedy


def test_a_retired_use_case_never_comes_back(cast: Cast) -> None:
    cast.move(RETIRED)
    with pytest.raises(ConflictError):
        cast.move(PILOT)


def test_a_move_at_once_ends_the_request_that_waited(cast: Cast) -> None:
    waiting = cast.move(APPROVED)
    cast.move(IDEA)
    waiting.refresh_from_db()
    assert waiting.status == "withdrawn"
    assert "moved to idea" in waiting.decision_reason


# -- the queue


def test_a_request_waits_for_governance_but_not_for_whom_it_concerns(cast: Cast) -> None:
    move = cast.move(APPROVED, cast.gina)
    assert list(moves_waiting_for(cast.greta)) == [move]
    for person in (cast.gina, cast.olga, make_auditor()):
        assert not moves_waiting_for(person).exists()
    cast.olga.groups.set(cast.gina.groups.all())
    assert not moves_waiting_for(cast.olga).exists()
    cast.approve(move, cast.greta)
    assert not moves_waiting_for(cast.greta).exists()


# -- what raw SQL cannot do


def tried(statement: str, *given: Any) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, given)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def refused(statement: str, *given: Any) -> str:
    with pytest.raises(IntegrityError) as refusal:
        tried(statement, *given)
    return str(refusal.value)


def test_the_stage_does_not_move_without_a_move(cast: Cast) -> None:
    said = refused("UPDATE catalog_usecase SET stage = 'production' WHERE id = %s", cast.use_case.pk)
    assert "cannot be at stage production" in said


INSERT = """
INSERT INTO trust_stagemove (use_case_id, from_stage, to_stage, status, reason, requested_by_id, requested_at, decided_by_id,
    decided_at, decision_reason, is_override, readiness_id, missing)
VALUES (%s, %s, %s, 'done', '', %s, now(), %s, now(), '', false, %s, '[]')
"""


def test_four_eyes_hold_in_the_database(cast: Cast) -> None:
    readiness = cast.move(APPROVED).readiness_id
    pk, olga, gina = cast.use_case.pk, cast.olga.pk, cast.gina.pk
    assert "four_eyes" in refused(INSERT, pk, "pilot", "approved", gina, gina, readiness)
    assert "four_eyes" in refused(INSERT, pk, "pilot", "approved", gina, None, readiness)
    assert "four_eyes" in refused(INSERT, pk, "pilot", "approved", gina, cast.greta.pk, None)
    assert "business owner" in refused(INSERT, pk, "pilot", "approved", gina, olga, readiness)


@pytest.mark.parametrize("start", ["production", "idea", "retired"])
def test_a_move_begins_where_the_use_case_stands(cast: Cast, start: str) -> None:
    readiness = cast.move(APPROVED).readiness_id
    said = refused(INSERT, cast.use_case.pk, start, "approved", cast.gina.pk, cast.greta.pk, readiness)
    assert "stands at pilot" in said


def test_what_is_decided_stays_as_it_is(lacking: Cast) -> None:
    move = lacking.approve(lacking.move(APPROVED, reason="So.", override_expires_at=LATER + DAY))
    for change in ("decided_by_id = requested_by_id", "status = 'rejected'", "override_expires_at = now() + interval '1 year'"):
        assert "is decided" in refused(f"UPDATE trust_stagemove SET {change} WHERE id = %s", move.pk)
    StageMove.objects.filter(pk=move.pk).update(override_ended_at=LATER)
    assert "is decided" in refused("UPDATE trust_stagemove SET override_ended_at = NULL WHERE id = %s", move.pk)


def test_a_request_stays_what_was_asked_for(cast: Cast) -> None:
    move = cast.move(APPROVED)
    assert "what was asked for" in refused("UPDATE trust_stagemove SET to_stage = 'production' WHERE id = %s", move.pk)


# -- two at once


@pytest.mark.django_db(transaction=True)
def test_of_two_who_approve_at_once_one_does() -> None:
    olga, gina, greta = make_owner("olga"), make_governance("gina"), make_governance("greta")
    cast = Cast(make_approvable("delays", business_owner=olga), olga, gina, greta)
    cast.move(PILOT)
    move = cast.move(APPROVED)
    came: list[str] = []

    def approve(actor: Person) -> None:
        try:
            came.append(approve_stage_move(move=move, actor=actor, now=LATER).status)
        except ConflictError as error:
            came.append(error.code)
        finally:
            connection.close()

    threads = [Thread(target=approve, args=(person,)) for person in (gina, greta)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(came) == ["done", "stage_move_transition"]
    assert StageMove.objects.filter(to_stage="approved", status="done").count() == 1


# -- what two people decide on


def test_who_hands_the_decision_on_for_a_minute_still_does_not_approve(cast: Cast) -> None:
    cast.olga.groups.add(*cast.gina.groups.all())
    claims = replace(claims_of(cast.use_case), business_owner=make_owner("puppet").username)
    update_use_case(use_case=cast.use_case, claims=claims, actor=cast.olga, now=LATER + MINUTE)
    move = cast.move(APPROVED, cast.greta, now=LATER + 2 * MINUTE, reason="So.", override_expires_at=LATER + DAY)
    with pytest.raises(ForbiddenError, match="was the business owner") as refusal:
        cast.approve(move, cast.olga, now=LATER + 2 * MINUTE)
    assert refusal.value.code == "four_eyes"
    cast.approve(move, cast.gina, now=LATER + 2 * MINUTE)
    assert cast.stage == "approved"


@pytest.mark.parametrize("requester", ["olga", "greta"])
def test_a_second_account_is_no_second_person(cast: Cast, requester: str) -> None:
    for name, email in (("olga", "Olga@example.org"), ("greta", "greta@example.org"), ("gina", f"{requester}@EXAMPLE.org")):
        person = getattr(cast, name)
        person.email = email
        person.save(update_fields=["email"])
    move = cast.move(APPROVED, getattr(cast, requester))
    with pytest.raises(ForbiddenError) as refusal:
        cast.approve(move)
    assert refusal.value.code == "four_eyes"
    assert cast.stage == "pilot"


def test_what_changed_since_the_request_is_not_what_was_asked_for(lacking: Cast) -> None:
    move = lacking.move(APPROVED, reason="The season begins.", override_expires_at=LATER + DAY)
    claims = replace(claims_of(lacking.use_case), purpose="ai.training", fallback="")
    update_use_case(use_case=lacking.use_case, claims=claims, actor=lacking.olga, now=LATER + MINUTE)
    with pytest.raises(ConflictError) as refusal:
        lacking.approve(move, now=LATER + 2 * MINUTE)
    assert refusal.value.code == "changed_since_request"
    assert lacking.stage == "pilot"
    update_use_case(use_case=lacking.use_case, claims=replace(claims, name="Another"), actor=lacking.olga, now=LATER + MINUTE)
    withdraw_stage_move(move=move, actor=lacking.olga, now=LATER + 2 * MINUTE)
    again = lacking.move(APPROVED, now=LATER + 2 * MINUTE, reason="The season begins.", override_expires_at=LATER + DAY)
    lacking.approve(again, now=LATER + 2 * MINUTE)
    assert lacking.stage == "approved"


def test_a_draft_of_somebody_else_is_named_in_no_refusal_and_no_notice() -> None:
    olga, gina, greta = make_owner("olga"), make_governance("gina"), make_governance("greta")
    cast = Cast(make_use_case("delays", business_owner=olga, products=[make_product("secret-draft")]), olga, gina, greta)
    cast.move(PILOT)
    with pytest.raises(ConflictError) as refusal:
        cast.move(APPROVED)
    assert "not see" in " ".join(refusal.value.details)
    assert "secret-draft" not in " ".join(refusal.value.details)
    with pytest.raises(ConflictError) as full:
        cast.move(APPROVED, gina)
    assert "secret-draft" in " ".join(full.value.details)
    cast.approve(cast.move(APPROVED, gina, reason="So.", override_expires_at=LATER + DAY), greta)
    told = Notification.objects.filter(kind__startswith="stage_move.")
    assert told.filter(text__contains="not see").exists()
    assert not told.filter(text__contains="secret-draft").exists()
