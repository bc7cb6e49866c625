"""API keys: who may ask and write over HTTP."""

import pghistory
from django.contrib.postgres.fields import ArrayField
from django.db import models

from api.access.scopes import Scope
from catalog.models import Person
from catalog.models.choices import choices


@pghistory.track(model_name="ApiKeyEvent", fields=["person", "name", "prefix", "scopes", "expires_at", "revoked_at"])
class ApiKey(models.Model):
    """A key of a person. Only the SHA-256 (hex) of the key is kept; `prefix` is what may be shown of it.

    A key can do what its person may do, within its scopes, until it expires or is revoked. `last_used_at` is kept to the
    minute, and out of the history.
    """

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=16, unique=True)
    digest = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=40, choices=choices(Scope)), default=list)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = "API key"

    def __str__(self) -> str:
        return f"{self.prefix}… ({self.name})"
