"""Moves of use cases between stages as they go over the wire."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from api.v1.base import ModelAnswer, StrictSerializer
from api.v1.fields import FlagParameter, MomentField, OptionalTextField
from api.v1.serializers.labels import words
from catalog.rules.vocabulary import UseCaseStage
from catalog.services.requests import LONGEST_REASON
from trust.models import StageMove
from trust.use_cases.rules.readiness.redaction import redact_requirements
from trust.vocabulary import Answer, Gap, ReadinessQuestion, StageMoveStatus


class StageMoveQuery(StrictSerializer):
    status = serializers.ChoiceField(words(StageMoveStatus), required=False)


class AllStageMovesQuery(StageMoveQuery):
    is_waiting_for_me = FlagParameter(required=False, default=False, help_text="Only requests that you may approve.")


class StageMoveRequest(StrictSerializer):
    to_stage = serializers.ChoiceField(words(UseCaseStage), help_text="One step up, or any stage below, or `retired`.")
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
    gap = serializers.ChoiceField(words(Gap))
    question = serializers.ChoiceField(words(ReadinessQuestion))
    answer = serializers.ChoiceField(words(Answer))
    message = serializers.CharField()
    remedy = serializers.CharField()
    who = serializers.ListField(child=serializers.CharField())


class StageMoveAnswer(ModelAnswer[StageMove]):
    use_case = serializers.CharField(source="use_case.slug")
    from_stage = serializers.ChoiceField(words(UseCaseStage))
    to_stage = serializers.ChoiceField(words(UseCaseStage))
    status = serializers.ChoiceField(words(StageMoveStatus))
    requested_by = serializers.CharField(
        source="requested_by.username", allow_null=True, default=None, help_text="null: the system."
    )
    decided_by = serializers.CharField(source="decided_by.username", allow_null=True, default=None)
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
            "requested_at",
            "decided_by",
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
