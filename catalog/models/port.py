"""What a product offers: contracts, output ports and their fields."""

import pghistory
import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from catalog.models.caller import MadeByCaller
from catalog.models.choices import choices, one_of
from catalog.models.person import Person
from catalog.models.product import DataProduct
from catalog.rules.vocabulary import LogicalType, Sensitivity, SourceKind


@pghistory.track(exclude=["original", "not_executable", "registered_at"])  # it never changes; the history has its hash
class Contract(MadeByCaller):
    """An ODCS document as it came: original bytes and their SHA-256 (hex). Rows never change, but for `is_current`.

    `not_executable` lists what the document demands and Touchstone does not check, by name with the reason:
    `[{"path": ..., "rule": ..., "reason": ...}]`.
    """

    product = models.ForeignKey(DataProduct, on_delete=models.CASCADE, related_name="contracts")
    contract_id = models.CharField(max_length=200)
    version = models.CharField(max_length=50)
    api_version = models.CharField(max_length=20)
    status = models.CharField(max_length=50)
    filename = models.CharField(max_length=255, blank=True)
    original = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    not_executable = models.JSONField(default=list, blank=True)
    is_current = models.BooleanField(default=True)
    registered_at = models.DateTimeField(auto_now_add=True)
    registered_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["-registered_at"]
        constraints = [
            models.UniqueConstraint(fields=["product"], condition=Q(is_current=True), name="contract_one_current"),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="contract_is_immutable", exclude=["is_current"]),
            pgtrigger.Protect(name="contract_is_kept", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.contract_id} {self.version}"


class PresentPorts(models.Manager["OutputPort"]):
    """Leaves out the ports that were removed, so that `product.output_ports` holds what the product offers today."""

    def get_queryset(self) -> models.QuerySet["OutputPort"]:
        return super().get_queryset().filter(removed_at__isnull=True)


@pghistory.track()
class OutputPort(models.Model):
    """One readable dataset of a product.

    location: path below an allowed root for files, `schema.table` for PostgreSQL; for an `unsupported` source what its
    contract says of it, in words.
    removed_at: since when the product offers it no longer. Its row stays, because its runs are evidence and evidence is never
    deleted; `objects` and `product.output_ports` leave it out, `with_removed` and `run.port` do not.
    connection: a reference to credentials (`env:NAME`, `file:/path`), never the credentials.
    service_level: how old the newest value of `time_column` may be.
    null_values: what a text file writes for no value besides an empty cell. reading: `catalog.rules.reading.Reading` as JSON.
    """

    product = models.ForeignKey(DataProduct, on_delete=models.CASCADE, related_name="output_ports")
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    source_kind = models.CharField(max_length=20, choices=choices(SourceKind))
    location = models.CharField(max_length=1000)
    connection = models.CharField(max_length=300, blank=True)
    time_column = models.CharField(max_length=200, blank=True)
    service_level = models.DurationField(null=True, blank=True)
    allow_empty = models.BooleanField(default=False)
    null_values = ArrayField(models.CharField(max_length=50, blank=True), null=True, blank=True)
    reading = models.JSONField(default=dict, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)

    objects = PresentPorts()
    with_removed = models.Manager()  # noqa: DJ012 the linter does not take it for a manager

    class Meta:
        ordering = ["product", "name"]
        constraints = [
            models.UniqueConstraint(fields=["product", "name"], name="output_port_name_once"),
            one_of("source_kind", SourceKind, "output_port_kind_known"),
            models.CheckConstraint(
                condition=Q(connection="") | Q(connection__startswith="env:") | Q(connection__startswith="file:"),
                name="output_port_connection_is_a_reference",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product}/{self.name}"


@pghistory.track()
class Field(models.Model):
    """A column of a port. `sensitivity` None means that nobody classified it."""

    port = models.ForeignKey(OutputPort, on_delete=models.CASCADE, related_name="fields")
    position = models.PositiveIntegerField()
    name = models.CharField(max_length=200)
    logical_type = models.CharField(max_length=20, choices=choices(LogicalType), null=True, blank=True)  # noqa: DJ001 NULL is "not said"
    physical_type = models.CharField(max_length=100, blank=True)
    description = models.TextField(blank=True)
    required = models.BooleanField(default=False)
    sensitivity = models.CharField(max_length=20, choices=choices(Sensitivity), null=True, blank=True)  # noqa: DJ001 NULL is "unclassified"
    personal = models.BooleanField(default=False, help_text="Holds personal data.")
    critical = models.BooleanField(default=False, help_text="A critical data element: must be covered by checks.")

    class Meta:
        ordering = ["port", "position"]
        constraints = [
            models.UniqueConstraint(fields=["port", "name"], name="field_name_once"),
            one_of("sensitivity", Sensitivity, "field_sensitivity_known"),
            one_of("logical_type", LogicalType, "field_type_known"),
        ]

    def __str__(self) -> str:
        return f"{self.port}.{self.name}"
