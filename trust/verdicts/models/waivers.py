"""Waivers: accepted exceptions to one gate or one check, for a limited time."""

from functools import reduce
from operator import or_

import pghistory
import pgtrigger
from django.db import models
from django.db.models import F, Q

from catalog.models import DataProduct, Person
from catalog.models.caller import MadeByCaller, later_caller
from catalog.models.choices import choices, one_of
from trust.verdicts.rules.waivers import UNWAIVABLE_GATES
from trust.vocabulary import WaiverStatus

# Who answers for a waiver may be handed over, but not to who granted it; that is all of a granted one that changes before it is
# revoked.
_OTHER_GRANT = reduce(
    or_,
    (
        pgtrigger.Q(**{f"old__{name}__df": pgtrigger.F(f"new__{name}")})
        for name in ("granted_by", "starts_at", "ended_by", "ended_caller", "ended_at", "end_reason", "revoked_at")
    ),
    pgtrigger.Q(old__owner__df=pgtrigger.F("new__owner"), new__owner=pgtrigger.F("new__granted_by")),
)


@pghistory.track()
class Waiver(MadeByCaller):
    """An accepted exception: one gate, or one check (by its key), asked for with owner, reason and end, and granted by another.

    starts_at: when it was granted; None before. owner: who answers for the exception. requested_by None: from before a second
    person was needed; such waivers are revoked. ended_at, ended_by, end_reason: of one that was rejected, withdrawn or revoked;
    `revoked_at` says the same of a revoked one.
    """

    product = models.ForeignKey(DataProduct, on_delete=models.CASCADE, related_name="waivers")
    gate = models.CharField(max_length=40, blank=True)
    check_key = models.CharField(max_length=200, blank=True)
    reason = models.TextField()
    owner = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=20, choices=choices(WaiverStatus), default=WaiverStatus.REQUESTED)
    requested_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    requested_at = models.DateTimeField(null=True, blank=True)
    granted_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    starts_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    ended_caller = later_caller()
    end_reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-expires_at"]
        indexes = [
            models.Index(fields=["product"], condition=Q(status="granted"), name="waiver_granted"),
            models.Index(fields=["requested_at"], condition=Q(status="requested"), name="waiver_requested"),
            models.Index(fields=["-expires_at", "-id"], name="waiver_end"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=(Q(gate="") & ~Q(check_key="")) | (~Q(gate="") & Q(check_key="")), name="waiver_names_one_thing"
            ),
            models.CheckConstraint(condition=Q(expires_at__gt=F("starts_at")), name="waiver_ends_after_it_starts"),
            one_of("status", WaiverStatus, "waiver_status_known"),
            models.CheckConstraint(
                condition=~Q(status__in=["requested", "granted"])
                | ~Q(gate__in=sorted(gate.value for gate in UNWAIVABLE_GATES)) & ~Q(reason=""),
                name="waiver_of_what_may_be_waived",
            ),
            models.CheckConstraint(
                condition=~Q(status="requested") | Q(requested_by__isnull=False, granted_by=None, starts_at=None),
                name="waiver_requested_by_somebody",
            ),
            # Nobody grants what they asked for themselves; a trigger looks at the product's owner.
            models.CheckConstraint(
                condition=~Q(status="granted")
                | Q(requested_by__isnull=False, granted_by__isnull=False, starts_at__isnull=False)
                & ~Q(granted_by=F("requested_by")),
                name="waiver_four_eyes",
            ),
            models.CheckConstraint(
                condition=Q(status="revoked", revoked_at__isnull=False) | ~Q(status="revoked") & Q(revoked_at=None),
                name="waiver_revoked_has_a_time",
            ),
            models.UniqueConstraint(
                fields=["product", "gate", "check_key"], condition=Q(status="requested"), name="waiver_one_request"
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="waiver_is_kept", operation=pgtrigger.Delete),
            pgtrigger.FSM(
                name="waiver_status_moves_on",
                field="status",
                transitions=[
                    ("requested", "granted"),
                    ("requested", "rejected"),
                    ("requested", "withdrawn"),
                    ("granted", "revoked"),
                ],
            ),
            pgtrigger.ReadOnly(
                name="waiver_stays_as_it_was_asked",
                fields=["product", "gate", "check_key", "reason", "requested_by", "caller", "requested_at", "expires_at"],
            ),
            pgtrigger.Protect(
                name="waiver_stays_as_it_was_granted",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__status="granted", new__status="granted") & _OTHER_GRANT,
            ),
            pgtrigger.Trigger(
                name="waiver_not_by_the_owner",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                condition=pgtrigger.Q(new__status="granted"),
                func="""
                IF EXISTS (SELECT FROM catalog_dataproduct
                        WHERE id = NEW.product_id AND catalog_is_same_person(owner_id, NEW.granted_by_id)) THEN
                    RAISE EXCEPTION 'Waiver % is granted by the owner of the product.', NEW.id
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'waiver_not_by_the_owner';
                END IF;
                RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product}: {self.gate or self.check_key} until {self.expires_at:%Y-%m-%d}"
