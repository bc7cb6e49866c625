"""The readiness of use cases, now and in the past, as it goes over the wire."""

import json
from typing import Any

from rest_framework import serializers

from api.v1.base import ModelAnswer, StrictSerializer
from api.v1.fields import JsonObjectField, MomentField, OptionalTextField
from api.v1.serializers.labels import words
from api.v1.serializers.use_cases import OverrideAnswer
from catalog.rules.vocabulary import UseCaseStage
from trust.models import Readiness
from trust.use_cases.rules.readiness.codec import dump_assessment, load_assessment, load_facts
from trust.use_cases.rules.readiness.outcome import Assessment
from trust.use_cases.rules.readiness.redaction import redact_assessment
from trust.vocabulary import Answer, Gap, ReadinessLevel, ReadinessQuestion, Role


class ReadinessQuery(StrictSerializer):
    as_of = MomentField(required=False, help_text="What was known at this moment and would have been said then.")


class ReadinessReference(serializers.Serializer[Any]):
    kind = serializers.CharField()
    id = serializers.CharField(help_text="Slug, username or number of what it names.")
    says = serializers.CharField()


class ReadinessResponsible(serializers.Serializer[Any]):
    role = serializers.ChoiceField(words(Role))
    username = serializers.CharField(allow_null=True, help_text="null: the role as a group, or no one has it.")


class ReadinessQuestionAnswer(serializers.Serializer[Any]):
    question = serializers.ChoiceField(words(ReadinessQuestion))
    gap = serializers.ChoiceField(words(Gap))
    answer = serializers.ChoiceField(words(Answer))
    code = serializers.CharField(help_text="Stable; `ok` for a yes.")
    message = serializers.CharField()
    needed_for = serializers.ChoiceField(words(UseCaseStage), help_text="The stage that is not reached without a yes.")
    references = ReadinessReference(
        source="evidence", many=True, help_text="What it rests on, the worst first, at most 20; `numbers` counts all."
    )
    numbers = serializers.DictField(child=serializers.FloatField())
    remedy = OptionalTextField(help_text="What would turn it to yes; null where it is.")
    responsible = ReadinessResponsible(many=True, help_text="Who can do that.")


class ReadinessGap(serializers.Serializer[Any]):
    gap = serializers.ChoiceField(words(Gap))
    level = serializers.ChoiceField(words(ReadinessLevel), help_text="That of its weakest answer.")
    yes = serializers.IntegerField()
    no = serializers.IntegerField()
    unknown = serializers.IntegerField()


class ReadinessAnswer(serializers.Serializer[Assessment]):
    """Made from an `Assessment`; the view adds the overrides."""

    use_case = serializers.CharField(source="slug")
    stage = serializers.ChoiceField(words(UseCaseStage))
    level = serializers.ChoiceField(words(ReadinessLevel), help_text="That of the weakest gap, never an average.")
    weakest = serializers.ChoiceField(words(Gap))
    assessed_at = serializers.DateTimeField()
    valid_until = serializers.DateTimeField(help_text="Valid until then, unless a fact changes.")
    gaps = ReadinessGap(many=True)
    questions = ReadinessQuestionAnswer(many=True)
    overrides = serializers.SerializerMethodField(help_text="Those that its stage rests on.")
    policy_version = serializers.IntegerField(help_text="Of the trust policy that it was assessed with.")
    policy_digest = serializers.CharField()
    facts_digest = serializers.CharField()

    def get_overrides(self, assessment: Assessment) -> OverrideAnswer(many=True):  # type: ignore[valid-type]  # for the schema
        return OverrideAnswer(self.context["overrides"], many=True).data


class ReadinessEntry(ModelAnswer[Readiness]):
    level = serializers.ChoiceField(words(ReadinessLevel))
    weakest = serializers.ChoiceField(words(Gap))
    open_gaps = serializers.ListField(child=serializers.ChoiceField(words(Gap)))
    lacking = serializers.ListField(
        child=serializers.ChoiceField(words(ReadinessQuestion)),
        help_text="Without a yes though its stage asks for it (that of an idea or a pilot: `approved`), and not overridden.",
    )
    stage = serializers.ChoiceField(words(UseCaseStage))
    policy_version = serializers.IntegerField(source="policy.version")

    class Meta:
        model = Readiness
        fields = [
            "id",
            "level",
            "weakest",
            "open_gaps",
            "lacking",
            "stage",
            "assessed_at",
            "valid_until",
            "cause",
            "policy_version",
            "facts_sha256",
        ]


class PastReadinessAnswer(ReadinessEntry):
    policy_digest = serializers.CharField(source="policy.digest")
    facts = JsonObjectField(
        allow_null=True,
        help_text="Everything that it was assessed on: the same facts, policy and moment assess the same. null where they name "
        "a data product that you may not see.",
    )
    outcome = JsonObjectField(help_text="The whole assessment.")

    class Meta(ReadinessEntry.Meta):
        fields = [*ReadinessEntry.Meta.fields, "policy_digest", "facts", "outcome"]

    def to_representation(self, instance: Readiness) -> dict[str, Any]:
        hidden = self.context["hidden"]
        facts, outcome = load_facts(instance.facts), load_assessment(instance.outcome)
        is_hidden = any(product.slug in hidden for product in facts.products)
        instance.facts = json.loads("null" if is_hidden else instance.facts)
        instance.outcome = json.loads(dump_assessment(redact_assessment(outcome, hidden)))
        return dict(super().to_representation(instance))
