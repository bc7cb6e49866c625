"""Moves of use cases between stages: asked for, approved, rejected, withdrawn. The services decide who may do what."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.access.visibility import find_use_case
from api.pagination import KeysetPagination
from api.v1.base import ApiView, ModelAnswer, ReasonRequest, StrictSerializer, caller_field, respond_after_change
from api.v1.fields import FlagParameter, MomentField, OptionalTextField, choices
from catalog.models import Person
from catalog.queries import visible_use_cases
from catalog.rules.errors import NotFoundError
from catalog.rules.scopes import Scope
from catalog.rules.vocabulary import UseCaseStage
from catalog.services.requests import LONGEST_REASON
from trust.models import StageMove
from trust.use_cases.queries.stage_moves import moves_waiting_for
from trust.use_cases.queries.use_case_report import hidden_in
from trust.use_cases.rules.readiness.redaction import redact_requirements
from trust.use_cases.services.stages import (
    approve_stage_move,
    end_overrides,
    reject_stage_move,
    request_stage_move,
    withdraw_stage_move,
)
from trust.vocabulary import Answer, Gap, ReadinessQuestion, StageMoveStatus


class StageMoveQuery(StrictSerializer):
    status = serializers.ChoiceField(choices(StageMoveStatus), required=False)


class AllStageMovesQuery(StageMoveQuery):
    is_waiting_for_me = FlagParameter(required=False, default=False, help_text="Only requests that you may approve.")


class StageMoveRequest(StrictSerializer):
    to_stage = serializers.ChoiceField(choices(UseCaseStage), help_text="One step up, or any stage below, or `retired`.")
    reason = OptionalTextField(required=False, default="", max_length=LONGEST_REASON)
    override_expires_at = MomentField(
        required=False,
        allow_null=True,
        default=None,
        help_text="Asks for an override: the stage is reached although something is missing, until then. Needs a reason.",
    )


class ApprovalRequest(StrictSerializer):
    reason = OptionalTextField(required=False, default="", max_length=LONGEST_REASON)


class MissingQuestion(serializers.Serializer[Any]):
    gap = serializers.ChoiceField(choices(Gap))
    question = serializers.ChoiceField(choices(ReadinessQuestion))
    answer = serializers.ChoiceField(choices(Answer))
    message = serializers.CharField()
    remedy = serializers.CharField()
    who = serializers.ListField(child=serializers.CharField())


class StageMoveAnswer(ModelAnswer[StageMove]):
    use_case = serializers.CharField(source="use_case.slug")
    from_stage = serializers.ChoiceField(choices(UseCaseStage))
    to_stage = serializers.ChoiceField(choices(UseCaseStage))
    status = serializers.ChoiceField(choices(StageMoveStatus))
    requested_by = serializers.CharField(
        source="requested_by.username", allow_null=True, default=None, help_text="null: the system."
    )
    caller = caller_field("asked")
    decided_by = serializers.CharField(source="decided_by.username", allow_null=True, default=None)
    decided_caller = caller_field("moved or withdrew it")
    override_ended_at = serializers.DateTimeField(
        allow_null=True, help_text="When the override stopped counting: its time was over, or the use case moved on."
    )
    readiness = serializers.IntegerField(source="readiness_id", allow_null=True, help_text="The assessment that it rests on.")
    missing = serializers.SerializerMethodField(help_text="What readiness lacked then.")

    class Meta:
        model = StageMove
        fields = [
            "id",
            "use_case",
            "from_stage",
            "to_stage",
            "status",
            "reason",
            "requested_by",
            "caller",
            "requested_at",
            "decided_by",
            "decided_caller",
            "decided_at",
            "decision_reason",
            "is_override",
            "override_expires_at",
            "override_ended_at",
            "readiness",
            "missing",
        ]

    @extend_schema_field(MissingQuestion(many=True))
    def get_missing(self, move: StageMove) -> list[dict[str, Any]]:
        return redact_requirements(move.missing, self.context["hidden"])


def as_shown() -> QuerySet[StageMove]:
    """Moves with all that an answer names of them."""
    return StageMove.objects.select_related(
        "use_case", "requested_by", "caller__consumer", "decided_by", "decided_caller__consumer"
    )


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
        rows = self.matching(rows, {"status": "status"})
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
    is_personal = True

    @extend_schema(operation_id="approve_stage_move", request=ApprovalRequest, responses=StageMoveAnswer, tags=["use-cases"])
    def post(self, request: Request, slug: str, move_id: int) -> Response:
        """Approve as governance, unless you asked for it or own the decision. Readiness is assessed again and may refuse it."""
        reason = self.body(ApprovalRequest)["reason"]
        move = find_move(self.actor, slug, move_id)
        return _changed(approve_stage_move(move=move, reason=reason, actor=self.actor, now=self.now), self.actor)


class RejectStageMoveView(ApiView):
    write_scope = Scope.ADMIN
    is_personal = True

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
