"""Addresses of the API. No trailing slashes; what is not named below /api, /access or /.well-known is a 404 problem."""

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import include, path, re_path
from django.views.decorators.csrf import csrf_exempt

from api.errors import answer_error
from api.health import healthz, readyz
from api.replay import ReplayView
from api.schema import DocsView, schema
from api.signed import jwks


@csrf_exempt  # else a POST without a cookie would get a page about forms
def unknown_address(request: HttpRequest) -> HttpResponse:
    """Also in debug mode, where Django would answer a page of its own."""
    return answer_error(request, Http404())


urlpatterns = [
    path("api/v1/", include("api.v1.urls")),
    path("api/v1/decisions/<int:decision_id>/replay", ReplayView.as_view()),
    path("", include("api.authzen.urls")),
    path(".well-known/jwks.json", jwks, name="jwks"),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("api/schema", schema, name="schema"),
    path("api/docs", DocsView.as_view(), name="docs"),
    re_path(r"^(?:api|access|\.well-known)(?:/[\s\S]*)?$", unknown_address),
]
