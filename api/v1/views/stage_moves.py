"""Moves of use cases between stages: asked for, approved, rejected, withdrawn. Who may do what is said by the services."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.access.use_cases import find_use_case
from api.pagination import KeysetPagination
from api.v1.base import ApiView, respond_after_change
from api.v1.serializers.agreements import ReasonRequest
from api.v1.serializers.stage_moves import (
    AllStageMovesQuery,
    ApprovalRequest,
    StageMoveAnswer,
    StageMoveQuery,
    StageMoveRequest,
)
from catalog.models import Person
from catalog.queries import visible_use_cases
from catalog.rules.errors import NotFoundError
from catalog.rules.scopes import Scope
from catalog.rules.vocabulary import UseCaseStage
from trust.models import StageMove
from trust.use_cases.queries.stage_moves import moves_waiting_for
from trust.use_cases.queries.use_case_report import hidden_in
from trust.use_cases.services.stages import (
    approve_stage_move,
    end_overrides,
    reject_stage_move,
    request_stage_move,
    withdraw_stage_move,
)


def as_shown() -> QuerySet[StageMove]:
    """Moves with all that an answer names of them."""
    return StageMove.objects.select_related("use_case", "requested_by", "decided_by")


def find_move(person: Person, slug: str, move_id: int) -> StageMove:
    """Raises `NotFoundError`; two queries."""
    move = as_shown().filter(use_case=find_use_case(person, slug), pk=move_id).first()
    if move is None:
        remedy = f"GET /api/v1/use-cases/{slug}/stage-moves lists all."
        raise NotFoundError(f"Use case {slug} has no stage move {move_id}.", remedy=remedy)
    return move


def answered(move: StageMove, reader: Person) -> dict[str, Any]:
    """The move as `reader` may see it."""
    return dict(StageMoveAnswer(move, context={"hidden": hidden_in(reader, [move.use_case_id])}).data)


def page_of(view: ApiView, rows: QuerySet[StageMove]) -> Response:
    """One page of moves as who asks may see them."""
    paginator = KeysetPagination()
    page = paginator.paginate_queryset(rows, view.request, view)
    hidden = hidden_in(view.actor, {move.use_case_id for move in page})
    return paginator.get_paginated_response(StageMoveAnswer(page, many=True, context={"hidden": hidden}).data)


def _changed(move: StageMove, reader: Person, status: int = 200) -> Response:
    row = as_shown().get(pk=move.pk)
    location = f"/api/v1/use-cases/{row.use_case.slug}/stage-moves/{row.pk}"
    return respond_after_change(answered(row, reader), location=location, status=status)


class AllStageMovesView(ApiView):
    query = AllStageMovesQuery
    pagination_class = KeysetPagination

    @extend_schema(operation_id="list_all_stage_moves", responses=StageMoveAnswer(many=True), tags=["use-cases"])
    def get(self, request: Request) -> Response:
        """Moves of every use case that you may see, newest first; `is_waiting_for_me` gives your queue."""
        end_overrides(now=self.now)
        rows = as_shown().filter(use_case__in=visible_use_cases(self.actor).order_by().values("pk"))
        if "status" in self.parameters:
            rows = rows.filter(status=self.parameters["status"])
        if self.parameters["is_waiting_for_me"]:
            rows = rows.filter(pk__in=moves_waiting_for(self.actor).order_by().values("pk"))
        return page_of(self, rows)


class StageMovesView(ApiView):
    query = StageMoveQuery
    pagination_class = KeysetPagination

    @extend_schema(operation_id="list_stage_moves", responses=StageMoveAnswer(many=True), tags=["use-cases"])
    def get(self, request: Request, slug: str) -> Response:
        """Moves of one use case, newest first, with those that moved nothing."""
        rows = as_shown().filter(use_case=find_use_case(self.actor, slug), **self.parameters)
        return page_of(self, rows)

    @extend_schema(
        operation_id="request_stage_move", request=StageMoveRequest, responses={201: StageMoveAnswer}, tags=["use-cases"]
    )
    def post(self, request: Request, slug: str) -> Response:
        """Move a use case, as its business owner or governance. To `approved` and `production` this asks governance to approve
        it, and is refused with the list of what readiness lacks; else it is done at once."""
        given = self.body(StageMoveRequest)
        move = request_stage_move(
            use_case=find_use_case(self.actor, slug),
            to_stage=UseCaseStage(given["to_stage"]),
            reason=given["reason"],
            override_expires_at=given["override_expires_at"],
            actor=self.actor,
            now=self.now,
        )
        return _changed(move, self.actor, 201)


class StageMoveView(ApiView):
    @extend_schema(operation_id="get_stage_move", responses=StageMoveAnswer, tags=["use-cases"])
    def get(self, request: Request, slug: str, move_id: int) -> Response:
        """One move."""
        return Response(answered(find_move(self.actor, slug, move_id), self.actor))


class ApproveStageMoveView(ApiView):
    write_scope = Scope.ADMIN

    @extend_schema(operation_id="approve_stage_move", request=ApprovalRequest, responses=StageMoveAnswer, tags=["use-cases"])
    def post(self, request: Request, slug: str, move_id: int) -> Response:
        """Approve as governance, unless you asked for it or own the decision. Readiness is assessed again and may refuse it."""
        reason = self.body(ApprovalRequest)["reason"]
        move = find_move(self.actor, slug, move_id)
        return _changed(approve_stage_move(move=move, reason=reason, actor=self.actor, now=self.now), self.actor)


class RejectStageMoveView(ApiView):
    write_scope = Scope.ADMIN

    @extend_schema(operation_id="reject_stage_move", request=ReasonRequest, responses=StageMoveAnswer, tags=["use-cases"])
    def post(self, request: Request, slug: str, move_id: int) -> Response:
        """Reject a request, as governance or the business owner, with a reason."""
        reason = self.body(ReasonRequest)["reason"]
        move = find_move(self.actor, slug, move_id)
        return _changed(reject_stage_move(move=move, reason=reason, actor=self.actor, now=self.now), self.actor)


class WithdrawStageMoveView(ApiView):
    @extend_schema(operation_id="withdraw_stage_move", request=None, responses=StageMoveAnswer, tags=["use-cases"])
    def post(self, request: Request, slug: str, move_id: int) -> Response:
        """Take back a request that you made."""
        move = find_move(self.actor, slug, move_id)
        return _changed(withdraw_stage_move(move=move, actor=self.actor, now=self.now), self.actor)
