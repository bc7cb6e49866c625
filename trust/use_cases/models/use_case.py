"""What is found out and put on record about use cases: readiness, moves between stages, and what their consumers report."""

from math import inf

import pghistory
import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from catalog.models import Consumer, Measure, Person, UseCase
from catalog.models.caller import MadeByCaller, later_caller
from catalog.models.choices import choices, one_of
from catalog.rules.vocabulary import Severity, UseCaseStage
from trust.verdicts.models.verdict import TrustPolicyVersion
from trust.vocabulary import Gap, Misuse, ReadinessLevel, RecallStatus, StageMoveStatus, UseAction


def _append_only(name: str) -> pgtrigger.Protect:
    return pgtrigger.Protect(name=name, operation=pgtrigger.Update | pgtrigger.Delete)


class Readiness(models.Model):
    """One assessment of a use case, append-only, with the facts it was made on, so that any past moment can be assessed again.

    facts, outcome: canonical JSON of `UseCaseFacts` and `Assessment` of `trust.use_cases.rules.readiness`.
    open_gaps: the gaps that are not closed. lacking: the questions without a yes that its stage asks for (that of an idea or a
    pilot: what `approved` asks for), without those that an override in force accepts.
    A row stands until the next one of the same use case, at most until `valid_until`.
    """

    use_case = models.ForeignKey(UseCase, on_delete=models.PROTECT, related_name="assessments")
    level = models.CharField(max_length=20, choices=choices(ReadinessLevel))
    weakest = models.CharField(max_length=20, choices=choices(Gap))
    open_gaps = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    lacking = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    stage = models.CharField(max_length=20, choices=choices(UseCaseStage))
    assessed_at = models.DateTimeField()
    valid_until = models.DateTimeField()
    policy = models.ForeignKey(TrustPolicyVersion, on_delete=models.PROTECT, related_name="+")
    cause = models.CharField(max_length=80)
    facts = models.TextField()
    facts_sha256 = models.CharField(max_length=64)
    outcome = models.TextField()

    class Meta:
        ordering = ["-assessed_at", "-id"]
        verbose_name_plural = "readiness"
        indexes = [models.Index(fields=["use_case", "-assessed_at", "-id"], name="readiness_use_case_time")]
        constraints = [
            one_of("level", ReadinessLevel, "readiness_level_known"),
            one_of("weakest", Gap, "readiness_gap_known"),
            models.CheckConstraint(condition=Q(valid_until__gt=F("assessed_at")), name="readiness_valid_for_some_time"),
        ]
        triggers = [_append_only("readiness_is_append_only")]

    def __str__(self) -> str:
        return f"{self.use_case}: {self.level} at {self.assessed_at:%Y-%m-%d %H:%M}"


