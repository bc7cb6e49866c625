"""Every address of Touchstone."""

from django.contrib import admin
from django.urls import include, path

admin.autodiscover()

urlpatterns = [
    path("admin/audit/", include("trust.desk.admin.audit_urls")),
    path("admin/", admin.site.urls),
    path("", include("api.urls")),
    path("", include("trust.desk.urls")),
]

# Below /api these answer problem+json, everywhere else Django's pages.
handler400 = "api.handlers.bad_request"
handler403 = "api.handlers.permission_denied"
handler404 = "api.handlers.page_not_found"
handler500 = "api.handlers.server_error"
