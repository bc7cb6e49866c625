"""Addresses of readiness and of moves between stages, below /api/v1."""

from django.urls import path

from api.v1.use_case_urls import USE_CASE
from api.v1.views import readiness, stage_moves

MOVE = f"{USE_CASE}/stage-moves/<int:move_id>"

urlpatterns = [
    path(f"{USE_CASE}/readiness", readiness.ReadinessView.as_view()),
    path(f"{USE_CASE}/readiness/history", readiness.ReadinessHistoryView.as_view()),
    path(f"{USE_CASE}/readiness/history/<int:readiness_id>", readiness.PastReadinessView.as_view()),
    path("stage-moves", stage_moves.AllStageMovesView.as_view()),
    path(f"{USE_CASE}/stage-moves", stage_moves.StageMovesView.as_view()),
    path(MOVE, stage_moves.StageMoveView.as_view()),
    path(f"{MOVE}/approve", stage_moves.ApproveStageMoveView.as_view()),
    path(f"{MOVE}/reject", stage_moves.RejectStageMoveView.as_view()),
    path(f"{MOVE}/withdraw", stage_moves.WithdrawStageMoveView.as_view()),
]
