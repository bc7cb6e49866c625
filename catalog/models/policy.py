"""Purposes and access policies. A published policy version never changes: the database refuses."""

import functools
import operator

import pghistory
import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q

from catalog.models.choices import choices, one_of
from catalog.models.person import Person
from catalog.models.product import DataProduct, Domain
from catalog.rules.vocabulary import ConsumerKind, Effect, Sensitivity


@pghistory.track()
class Purpose(models.Model):
    """Why data is wanted. The built-in ones come with the migrations; governance adds others."""

    name = models.CharField(max_length=80, unique=True)
    description = models.TextField(blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


_FIXED_BY_PUBLISHING = (
    "id",
    "product",
    "domain",
    "minimum_sensitivity",
    "name",
    "version",
    "effect",
    "consumer_kinds",
    "purposes",
    "minimum_score",
    "obligations",
    "agreement_required",
    "expires_at",
    "is_raw",
    "cedar",
    "digest",
    "published_at",
    "published_by",
)


def _changed(*fields: str) -> pgtrigger.Q:
    """A trigger's condition that one of these columns differs between the old row and the new."""
    return functools.reduce(operator.or_, (pgtrigger.Q(**{f"old__{name}__df": pgtrigger.F(f"new__{name}")}) for name in fields))


class PolicyStatus(models.TextChoices):
    DRAFT = "draft"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


@pghistory.track()
class AccessPolicy(models.Model):
    """One version of a permit or forbid rule. Empty `consumer_kinds` or `purposes` means all of them.

    A draft may change; publishing fixes it. A published version may only be withdrawn; a change is a new version.

    Without a `product` it is a guardrail: a forbid for every product of `domain` (None: of all domains) that is at least as
    sensitive as `minimum_sensitivity` (None: whatever its sensitivity; an unclassified product counts as restricted).

    requested_by: who asked for what takes two people and waits for the other: that a guardrail in force is withdrawn, or that
    this draft takes the place of one that forbids more.
    """

    product = models.ForeignKey(DataProduct, on_delete=models.CASCADE, related_name="access_policies", null=True, blank=True)
    domain = models.ForeignKey(Domain, on_delete=models.PROTECT, related_name="guardrails", null=True, blank=True)
    minimum_sensitivity = models.CharField(  # noqa: DJ001 NULL is "whatever the sensitivity"
        max_length=20, choices=choices(Sensitivity), null=True, blank=True
    )
    name = models.SlugField(max_length=80)
    version = models.PositiveIntegerField(default=1)
    status = models.CharField(max_length=20, choices=PolicyStatus.choices, default=PolicyStatus.DRAFT)
    effect = models.CharField(max_length=10, choices=choices(Effect))
    consumer_kinds = ArrayField(models.CharField(max_length=20, choices=choices(ConsumerKind)), default=list, blank=True)
    purposes = ArrayField(models.CharField(max_length=80), default=list, blank=True)
    minimum_score = models.PositiveSmallIntegerField(null=True, blank=True, validators=[MaxValueValidator(100)])
    obligations = models.JSONField(default=list, blank=True)
    agreement_required = models.BooleanField(default=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    is_raw = models.BooleanField(default=False, help_text="`cedar` was written by governance, not compiled.")
    cedar = models.TextField(blank=True, help_text="The policy as Cedar text: what rules.")
    digest = models.CharField(max_length=64, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    requested_at = models.DateTimeField(null=True, blank=True)
    requested_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["product", "name", "-version"]
        verbose_name_plural = "access policies"
        constraints = [
            models.UniqueConstraint(fields=["product", "name", "version"], name="access_policy_version_once"),
            models.UniqueConstraint(
                fields=["product", "name"], condition=Q(status="published"), name="access_policy_one_published_version"
            ),
            models.UniqueConstraint(
                fields=["name", "version"], condition=Q(product__isnull=True), name="guardrail_version_once"
            ),
            models.UniqueConstraint(
                fields=["name"],
                condition=Q(product__isnull=True, status="published"),
                name="guardrail_one_published_version",
            ),
            models.CheckConstraint(
                condition=Q(product__isnull=False, domain__isnull=True, minimum_sensitivity__isnull=True)
                | Q(product__isnull=True, effect="forbid", minimum_score__isnull=True),
                name="guardrail_forbids",
            ),
            one_of("minimum_sensitivity", Sensitivity, "access_policy_sensitivity_known"),
            one_of("effect", Effect, "access_policy_effect_known"),
            models.CheckConstraint(condition=Q(status__in=PolicyStatus.values), name="access_policy_status_known"),
            models.CheckConstraint(condition=Q(status="draft") | ~Q(cedar=""), name="access_policy_in_force_has_cedar"),
            models.CheckConstraint(
                condition=Q(minimum_score__isnull=True) | Q(minimum_score__lte=100), name="access_policy_score_at_most_100"
            ),
        ]
        triggers = [
            # Not pgtrigger.ReadOnly: it passes over `condition`, and a draft could not even be published.
            pgtrigger.Protect(
                name="published_policy_is_immutable",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__status__in=["published", "withdrawn"]) & _changed(*_FIXED_BY_PUBLISHING),
            ),
            pgtrigger.Protect(
                name="published_policy_only_withdraws",
                operation=pgtrigger.Update,
                condition=(pgtrigger.Q(old__status="published") & ~pgtrigger.Q(new__status__in=["published", "withdrawn"]))
                | (pgtrigger.Q(old__status="withdrawn") & ~pgtrigger.Q(new__status="withdrawn")),
            ),
            pgtrigger.Protect(
                name="published_policy_is_kept",
                operation=pgtrigger.Delete,
                condition=pgtrigger.Q(old__status__in=["published", "withdrawn"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product or 'guardrail'}: {self.name} v{self.version}"
