"""Domains, data products, and what they are built from."""

import pghistory
import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import F, Q

from catalog.models.choices import choices, one_of
from catalog.models.person import Person
from catalog.rules.vocabulary import Cadence, Lifecycle, Sensitivity

# Published policies name products and domains by their slugs: one that changed would slip from under what forbids it.
SLUG_IS_FINAL = pgtrigger.Protect(
    name="slug_is_final", operation=pgtrigger.Update, condition=pgtrigger.Q(old__slug__df=pgtrigger.F("new__slug"))
)


@pghistory.track()
class Domain(models.Model):
    """A business domain that data products belong to. Its slug never changes."""

    slug = models.SlugField(unique=True, max_length=80)
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)

    class Meta:
        ordering = ["slug"]
        triggers = [SLUG_IS_FINAL]

    def __str__(self) -> str:
        return self.name


def is_looked_after_by(person: Person, path: str = "") -> Q:
    """Rows whose product, found at `path`, this person owns or is a steward of; `path` is empty for products themselves."""
    stewarded = DataProduct.stewards.through.objects.filter(person=person).values("dataproduct")
    return Q(**{f"{path}__owner" if path else "owner": person}) | Q(**{f"{path or 'pk'}__in": stewarded})


class DataProductQuerySet(models.QuerySet["DataProduct"]):
    def published(self) -> "DataProductQuerySet":
        """Published or deprecated: what consumers may still find."""
        return self.filter(lifecycle__in=[Lifecycle.PUBLISHED, Lifecycle.DEPRECATED])

    def looked_after_by(self, person: Person) -> "DataProductQuerySet":
        """Those that this person owns or is a steward of."""
        return self.filter(is_looked_after_by(person))


@pghistory.track(exclude=["search"])
class DataProduct(models.Model):
    """A named, owned, versioned thing that others may build on.

    `sensitivity` None means unclassified. `acknowledged_at` is when the owner last said "this is mine and it is right";
    `reviewed_at` when governance last reviewed it, and `reviewed_claims` what it reviewed. `deprecation_ends_at` is the last
    moment of a deprecated product. `owner` None: whoever registered the draft (`registered_by`: a machine's key, the operator)
    did not name one who has an account. `owner_is_provisional`: the contract names nobody who has an account, so it is whoever
    registered it, until they acknowledge it or hand it over. `missing_inputs`: required inputs, by slug, that were not
    registered when the contract was.
    """

    slug = models.SlugField(unique=True, max_length=80)
    name = models.CharField(max_length=200)
    domain = models.ForeignKey(Domain, on_delete=models.PROTECT, related_name="products")
    owner = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="owned_products")
    owner_is_provisional = models.BooleanField(default=False)
    registered_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    missing_inputs = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    stewards = models.ManyToManyField(Person, related_name="stewarded_products", blank=True)
    version = models.CharField(max_length=50, default="1.0.0")
    description = models.TextField(blank=True)
    purpose = models.TextField(blank=True, help_text="What this product is for.")
    limitations = models.TextField(blank=True, help_text="What it must not be used for.")
    usage = models.TextField(blank=True, help_text="How it is meant to be used.")
    tags = ArrayField(models.CharField(max_length=80), default=list, blank=True)
    sensitivity = models.CharField(max_length=20, choices=choices(Sensitivity), null=True, blank=True)  # noqa: DJ001 NULL is "unclassified"
    lifecycle = models.CharField(max_length=20, choices=choices(Lifecycle), default=Lifecycle.DRAFT)
    cadence = models.CharField(max_length=20, choices=choices(Cadence), default=Cadence.SCHEDULED)
    published_at = models.DateTimeField(null=True, blank=True)
    deprecation_ends_at = models.DateTimeField(null=True, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    reviewed_at = models.DateTimeField(null=True, blank=True)
    reviewed_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    reviewed_claims = models.JSONField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    search = models.GeneratedField(
        expression=SearchVector("slug", "name", weight="A", config="simple")
        + SearchVector("description", "purpose", weight="B", config="english"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    objects = DataProductQuerySet.as_manager()

    class Meta:
        ordering = ["slug"]
        indexes = [
            GinIndex(fields=["search"], name="product_search"),
            models.Index(fields=["lifecycle", "slug"], name="product_lifecycle_slug"),
            models.Index(fields=["owner", "slug"], name="product_owner_slug"),
        ]
        constraints = [
            one_of("sensitivity", Sensitivity, "product_sensitivity_known"),
            one_of("lifecycle", Lifecycle, "product_lifecycle_known"),
            one_of("cadence", Cadence, "product_cadence_known"),
            models.CheckConstraint(
                condition=Q(owner__isnull=False) | Q(lifecycle__in=[Lifecycle.DRAFT, Lifecycle.RETIRED]),
                name="product_offered_has_owner",
            ),
        ]
        triggers = [SLUG_IS_FINAL]

    def __str__(self) -> str:
        return self.slug

    @property
    def owner_name(self) -> str:
        """Username of the owner; empty where there is none."""
        return self.owner.username if self.owner else ""


pghistory.track()(DataProduct.stewards.through)


@pghistory.track()
class DomainGovernor(models.Model):
    """Who acts for governance in one domain: reviews, waivers, agreements and policies of the products in it."""

    domain = models.ForeignKey(Domain, on_delete=models.PROTECT, related_name="governors")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="governed_domains")

    class Meta:
        ordering = ["domain", "person"]
        constraints = [models.UniqueConstraint(fields=["domain", "person"], name="domain_governor_once")]

    def __str__(self) -> str:
        return f"{self.person} in {self.domain}"


@pghistory.track()
class InputPort(models.Model):
    """An upstream data product that `product` is built from. A required one decides the `upstream` gate."""

    product = models.ForeignKey(DataProduct, on_delete=models.CASCADE, related_name="input_ports")
    upstream = models.ForeignKey(DataProduct, on_delete=models.PROTECT, related_name="downstream_ports")
    required = models.BooleanField(default=True)

    class Meta:
        ordering = ["product", "upstream"]
        constraints = [
            models.UniqueConstraint(fields=["product", "upstream"], name="input_port_once"),
            models.CheckConstraint(condition=~Q(product=F("upstream")), name="input_port_not_itself"),
        ]

    def __str__(self) -> str:
        return f"{self.product} ← {self.upstream}"
