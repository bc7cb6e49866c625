"""Published products that lack something, and those whose acknowledgement or review falls due.

`reach`: ids of the products to search, None for all of them.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db.models import Case, DateTimeField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce

from catalog.models import AccessPolicy, DataProduct, Person, PolicyStatus
from catalog.models.product import DataProductQuerySet
from catalog.rules.vocabulary import Effect, Lifecycle
from catalog.services.permissions import sees_everything
from trust.verdicts.models.verdict import CurrentVerdict
from trust.vocabulary import GateName

Reach = Sequence[int] | None
_OFFERED = (Lifecycle.PUBLISHED, Lifecycle.DEPRECATED)
_MOMENT = DateTimeField()
Rows = TypeVar("Rows", bound=QuerySet[Any])


def reach_of(person: Person) -> Reach:
    """The ids of the products that `person` owns or looks after; None for whoever sees everything. Three queries at most."""
    if sees_everything(person):
        return None
    return tuple(DataProduct.objects.looked_after_by(person).order_by("slug").values_list("pk", flat=True))


def within_reach(rows: Rows, reach: Reach, *, by: str = "product") -> Rows:
    """Those of the rows whose product is within reach. by: the field that leads to the product."""
    return rows if reach is None else rows.filter(**{f"{by}__in": reach})


def published_within(reach: Reach) -> DataProductQuerySet:
    """The published products within reach."""
    return within_reach(DataProduct.objects.published(), reach, by="pk")


def without_owner(reach: Reach) -> QuerySet[DataProduct]:
    """The published products whose owner's account is closed."""
    return published_within(reach).filter(owner__is_active=False).order_by("slug")


def without_policy(reach: Reach, now: datetime) -> QuerySet[DataProduct]:
    """The published products that no access policy in force opens to anybody."""
    permits = AccessPolicy.objects.filter(
        Q(expires_at=None) | Q(expires_at__gt=now),
        product=OuterRef("pk"),
        status=PolicyStatus.PUBLISHED,
        effect=Effect.PERMIT,
    )
    return published_within(reach).filter(~Exists(permits)).order_by("slug")


def unreviewed(reach: Reach, now: datetime, interval: timedelta) -> QuerySet[DataProduct]:
    """Published products that governance never reviewed, longer ago than `interval`, or not as they are claimed today."""
    is_open = Q(current_verdict__in=CurrentVerdict.objects.with_open_gate(GateName.REVIEW, now))
    return published_within(reach).filter(Q(reviewed_at=None) | Q(reviewed_at__lte=now - interval) | is_open)


def unacknowledged(reach: Reach, now: datetime, interval: timedelta) -> QuerySet[DataProduct]:
    """Published products that their owner of today never acknowledged, or longer ago than `interval`."""
    by_another = ~Q(acknowledged_by=F("owner"))
    return published_within(reach).filter(Q(acknowledged_at=None) | Q(acknowledged_at__lte=now - interval) | by_another)


def due_acknowledgements(until: datetime, interval: timedelta) -> DataProductQuerySet:
    """Offered products with `due_at`, by when their owner of today must acknowledge them: soonest first, until `until`.

    One that this owner has never acknowledged is due since it was published.
    """
    is_given = Q(acknowledged_at__isnull=False, acknowledged_by=F("owner"))
    return _due_products(is_given, F("acknowledged_at"), interval, until)


def due_reviews(until: datetime, interval: timedelta) -> DataProductQuerySet:
    """Offered products with `due_at`, by when governance must review them. One that it never did is due since published."""
    return _due_products(Q(reviewed_at__isnull=False), F("reviewed_at"), interval, until)


def _due_products(is_given: Q, given_at: F, interval: timedelta, until: datetime) -> DataProductQuerySet:
    again = ExpressionWrapper(given_at + Value(interval), output_field=_MOMENT)
    never = Coalesce(F("published_at"), F("created_at"))
    rows = DataProduct.objects.filter(lifecycle__in=_OFFERED).select_related("owner").defer("search")
    due = rows.annotate(due_at=Case(When(is_given, then=again), default=never, output_field=_MOMENT))
    return due.filter(due_at__lte=until).order_by("due_at", "pk")
