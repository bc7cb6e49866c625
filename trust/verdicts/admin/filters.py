"""Filters of the admin's lists that no field gives by itself."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.contrib.filters.admin import DropdownFilter

from catalog.models import DataProduct, Domain, Person
from trust.presentation.pages.labels import GATES, VERDICTS
from trust.verdicts.models.verdict import CurrentVerdict
from trust.verdicts.queries.policies import current_policy
from trust.verdicts.queries.product_upkeep import unacknowledged, unreviewed, without_owner, without_policy


class VerdictFilter(DropdownFilter):
    title = "verdict"
    parameter_name = "verdict"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(verdict, badge.word) for verdict, badge in VERDICTS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[DataProduct]) -> QuerySet[DataProduct]:
        if (verdict := self.value()) not in VERDICTS:
            return queryset
        return queryset.filter(current_verdict__in=CurrentVerdict.objects.showing(verdict, timezone.now()))


class GateFilter(DropdownFilter):
    """Products that a gate keeps from being production-grade, failed or unknown."""

    title = "failing gate"
    parameter_name = "gate"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(gate, title) for gate, title in GATES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[DataProduct]) -> QuerySet[DataProduct]:
        if (gate := self.value()) not in GATES:
            return queryset
        return queryset.filter(current_verdict__in=CurrentVerdict.objects.with_open_gate(gate, timezone.now()))


class MissingFilter(DropdownFilter):
    """Published products that nobody answers for, or that nothing opens, reviews or acknowledges: the lists behind the desk."""

    title = "missing"
    parameter_name = "missing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("owner", "an active owner"),
            ("policy", "an access policy"),
            ("sensitivity", "a sensitivity"),
            ("review", "governance's review"),
            ("acknowledgement", "the owner's acknowledgement"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[DataProduct]) -> QuerySet[DataProduct]:
        now = timezone.now()
        if self.value() == "owner":
            missing = without_owner(None)
        elif self.value() == "policy":
            missing = without_policy(None, now)
        elif self.value() == "review":
            missing = unreviewed(None, now, current_policy()[1].review_interval)
        elif self.value() == "acknowledgement":
            missing = unacknowledged(None, now, current_policy()[1].acknowledgement_interval)
        elif self.value() == "sensitivity":
            missing = DataProduct.objects.published().filter(sensitivity=None)
        else:
            return queryset
        return queryset.filter(pk__in=missing.order_by().values("pk"))


class OwnerFilter(DropdownFilter):
    """Only people who own a product are offered."""

    title = "owner"
    parameter_name = "owner"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        owners = Person.objects.filter(pk__in=DataProduct.objects.order_by().values("owner")).order_by("username")
        return [(person.username, str(person)) for person in owners[:200]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[DataProduct]) -> QuerySet[DataProduct]:
        return queryset.filter(owner__username=self.value()) if self.value() else queryset


class DomainFilter(DropdownFilter):
    title = "domain"
    parameter_name = "domain"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(Domain.objects.values_list("slug", "name")[:200])

    def queryset(self, request: HttpRequest, queryset: QuerySet[DataProduct]) -> QuerySet[DataProduct]:
        return queryset.filter(domain__slug=self.value()) if self.value() else queryset
