"""Addresses of the log of answers and of recalls."""

from django.urls import path

from api.v1.views import decisions, recalls

DECISION = "decisions/<int:decision_id>"
RECALL = "recalls/<int:recall_id>"

urlpatterns = [
    path("decisions", decisions.DecisionsView.as_view()),
    path(DECISION, decisions.DecisionView.as_view()),
    path(f"{DECISION}/replay", decisions.ReplayView.as_view()),
    path("recalls", recalls.RecallsView.as_view()),
    path(RECALL, recalls.RecallView.as_view()),
    path(f"{RECALL}/acknowledge", recalls.AcknowledgeRecallView.as_view()),
]
