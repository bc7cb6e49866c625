"""Use cases: an AI initiative, the decision that it takes part in, and everybody who answers for a part of it."""

import pghistory
from django.db import models
from django.db.models import Q

from catalog.models.choices import choices, one_of
from catalog.models.consumer import Consumer
from catalog.models.person import Person
from catalog.models.port import OutputPort
from catalog.models.product import SLUG_IS_FINAL, DataProduct
from catalog.rules.vocabulary import Autonomy, Better, UseCaseStage


@pghistory.track()
class UseCase(models.Model):
    """What is claimed about one AI initiative. Whether the claims hold is assessed by readiness (`trust.use_cases`).

    decision: what is decided, in which the AI takes part. purpose: name of a `Purpose`. workflow, system, step: where it acts.
    outputs_owner: who answers for what the AI puts out. exceptions_owner: who handles exceptions, within `exceptions_within`.
    fallback: what happens instead while data is not fit. explainability_required None: nobody has said. claims_changed_at: when
    something last changed that the business owner answers for; an acknowledgement from before says nothing about it.
    `stage` moves only with a row of `trust.StageMove`, which a trigger checks.
    """

    slug = models.SlugField(unique=True, max_length=80)
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    decision = models.TextField(help_text="The decision that the AI takes part in.")
    business_owner = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="use_cases")
    purpose = models.CharField(max_length=80)
    autonomy = models.CharField(max_length=30, choices=choices(Autonomy), default=Autonomy.ADVISES)
    consumers = models.ManyToManyField(Consumer, related_name="use_cases", blank=True)
    workflow = models.CharField(max_length=200, blank=True, help_text="The business process that the decision belongs to.")
    system = models.CharField(max_length=200, blank=True, help_text="The system in which the AI acts.")
    step = models.CharField(max_length=200, blank=True, help_text="The step of the workflow at which it acts.")
    outputs_owner = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    exceptions_owner = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    exceptions_within = models.DurationField(null=True, blank=True, help_text="By when an exception must be closed.")
    fallback = models.TextField(blank=True, help_text="What happens instead while the data is not fit.")
    explainability_required = models.BooleanField(null=True, blank=True)
    explainability_requirement = models.TextField(blank=True, help_text="What must be explained, and to whom.")
    explainability_met = models.TextField(blank=True, help_text="How that is met.")
    stage = models.CharField(max_length=20, choices=choices(UseCaseStage), default=UseCaseStage.IDEA)
    stage_since = models.DateTimeField()
    claims_changed_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["slug"]
        constraints = [
            one_of("autonomy", Autonomy, "use_case_autonomy_known"),
            one_of("stage", UseCaseStage, "use_case_stage_known"),
        ]
        triggers = [SLUG_IS_FINAL]

    def __str__(self) -> str:
        return self.slug

    @property
    def is_acknowledged(self) -> bool:
        """Whether the business owner of today acknowledged what is claimed today, however long ago."""
        if self.acknowledged_at is None or self.acknowledged_by_id != self.business_owner_id:
            return False
        return self.acknowledged_at >= self.claims_changed_at

    @property
    def changed_since_approval(self) -> bool:
        """Whether claims changed since it came to its stage, where that is one that somebody approved."""
        return UseCaseStage(self.stage).needs_readiness and self.claims_changed_at > self.stage_since


pghistory.track()(UseCase.consumers.through)


@pghistory.track()
class UseCaseProduct(models.Model):
    """A data product that the use case consumes in production. `port` None: any of its ports."""

    use_case = models.ForeignKey(UseCase, on_delete=models.CASCADE, related_name="products")
    product = models.ForeignKey(DataProduct, on_delete=models.PROTECT, related_name="used_by")
    port = models.ForeignKey(OutputPort, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["use_case", "product", "port"]
        constraints = [
            models.UniqueConstraint(fields=["use_case", "product", "port"], nulls_distinct=False, name="use_case_product_once")
        ]

    def __str__(self) -> str:
        return f"{self.use_case} uses {self.product}"


@pghistory.track()
class Measure(models.Model):
    """How it is seen whether the use case does any good: a number that somebody reports at least once in `interval`.

    retired_at: since when it is measured no longer. Its row stays, with the values that were reported: no bad value can be
    hidden by taking the measure away.
    """

    use_case = models.ForeignKey(UseCase, on_delete=models.CASCADE, related_name="measures")
    name = models.SlugField(max_length=80)
    description = models.TextField(blank=True)
    unit = models.CharField(max_length=40, blank=True)
    better = models.CharField(max_length=20, choices=choices(Better), default=Better.AT_LEAST)
    target = models.FloatField()
    interval = models.DurationField(help_text="How often a value must be reported.")
    owner = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["use_case", "name"]
        constraints = [
            one_of("better", Better, "measure_better_known"),
            models.UniqueConstraint(fields=["use_case", "name"], name="measure_once"),
        ]

    def __str__(self) -> str:
        return f"{self.use_case}: {self.name}"


@pghistory.track()
class ObligationConfirmation(models.Model):
    """The consumer's owner says: this obligation of the policies is met in this use case.

    obligation: canonical JSON of the obligation as it is answered (`catalog.rules.obligation`), so that another one, or the
    same with other numbers, is not confirmed by it.
    """

    use_case = models.ForeignKey(UseCase, on_delete=models.CASCADE, related_name="confirmations")
    consumer = models.ForeignKey(Consumer, on_delete=models.CASCADE, related_name="+")
    product = models.ForeignKey(DataProduct, on_delete=models.CASCADE, related_name="+")
    obligation = models.TextField()
    how = models.TextField(help_text="How it is met.")
    confirmed_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField()

    class Meta:
        ordering = ["use_case", "consumer", "product", "id"]
        constraints = [
            models.UniqueConstraint(fields=["use_case", "consumer", "product", "obligation"], name="obligation_confirmed_once"),
            models.CheckConstraint(condition=~Q(how=""), name="obligation_says_how"),
        ]

    def __str__(self) -> str:
        return f"{self.consumer} meets {self.obligation}"
