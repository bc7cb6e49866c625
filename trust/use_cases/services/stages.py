"""Moves of use cases between stages: to `approved` and `production` somebody asks and governance approves, else at once.

Readiness is assessed when a move is asked for and again when it is approved: what is missing refuses both, unless governance
approves an override, which has a reason and an end and stays visible. Neither who asked nor the business owner approves.

Locks are taken in the order use case, move, watch (`trust.use_cases.services.readiness`).
"""

import logging
from collections.abc import Sequence
from datetime import datetime

from django.db import DatabaseError

from catalog.callers import machine_key
from catalog.models import Person, UseCase
from catalog.rules.errors import ConflictError, DomainError, ForbiddenError
from catalog.rules.moments import shown
from catalog.rules.vocabulary import UseCaseStage
from catalog.services.permissions import actor_name, demand_own_request
from catalog.services.recording import recorded
from catalog.services.requests import demand_reason, locked
from trust.use_cases.models.use_case import StageMove
from trust.use_cases.queries.stage_moves import rests_on_override
from trust.use_cases.rules.readiness.outcome import QuestionResult
from trust.use_cases.rules.stages import Way, as_kept, way
from trust.use_cases.services.readiness import Kept, assess_for_decision
from trust.use_cases.services.stage_checks import (
    demand_approver,
    demand_may_move,
    demand_override_end,
    demand_way,
    not_ready,
    not_the_requester,
    was_overridden,
)
from trust.use_cases.services.stage_notices import move_of, tell
from trust.verdicts.queries.policies import current_policy
from trust.vocabulary import StageMoveStatus

logger = logging.getLogger(__name__)


def request_stage_move(
    *,
    use_case: UseCase,
    to_stage: UseCaseStage,
    actor: Person,
    now: datetime,
    reason: str = "",
    override_expires_at: datetime | None = None,
) -> StageMove:
    """The move: `done` where nobody needs to approve it, else `requested`. For the business owner and governance.

    override_expires_at: asks that the use case moves although something is missing, until then; it needs a reason.
    Raises `ForbiddenError`, `InvalidError` for an override without reason or end, `ConflictError` with the code `not_ready` and
    the list of what is missing, for a move that there is not, and where another request waits.
    """
    end_overrides(now=now)
    with recorded("request_stage_move", actor, reason):
        row = _held(use_case)
        demand_may_move(actor, row)
        how = demand_way(row, to_stage)
        if how is Way.AT_ONCE:
            if override_expires_at is not None:
                raise _nothing_to_override(f"The stage {to_stage} has no requirements")
            if to_stage.needs_readiness and rests_on_override(row.pk, to_stage):
                _, missing = _assess(row, to_stage, now, "moved back")
                if missing:
                    raise was_overridden(row, to_stage, missing, actor)
            return _move_at_once(row, to_stage, actor=actor, now=now, reason=reason.strip())
        if row.stage_moves.filter(status=StageMoveStatus.REQUESTED).exists():
            raise ConflictError(
                f"A request to move use case {row.slug} is already waiting for an answer.",
                remedy="Wait for the answer, or withdraw or reject that request first.",
                code="already_requested",
            )
        if override_expires_at is not None:
            reason = demand_reason(reason, "An override")
            demand_override_end(override_expires_at, now, current_policy()[1])
        kept, missing = _assess(row, to_stage, now, "change requested")
        if missing and override_expires_at is None:
            raise not_ready(row, to_stage, missing, "asked for", actor)
        if override_expires_at is not None and not missing:
            raise _nothing_to_override(f"Use case {row.slug} lacks nothing for the stage {to_stage}")
        move = StageMove.objects.create(
            use_case=row,
            from_stage=row.stage,
            to_stage=to_stage,
            reason=reason.strip(),
            requested_by=actor,
            requested_at=now,
            is_override=override_expires_at is not None,
            override_expires_at=override_expires_at,
            readiness=kept.row,
            missing=as_kept(missing),
        )
        tell(move, "requested", f"{actor_name(actor)} asks to move it to {to_stage}", now=now, actor=actor)
    return move


