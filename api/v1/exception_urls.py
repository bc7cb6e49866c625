"""Addresses of incidents and waivers, below /api/v1."""

from django.urls import path

from api.v1.views import incidents, waivers

PRODUCT = "products/<slug:slug>"
INCIDENT = f"{PRODUCT}/incidents/<int:incident_id>"
WAIVER = f"{PRODUCT}/waivers/<int:waiver_id>"

urlpatterns = [
    path("incidents", incidents.AllIncidentsView.as_view()),
    path(f"{PRODUCT}/incidents", incidents.IncidentsView.as_view()),
    path(INCIDENT, incidents.IncidentView.as_view()),
    path(f"{INCIDENT}/comments", incidents.CommentOnIncidentView.as_view()),
    path(f"{INCIDENT}/assign", incidents.AssignIncidentView.as_view()),
    path(f"{INCIDENT}/severity", incidents.IncidentSeverityView.as_view()),
    path(f"{INCIDENT}/resolve", incidents.ResolveIncidentView.as_view()),
    path("waivers", waivers.AllWaiversView.as_view()),
    path(f"{PRODUCT}/waivers", waivers.WaiversView.as_view()),
    path(WAIVER, waivers.WaiverView.as_view()),
    path(f"{WAIVER}/grant", waivers.GrantWaiverView.as_view()),
    path(f"{WAIVER}/reject", waivers.RejectWaiverView.as_view()),
    path(f"{WAIVER}/withdraw", waivers.WithdrawWaiverView.as_view()),
    path(f"{WAIVER}/revoke", waivers.RevokeWaiverView.as_view()),
]
