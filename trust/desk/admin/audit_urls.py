"""Addresses of the audit trail, which is no list of one table."""

from django.contrib import admin
from django.urls import path

from trust.desk.admin.audit_trail import audit_trail, export_audit_trail

urlpatterns = [
    path("", admin.site.admin_view(audit_trail), name="audit_trail"),
    path("export/<slug:form>/", admin.site.admin_view(export_audit_trail), name="audit_trail_export"),
]
