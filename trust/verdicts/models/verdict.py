"""Trust policies and the verdicts that they lead to."""

from datetime import datetime
from typing import Any, Self

import pghistory
import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Case, F, Q, Value, When

from catalog.models import DataProduct, Person
from catalog.models.choices import choices, one_of
from trust.evidence.models.run import Run
from trust.verdicts.rules.validity import is_current
from trust.vocabulary import VerdictStatus as VerdictWord


@pghistory.track(exclude=["body"])  # a version never changes, and the history has its digest
class TrustPolicyVersion(models.Model):
    """One version of the rules that judge: `body` is `trust.verdicts.rules.trust_policy.TrustPolicy` as JSON. Never changes.

    published_at None: proposed by `proposed_by`, because it loosens the version `based_on`, and not in force until another
    person publishes it.
    """

    version = models.PositiveIntegerField(unique=True)
    body = models.JSONField()
    digest = models.CharField(max_length=64)
    note = models.TextField(blank=True)
    is_current = models.BooleanField(default=True)
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    proposed_at = models.DateTimeField(null=True, blank=True)
    proposed_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    based_on = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["-version"]
        verbose_name = "trust policy"
        verbose_name_plural = "trust policies"
        constraints = [
            models.UniqueConstraint(fields=["is_current"], condition=Q(is_current=True), name="trust_policy_one_current"),
            models.CheckConstraint(
                condition=Q(is_current=False) | Q(published_at__isnull=False), name="trust_policy_in_force_is_published"
            ),
            models.CheckConstraint(
                condition=Q(published_at=None)
                | Q(proposed_by=None)
                | Q(published_by__isnull=False) & ~Q(published_by=F("proposed_by")),
                name="trust_policy_four_eyes",
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="trust_policy_is_immutable", exclude=["is_current", "published_at", "published_by"]),
            pgtrigger.Protect(
                name="trust_policy_is_published_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__published_at__isnull=False)
                & (
                    pgtrigger.Q(old__published_at__df=pgtrigger.F("new__published_at"))
                    | pgtrigger.Q(old__published_by__df=pgtrigger.F("new__published_by"))
                ),
            ),
            pgtrigger.Protect(name="trust_policy_is_kept", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"trust policy v{self.version}"


class Verdict(models.Model):
    """One judgement, append-only, with the facts it was made on, so that any past moment can be judged again exactly.

    facts: canonical JSON of `ProductFacts`; outcome: canonical JSON of `Outcome` (both in `trust.verdicts.rules`).
    `cause` says in a word or two what led to it (`run`, `claims changed`, `expired`, ...). `facts_changed_at`: when the first
    change happened that the verdict before did not know; None where none did. From then on this is what a reader would get.
    """

    product = models.ForeignKey(DataProduct, on_delete=models.CASCADE, related_name="verdicts")
    verdict = models.CharField(max_length=30, choices=choices(VerdictWord))
    raw_score = models.FloatField()
    score = models.FloatField()
    effective_score = models.FloatField()
    grade = models.CharField(max_length=1)
    failing_gates = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    judged_at = models.DateTimeField()
    valid_until = models.DateTimeField()
    policy = models.ForeignKey(TrustPolicyVersion, on_delete=models.PROTECT, related_name="+")
    run = models.ForeignKey(Run, on_delete=models.PROTECT, null=True, blank=True, related_name="verdicts")
    cause = models.CharField(max_length=80)
    facts_changed_at = models.DateTimeField(null=True, blank=True)
    facts = models.TextField()
    facts_sha256 = models.CharField(max_length=64)
    outcome = models.TextField()

    class Meta:
        ordering = ["-judged_at", "-id"]
        indexes = [models.Index(fields=["product", "-judged_at", "-id"], name="verdict_product_time")]
        constraints = [
            one_of("verdict", VerdictWord, "verdict_known"),
            models.CheckConstraint(condition=Q(valid_until__gt=F("judged_at")), name="verdict_valid_for_some_time"),
        ]
        triggers = [pgtrigger.Protect(name="verdict_is_append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.product}: {self.verdict} at {self.judged_at:%Y-%m-%d %H:%M}"


CURRENT_VERDICT = "(NOT c.invalidated AND c.valid_until > {now})"
"""`CurrentVerdict.is_current` in SQL, of the row `c`; null, and so not true, where a product was never judged."""


class CurrentVerdictQuerySet(models.QuerySet["CurrentVerdict"]):
    """The rule of `CurrentVerdict.is_current` as conditions."""

    def current(self, now: datetime) -> Self:
        return self.filter(**_is_current(now))

    def stale(self, now: datetime) -> Self:
        return self.filter(Q(invalidated=True) | Q(valid_until=None) | Q(valid_until__lte=now))

    def showing(self, verdict: str, now: datetime) -> Self:
        """Those whose `verdict_at(now)` is `verdict`."""
        found = self.current(now).filter(verdict=verdict)
        return found | self.stale(now) if verdict == VerdictWord.UNKNOWN else found

    def with_open_gate(self, gate: str, now: datetime) -> Self:
        """Those that are current and name this gate as failed or unknown."""
        return self.current(now).filter(failing_gates__contains=[gate])


def verdict_at(now: datetime) -> Case:
    """`CurrentVerdict.verdict_at` as an expression."""
    return Case(When(**_is_current(now), then=F("verdict")), default=Value(VerdictWord.UNKNOWN.value))


def _is_current(now: datetime) -> dict[str, Any]:
    return {"invalidated": False, "valid_until__gt": now}


class CurrentVerdict(models.Model):
    """The one row per product that answers are read from; `body` holds the stored answer.

    body: JSON text with marks (`trust.verdicts.rules.answer`) where decision id, moment of asking and age of the evidence go.
    reason_codes, basis: what goes into the decision row of every answer (see `Decision`). invalidated_at: when `invalidated`
    was first set since the last judgement.

    Serve it only while it `is_current`; else judge again first (`judging.ensure_current`), or show it as unknown.
    Triggers on the claims set `invalidated`, for the product and everything downstream of it.
    """

    product = models.OneToOneField(DataProduct, on_delete=models.CASCADE, primary_key=True, related_name="current_verdict")
    verdict_row = models.ForeignKey(Verdict, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    verdict = models.CharField(max_length=30, choices=choices(VerdictWord), default=VerdictWord.UNKNOWN)
    raw_score = models.FloatField(default=0)
    score = models.FloatField(default=0)
    effective_score = models.FloatField(default=0)
    grade = models.CharField(max_length=1, default="F")
    failing_gates = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    evidence_at = models.DateTimeField(null=True, blank=True)
    judged_at = models.DateTimeField(null=True, blank=True)
    valid_until = models.DateTimeField(null=True, blank=True)
    invalidated = models.BooleanField(default=True)
    invalidated_at = models.DateTimeField(null=True, blank=True)
    body = models.TextField(default="")
    reason_codes = ArrayField(models.CharField(max_length=80), default=list, blank=True)
    basis = models.JSONField(default=dict, blank=True)

    objects = CurrentVerdictQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["verdict"], name="current_verdict_word"),
            models.Index(fields=["valid_until"], name="current_verdict_valid_until"),
            models.Index(fields=["invalidated"], condition=Q(invalidated=True), name="current_verdict_invalidated"),
        ]
        constraints = [one_of("verdict", VerdictWord, "current_verdict_known")]

    def __str__(self) -> str:
        return f"{self.product}: {self.verdict}"

    def is_current(self, now: datetime) -> bool:
        """Whether the row may be shown at `now`."""
        return is_current(invalidated=self.invalidated, valid_until=self.valid_until, now=now)

    def verdict_at(self, now: datetime) -> VerdictWord:
        """The verdict; unknown where it has expired or something has changed since, until it is judged again."""
        return VerdictWord(self.verdict) if self.is_current(now) else VerdictWord.UNKNOWN


class DailyVerdictCount(models.Model):
    """The published products by verdict when `day` (UTC) ended, append-only: the verdicts of the past never change.

    unknown: also those that were never judged, or whose verdict had run out by then.
    """

    day = models.DateField(primary_key=True)
    production_grade = models.PositiveIntegerField()
    not_production_grade = models.PositiveIntegerField()
    unknown = models.PositiveIntegerField()

    class Meta:
        ordering = ["day"]
        triggers = [
            pgtrigger.Protect(name="daily_verdict_count_is_append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.day}: {self.production_grade} production-grade"
