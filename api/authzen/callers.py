"""Who asks over AuthZEN: the holder of a key with the scope `decide`. No session: a program asks."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from rest_framework.exceptions import NotAuthenticated, PermissionDenied

from api.authentication import ApiKeyAuthentication, asker_with
from api.errors import answer_error
from api.problems import Problem, problem_response
from catalog.rules.scopes import Scope, grants
from trust.decisions.rules.question import Asker

ALLOW = {"Allow": "POST, OPTIONS"}


@dataclass(frozen=True, slots=True)
class Caller:
    """An asker with a good key. may_ask_about_others: governance made its consumer an enforcement point."""

    asker: Asker
    may_ask_about_others: bool
    now: datetime

    def may_ask_about(self, subject: str) -> bool:
        return self.may_ask_about_others or subject == self.asker.slug


def caller_of(request: HttpRequest) -> Caller:
    """Raises `NotAuthenticated`, `AuthenticationFailed`, `TooManyRequests`, `PermissionDenied`."""
    known = ApiKeyAuthentication().authenticate(request)  # type: ignore[arg-type]  # of a request it reads META only
    if known is None:
        raise NotAuthenticated("This address needs an API key.", "not_authenticated")
    person, grant = known
    if not grants(grant.scopes, Scope.DECIDE):
        scopes = ", ".join(grant.scopes)
        raise PermissionDenied(f"The API key has the scope {scopes}; this needs {Scope.DECIDE}.", "scope_missing")
    return Caller(asker_with(grant, person, request), grant.is_enforcement_point, timezone.now())


def answers_callers(view: Callable[[HttpRequest, Caller], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """The view for whoever may call it. Every error is a problem, and none of them holds a decision."""

    @csrf_exempt
    @wraps(view)
    def answer(request: HttpRequest) -> HttpResponse:
        if request.method == "OPTIONS":
            return HttpResponse(status=204, headers=ALLOW)
        if request.method != "POST":
            detail = f"{request.method} is not possible at this address."
            return problem_response(request, Problem(405, "method_not_allowed", detail, "Use POST.", headers=ALLOW))
        try:
            return view(request, caller_of(request))
        except Exception as error:
            return answer_error(request, error)

    return answer
