"""The closed sets of `rules/` as DRF's choice fields take them."""

from collections.abc import Iterable
from enum import StrEnum


def words(closed_set: Iterable[StrEnum]) -> list[tuple[str, str]]:
    """(value, name) pairs, in their order: the form in which drf-spectacular knows the set again and names it."""
    return [(word.value, word.name) for word in closed_set]
