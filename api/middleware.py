"""Echoes the caller's X-Request-ID."""

import re
import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

ACCEPTABLE = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")


class RequestIdMiddleware:
    """Gives every request an id: the caller's `X-Request-ID` where it is acceptable, else a new UUID; and echoes it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request_id = given if ACCEPTABLE.fullmatch(given) else str(uuid.uuid4())
        request.META["touchstone.request_id"] = request_id
        response = self.get_response(request)
        response["X-Request-ID"] = request_id
        return response
