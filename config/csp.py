"""Which content security policy goes with which page; those with one of their own keep it (pages for people, the API docs)."""

from typing import Any

from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.middleware import CSPMiddleware, PolicyParts

NOTHING = {"default-src": [NONE], "base-uri": [NONE], "form-action": [NONE], "frame-ancestors": [NONE]}
"""Answers of the API, and whatever else is no page."""
ADMIN = {
    **NOTHING,
    # No inline script and none from elsewhere. unfold's Alpine makes functions of its attributes, which needs `unsafe-eval`.
    "script-src": [SELF, UNSAFE_EVAL],
    # Its colours, charts and scroll bars are style elements and style attributes that its scripts write.
    "style-src": [SELF, UNSAFE_INLINE],
    "img-src": [SELF, "data:"],
    "font-src": [SELF],
    "connect-src": [SELF],
    "form-action": [SELF],
}
ADMIN_PREFIX = "/admin/"


class PolicyMiddleware(CSPMiddleware):
    """django-csp's, with the admin's policy below its address and nothing allowed anywhere else."""

    def get_policy_parts(self, request: Any, response: Any, report_only: bool = False) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        if not report_only and parts.config is None:
            parts.config = ADMIN if request.path_info.startswith(ADMIN_PREFIX) else NOTHING
        return parts
