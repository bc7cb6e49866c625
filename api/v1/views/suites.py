"""What must hold for a port, version by version."""

import re
from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.access.visibility import find_product
from api.pagination import KeysetPagination
from api.v1.base import ApiView, ModelAnswer, StrictSerializer, caller_field
from api.v1.fields import JsonObjectField, OptionalTextField, PatternField, choices
from api.v1.views.ports import find_port
from catalog.models import OutputPort
from catalog.rules.errors import NotFoundError
from catalog.rules.expectation import Expectation
from catalog.rules.limits import MOST_EXPECTATIONS
from catalog.rules.vocabulary import Dimension, Severity
from trust.evidence.services.suites import demand_runnable_patterns, put_suite
from trust.models import Suite


class SuiteEntry(ModelAnswer[Suite]):
    created_by = serializers.CharField(source="created_by.username", allow_null=True, default=None)
    caller = caller_field("wrote it")

    class Meta:
        model = Suite
        fields = ["version", "name", "schedule", "digest", "is_current", "created_at", "created_by", "caller"]


class ExpectationAnswer(serializers.Serializer[object]):
    type = serializers.CharField(help_text="Great Expectations' name, such as expect_column_values_to_not_be_null.")
    kwargs = JsonObjectField()
    severity = serializers.ChoiceField(choices(Severity))
    dimension = serializers.ChoiceField(choices(Dimension), allow_null=True)
    meta = JsonObjectField(required=False)


class SuiteAnswer(SuiteEntry):
    expectations = ExpectationAnswer(many=True)

    class Meta(SuiteEntry.Meta):
        fields = [*SuiteEntry.Meta.fields, "expectations"]


class ExpectationRequest(StrictSerializer):
    type = PatternField(re.compile(r"[a-z][a-z0-9_]{2,199}"), help_text="Great Expectations' name.")
    kwargs = JsonObjectField(default=dict)
    severity = serializers.ChoiceField(choices(Severity), default=Severity.CRITICAL.value)
    dimension = serializers.ChoiceField(
        choices(Dimension), allow_null=True, default=None, help_text="By the type, if left out."
    )
    meta = JsonObjectField(default=dict)


class SuiteRequest(StrictSerializer):
    expectations = serializers.ListField(child=ExpectationRequest(), help_text=f"At most {MOST_EXPECTATIONS:,}.")
    schedule = OptionalTextField(
        max_length=100, required=False, help_text="`P1D`, a cron line, or empty: on request. Left out: as it is."
    )


def expectations_of(given: Mapping[str, Any]) -> tuple[Expectation, ...]:
    return tuple(
        Expectation(
            type=one["type"],
            kwargs=one["kwargs"],
            severity=Severity(one["severity"]),
            dimension=Dimension(one["dimension"]) if one["dimension"] else None,
            meta=one["meta"],
        )
        for one in given["expectations"]
    )


def find_suite(port: OutputPort, version: int | None = None) -> Suite:
    """The current version, or the one that is named. Raises `NotFoundError`."""
    wanted = {"is_current": True} if version is None else {"version": version}
    suite = Suite.objects.select_related("created_by", "caller__consumer").filter(port=port, **wanted).first()
    if suite is None:
        what = "a suite" if version is None else f"version {version} of a suite"
        remedy = f"PUT /api/v1/products/{port.product.slug}/ports/{port.name}/suite writes one."
        raise NotFoundError(f"Port {port} does not have {what}.", remedy=remedy)
    return suite


class SuiteView(ApiView):
    @extend_schema(operation_id="get_suite", responses=SuiteAnswer, tags=["suites"])
    def get(self, request: Request, slug: str, port: str) -> Response:
        """The suite that runs now."""
        return Response(SuiteAnswer(find_suite(find_port(find_product(self.actor, slug), port))).data)

    @extend_schema(
        operation_id="put_suite", request=SuiteRequest, responses={200: SuiteAnswer, 201: SuiteAnswer}, tags=["suites"]
    )
    def put(self, request: Request, slug: str, port: str) -> Response:
        """Write a new version; where nothing differs, the present one stays. Evidence of the old version stops counting."""
        found = find_port(find_product(self.actor, slug), port)
        given = self.body(SuiteRequest)
        expectations = expectations_of(given)
        demand_runnable_patterns(expectations)
        suite = put_suite(port=found, expectations=expectations, schedule=given.get("schedule"), actor=self.actor, now=self.now)
        is_new = suite.created_at == self.now
        headers = {"Location": f"/api/v1/products/{slug}/ports/{port}/suite/versions/{suite.version}"} if is_new else {}
        return Response(SuiteAnswer(suite).data, status=201 if is_new else 200, headers=headers)


class SuiteVersionsView(ApiView):
    pagination_class = KeysetPagination
    keyset = ("-version",)

    @extend_schema(operation_id="list_suite_versions", responses=SuiteEntry(many=True), tags=["suites"])
    def get(self, request: Request, slug: str, port: str) -> Response:
        """Every version of the port's suite, newest first."""
        found = find_port(find_product(self.actor, slug), port)
        rows = Suite.objects.filter(port=found).select_related("created_by", "caller__consumer").defer("expectations")
        return self.page(rows, SuiteEntry)


class SuiteVersionView(ApiView):
    @extend_schema(operation_id="get_suite_version", responses=SuiteAnswer, tags=["suites"])
    def get(self, request: Request, slug: str, port: str, version: int) -> Response:
        """One version of the port's suite."""
        return Response(SuiteAnswer(find_suite(find_port(find_product(self.actor, slug), port), version)).data)
