"""The page of the readiness report of one use case: behind login, one sheet of paper, nothing that a browser must load."""

from datetime import datetime
from http import HTTPStatus

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from catalog.models import Person
from catalog.queries import visible_use_cases
from catalog.rules.errors import InvalidError, NotFoundError
from catalog.rules.moments import rfc_3339
from trust.ledger.signing import KeyUnavailableError
from trust.presentation.responses import error_page, page
from trust.use_cases.pages.readiness_document import signed_document
from trust.use_cases.pages.readiness_report import Report, report_of
from trust.use_cases.services.signed_reports import SignedReport
from trust.use_cases.services.stages import end_overrides


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
