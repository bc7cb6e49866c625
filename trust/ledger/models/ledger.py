"""The ledger: sealed batches of hashes of decisions, verdicts and claim history, each signed and chained to the one before."""

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models


class SigningKey(models.Model):
    """The public half of a signing key. Its private half is a file that only the processes can read. Rows are kept for ever."""

    kid = models.CharField(max_length=64, unique=True, help_text="RFC 7638 thumbprint.")
    jwk = models.JSONField()
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-created_at", "-id"]
        triggers = [pgtrigger.Protect(name="signing_key_is_append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return self.kid


class LedgerBatch(models.Model):
    """One sealed batch: the Merkle tree (RFC 6962 hashing) over one leaf for each new row of the sealed tables.

    number: 1, 2, 3, ... without gaps. segments: for each sealed table in order `{"source", "columns", "after", "to", "count"}`:
    the rows with `after < id <= to`, and the columns that their leaves cover. row_ids: the ids of all leaves in order;
    leaves: their SHA-256 hashes, 32 bytes each, in the same order. root: of the tree. previous: SHA-256 of the statement of
    the batch before (64 zeros for the first). statement: canonical JSON of number, time, segments, size, root and previous;
    signature: compact JWS over the statement.
    """

    number = models.BigIntegerField(unique=True)
    sealed_at = models.DateTimeField()
    size = models.PositiveIntegerField()
    segments = models.JSONField()
    row_ids = ArrayField(models.BigIntegerField())
    leaves = models.BinaryField()
    root = models.CharField(max_length=64)
    previous = models.CharField(max_length=64)
    statement = models.TextField()
    signature = models.TextField()
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-number"]
        verbose_name_plural = "ledger batches"
        triggers = [
            pgtrigger.ReadOnly(name="ledger_batch_is_immutable", exclude=["published_at"]),
            pgtrigger.Protect(name="ledger_batch_is_kept", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"batch {self.number}: {self.size} rows, root {self.root[:12]}"
