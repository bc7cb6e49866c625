"""API keys: who may ask and write over HTTP."""

import pghistory
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import models

from catalog.models.choices import choices
from catalog.models.consumer import Consumer
from catalog.models.person import Person
from catalog.rules.scopes import Scope


@pghistory.track(
    model_name="ApiKeyEvent",
    fields=["consumer", "name", "prefix", "scopes", "requests_per_minute", "expires_at", "revoked_at", "is_blocked"],
)
class ApiKey(models.Model):
    """A key of a consumer. Only the SHA-256 (hex) of the key is kept; `prefix` is what may be shown of it.

    A key acts for the person who owns the consumer, within its scopes, until it expires or is revoked. `is_blocked` follows the
    consumer's status and its owner's account, set by triggers: whoever holds a lock on this row knows all that could take the
    key's power. `requests_per_minute` None: the installation's default. `last_used_at` is kept to the minute, and out of the
    history.
    """

    consumer = models.ForeignKey(Consumer, on_delete=models.PROTECT, related_name="api_keys")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=16, unique=True)
    digest = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=40, choices=choices(Scope)), default=list)
    requests_per_minute = models.PositiveIntegerField(null=True, blank=True, validators=[MinValueValidator(1)])
    is_blocked = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = "API key"

    def __str__(self) -> str:
        return f"{self.prefix}… ({self.name})"

    @property
    def person(self) -> Person:
        """For whom it acts: the consumer's owner."""
        return self.consumer.owner
