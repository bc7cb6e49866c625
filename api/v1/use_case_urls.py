"""Addresses of use cases, below /api/v1."""

from django.urls import path

from api.v1.views import use_cases

USE_CASE = "use-cases/<slug:slug>"

urlpatterns = [
    path("use-cases", use_cases.UseCasesView.as_view()),
    path(USE_CASE, use_cases.UseCaseView.as_view()),
    path(f"{USE_CASE}/acknowledge", use_cases.AcknowledgeUseCaseView.as_view()),
    path(f"{USE_CASE}/confirmations", use_cases.ConfirmationsView.as_view()),
]
