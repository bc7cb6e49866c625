"""Notes when a request came in, and echoes the caller's X-Request-ID."""

import re
import uuid
from collections.abc import Callable
from time import perf_counter_ns

from django.http import HttpRequest, HttpResponse

from api.problems import ARRIVED, REQUEST_ID

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
        response = self.get_response(request)
        response["X-Request-ID"] = request_id
        return response
