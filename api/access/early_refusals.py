"""Refusals before the body of a request is read: the caller is unknown or over the limit, the body is too slow or too much.

The web server (`config.web`) calls these with the environ of WSGI; nothing here reads a body.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.core.handlers.wsgi import WSGIRequest
from django.db import close_old_connections
from django.http import HttpRequest, HttpResponse
from rest_framework.exceptions import NotAuthenticated

from api.authentication import ApiKeyAuthentication
from api.errors import ASK_OPERATOR, answer_error
from api.handlers import is_api
from api.problems import Problem, RequestIdMiddleware, problem_response
from api.throttling import ADMITTED
from catalog.services.api_keys import KEY_FORM
from trust.presentation.responses import error_page

CALLERS_ONLY = ("/api/v1/", "/access/v1/")
"""Below these every address that takes a body needs a caller."""


def needs_caller(environ: dict[str, Any]) -> bool:
    return str(environ["PATH_INFO"]).startswith(CALLERS_ONLY)


def is_hopeless(environ: dict[str, Any]) -> bool:
    """True where the handler refuses the request whatever its body holds: there is nothing that could be a key or a session."""
    if not needs_caller(environ):
        return False
    scheme, _, key = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme:
        return scheme.lower() != "bearer" or not KEY_FORM.fullmatch(key.strip())
    return settings.SESSION_COOKIE_NAME not in environ.get("HTTP_COOKIE", "")


def refusal_of(environ: dict[str, Any]) -> HttpResponse | None:
    """The answer to a caller who is not known or has no requests left; None where the body may be read."""
    accepted = HttpResponse()

    def check(request: HttpRequest) -> HttpResponse:
        close_old_connections()  # as at the start of every request
        try:
            if "HTTP_AUTHORIZATION" in request.META:
                caller = ApiKeyAuthentication().authenticate(request)  # type: ignore[arg-type]  # it reads META only
                request.META[ADMITTED] = caller[1].digest if caller else ""
            elif not _has_session(request):
                raise NotAuthenticated("This address needs an API key or a session.", "not_authenticated")
        except Exception as error:
            return answer_error(request, error)
        return accepted

    response = _with_request_id(environ, check)
    return None if response is accepted else response


def too_slow(environ: dict[str, Any], seconds: float) -> HttpResponse:
    detail = f"The body did not arrive within {seconds:.0f} s, so it was not read and nothing was changed."
    remedy = "Send the whole body at once; a proxy in front of Touchstone should buffer requests."
    return _refuse(environ, Problem(408, "body_too_slow", detail, remedy))


def too_much(environ: dict[str, Any]) -> HttpResponse:
    detail = "The bodies that are arriving at this moment take more memory than they may together, so this one was not read."
    return _refuse(environ, Problem(503, "overloaded", detail, ASK_OPERATOR, headers={"Retry-After": "5"}))


def broken_off(environ: dict[str, Any]) -> HttpResponse:
    detail = "The connection broke off inside the body."
    return _refuse(environ, Problem(400, "unreadable_body", detail, "Send the request again."))


def overloaded(environ: dict[str, Any]) -> HttpResponse:
    detail = "All threads of the web server are busy, so nothing was answered and nothing was changed."
    return _refuse(environ, Problem(503, "overloaded", detail, ASK_OPERATOR, headers={"Retry-After": "5"}))


def _has_session(request: HttpRequest) -> bool:
    store = import_module(settings.SESSION_ENGINE).SessionStore
    request.session = store(request.COOKIES.get(settings.SESSION_COOKIE_NAME))
    return get_user(request).is_authenticated


def _refuse(environ: dict[str, Any], problem: Problem) -> HttpResponse:
    def answer(request: HttpRequest) -> HttpResponse:
        if is_api(request):
            return problem_response(request, problem)
        page = error_page(problem.status, problem.title, f"{problem.detail} {problem.remedy}")
        for name, value in problem.headers.items():
            page[name] = value
        return page

    return _with_request_id(environ, answer)


def _with_request_id(environ: dict[str, Any], answer: Callable[[HttpRequest], HttpResponse]) -> HttpResponse:
    """As the middleware does for every other answer."""
    return RequestIdMiddleware(answer)(WSGIRequest(environ))
