"""What a request needs before a view runs: somebody who asks, and a scope; and in whose name it reports."""

from typing import Any

from rest_framework.exceptions import NotAuthenticated, PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from api.authentication import KeyGrant
from catalog.models import Consumer, Person
from catalog.rules.scopes import Scope, grants
from catalog.rules.vocabulary import ConsumerKind
from trust.use_cases.services.reporters import Reporter


class IsKnown(BasePermission):
    """Signed in, or with a key, whatever its scopes."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not request.user.is_authenticated:
            raise NotAuthenticated("This address needs an API key or a session.", "not_authenticated")
        return True


class HasScope(IsKnown):
    """Signed in, and with a key that has the scope that the view asks for. A session has every scope."""

    asks_for_scope = True

    def has_permission(self, request: Request, view: Any) -> bool:
        super().has_permission(request, view)
        is_read = request.method in SAFE_METHODS
        demand_scope(request, view.read_scope if is_read else view.write_scope)
        if view.is_personal and not is_read:
            demand_person(request)
        return True


def demand_scope(request: Request, wanted: Scope) -> None:
    """Raise `PermissionDenied` where the request came with a key that has not this scope."""
    if isinstance(request.auth, KeyGrant) and not grants(request.auth.scopes, wanted):
        has = ", ".join(request.auth.scopes)
        raise PermissionDenied(f"The API key has the scope {has}; this needs {wanted}.", "scope_missing")


def demand_person(request: Request) -> None:
    """Raise `PermissionDenied` where the request came with the key of a machine."""
    if isinstance(request.auth, KeyGrant) and request.auth.kind is not ConsumerKind.PERSON:
        slug, kind = request.auth.consumer_slug, request.auth.kind
        message = f"{slug} is a {kind}, and this is for a person to say: no key of a machine says it in their name."
        raise PermissionDenied(message, "person_needed")


def reporter_of(request: Request) -> Reporter:
    """For a request that `HasScope` let through. One query where a consumer speaks for itself."""
    person: Person = request.user  # type: ignore[assignment]  # nobody else gets here
    grant = request.auth if isinstance(request.auth, KeyGrant) else None
    if grant is None or grant.kind is ConsumerKind.PERSON:
        return Reporter(person)
    return Reporter(person, Consumer.objects.select_related("owner").get(pk=grant.consumer_id))
