"""Turns Django's field faults into the catalog's own error, before the database would refuse them less kindly."""

from collections.abc import Collection

from django.core.exceptions import ValidationError
from django.db import models

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
