"""Filters of the admin's lists that no field gives by itself."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import DropdownFilter

from catalog.models import DataProduct, Domain, Person
from trust.pages.words import GATES, VERDICTS


class VerdictFilter(DropdownFilter):
    title = "verdict"
    parameter_name = "verdict"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(verdict, badge.word) for verdict, badge in VERDICTS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[DataProduct]) -> QuerySet[DataProduct]:
        return queryset.filter(current_verdict__verdict=self.value()) if self.value() in VERDICTS else queryset


class GateFilter(DropdownFilter):
    """Products that a gate keeps from being production-grade, failed or unknown."""

    title = "open gate"
    parameter_name = "gate"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(gate, title) for gate, title in GATES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[DataProduct]) -> QuerySet[DataProduct]:
        return queryset.filter(current_verdict__failing_gates__contains=[self.value()]) if self.value() in GATES else queryset


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
