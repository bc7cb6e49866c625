"""Addresses of use cases, below /api/v1."""

from django.urls import path

from api.v1.views import output_exceptions, use_case_report, use_case_reports, use_cases

USE_CASE = "use-cases/<slug:slug>"

urlpatterns = [
    path("use-cases", use_cases.UseCasesView.as_view()),
    path(USE_CASE, use_cases.UseCaseView.as_view()),
    path(f"{USE_CASE}/acknowledge", use_cases.AcknowledgeUseCaseView.as_view()),
    path(f"{USE_CASE}/confirmations", use_cases.ConfirmationsView.as_view()),
    path(f"{USE_CASE}/report", use_case_report.UseCaseReportView.as_view()),
    path(f"{USE_CASE}/outcomes", use_case_reports.OutcomesView.as_view()),
    path(f"{USE_CASE}/uses", use_case_reports.UsesView.as_view()),
    path(f"{USE_CASE}/exceptions", output_exceptions.ExceptionsView.as_view()),
    path(f"{USE_CASE}/exceptions/<int:exception_id>", output_exceptions.ExceptionView.as_view()),
    path(f"{USE_CASE}/exceptions/<int:exception_id>/close", output_exceptions.CloseExceptionView.as_view()),
    path(f"{USE_CASE}/exceptions/<int:exception_id>/hand-on", output_exceptions.HandOnExceptionView.as_view()),
]
