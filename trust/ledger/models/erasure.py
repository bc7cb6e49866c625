"""What was erased or removed from sealed rows on purpose: signed, sealed itself, and kept for ever."""

import pgtrigger
from django.db import models

from catalog.models import Person
from catalog.models.choices import choices, one_of
from trust.vocabulary import ErasureKind


class Erasure(models.Model):
    """One act that changed or removed sealed rows, so that the ledger can tell it from tampering.

    statement: canonical JSON (`trust.ledger.rules.erasures`): which rows, their leaves before and after, or a range of ids with
    the digest of the leaves that are gone. It names nobody whose name was erased. signature: compact JWS over it, which takes
    the private key: whoever has the database alone cannot write one.
    """

    kind = models.CharField(max_length=20, choices=choices(ErasureKind))
    at = models.DateTimeField()
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField()
    statement = models.TextField()
    signature = models.TextField()

    class Meta:
        ordering = ["-id"]
        constraints = [one_of("kind", ErasureKind, "erasure_kind_known")]
        triggers = [pgtrigger.Protect(name="erasure_is_append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.kind} at {self.at:%Y-%m-%d %H:%M} by {self.by}"
