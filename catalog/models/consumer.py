"""Who asks: consumers with their API keys, and the agreements that grant one of them one product for one purpose."""

import pghistory
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q

from catalog.models.caller import MadeByCaller, later_caller
from catalog.models.choices import choices, one_of
from catalog.models.person import Person
from catalog.models.product import DataProduct
from catalog.rules.scopes import Scope
from catalog.rules.vocabulary import AgreementStatus, ConsumerKind, ConsumerStatus, Sensitivity


@pghistory.track()
class Consumer(models.Model):
    """A caller: a person, a service, an AI agent or an AI model, with somebody who answers for it.

    A person's own consumer (kind `person`) is owned by that person and made with the first key. Only an active consumer whose
    owner's account is active gets answers. `clearance` is the highest sensitivity that it may be given.
    `is_enforcement_point`: it asks in the name of others, whom it serves; governance gives and takes that right.
    """

    slug = models.CharField(unique=True, max_length=150)
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    kind = models.CharField(max_length=20, choices=choices(ConsumerKind))
    owner = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="consumers")
    clearance = models.CharField(max_length=20, choices=choices(Sensitivity), default=Sensitivity.INTERNAL)
    status = models.CharField(max_length=20, choices=choices(ConsumerStatus), default=ConsumerStatus.ACTIVE)
    is_enforcement_point = models.BooleanField(
        default=False, help_text="May ask about other consumers, and which consumers there are. Governance gives this right."
    )
    contact_email = models.EmailField(blank=True, help_text="Additional recipient of notices about this consumer.")
    webhook_url = models.URLField(blank=True, max_length=500, help_text="Where signed notices are posted.")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["slug"]
        constraints = [
            one_of("kind", ConsumerKind, "consumer_kind_known"),
            one_of("clearance", Sensitivity, "consumer_clearance_known"),
            one_of("status", ConsumerStatus, "consumer_status_known"),
            models.CheckConstraint(
                condition=Q(is_enforcement_point=False) | ~Q(kind__in=["ai_agent", "ai_model"]),
                name="consumer_ai_asks_about_itself",
            ),
            models.UniqueConstraint(fields=["owner"], condition=Q(kind="person"), name="consumer_one_of_a_person"),
        ]

    def __str__(self) -> str:
        return self.slug


@pghistory.track()
class Agreement(MadeByCaller):
    """A time-limited grant: this consumer, this product, this purpose, asked for by somebody and approved by somebody else.

    The product's owner approves, and governance too where the product is above `internal` (or unclassified). `expires_at` is
    the first moment at which it no longer holds; `status` `expired` is written afterwards, and nothing waits for that.
    `*_approved_for` is the sensitivity that the product had when the approval was given (unclassified counts as restricted).
    """

    consumer = models.ForeignKey(Consumer, on_delete=models.PROTECT, related_name="agreements")
    product = models.ForeignKey(DataProduct, on_delete=models.CASCADE, related_name="agreements")
    purpose = models.CharField(max_length=80)
    status = models.CharField(max_length=20, choices=choices(AgreementStatus), default=AgreementStatus.REQUESTED)
    reason = models.TextField(help_text="Why the data is needed.")
    requested_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    starts_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField()
    owner_approved_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    owner_approved_at = models.DateTimeField(null=True, blank=True)
    owner_approved_for = models.CharField(max_length=20, choices=choices(Sensitivity), blank=True)
    governance_approved_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    governance_approved_at = models.DateTimeField(null=True, blank=True)
    governance_approved_for = models.CharField(max_length=20, choices=choices(Sensitivity), blank=True)
    ended_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    ended_caller = later_caller()
    ended_at = models.DateTimeField(null=True, blank=True, help_text="When it was rejected, revoked, withdrawn or expired.")
    end_reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-requested_at", "-id"]
        indexes = [models.Index(fields=["consumer", "product", "purpose"], name="agreement_grant")]
        constraints = [
            one_of("status", AgreementStatus, "agreement_status_known"),
            models.UniqueConstraint(
                fields=["consumer", "product", "purpose"], condition=Q(status="requested"), name="agreement_one_request"
            ),
            models.UniqueConstraint(
                fields=["consumer", "product", "purpose"], condition=Q(status="active"), name="agreement_one_active"
            ),
            models.CheckConstraint(condition=Q(expires_at__gt=F("requested_at")), name="agreement_ends_after_request"),
            models.CheckConstraint(
                condition=~Q(status="active")
                | Q(owner_approved_at__isnull=False, owner_approved_by__isnull=False, starts_at__isnull=False),
                name="agreement_active_is_approved",
            ),
            # The database refuses what no service may ever write. NULL (not approved) passes.
            models.CheckConstraint(
                condition=~Q(owner_approved_by=F("requested_by"))
                & ~Q(governance_approved_by=F("requested_by"))
                & ~Q(governance_approved_by=F("owner_approved_by")),
                name="agreement_four_eyes",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.consumer} may use {self.product} for {self.purpose}: {self.status}"


@pghistory.track(
    model_name="ApiKeyEvent",
    fields=["consumer", "name", "prefix", "scopes", "requests_per_minute", "expires_at", "revoked_at", "is_blocked"],
)
class ApiKey(models.Model):
    """A key of a consumer. Only the SHA-256 (hex) of the key is kept; `prefix` is what may be shown of it.

    A key acts for the person who owns the consumer, within its scopes, until it expires or is revoked. `is_blocked` follows the
    consumer's status and its owner's account, set by triggers: a lock on this row covers all that could make the key
    invalid. `requests_per_minute` None: the installation's default. `last_used_at` is kept to the minute, and out of the
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
