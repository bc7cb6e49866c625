"""Governance's word that a query of a contract may be run for one product."""

import pghistory
import pgtrigger
from django.db import models
from django.db.models import Q

from catalog.models import DataProduct, Person
from catalog.models.caller import MadeByCaller, later_caller


@pghistory.track()
class SqlApproval(MadeByCaller):
    """One text, by its `digest` (SHA-256, hex), approved for one product by a person of governance who does not answer for it.

    withdrawn_at: from when on it is not run any more; None while it is. Another text needs another approval.
    """

    product = models.ForeignKey(DataProduct, on_delete=models.CASCADE, related_name="sql_approvals")
    digest = models.CharField(max_length=64)
    query = models.TextField()
    approved_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField()
    withdrawn_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    withdrawn_caller = later_caller()
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-approved_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["product", "digest"], condition=Q(withdrawn_at=None), name="sql_approved_once"),
        ]
        triggers = [
            pgtrigger.Protect(name="sql_approval_is_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="sql_approval_stays_as_it_was_given",
                fields=["product", "digest", "query", "approved_by", "approved_at", "caller"],
            ),
            pgtrigger.Protect(
                name="sql_approval_ends_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__withdrawn_at__isnull=False),
            ),
            pgtrigger.Trigger(
                name="sql_approval_not_by_the_owner",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                IF EXISTS (SELECT FROM catalog_dataproduct
                        WHERE id = NEW.product_id AND catalog_is_same_person(owner_id, NEW.approved_by_id)) THEN
                    RAISE EXCEPTION 'SQL % is approved by the owner of the product.', NEW.digest
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'sql_approval_not_by_the_owner';
                END IF;
                RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"SQL {self.digest[:12]} of {self.product}"
