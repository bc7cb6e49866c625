"""Who asks over AuthZEN: the holder of a key with the scope `decide`. No session: a program asks.

A good key costs one prepared statement. Whatever else it is goes the ordinary way, which says what is wrong with it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from rest_framework.exceptions import NotAuthenticated, PermissionDenied

from api.authentication import ApiKeyAuthentication, key_in, record_use
from api.errors import TooManyRequests, answer_error
from api.problems import ARRIVED, Problem, problem_response, request_id_of
from api.throttling import ADMITTED, admit, is_learned, learn
from catalog.rules.scopes import Scope, grants
from catalog.rules.vocabulary import ConsumerKind
from catalog.services.api_keys import digest_of
from trust.decisions.queries.clauses import GOOD_KEY, USE_IS_DUE
from trust.decisions.rules.denials import ASK_ABOUT_THEMSELVES
from trust.decisions.rules.question import Asker

STATEMENT = f"""
SELECT k.id, k.scopes, k.requests_per_minute,
       {USE_IS_DUE},
       c.id, c.slug, c.kind, c.owner_id
FROM catalog_apikey k JOIN catalog_consumer c ON c.id = k.consumer_id
WHERE k.digest = %s AND {GOOD_KEY}
"""
ALLOW = {"Allow": "POST, OPTIONS"}


@dataclass(frozen=True, slots=True)
class Caller:
    """An asker with a good key. may_ask_about_others: it enforces decisions, and is not an AI that asks for itself."""

    asker: Asker
    may_ask_about_others: bool
    now: datetime
    digest: str

    def may_ask_about(self, subject: str) -> bool:
        return self.may_ask_about_others or subject == self.asker.slug


def caller_of(request: HttpRequest) -> Caller:
    """Raises `NotAuthenticated`, `AuthenticationFailed`, `TooManyRequests`, `PermissionDenied`."""
    key = key_in(request.META.get("HTTP_AUTHORIZATION", ""))
    if key is None:
        raise NotAuthenticated("This address needs an API key.", "not_authenticated")
    digest = digest_of(key)
    was_counted = is_learned(digest)
    if was_counted and request.META.get(ADMITTED) != digest and (wait := admit(digest)):
        raise TooManyRequests(wait)
    with connection.cursor() as cursor:
        cursor.execute(STATEMENT, [digest])
        row = cursor.fetchone()
    if row is None:
        ApiKeyAuthentication().authenticate(request)  # type: ignore[arg-type]  # of a request it reads META only
        raise NotAuthenticated("The API key became valid during the request; send the request again.", "not_authenticated")
    key_id, scopes, requests_per_minute, is_use_due, consumer_id, slug, kind, person_id = row
    learn(digest, requests_per_minute, is_charged=not was_counted)
    now = timezone.now()
    if is_use_due:
        record_use(key_id, now)
    if not grants(scopes, Scope.DECIDE):
        raise PermissionDenied(f"The API key has the scope {', '.join(scopes)}; this needs {Scope.DECIDE}.", "scope_missing")
    asker = Asker(person_id, consumer_id, slug, key_id, request_id_of(request), request.META[ARRIVED])
    return Caller(asker, ConsumerKind(kind) not in ASK_ABOUT_THEMSELVES, now, digest)


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
