"""Pages for people, and the pages for errors: no script, nothing loaded from elsewhere, never cached or indexed."""

import logging
from collections.abc import Callable, Mapping
from functools import wraps

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.decorators.http import require_http_methods, require_safe

from catalog.rules.errors import ConflictError

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

View = Callable[..., HttpResponse]
log = logging.getLogger(__name__)


def page(view: View) -> View:
    """A page to read: behind login unless the home page is public, never cached, never indexed."""
    return require_safe(_page(view))


def form_page(view: View) -> View:
    """The same with a form on it, which is sent by POST."""
    return require_http_methods(["GET", "HEAD", "POST"])(_page(view))


def _page(view: View) -> View:
    """Where no fresh verdict can be had (the database is away, or facts change faster than they are judged) it says so with
    503 instead of showing an old one.
    """

    @wraps(view)
    def wrapped(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        try:
            if not settings.TOUCHSTONE.public_home and not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path(), settings.LOGIN_URL)
            return _guarded(view(request, *args, **kwargs))
        except (ConflictError, OperationalError, InterfaceError) as error:
            log.warning("%s cannot be answered now: %s", request.path, error)
            return unavailable({"Retry-After": "5"})

    return wrapped


def _guarded(response: HttpResponse) -> HttpResponse:
    response["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Cache-Control"] = "private, no-cache"
    return response


def error_page(status: int, heading: str, message: str) -> HttpResponse:
    """Rendered without the request: what goes wrong may be the database, which context processors ask."""
    context = {"status": status, "heading": heading, "message": message}
    return _guarded(HttpResponse(render_to_string("touchstone/error.html", context), status=status))


def unavailable(headers: Mapping[str, str]) -> HttpResponse:
    message = "No fresh answer can be given at this moment, and an old one is never shown. Try again in a moment."
    response = error_page(503, "Come back in a moment", message)
    for name, value in headers.items():
        response[name] = value
    return response
