"""How far the admin reaches for whom: data owners see what belongs to their own products, other roles see everything."""

from typing import TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest

from catalog.models import DataProduct, Person
from catalog.services.permissions import is_governance, sees_everything

M = TypeVar("M", bound=Model)


def person_of(request: HttpRequest) -> Person:
    """Who asks. The admin lets nobody in who has not logged in."""
    if not isinstance(request.user, Person):
        raise TypeError(f"The admin was reached by {request.user!r}, who has no account.")
    return request.user


def governs(request: HttpRequest) -> bool:
    """Whether who asks may act for governance: asked for each action of a page, looked up once."""
    known = vars(request)
    if "governs" not in known:
        known["governs"] = is_governance(person_of(request))
    return bool(known["governs"])


def within_reach(queryset: QuerySet[M], person: Person, *, path: str) -> QuerySet[M]:
    """The rows whose product, found at `path` (`pk` for products themselves), this person owns or looks after, or all rows."""
    if sees_everything(person):
        return queryset
    return queryset.filter(**{f"{path}__in": DataProduct.objects.looked_after_by(person).order_by().values("pk")})
