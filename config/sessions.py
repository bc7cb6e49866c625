"""Sessions of people end: after some hours without a request, and after some days whatever happens."""

import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse

IDLE_SECONDS = 8 * 3600
LONGEST_SECONDS = 7 * 24 * 3600
RESOLUTION_SECONDS = 300
"""How exactly the latest request is kept: one write in that time, not one for each request."""
BEGAN, SEEN = "touchstone_began", "touchstone_seen"


@receiver(user_logged_in)
def begin(request: HttpRequest, **_: Any) -> None:
    """With the sign-in, which writes the session anyway."""
    request.session[BEGAN] = request.session[SEEN] = int(time.time())


class SessionLimitsMiddleware:
    """Empties a session that is over, before anybody asks whose it is."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and SESSION_KEY in request.session:
            self._limit(request)
        return self.get_response(request)

    def _limit(self, request: HttpRequest) -> None:
        session, now = request.session, int(time.time())
        began, seen = session.get(BEGAN, 0), session.get(SEEN, 0)
        if now - seen > IDLE_SECONDS or now - began > LONGEST_SECONDS:
            session.flush()
        elif now - seen > RESOLUTION_SECONDS:
            session[SEEN] = now
