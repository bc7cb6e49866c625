"""Turns Django's field faults into the catalog's own error, before the database would refuse them less kindly."""

from collections.abc import Collection

from django.core.exceptions import ValidationError
from django.db import models

from catalog.rules.errors import InvalidError


def demand_clean(instance: models.Model, what: str, *, skip: Collection[str] = ()) -> None:
    """Raise `InvalidError` with every fault of the columns of `instance`. `what` names the thing: `data product x`."""
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
