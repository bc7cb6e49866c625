"""The pages for people: the published products, the label of each, the report of a use case, and the pages for errors.

They need no script, load nothing from elsewhere, and say so in their content security policy.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.contrib.postgres.search import SearchQuery
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from catalog.models import DataProduct, Person
from catalog.queries import visible_products, visible_use_cases
from catalog.rules.errors import ConflictError, DomainError, ForbiddenError, InvalidError, NotFoundError
from catalog.rules.moments import rfc_3339
from catalog.services import email_addresses
from catalog.services.recording import recorded
from trust.ledger.signing import KeyUnavailableError
from trust.messages import enqueue_deliveries
from trust.presentation.pages.labels import VERDICTS, Badge
from trust.presentation.responses import error_page, form_page, page
from trust.use_cases.pages.readiness_document import signed_document
from trust.use_cases.pages.readiness_report import Report, report_of
from trust.use_cases.services.signed_reports import SignedReport
from trust.use_cases.services.stages import end_overrides
from trust.verdicts.pages.label import label_of
from trust.verdicts.services import judging

PAGE = 50
SEARCHED_FROM = 12  # fewer products than this are found faster by eye

LONGEST_QUERY = 100
LONGEST_SLUG = 80
LONGEST_TOKEN = 4000
_STATUSES: dict[type[DomainError], HTTPStatus] = {
    InvalidError: HTTPStatus.BAD_REQUEST,
    ForbiddenError: HTTPStatus.FORBIDDEN,
    ConflictError: HTTPStatus.CONFLICT,
}


@dataclass(frozen=True, slots=True)
class Board:
    """One page of products. `next_after` is the slug to go on from; `tally` is empty unless the page shows everything."""

    rows: Sequence[DataProduct]
    tally: tuple[tuple[Badge, int], ...]
    next_after: str | None
    asks_search: bool


def product_ids(*, query: str, after: str) -> list[int]:
    """Ids of one page and one more, in the order of their slugs: keyset paging: a late page costs what the first does."""
    products = DataProduct.objects.published().filter(slug__gt=after) if after else DataProduct.objects.published()
    if query:
        products = products.filter(search=SearchQuery(query, search_type="websearch", config="english"))
    return list(products.order_by("slug").values_list("pk", flat=True)[: PAGE + 1])


def board_of(ids: Sequence[int], *, query: str, after: str) -> Board:
    """The page for the ids of `product_ids`; judge those first (`ensure_current`). One query."""
    shown = list(ids[:PAGE])
    rows = list(
        DataProduct.objects.filter(pk__in=shown)
        .select_related("domain", "owner", "current_verdict")
        .defer("search", "current_verdict__body")
        .order_by("slug")
    )
    has_more = len(ids) > PAGE
    return Board(
        rows=rows,
        tally=() if has_more or after or query or not rows else _tally(rows),
        next_after=rows[-1].slug if has_more else None,
        asks_search=bool(query or after or len(ids) >= SEARCHED_FROM),
    )


def _tally(rows: Sequence[DataProduct]) -> tuple[tuple[Badge, int], ...]:
    counts = Counter(product.current_verdict.verdict for product in rows)
    return tuple((badge, counts[verdict]) for verdict, badge in VERDICTS.items())


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


@page
def use_case_report(request: HttpRequest, slug: str) -> HttpResponse:
    """The report, now or `?as_of=` a past moment. Who may not know of the use case gets the 404 of one that does not exist."""
    if not isinstance(request.user, Person):
        return redirect_to_login(request.get_full_path(), settings.LOGIN_URL)
    now = timezone.now()
    end_overrides(now=now)
    use_case = visible_use_cases(request.user).filter(slug=slug).first()
    if use_case is None:
        raise Http404
    try:
        report = report_of(use_case, reader=request.user, now=now, as_of=_moment(request.GET.get("as_of")))
    except NotFoundError as error:
        return error_page(HTTPStatus.NOT_FOUND, "Nothing was assessed yet", str(error))
    except InvalidError as error:
        return error_page(HTTPStatus.BAD_REQUEST, "This moment cannot be asked about", str(error))
    context = {
        "here": "report",
        "now": now,
        "report": report,
        "signed": _signed(report, request, now),
        "as_of": rfc_3339(report.at),
    }
    return render(request, "touchstone/report.html", context)


@form_page
def account_email(request: HttpRequest) -> HttpResponse:
    """The reader's e-mail address, and the one that waits: `?token=` of a mail shows the button that confirms it."""
    if not isinstance(request.user, Person):
        return redirect_to_login(request.get_full_path(), settings.LOGIN_URL)
    person, given = request.user, request.POST if request.method == "POST" else request.GET
    token, status = given.get("token", "")[:LONGEST_TOKEN], HTTPStatus.OK
    context: dict[str, object] = {}
    try:
        if token and request.method == "POST":
            person = email_addresses.confirm_email(token=token, actor=person)
            context["done"] = f"{person.email} is confirmed, and is the address of the account {person.username} from now on."
        elif token:
            context = {"token": token, "address": email_addresses.address_to_confirm(token=token, actor=person)}
        elif request.method == "POST":
            context["done"] = _mailed_again(person)
    except DomainError as error:
        context, status = {"problem": str(error)}, _STATUSES[type(error)]
    context |= {"person": person, "remedy": email_addresses.how_to_confirm(person), "sends": email_addresses.is_mail_on()}
    return render(request, "touchstone/account_email.html", context, status=status)


def _mailed_again(person: Person) -> str:
    with recorded("send_confirmation", person):
        is_sent = email_addresses.ask_to_confirm(person)
    if is_sent:
        transaction.on_commit(enqueue_deliveries)
        return f"The mail to {person.email_to_confirm} is on its way."
    return "No mail was sent: one was less than five minutes ago, or none can be. Look into the folder for unwanted mail too."


def _signed(report: Report, request: HttpRequest, now: datetime) -> SignedReport | None:
    """None where there is no key: the page then says that it is not signed."""
    issuer = settings.TOUCHSTONE.public_url.rstrip("/") or f"{request.scheme}://{request.get_host()}"
    try:
        return signed_document(report, issuer=issuer, now=now)
    except KeyUnavailableError:
        return None


def _moment(text: str | None) -> datetime | None:
    """Raises `InvalidError`. A `+` that nobody escaped arrives as a space."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        remedy = "Give a moment with its offset, such as 2026-11-22T12:00:00Z."
        raise InvalidError("as_of is no moment with an offset from UTC.", remedy=remedy, field="as_of")
    return moment
