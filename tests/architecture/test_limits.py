"""Every text, number and list of a request has a limit, and no limit is wider than the column that keeps the value."""

import importlib
import pkgutil
from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db import models
from rest_framework import serializers

import api.v1.serializers
import api.v1.views
from api.v1.base import StrictSerializer
from api.v1.fields import LARGEST_ID

# Refused by the service as a whole, with 413.
LISTS_LIMITED_ELSEWHERE = {"SuiteRequest.expectations", "PortRequest.fields"}


def request_fields() -> Iterator[tuple[str, serializers.Field]]:  # type: ignore[type-arg]
    for package in (api.v1.serializers, api.v1.views):
        for module in pkgutil.iter_modules(package.__path__):
            importlib.import_module(f"{package.__name__}.{module.name}")
    waiting = list(StrictSerializer.__subclasses__())
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        for name, field in kind().fields.items():
            yield f"{kind.__name__}.{name}", field


FIELDS = dict(request_fields())


def test_every_text_of_a_request_has_a_limit() -> None:
    texts = {name: getattr(field, "child", field) for name, field in FIELDS.items()}
    without = [
        name
        for name, field in texts.items()
        if isinstance(field, serializers.CharField)
        and not isinstance(field, serializers.RegexField | serializers.UUIDField)
        and field.max_length is None
    ]
    assert without == []


def test_every_list_of_a_request_has_a_limit() -> None:
    lists = {name: field for name, field in FIELDS.items() if isinstance(field, serializers.ListField)}
    choices = {name for name, field in lists.items() if isinstance(field.child, serializers.ChoiceField)}
    assert {name for name, field in lists.items() if field.max_length is None} - choices == LISTS_LIMITED_ELSEWHERE


def test_every_number_of_a_request_has_limits_that_the_database_can_keep() -> None:
    numbers = {name: field for name, field in FIELDS.items() if isinstance(field, serializers.IntegerField)}
    assert {name for name, field in numbers.items() if field.max_value is None or field.max_value > LARGEST_ID} == set()
    assert {name for name, field in numbers.items() if field.min_value is None or field.min_value < -LARGEST_ID} == set()


@pytest.mark.parametrize("app", ["catalog", "trust", "api"])
def test_a_text_of_a_request_is_no_longer_than_the_column_of_its_name(app: str) -> None:
    """By name: `CreateProductRequest.version` goes to `DataProduct.version`."""
    columns: dict[str, set[int]] = {}
    for model in apps.get_app_config(app).get_models():
        for column in model._meta.get_fields():
            if isinstance(column, models.CharField) and column.max_length:
                columns.setdefault(f"{model.__name__}.{column.name}".lower(), set()).add(column.max_length)
    wider = []
    for name, field in FIELDS.items():
        owner, _, attribute = name.partition(".")
        for place, lengths in columns.items():
            model_name, _, own = place.partition(".")
            longest = getattr(field, "max_length", None)
            if own == attribute and model_name in owner.lower() and longest and longest > max(lengths):
                wider.append(f"{name} ({longest}) > {place} ({max(lengths)})")
    assert wider == []
