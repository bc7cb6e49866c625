"""The answer to the one question, as it goes over the wire (DESIGN.md section 5)."""

from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema_field
from rest_framework import serializers

from api.v1.base import StrictSerializer
from api.v1.fields import DurationField, JsonObjectField, MomentField, NumberField, NumberParameter, TextField
from api.v1.serializers.labels import words
from api.v1.serializers.policies import ObligationField
from catalog.rules.vocabulary import ConsumerKind, Sensitivity
from trust.vocabulary import GateName, Grade, VerdictStatus


class TrustQuery(StrictSerializer):
    detail = serializers.ChoiceField(["short", "full"], default="short", help_text="full: all gates, checks and the sum.")
    as_of = MomentField(required=False, help_text="What was known and said at a past moment, in RFC 3339.")
    purpose = TextField(required=False, max_length=80, help_text="Asks also whether the policies permit this use to the asker.")
    use_case = TextField(required=False, max_length=200, help_text="The AI initiative that wants it; policies may ask for it.")
    min_score = NumberParameter(required=False, min_value=0, max_value=100, help_text="Stricter than the trust policy only.")
    max_evidence_age = DurationField(required=False, help_text="Stricter than the trust policy only.")


class GateCounts(serializers.Serializer[object]):
    passed = serializers.IntegerField()
    failed = serializers.IntegerField()
    unknown = serializers.IntegerField()
    off = serializers.IntegerField(required=False, help_text="Gates that the trust policy does not ask for.")
    waived = serializers.IntegerField(required=False, help_text="Among the passed, those that pass under a waiver.")


class Reason(serializers.Serializer[object]):
    gate = serializers.ChoiceField(
        words(GateName), required=False, help_text="Of the trust policy; not where a ruling says no."
    )
    code = serializers.CharField(help_text="Stable.")
    message = serializers.CharField()
    remedy = serializers.CharField(help_text="What would put it right.")
    owner = serializers.CharField(allow_null=True, help_text="Who can do that: a username or a role.")


class EvidenceAge(serializers.Serializer[object]):
    run = serializers.CharField()
    age_seconds = serializers.IntegerField()


class PurposeCoverage(serializers.Serializer[object]):
    is_covered = serializers.BooleanField(help_text="Whether a published permit covers it for at least one kind of consumer.")
    consumer_kinds = serializers.ListField(child=serializers.ChoiceField(words(ConsumerKind)), help_text="The kinds covered.")


class DeterminingPolicy(serializers.Serializer[object]):
    id = serializers.IntegerField(help_text="0: the built-in clearance rule.")
    name = serializers.CharField()
    version = serializers.IntegerField()
    digest = serializers.CharField()


class TrustAnswer(serializers.Serializer[object]):
    """Under 1 KB unless `detail=full`. `is_production_grade` is true only for the verdict `production_grade`."""

    decision_id = serializers.IntegerField(help_text="Of the row in the log of answers.")
    decision = serializers.BooleanField(help_text="Production-grade, and permitted where a purpose was given.")
    product = serializers.CharField()
    is_production_grade = serializers.BooleanField()
    verdict = serializers.ChoiceField(words(VerdictStatus))
    score = serializers.FloatField()
    raw_score = serializers.FloatField()
    grade = serializers.ChoiceField(words(Grade))
    as_of = serializers.DateTimeField()
    valid_until = serializers.DateTimeField(help_text="First moment at which the answer may change by time alone.")
    gates = GateCounts()
    reasons = Reason(many=True)
    sensitivity = serializers.ChoiceField(words(Sensitivity), allow_null=True)
    owner = serializers.CharField(allow_null=True)
    policy_version = serializers.IntegerField(help_text="Version of the trust policy that judged.")
    evidence = EvidenceAge(allow_null=True)
    effective_score = serializers.FloatField(required=False, help_text="Where an input product holds the score down.")
    limited_by = serializers.CharField(required=False, allow_null=True, help_text="Slug of that input product.")
    more_reasons = serializers.IntegerField(required=False, help_text="Reasons left out; `detail=full` has them.")
    gates_off = serializers.ListField(
        child=serializers.ChoiceField(words(GateName)), required=False, help_text="Gates that the trust policy has off."
    )
    waivers = serializers.ListField(child=JsonObjectField(), required=False)
    more_waivers = serializers.IntegerField(required=False)
    purpose = serializers.CharField(required=False, help_text="Where one was given, as all that follows up to `obligations`.")
    purpose_coverage = PurposeCoverage(required=False)
    is_permitted = serializers.BooleanField(required=False, help_text="Whether the policies permit it to the asker.")
    determining_policies = DeterminingPolicy(many=True, required=False, help_text="Those that the ruling rests on.")
    obligations = serializers.ListField(child=ObligationField(), required=False, help_text="What a permitted asker must do.")
    failing_path = serializers.ListField(child=serializers.CharField(), required=False, help_text="With detail=full.")
    path_left_out = serializers.IntegerField(required=False, help_text="Left out of the middle of a path of a thousand.")
    limited_from = serializers.CharField(required=False, help_text="With detail=full: whose own score it is, further up.")
    cause = serializers.CharField(required=False, allow_null=True, help_text="With detail=full.")
    gate_results = serializers.ListField(child=JsonObjectField(), required=False, help_text="With detail=full.")
    score_parts = serializers.ListField(child=JsonObjectField(), required=False, help_text="With detail=full.")
    checks = serializers.ListField(child=JsonObjectField(), required=False, help_text="With detail=full.")
    ports = serializers.ListField(child=JsonObjectField(), required=False, help_text="With detail=full.")
    policy_digest = serializers.CharField(required=False, help_text="With detail=full.")
    facts_digest = serializers.CharField(required=False, help_text="With detail=full.")


@extend_schema_field({"const": False})
class AlwaysFalse(serializers.BooleanField):
    pass


@extend_schema_field({"const": VerdictStatus.UNKNOWN.value})
class AlwaysUnknown(serializers.CharField):
    pass


class UnknownProductAnswer(serializers.Serializer[object]):
    """The answer about a product that does not exist for the asker: always no."""

    is_complete = True  # read by `api.inspection`: else a trust answer of `unknown` would be one of these as well
    decision_id = serializers.IntegerField(help_text="Of the row in the log of answers.")
    decision = AlwaysFalse()
    product = serializers.CharField(help_text="As it was asked.")
    is_production_grade = AlwaysFalse()
    verdict = AlwaysUnknown()
    reasons = Reason(many=True)


class CheckRequest(StrictSerializer):
    products = serializers.ListField(
        child=TextField(max_length=80), min_length=1, max_length=500, help_text="Slugs; answered in this order."
    )
    purpose = TextField(required=False, max_length=80)
    use_case = TextField(required=False, max_length=200)
    min_score = NumberField(required=False, min_value=0, max_value=100)
    max_evidence_age = DurationField(required=False, help_text="Stricter than the trust policy only.")


class CheckAnswers(serializers.Serializer[object]):
    results = PolymorphicProxySerializer(
        component_name="CheckAnswer", serializers=[TrustAnswer, UnknownProductAnswer], resource_type_field_name=None, many=True
    )
