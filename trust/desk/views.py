"""The pages for people: the published products, the label of each, and the pages for what goes wrong.

They need no script, load nothing from elsewhere, and say so in their content security policy.
"""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from catalog.models import Person
from catalog.queries import visible_products
from trust.desk.pages.board import board_of, product_ids
from trust.presentation.responses import error_page, page
from trust.verdicts.pages.label import label_of
from trust.verdicts.services import judging

LONGEST_QUERY = 100
LONGEST_SLUG = 80


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


def not_found(_request: HttpRequest, _exception: Exception) -> HttpResponse:
    message = "There is no page at this address, or it is about something that you may not see. Check the address."
    return error_page(404, "This page does not exist", message)


def forbidden(_request: HttpRequest, _exception: Exception) -> HttpResponse:
    message = "Your account does not have the right to see or to do this. Ask governance for the role that has it."
    return error_page(403, "Permission denied", message)


def bad_request(_request: HttpRequest, _exception: Exception) -> HttpResponse:
    return error_page(400, "This request is invalid", "Check the address, or go back and try again.")


def server_error(_request: HttpRequest) -> HttpResponse:
    message = "Internal error: the page could not be shown. The log has the details."
    return error_page(500, "Something went wrong here", message)
