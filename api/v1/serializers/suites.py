"""Suites as they go over the wire."""

import re
from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from api.v1.base import ModelAnswer, StrictSerializer
from api.v1.fields import JsonObjectField, OptionalTextField, PatternField
from api.v1.serializers.labels import words
from catalog.rules.expectation import Expectation
from catalog.rules.limits import MOST_EXPECTATIONS
from catalog.rules.vocabulary import Dimension, Severity
from trust.models import Suite


class SuiteEntry(ModelAnswer[Suite]):
    created_by = serializers.CharField(source="created_by.username", allow_null=True, default=None)

    class Meta:
        model = Suite
        fields = ["version", "name", "schedule", "digest", "is_current", "created_at", "created_by"]


class ExpectationAnswer(serializers.Serializer[object]):
    type = serializers.CharField(help_text="Great Expectations' name, such as expect_column_values_to_not_be_null.")
    kwargs = JsonObjectField()
    severity = serializers.ChoiceField(words(Severity))
    dimension = serializers.ChoiceField(words(Dimension), allow_null=True)
    meta = JsonObjectField(required=False)


class SuiteAnswer(SuiteEntry):
    expectations = ExpectationAnswer(many=True)

    class Meta(SuiteEntry.Meta):
        fields = [*SuiteEntry.Meta.fields, "expectations"]


class ExpectationRequest(StrictSerializer):
    type = PatternField(re.compile(r"[a-z][a-z0-9_]{2,199}"), help_text="Great Expectations' name.")
    kwargs = JsonObjectField(default=dict)
    severity = serializers.ChoiceField(words(Severity), default=Severity.CRITICAL.value)
    dimension = serializers.ChoiceField(words(Dimension), allow_null=True, default=None, help_text="By the type, if left out.")
    meta = JsonObjectField(default=dict)


class SuiteRequest(StrictSerializer):
    expectations = serializers.ListField(child=ExpectationRequest(), help_text=f"At most {MOST_EXPECTATIONS:,}.")
    schedule = OptionalTextField(max_length=100, default="", help_text="`P1D`, a cron line, or empty: on request.")


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