class ReadinessWatch(models.Model):
    """One row per use case that was ever assessed; whoever assesses it holds this row.

    row: the newest assessment that was kept. assessed_at: the newest one, kept or not.
    fall: empty while the use case has what its stage asks for, or never had it; else where the telling stands, as for the
    recall of a product (`trust.verdicts.rules.recall`). fallen_at, changed_at, told_at: of this fall.
    """

    use_case = models.OneToOneField(UseCase, on_delete=models.CASCADE, primary_key=True, related_name="watch")
    row = models.ForeignKey(Readiness, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    assessed_at = models.DateTimeField(null=True, blank=True)
    fall = models.CharField(max_length=20, choices=choices(RecallStatus), blank=True)
    fallen_at = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField(null=True, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "readiness watch"
        indexes = [models.Index(fields=["changed_at"], condition=~Q(fall=""), name="readiness_watch_falls")]
        constraints = [
            models.CheckConstraint(
                condition=Q(fall="")
                | Q(fall__in=["fallen", "sent", "recovering"], fallen_at__isnull=False, changed_at__isnull=False),
                name="readiness_watch_fall_known",
            )
        ]

    def __str__(self) -> str:
        return f"{self.use_case}: {self.fall or 'as its stage asks'}"


@pghistory.track()
class StageMove(MadeByCaller):
    """One move of a use case between stages: asked for by somebody and, where the stage needs it, approved by somebody else.

    missing: what readiness lacked when it was decided, as `[{gap, question, answer, message, remedy, who}]`; only an override
    moves with such a list, which needs a reason and an end, and stays visible. readiness: the assessment it was decided on.
    override_ended_at: when an override stopped counting: its time was over, or the use case moved on. A row that is decided
    changes in nothing else, and what is done begins where the use case stood; triggers see to both.
    """

    use_case = models.ForeignKey(UseCase, on_delete=models.CASCADE, related_name="stage_moves")
    from_stage = models.CharField(max_length=20, choices=choices(UseCaseStage))
    to_stage = models.CharField(max_length=20, choices=choices(UseCaseStage))
    status = models.CharField(max_length=20, choices=choices(StageMoveStatus), default=StageMoveStatus.REQUESTED)
    reason = models.TextField(blank=True)
    requested_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    requested_at = models.DateTimeField()
    decided_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    decided_caller = later_caller()
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_reason = models.TextField(blank=True)
    is_override = models.BooleanField(default=False)
    override_expires_at = models.DateTimeField(null=True, blank=True)
    override_ended_at = models.DateTimeField(null=True, blank=True)
    readiness = models.ForeignKey(Readiness, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    missing = models.JSONField(default=list, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["use_case", "-id"], name="stage_move_use_case"),
            models.Index(
                fields=["override_expires_at"],
                condition=Q(status="done", is_override=True, override_ended_at__isnull=True),
                name="stage_move_overrides",
            ),
        ]
        constraints = [
            one_of("from_stage", UseCaseStage, "stage_move_from_known"),
            one_of("to_stage", UseCaseStage, "stage_move_to_known"),
            one_of("status", StageMoveStatus, "stage_move_status_known"),
            models.UniqueConstraint(fields=["use_case"], condition=Q(status="requested"), name="stage_move_one_request"),
            # Nobody approves what they asked for themselves, and nothing reaches these stages without an approver.
            models.CheckConstraint(
                condition=~Q(
                    status="done", to_stage__in=["approved", "production"], from_stage__in=["idea", "pilot", "approved"]
                )
                | Q(decided_by__isnull=False, requested_by__isnull=False, readiness__isnull=False)
                & ~Q(decided_by=F("requested_by")),
                name="stage_move_four_eyes",
            ),
            models.CheckConstraint(
                condition=Q(is_override=False) | (Q(override_expires_at__isnull=False) & ~Q(reason="")),
                name="stage_move_override_has_reason_and_end",
            ),
        ]
        triggers = [pgtrigger.Protect(name="stage_move_is_kept", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.use_case}: {self.from_stage} to {self.to_stage}, {self.status}"


class OutcomeReport(MadeByCaller):
    """One value of a measure, append-only. observed_at: the moment that the value is about, never after `reported_at`.

    consumer: whose key reported it; None: the person did. One value for a measure and a moment; another one is refused.
    """

    use_case = models.ForeignKey(UseCase, on_delete=models.PROTECT, related_name="outcomes")
    measure = models.ForeignKey(Measure, on_delete=models.PROTECT, related_name="reports")
    value = models.FloatField()
    observed_at = models.DateTimeField()
    reported_at = models.DateTimeField()
    reported_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    consumer = models.ForeignKey(Consumer, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["measure", "-observed_at"], name="outcome_measure_time")]
        constraints = [
            models.CheckConstraint(condition=Q(observed_at__lte=F("reported_at")), name="outcome_is_not_of_the_future"),
            # PostgreSQL sorts NaN above infinity.
            models.CheckConstraint(condition=Q(value__gt=-inf, value__lt=inf), name="outcome_is_a_number"),
            models.UniqueConstraint(fields=["measure", "observed_at"], name="outcome_once"),
        ]
        triggers = [_append_only("outcome_is_append_only")]

    def __str__(self) -> str:
        return f"{self.measure}: {self.value}"


class DecisionUse(MadeByCaller):
    """What a consumer says that it did with one answer, append-only: it used the data, or it took the declared fallback.

    decision_id names `trust.Decision`; consumer, product and asked_at are copied from there. at: when it was used.
    misuse: why a use did not rest on a valid yes (`rules.readiness.misuse`); empty where it did, and for a fallback.
    """

    use_case = models.ForeignKey(UseCase, on_delete=models.PROTECT, related_name="uses")
    consumer = models.ForeignKey(Consumer, on_delete=models.PROTECT, related_name="+")
    decision_id = models.BigIntegerField()
    product_id = models.BigIntegerField(null=True)
    action = models.CharField(max_length=20, choices=choices(UseAction))
    at = models.DateTimeField()
    asked_at = models.DateTimeField()
    misuse = models.CharField(max_length=30, choices=choices(Misuse), blank=True)
    note = models.TextField(blank=True)
    reported_at = models.DateTimeField()
    reported_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["use_case", "-at"], name="decision_use_case_time"),
            models.Index(fields=["decision_id"], name="decision_use_decision"),
            models.Index(fields=["use_case", "-at"], condition=~Q(misuse=""), name="decision_use_misuse"),
        ]
        constraints = [
            one_of("action", UseAction, "decision_use_action_known"),
            models.CheckConstraint(
                condition=Q(misuse="") | Q(action="used", misuse__in=[word.value for word in Misuse]),
                name="decision_use_misuse_known",
            ),
            models.CheckConstraint(condition=Q(at__lte=F("reported_at")), name="decision_use_is_not_of_the_future"),
            models.UniqueConstraint(fields=["use_case", "decision_id", "action", "at"], name="decision_use_once"),
        ]
        triggers = [_append_only("decision_use_is_append_only")]

    def __str__(self) -> str:
        return f"{self.consumer} {self.action} on decision {self.decision_id}"


