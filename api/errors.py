"""The one place that turns errors into problems: domain errors, DRF's, Django's, the database's, and what nobody foresaw."""

import logging
from collections.abc import Iterator
from http import HTTPStatus
from math import ceil
from typing import Any

import psycopg
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation, TooManyFieldsSent
from django.db import DatabaseError, DataError, InterfaceError, InternalError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.request import UnreadablePostError
from rest_framework import exceptions

from api.problems import FieldFault, Problem, problem_response, request_id_of
from catalog.rules.errors import (
    ConflictError,
    DomainError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    TooLargeError,
    UnavailableError,
)

log = logging.getLogger(__name__)

STATUS_OF_DOMAIN_ERROR: dict[type[DomainError], int] = {
    NotFoundError: HTTPStatus.NOT_FOUND,
    InvalidError: HTTPStatus.BAD_REQUEST,
    TooLargeError: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    ConflictError: HTTPStatus.CONFLICT,
    ForbiddenError: HTTPStatus.FORBIDDEN,
    UnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
}
SEE_DOCS = "See /api/docs for what this address takes."
SEND_KEY = (
    "Send `Authorization: Bearer KEY` with a valid key. The first one of a person is made on the server with "
    "`bin/manage create_api_key USERNAME --name NAME`, others with POST /api/v1/keys."
)
NEW_KEY = "Ask the owner of its consumer for another key: POST /api/v1/consumers/{slug}/keys makes one."
REMEDIES_OF_CODES: dict[str, str] = {
    "key_revoked": NEW_KEY,
    "key_expired": NEW_KEY,
    "consumer_suspended": "Ask a member of the group 'governance' to reactivate it: POST /api/v1/consumers/{slug}/reactivate.",
    "consumer_retired": "It stays retired. Register another consumer, and use a key of that.",
    "person_inactive": "Ask a member of the group 'governance' to activate the account, or to hand the consumer over.",
    "person_needed": "Sign in, or use a key of your own: POST /api/v1/keys makes one.",
    "scope_missing": "Use a key with that scope: POST /api/v1/consumers/{slug}/keys or `bin/manage create_api_key` makes one.",
}
"""What to do about a key, where its status alone does not say."""
ASK_OPERATOR = "Try again later; if this persists, give the request_id to the operator, whose log has the cause."
REMEDIES: dict[int, str] = {
    HTTPStatus.BAD_REQUEST: SEE_DOCS,
    HTTPStatus.UNAUTHORIZED: SEND_KEY,
    HTTPStatus.FORBIDDEN: "Use a key or an account that may do this, or ask the product's owner or governance.",
    HTTPStatus.NOT_FOUND: "Check the address; GET /api/v1/products lists the products that you may see.",
    HTTPStatus.METHOD_NOT_ALLOWED: "Use one of the methods of the Allow header. " + SEE_DOCS,
    HTTPStatus.LENGTH_REQUIRED: "Send the body whole, with a Content-Length, not as chunks.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "Send the body with a Content-Type that this address takes. " + SEE_DOCS,
    HTTPStatus.TOO_MANY_REQUESTS: "Wait as long as Retry-After says, in seconds, and send the request again.",
}


_PROGRAM_LIMIT = "54"
"""PostgreSQL's class of errors for what exceeds one of its own limits."""


class PayloadTooLarge(exceptions.APIException):
    """The body of a request is longer than what Touchstone reads."""

    status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    default_code = "body_too_large"


class LengthRequired(exceptions.APIException):
    """A body came in pieces, without its length: WSGI cannot read it, and an empty body must not be believed instead."""

    status_code = HTTPStatus.LENGTH_REQUIRED
    default_code = "length_required"
    default_detail = "The body came without a Content-Length, so it was not read."


class TooManyRequests(exceptions.APIException):
    """A key has made as many requests in this minute as it may. wait: seconds until the next one may come."""

    status_code = HTTPStatus.TOO_MANY_REQUESTS
    default_code = "too_many_requests"
    default_detail = "Rate limit exceeded for this API key."

    def __init__(self, wait: float) -> None:
        super().__init__()
        self.wait = max(1, ceil(wait))


