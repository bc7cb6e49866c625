"""Replay of a logged answer: computed again from what is stored, in the form of the channel that answered."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.access.visibility import find_decision
from api.authzen.rendering import decision_of
from api.v1.base import ApiView
from api.v1.rendering import render_answer
from trust.decisions.rules.question import Conclusion
from trust.decisions.services.replay import Replay, replay
from trust.models import Decision
from trust.vocabulary import DecisionChannel


class Difference(serializers.Serializer[object]):
    path = serializers.CharField(help_text="Where, as a JSON Pointer into the answer; `row/...` for a column of the log.")
    then = serializers.JSONField(allow_null=True, help_text="What is stored.")
    now = serializers.JSONField(allow_null=True, help_text="What comes out today.")


class ReplayAnswer(serializers.Serializer[object]):
    decision_id = serializers.IntegerField()
    is_identical = serializers.BooleanField(
        source="identical", help_text="The same answer, byte for byte: verdict, score, reasons, ruling and words."
    )
    differences = Difference(many=True)
    why = serializers.ListField(child=serializers.CharField(), help_text="What may have caused them; empty where identical.")
    taken_as_logged = serializers.ListField(
        child=serializers.CharField(), help_text="What was not worked out again, because only the log knows it."
    )


def replay_decision(decision: Decision, *, now: datetime) -> Replay:
    """Raises `ConflictError` for the answer to a search."""
    return replay(decision, word=_word, now=now)


def _word(conclusion: Conclusion, said: Mapping[str, Any]) -> Mapping[str, Any]:
    if conclusion.channel in {DecisionChannel.EVALUATION, DecisionChannel.EVALUATIONS}:
        return decision_of(conclusion)
    words = render_answer(conclusion)
    if conclusion.ruling is None and "purpose_coverage" in said:  # policies in force are logged with a ruling only
        words["purpose_coverage"] = said["purpose_coverage"]
    return words


class ReplayView(ApiView):
    @extend_schema(operation_id="replay_decision", responses=ReplayAnswer, tags=["decisions"])
    def get(self, request: Request, decision_id: int) -> Response:
        """Judge, rule and word the answer again from what is stored, and compare it with what was answered."""
        return Response(ReplayAnswer(replay_decision(find_decision(self.actor, decision_id), now=self.now)).data)
