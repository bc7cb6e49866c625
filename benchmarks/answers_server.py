"""The WSGI application of `benchmarks/answers.py`: Touchstone as it is, and two bare views to compare with.

`/bare` goes through the same middleware as everything else; `/naked` is the least that Django can do: no middleware at all.
Both answer about as many bytes as a trust answer. Production never mounts this module.
"""

import os
from collections.abc import Callable, Iterable
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

BODY = b'{"filler": "' + b"x" * 600 + b'"}'


def bare(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  a view takes a request
    return HttpResponse(BODY, content_type="application/json", headers={"Content-Length": str(len(BODY))})


django.setup(set_prefix=False)
settings.ROOT_URLCONF = __name__
urlpatterns = [path("bare", bare), path("naked", bare), path("", include("config.urls"))]

middleware, settings.MIDDLEWARE = settings.MIDDLEWARE, []
naked = WSGIHandler()
settings.MIDDLEWARE = middleware
touchstone = WSGIHandler()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    return (naked if environ["PATH_INFO"] == "/naked" else touchstone)(environ, start_response)