def approve_stage_move(*, move: StageMove, actor: Person, now: datetime, reason: str = "") -> StageMove:
    """The move, done. Governance approves, but neither who asked nor the business owner; readiness is assessed again.

    Raises `ForbiddenError`, and `ConflictError` for a request that waits no more, that was made before the claims changed,
    whose override has ended, or, with the code `not_ready` and the list of what is missing, that asks for no override.
    """
    end_overrides(now=now)
    with recorded("approve_stage_move", actor, reason):
        use_case, row = _held_move(move)
        demand_approver(actor, row, use_case)
        to_stage = UseCaseStage(row.to_stage)
        if row.from_stage != use_case.stage or way(UseCaseStage(use_case.stage), to_stage) is not Way.APPROVED:
            raise ConflictError(
                f"Use case {use_case.slug} is at {use_case.stage} by now, and the request is for a move from {row.from_stage}.",
                remedy="Reject the request; a change from its current stage can be requested.",
                code="stage_changed",
            )
        if use_case.claims_changed_at > row.requested_at:
            raise ConflictError(
                f"What is claimed of use case {use_case.slug} changed at {shown(use_case.claims_changed_at)}, after this was "
                "asked for.",
                remedy="Reject the request, or have its requester withdraw it; then make a new request.",
                code="changed_since_request",
            )
        if row.override_expires_at is not None and row.override_expires_at <= now:
            raise ConflictError(
                f"The requested override ended at {shown(row.override_expires_at)}.",
                remedy="Reject the request; one with a later end can be made.",
                code="override_ended",
            )
        kept, missing = _assess(use_case, to_stage, now, "move to be approved")
        if missing and not row.is_override:
            raise not_ready(use_case, to_stage, missing, "approved", actor)
        if not missing:  # by now it needs no override
            row.is_override, row.override_expires_at = False, None
        row.readiness, row.missing = kept.row, as_kept(missing)
        row.status, row.decided_by, row.decided_at, row.decision_reason = StageMoveStatus.DONE, actor, now, reason.strip()
        _arrive(use_case, row, now)
        what = f"{actor_name(actor)} approved its move to {to_stage}"
        until = f" under an override until {shown(row.override_expires_at)}" if row.override_expires_at else ""
        tell(row, "done", f"{what}{until}", now=now, actor=actor)
    return row


def reject_stage_move(*, move: StageMove, reason: str, actor: Person, now: datetime) -> StageMove:
    """The request, rejected. For governance and the business owner; who made it withdraws it instead."""
    with recorded("reject_stage_move", actor, reason):
        use_case, row = _held_move(move)
        if actor.pk == row.requested_by_id:
            raise ForbiddenError(f"{actor.username} made this request.", remedy="Withdraw it instead.", code="four_eyes")
        demand_may_move(actor, use_case)
        _decide(row, StageMoveStatus.REJECTED, demand_reason(reason, "A rejection"), actor, now)
        tell(row, "rejected", f"{actor_name(actor)} rejected its move to {row.to_stage}", now=now, actor=actor)
    return row


def withdraw_stage_move(*, move: StageMove, actor: Person, now: datetime) -> StageMove:
    """The request, taken back by the person who made it."""
    with recorded("withdraw_stage_move", actor):
        _, row = _held_move(move)
        if not (actor.is_active and actor.pk == row.requested_by_id):
            raise not_the_requester(row, actor)
        demand_own_request(row.caller, f"the request that {move_of(row)}")
        _decide(row, StageMoveStatus.WITHDRAWN, "", actor, now)
        tell(row, "withdrawn", f"{actor_name(actor)} withdrew its move to {row.to_stage}", now=now, actor=actor)
    return row


def end_overrides(*, now: datetime, limit: int = 100) -> int:
    """How many overrides, whose time is over, ended at `now`; at most `limit`. One query where there is none.

    Each reader of stages calls this first, as readers of verdicts judge first; the periodic task only tells those concerned
    sooner where nobody reads.

    Where something is still missing, the system moves the use case back to the stage before that it came to on evidence, and
    everybody concerned is notified.
    One that fails is logged and passed over, so that it does not hold up the others.
    """
    over = StageMove.objects.filter(
        status=StageMoveStatus.DONE, is_override=True, override_ended_at=None, override_expires_at__lte=now
    )
    ended = 0
    for pk, use_case_id in list(over.order_by("override_expires_at").values_list("pk", "use_case_id")[:limit]):
        try:
            ended += _end_override(pk, use_case_id, now)
        except (DomainError, DatabaseError, ValueError):
            logger.exception("The override of stage move %s could not be ended; it is tried again in a while.", pk)
    return ended