def faults_in(detail: Any, path: str = "") -> Iterator[FieldFault]:
    """The leaves of a DRF validation detail, each with the path that leads to it."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            own = path if name in {"non_field_errors", "__all__"} else f"{path}.{name}".lstrip(".")
            yield from faults_in(inner, own)
    elif isinstance(detail, list):
        for position, inner in enumerate(detail):
            is_leaf = not isinstance(inner, dict | list)
            yield from faults_in(inner, path if is_leaf else f"{path}.{position}".lstrip("."))
    else:
        yield FieldFault(message=str(detail), field=path, code=getattr(detail, "code", None) or "invalid")


def problem_of_domain_error(error: DomainError) -> Problem:
    status = next((status for kind, status in STATUS_OF_DOMAIN_ERROR.items() if isinstance(error, kind)), 400)
    faults = [FieldFault(error.message, error.field, error.code)] if error.field else []
    faults += [FieldFault(line) for line in error.details]
    return Problem(status, error.code, error.message, error.remedy or REMEDIES.get(status, SEE_DOCS), tuple(faults))


def problem_of_drf_error(error: exceptions.APIException) -> Problem:
    if isinstance(error, exceptions.ValidationError):
        faults = tuple(faults_in(error.detail))
        detail = "; ".join(f"{fault.field}: {fault.message}" if fault.field else fault.message for fault in faults[:5])
        return Problem(400, "invalid", detail, "Correct what `errors` names and send it again. " + SEE_DOCS, faults)
    wait = getattr(error, "wait", None)  # of `TooManyRequests`, in whole seconds
    headers = {"Retry-After": str(wait)} if wait else {}
    code = str(getattr(error.detail, "code", error.default_code))
    remedy = getattr(error, "remedy", None) or REMEDIES_OF_CODES.get(code) or REMEDIES.get(error.status_code, SEE_DOCS)
    return Problem(error.status_code, code, str(error.detail), remedy, headers=headers)


def problem_of(error: Exception) -> Problem | None:  # noqa: PLR0911  one row per kind of error
    """The problem that an error is; None for what nobody foresaw."""
    match error:
        case DomainError():
            return problem_of_domain_error(error)
        case exceptions.APIException():
            return problem_of_drf_error(error)
        case Http404():
            return Problem(404, "not_found", "There is nothing at this address.", REMEDIES[404])
        case PermissionDenied():
            return Problem(403, "forbidden", "You may not do this.", REMEDIES[403])
        case RequestDataTooBig() | TooManyFieldsSent():
            return Problem(413, "body_too_large", "The body of the request is too large.", "Send a smaller body.")
        case UnreadablePostError():
            return Problem(400, "unreadable_body", "The connection broke off inside the body.", "Send the request again.")
        case SuspiciousOperation():
            return Problem(400, "bad_request", "The request cannot be answered as it was sent.", SEE_DOCS)
        case DatabaseError(__cause__=psycopg.Error(sqlstate=str(state))) if state.startswith(_PROGRAM_LIMIT):
            detail = "The request holds more than the database can keep in one row or statement, so nothing was changed."
            return Problem(413, "too_large", detail, "Send less at once; docs/security.md lists the limits.")
        case DataError():
            detail = "A value of the request is too long, too large or no date that can be kept, so nothing was changed."
            return Problem(400, "invalid_value", detail, "Correct texts, numbers and dates. " + SEE_DOCS)
        case OperationalError() | InterfaceError():
            detail = "The database cannot be reached at the moment, so nothing was answered and nothing was changed."
            return Problem(503, "database_unavailable", detail, ASK_OPERATOR, headers={"Retry-After": "5"})
        case InternalError(__cause__=psycopg.errors.ReadOnlySqlTransaction()):
            detail = "The database that was reached takes no changes, as a standby does not, so nothing was answered."
            return Problem(503, "database_unavailable", detail, ASK_OPERATOR, headers={"Retry-After": "5"})
        case _:
            return None


INTERNAL = Problem(500, "internal_error", "Internal error: the request could not be answered.", ASK_OPERATOR)


def answer_error(request: HttpRequest, error: Exception) -> HttpResponse:
    """The answer to an error, logged where the fault is ours; nothing of its inside gets out."""
    problem = problem_of(error)
    if problem is None or problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("%s %s failed, request %s", request.method, request.path, request_id_of(request), exc_info=error)
    elif isinstance(error, DatabaseError):
        # Answered well enough, but each field should be checked before it comes to the database.
        log.warning("%s %s was refused by the database, request %s", request.method, request.path, request_id_of(request))
    return problem_response(request, problem or INTERNAL)


def drf_exception_handler(error: Exception, context: dict[str, Any]) -> HttpResponse:
    """DRF's EXCEPTION_HANDLER: every error of a view, foreseen or not."""
    request = context["request"]
    return answer_error(getattr(request, "_request", request), error)