@pghistory.track()
class OutputException(MadeByCaller):
    """An output of the AI that was wrong, harmful or disputed, recorded against the decision that it rested on.

    consumer: whose output it was. reference: what its own system calls the output, so that a report is not counted twice.
    assigned_to: the use case's `exceptions_owner` when it was recorded; may be handed on. due_at: by when it must be closed.
    """

    use_case = models.ForeignKey(UseCase, on_delete=models.PROTECT, related_name="exceptions")
    consumer = models.ForeignKey(Consumer, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    decision_id = models.BigIntegerField()
    reference = models.CharField(max_length=200, blank=True, default="")
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    severity = models.CharField(max_length=20, choices=choices(Severity), default=Severity.WARNING)
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    assigned_to = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    due_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    resolution = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = "exception of an output"
        verbose_name_plural = "output exceptions"
        indexes = [
            models.Index(fields=["use_case", "-opened_at"], name="exception_use_case_time"),
            models.Index(fields=["decision_id"], name="exception_decision"),
            models.Index(fields=["due_at"], condition=Q(closed_at__isnull=True), name="exception_due"),
        ]
        constraints = [
            one_of("severity", Severity, "exception_severity_known"),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True) | (Q(closed_by__isnull=False) & ~Q(resolution="")),
                name="exception_closed_by_somebody_who_says_how",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="exception_is_kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="exception_stays_closed", operation=pgtrigger.Update, condition=pgtrigger.Q(old__closed_at__isnull=False)
            ),
            pgtrigger.ReadOnly(
                name="exception_stays_as_it_was_recorded",
                fields=[
                    *("use_case", "consumer", "decision_id", "reference", "title", "description", "severity"),
                    *("opened_at", "opened_by", "caller", "due_at"),
                ],
            ),
        ]

    def __str__(self) -> str:
        return self.title