def _end_override(pk: int, use_case_id: int, now: datetime) -> bool:
    with recorded("end_override", None):
        use_case = _held(UseCase(pk=use_case_id))
        move = StageMove.objects.select_for_update(no_key=True).filter(pk=pk, override_ended_at=None).first()
        if move is None:
            return False
        kept, missing = _assess(use_case, UseCaseStage(use_case.stage), now, "override ended")
        if not missing:
            move.override_ended_at = now
            move.save(update_fields=["override_ended_at"])
            tell(move, "override-over", "its override is over, and nothing is missing any more", now=now, actor=None)
            return True
        before = UseCaseStage(move.from_stage)
        if before.needs_readiness and rests_on_override(use_case.pk, before) and kept.assessment.missing_for(before):
            before = UseCaseStage.PILOT  # nothing but an override that is over let it come to the stage before, either
        _move_at_once(use_case, before, actor=None, now=now, reason="override ended", missing=missing)
        return True


def _held(use_case: UseCase) -> UseCase:
    return locked(use_case, "business_owner", "outputs_owner", "exceptions_owner")


def _held_move(move: StageMove) -> tuple[UseCase, StageMove]:
    """Use case and request as they are now, locked. Raises `ConflictError` where it waits no more."""
    use_case = _held(UseCase(pk=move.use_case_id))
    row = locked(move, "requested_by", "caller")
    row.use_case = use_case
    if row.status != StageMoveStatus.REQUESTED:
        raise ConflictError(
            f"The request that {move_of(row)} is {row.status} and waits no more.",
            remedy="Check the current status of the use case; a new request can be made.",
            code="stage_move_transition",
            field="status",
        )
    return use_case, row


def _assess(use_case: UseCase, to_stage: UseCaseStage, now: datetime, cause: str) -> tuple[Kept, Sequence[QuestionResult]]:
    kept = assess_for_decision(use_case=use_case, now=now, cause=cause)
    return kept, kept.assessment.missing_for(to_stage)


def _move_at_once(
    use_case: UseCase,
    to_stage: UseCaseStage,
    *,
    actor: Person | None,
    now: datetime,
    reason: str,
    missing: Sequence[QuestionResult] = (),
) -> StageMove:
    """The move, done; a request that waited for an answer is over with it."""
    for waiting in use_case.stage_moves.select_for_update(no_key=True).filter(status=StageMoveStatus.REQUESTED):
        waiting.use_case = use_case
        _decide(waiting, StageMoveStatus.WITHDRAWN, f"The use case moved to {to_stage} meanwhile.", actor, now)
    move = StageMove(
        use_case=use_case,
        from_stage=use_case.stage,
        to_stage=to_stage,
        status=StageMoveStatus.DONE,
        reason=reason,
        requested_by=actor,
        requested_at=now,
        decided_by=actor,
        decided_caller_id=machine_key(),
        decided_at=now,
        missing=as_kept(missing),
    )
    _arrive(use_case, move, now)
    who = actor_name(actor)
    tell(
        move, "done", f"{who} moved it back to {to_stage}" if missing else f"{who} moved it to {to_stage}", now=now, actor=actor
    )
    return move


def _arrive(use_case: UseCase, move: StageMove, now: datetime) -> None:
    """Write the move and the stage; an override that the stage before rested on is over."""
    in_force = use_case.stage_moves.filter(status=StageMoveStatus.DONE, is_override=True, override_ended_at=None)
    in_force.exclude(pk=move.pk).update(override_ended_at=now)
    move.save()
    use_case.stage, use_case.stage_since = move.to_stage, now
    use_case.save(update_fields=["stage", "stage_since", "updated_at"])


def _decide(row: StageMove, status: StageMoveStatus, reason: str, actor: Person | None, now: datetime) -> None:
    row.status, row.decision_reason, row.decided_by, row.decided_at = status, reason, actor, now
    row.decided_caller_id = machine_key()
    row.save(update_fields=["status", "decision_reason", "decided_by", "decided_caller", "decided_at"])


def _nothing_to_override(why: str) -> ConflictError:
    return ConflictError(
        f"{why}, so there is nothing to override.",
        remedy="Ask again without `override_expires_at`.",
        code="override_not_needed",
        field="override_expires_at",
    )
