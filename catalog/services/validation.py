"""Refuses what cannot be stored: Django's field faults as the catalog's own error, and purposes that are not on the list."""

from collections.abc import Collection

from django.core.exceptions import ValidationError
from django.db import models

from catalog.models import Purpose
from catalog.rules.errors import InvalidError
from catalog.rules.limits import LONGEST_TEXT, demand_short

_LIMITED_ELSEWHERE = {"cedar"}


def demand_clean(instance: models.Model, what: str, *, skip: Collection[str] = ()) -> None:
    """Raise `InvalidError` with every fault of the columns of `instance`, `TooLargeError` for a long text.

    `what` names the thing: `data product x`.
    """
    for field in instance._meta.fields:
        if isinstance(field, models.TextField) and field.name not in _LIMITED_ELSEWHERE:
            demand_short(getattr(instance, field.attname) or "", LONGEST_TEXT, what, field.name)
    relations = {field.name for field in instance._meta.fields if field.is_relation}
    try:
        instance.clean_fields(exclude={*relations, *skip})
    except ValidationError as error:
        faults = [f"{name}: {' '.join(messages)}" for name, messages in error.message_dict.items()]
        raise InvalidError(
            f"The {what} cannot be stored as it is.",
            remedy="Correct what is listed and try again.",
            field=next(iter(error.message_dict)),
            details=faults,
        ) from error


def demand_known_purpose(name: str) -> None:
    """Raise `InvalidError` unless the purpose is on the controlled list."""
    known = list(Purpose.objects.values_list("name", flat=True))
    if name not in known:
        raise InvalidError(
            f"There is no purpose {name[:80]!r}.",
            remedy=f"Name one of {', '.join(known)}; governance can add others.",
            code="purpose_unknown",
            field="purpose",
        )
