"""The application of `benchmarks/answers.py`: Touchstone as it is, and three views to compare with.

`/bare` goes through the same middleware as everything else; `/naked` is the least that Django can do: no middleware at all.
Both answer about as many bytes as a trust answer. `/naive/SLUG` is what one would write first: Django REST framework, a token
that is looked up through the ORM, a serializer, and no log, on a connection as Django makes it unless told otherwise: anew for
each request. `/kept/SLUG` is the same on our kept connection. Production never mounts this module.
"""

import os
from collections.abc import Callable
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import include, path

BODY = b'{"filler": "' + b"x" * 600 + b'"}'


def bare(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  a view takes a request
    return HttpResponse(BODY, content_type="application/json", headers={"Content-Length": str(len(BODY))})


ours = settings.DATABASES["default"]
settings.DATABASES["naive"] = {**ours, "CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": False, "OPTIONS": {}}
django.setup(set_prefix=False)

from rest_framework import serializers  # noqa: E402  needs the settings
from rest_framework.authentication import TokenAuthentication  # noqa: E402
from rest_framework.exceptions import AuthenticationFailed  # noqa: E402
from rest_framework.generics import RetrieveAPIView  # noqa: E402
from rest_framework.permissions import IsAuthenticated  # noqa: E402

from catalog.models import ApiKey, DataProduct  # noqa: E402
from catalog.services.api_keys import digest_of  # noqa: E402
from config.web.application import Application  # noqa: E402


class KeptToken(TokenAuthentication):
    keyword = "Bearer"
    database = "default"

    def authenticate_credentials(self, key: str) -> Any:
        tokens = ApiKey.objects.using(self.database).select_related("consumer__owner")
        token = tokens.filter(digest=digest_of(key), revoked_at=None).first()
        if token is None or not token.consumer.owner.is_active:
            raise AuthenticationFailed
        return token.consumer.owner, token


class NaiveToken(KeptToken):
    database = "naive"


class NaiveAnswer(serializers.ModelSerializer[DataProduct]):
    owner = serializers.CharField(source="owner.username")
    verdict = serializers.CharField(source="current_verdict.verdict")
    score = serializers.FloatField(source="current_verdict.score")
    grade = serializers.CharField(source="current_verdict.grade")
    valid_until = serializers.DateTimeField(source="current_verdict.valid_until")
    failing_gates = serializers.ListField(source="current_verdict.failing_gates")

    class Meta:
        model = DataProduct
        fields = ["slug", "sensitivity", "owner", "verdict", "score", "grade", "valid_until", "failing_gates"]


class KeptView(RetrieveAPIView[DataProduct]):
    authentication_classes = [KeptToken]
    permission_classes = [IsAuthenticated]
    queryset = DataProduct.objects.exclude(lifecycle="draft").select_related("owner", "current_verdict")
    serializer_class = NaiveAnswer
    lookup_field = "slug"


class NaiveView(KeptView):
    authentication_classes = [NaiveToken]
    queryset = KeptView.queryset.using("naive")


settings.ROOT_URLCONF = __name__
urlpatterns = [
    path("bare", bare),
    path("naked", bare),
    path("naive/<slug:slug>", NaiveView.as_view()),
    path("kept/<slug:slug>", KeptView.as_view()),
    path("", include("config.urls")),
]

middleware, settings.MIDDLEWARE = settings.MIDDLEWARE, []
naked = WSGIHandler()
settings.MIDDLEWARE = middleware
touchstone = WSGIHandler()


def by_address(environ: dict[str, Any], start_response: Callable[..., Any]) -> HttpResponseBase:
    return (naked if environ["PATH_INFO"] == "/naked" else touchstone)(environ, start_response)


application = Application(settings.TOUCHSTONE.web_threads, by_address)
