"""What a row says of the machine that made it."""

from typing import Any

from django.db import models

from catalog.callers import machine_key


def later_caller() -> models.ForeignKey[Any, Any]:
    """The column of a later act on a row, `<verb>_caller`: the key of the machine that did it, set by the service that does."""
    return models.ForeignKey(
        "catalog.ApiKey", on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )


class MadeByCaller(models.Model):
    """A row that a machine may make: beside the person who answers for it, the key that acted. None: the person acted.

    The key leads to its consumer. It is written by itself, from the request in which the row is made.
    """

    caller = models.ForeignKey(
        "catalog.ApiKey",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        default=machine_key,
        related_name="+",
    )

    class Meta:
        abstract = True

    @property
    def machine(self) -> str:
        """The consumer that acted and its key, as people read it; empty where the person acted. Read it with the row."""
        return f"{self.caller.consumer.slug} (key {self.caller.prefix})" if self.caller else ""

    def done_by(self, person: object) -> str:
        """Who made it, in words: `person`, or the machine for which the person answers."""
        return f"{self.machine} for {person}" if self.caller_id else str(person)
