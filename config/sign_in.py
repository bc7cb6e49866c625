"""Signing in: what django-axes asks, answered by `catalog.services.sign_ins`; and the page of those who have to wait."""

import ipaddress
import threading
import time
from math import ceil
from typing import Any

from axes.handlers.base import AbstractAxesHandler, AxesBaseHandler
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from catalog.services import sign_ins
from trust.presentation.responses import error_page

CHECKS_PER_SECOND = 1.0
"""Passwords that one process looks at, from addresses that the account does not know: each costs most of a second of a core."""
CHECKS_AT_ONCE = 4.0


class _Bucket:
    """Lets a few through at once and then so many a second."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        self._left, self._since = CHECKS_AT_ONCE, time.monotonic()

    def take(self) -> bool:
        with self._lock:
            now = time.monotonic()
            self._left = min(CHECKS_AT_ONCE, self._left + (now - self._since) * CHECKS_PER_SECOND)
            self._since = now
            if self._left < 1:
                return False
            self._left -= 1
            return True


checks = _Bucket()


class SignInHandler(AbstractAxesHandler, AxesBaseHandler):  # type: ignore[misc]  # axes has no types
    """AXES_HANDLER. Asked once for each attempt, before any password is looked at."""

    def is_locked(self, request: Any, credentials: dict[str, Any] | None = None) -> bool:
        username, address, now = _who(request, credentials)
        known = sign_ins.is_known(username=username, address=address, now=now)
        if not known and not checks.take():
            request.sign_in_wait = ceil(1 / CHECKS_PER_SECOND)
            return True
        wait = sign_ins.begin_attempt(username=username, address=address, now=now)
        request.sign_in_wait = ceil(wait.total_seconds())
        return bool(wait)

    def user_login_failed(self, sender: Any, credentials: dict[str, Any], request: Any = None, **kwargs: Any) -> None:
        if request is None or request.axes_locked_out:
            return
        username, address, now = _who(request, credentials)
        sign_ins.note_failure(username=username, address=address, now=now)

    def user_logged_in(self, sender: Any, request: Any, user: Any, **kwargs: Any) -> None:
        _, address, now = _who(request, None)
        sign_ins.note_success(username=user.get_username(), address=address, now=now)

    def user_logged_out(self, sender: Any, request: Any, user: Any, **kwargs: Any) -> None:
        """Nothing is kept of it."""

    def get_failures(self, request: Any, credentials: dict[str, Any] | None = None) -> int:
        """Not asked for: `is_locked` counts."""
        return 0

    def post_save_access_attempt(self, instance: Any, **kwargs: Any) -> None:
        """Nothing follows from it."""

    def post_delete_access_attempt(self, instance: Any, **kwargs: Any) -> None:
        """Nothing follows from it."""


def _who(request: Any, credentials: dict[str, Any] | None) -> tuple[str, str, Any]:
    username = str((credentials or {}).get("username") or "")
    return username.replace("\0", ""), request.axes_ip_address or "", request.axes_attempt_time


def client_address(request: HttpRequest) -> str | None:
    """AXES_CLIENT_IP_CALLABLE. What a proxy of `TOUCHSTONE_TRUSTED_PROXIES` says in X-Forwarded-For is believed."""
    address = _address(request.META.get("REMOTE_ADDR", ""))
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    while address is not None and forwarded and any(address in network for network in settings.TOUCHSTONE.proxy_networks):
        before = _address(forwarded.pop().strip())
        if before is None:
            break
        address = before
    return str(address) if address else None


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return None


def has_to_wait(request: HttpRequest, _response: HttpResponse | None, _credentials: object) -> HttpResponse:
    """AXES_LOCKOUT_CALLABLE: the page instead of the form."""
    seconds = getattr(request, "sign_in_wait", 60)
    when = f"{seconds} seconds" if seconds < 120 else f"{ceil(seconds / 60)} minutes"
    message = (
        f"There were too many attempts to sign in. Try again in {when}. The password was not checked, so it may be "
        "correct; if you have forgotten it, ask governance for a new one."
    )
    response = error_page(429, "Please wait", message)
    response["Retry-After"] = str(seconds)
    return response
