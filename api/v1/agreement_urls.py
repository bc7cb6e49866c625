"""Addresses of agreements, notices and their deliveries, below /api/v1."""

from django.urls import path

from api.v1.views import agreements, notifications

AGREEMENT = "agreements/<int:agreement_id>"

urlpatterns = [
    path("agreements", agreements.AgreementsView.as_view()),
    path(AGREEMENT, agreements.AgreementView.as_view()),
    path(f"{AGREEMENT}/approve", agreements.ApproveAgreementView.as_view()),
    path(f"{AGREEMENT}/reject", agreements.RejectAgreementView.as_view()),
    path(f"{AGREEMENT}/withdraw", agreements.WithdrawAgreementView.as_view()),
    path(f"{AGREEMENT}/revoke", agreements.RevokeAgreementView.as_view()),
    path("notifications", notifications.NotificationsView.as_view()),
    path("notifications/read", notifications.ReadNotificationsView.as_view()),
    path("deliveries", notifications.DeliveriesView.as_view()),
]
