"""Addresses of proofs below /api/v1."""

from django.urls import path

from api.v1.views import proofs

urlpatterns = [
    path("decisions/<int:decision_id>/jws", proofs.SignedDecisionView.as_view()),
    path("decisions/<int:decision_id>/proof", proofs.ProofView.as_view()),
]
