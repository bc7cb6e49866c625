"""Turns the closed sets of `rules/` into Django choices and into constraints that the database guards."""

from collections.abc import Iterable
from enum import StrEnum

from django.db import models


def choices(words: type[StrEnum]) -> list[tuple[str, str]]:
    """(value, label) pairs; the label is the value with spaces: `ai_agent` reads `ai agent`."""
    return [(word.value, word.value.replace("_", " ")) for word in words]


def one_of(field: str, words: Iterable[StrEnum], name: str) -> models.CheckConstraint:
    """A check constraint that `field` holds one of `words`, or NULL where the column allows it."""
    return models.CheckConstraint(condition=models.Q(**{f"{field}__in": [word.value for word in words]}), name=name)
