"""The pages for people: the published products, the label of each, and the pages for what goes wrong.

They need no script, load nothing from elsewhere, and say so in their content security policy.
"""

import logging
from collections.abc import Callable, Mapping
from functools import wraps

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_safe

from catalog.models import Person
from catalog.queries import visible_products
from catalog.rules.errors import ConflictError
from trust.pages.board import board_of, product_ids
from trust.pages.label import label_of
from trust.services import judging

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
LONGEST_QUERY = 100
LONGEST_SLUG = 80

View = Callable[..., HttpResponse]
log = logging.getLogger(__name__)


def page(view: View) -> View:
    """A page to read: behind login unless the home page is public, never cached, never indexed.

    Where no fresh verdict can be had (the database is away, or facts change faster than they are judged) it says so with
    503 instead of showing an old one.
    """

    @require_safe
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


@page
def home(request: HttpRequest) -> HttpResponse:
    """The published products, a page of them at a time; `?q=` searches, `?after=SLUG` goes on."""
    query, after = _text(request, "q", LONGEST_QUERY), _text(request, "after", LONGEST_SLUG)
    now = timezone.now()
    ids = product_ids(query=query, after=after)
    judging.ensure_current(product_ids=ids, now=now)
    context = {
        "here": "home",
        "now": now,
        "query": query,
        "after": after,
        "board": board_of(ids, query=query, after=after),
        "base_url": request.build_absolute_uri("/").rstrip("/"),
    }
    return render(request, "touchstone/home.html", context)


@page
def product_label(request: HttpRequest, slug: str) -> HttpResponse:
    """The label of one product. Who may not know of it gets the same 404 as for one that does not exist."""
    visible = visible_products(request.user if isinstance(request.user, Person) else None)
    product = visible.select_related("domain", "owner").filter(slug=slug).first()
    if product is None:
        raise Http404
    now = timezone.now()
    judging.ensure_current(product_ids=[product.pk], now=now)
    label = label_of(product, now)
    if label is None:
        raise Http404
    upstreams = [upstream.slug for upstream in label.upstreams]
    context = {
        "product": product,
        "label": label,
        "now": now,
        "stewards": [str(steward) for steward in product.stewards.all()],
        "linked": set(visible.filter(slug__in=upstreams).values_list("slug", flat=True)),
    }
    return render(request, "touchstone/product.html", context)


def _text(request: HttpRequest, name: str, longest: int) -> str:
    """A query parameter, cut to `longest` and without the NUL that PostgreSQL refuses."""
    return request.GET.get(name, "").replace("\0", "").strip()[:longest]


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


def not_found(_request: HttpRequest, _exception: Exception) -> HttpResponse:
    message = "There is no page at this address, or it is about something that you may not see. Check the address."
    return error_page(404, "This page does not exist", message)


def forbidden(_request: HttpRequest, _exception: Exception) -> HttpResponse:
    message = "Your account does not have the right to see or to do this. Ask governance for the role that has it."
    return error_page(403, "You may not do this", message)


def bad_request(_request: HttpRequest, _exception: Exception) -> HttpResponse:
    return error_page(400, "This request cannot be understood", "Check the address, or go back and try again.")


def server_error(_request: HttpRequest) -> HttpResponse:
    message = "Touchstone could not answer, and says nothing rather than something wrong. The fault is in the log."
    return error_page(500, "Something went wrong here", message)
