"""RFC 9457 problem details: the one shape that every error below /api has. Which error becomes which problem: `api.errors`.

And the id that every request gets, and a problem names.
"""

import json
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from time import perf_counter_ns

from django.http import HttpRequest, HttpResponse

from catalog.callers import request_origin

MEDIA_TYPE = "application/problem+json"
REQUEST_ID = "touchstone.request_id"
ARRIVED = "touchstone.arrived_ns"
"""In a request's META: its id, and `time.perf_counter_ns()` when it came in (see `RequestIdMiddleware`)."""


@dataclass(frozen=True, slots=True)
class FieldFault:
    """What is wrong with one part of the request; `field` is a path such as `fields.0.name`, empty for the whole of it."""

    message: str
    field: str = ""
    code: str = "invalid"


@dataclass(frozen=True, slots=True)
class Problem:
    """One error: `code` is stable, `detail` says what happened to what, `remedy` what to do next."""

    status: int
    code: str
    detail: str
    remedy: str
    errors: tuple[FieldFault, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The same for every problem of one code: the code in words."""
        return self.code.replace("_", " ").capitalize()


def request_id_of(request: HttpRequest) -> str:
    """The id that `RequestIdMiddleware` gave the request; empty where a request came by without it."""
    return str(request.META.get(REQUEST_ID, ""))


def problem_response(request: HttpRequest, problem: Problem) -> HttpResponse:
    """The problem as an HTTP answer, never stored by a cache."""
    body = {
        "type": f"urn:touchstone:problem:{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "instance": request.path,
        "code": problem.code,
        "remedy": problem.remedy,
        "errors": [{"field": fault.field, "code": fault.code, "message": fault.message} for fault in problem.errors],
        "request_id": request_id_of(request),
    }
    headers = {"Cache-Control": "no-store", **problem.headers}
    if problem.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="touchstone"'
    content = json.dumps(body, ensure_ascii=True)  # a path may hold what UTF-8 cannot: escapes always can
    return HttpResponse(content, status=problem.status, content_type=MEDIA_TYPE, headers=headers)


ACCEPTABLE = re.compile(r"[!-~](?:[ -~]{0,126}[!-~])?")
"""Printable ASCII, as AuthZEN leaves the form to the caller, at most as long as the log keeps it."""


class RequestIdMiddleware:
    """Gives every request an id: the caller's `X-Request-ID` where it is acceptable, else a new UUID; and echoes it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.META[ARRIVED] = perf_counter_ns()
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        request_id = given if ACCEPTABLE.fullmatch(given) else str(uuid.uuid4())
        request.META[REQUEST_ID] = request_id
        with request_origin(request_id):
            response = self.get_response(request)
        response["X-Request-ID"] = request_id
        return response
