"""The readiness report of one use case as it goes over the wire. `trust.use_cases.pages` makes it; this describes it."""

from typing import Any

from rest_framework import serializers

from api.v1.base import StrictSerializer
from api.v1.fields import MomentField
from api.v1.serializers.labels import words
from catalog.rules.vocabulary import Autonomy, Better, UseCaseStage
from trust.vocabulary import Answer, Gap, ReadinessLevel, ReadinessQuestion, Role


class ReportQuery(StrictSerializer):
    as_of = MomentField(required=False, help_text="What was known at this moment and would have been said then.")


class ReportPerson(serializers.Serializer[Any]):
    username = serializers.CharField()
    name = serializers.CharField()


class ReportApproval(serializers.Serializer[Any]):
    by = ReportPerson(allow_null=True)
    at = serializers.DateTimeField(allow_null=True)


class ReportedUseCase(serializers.Serializer[Any]):
    slug = serializers.CharField()
    name = serializers.CharField()
    business_decision = serializers.CharField()
    purpose = serializers.CharField()
    autonomy = serializers.ChoiceField(words(Autonomy))
    stage = serializers.ChoiceField(words(UseCaseStage))
    stage_since = serializers.DateTimeField()
    stage_approval = ReportApproval(allow_null=True)
    business_owner = ReportPerson(allow_null=True)
    outputs_owner = ReportPerson(allow_null=True)
    exceptions_owner = ReportPerson(allow_null=True)
    workflow = serializers.CharField(allow_null=True)
    system = serializers.CharField(allow_null=True)
    step = serializers.CharField(allow_null=True)
    fallback = serializers.CharField(allow_null=True)
    products = serializers.ListField(child=serializers.CharField())
    hidden_products = serializers.IntegerField(help_text="How many more there are that you may not see: drafts of others.")
    consumers = serializers.ListField(child=serializers.CharField())


class ReportReference(serializers.Serializer[Any]):
    kind = serializers.CharField()
    id = serializers.CharField()
    says = serializers.CharField()


class ReportResponsible(serializers.Serializer[Any]):
    role = serializers.ChoiceField(words(Role))
    username = serializers.CharField(allow_null=True)
    name = serializers.CharField()


class ReportQuestion(serializers.Serializer[Any]):
    question = serializers.ChoiceField(words(ReadinessQuestion))
    title = serializers.CharField()
    answer = serializers.ChoiceField(words(Answer))
    code = serializers.CharField()
    message = serializers.CharField()
    remedy = serializers.CharField(allow_null=True, help_text="What would turn it to yes; null where it is.")
    responsible = ReportResponsible(many=True)
    needed_for = serializers.ChoiceField(words(UseCaseStage))
    references = ReportReference(many=True, help_text="At most 20, the worst first; `numbers` counts all.")
    numbers = serializers.DictField(child=serializers.FloatField())


class ReportGap(serializers.Serializer[Any]):
    gap = serializers.ChoiceField(words(Gap))
    title = serializers.CharField()
    level = serializers.ChoiceField(words(ReadinessLevel), help_text="That of its weakest answer.")
    yes = serializers.IntegerField()
    no = serializers.IntegerField()
    unknown = serializers.IntegerField()
    questions = ReportQuestion(many=True)


class ReportTask(serializers.Serializer[Any]):
    question = serializers.ChoiceField(words(ReadinessQuestion))
    answer = serializers.ChoiceField(words(Answer))
    remedy = serializers.CharField()


class ReportActor(serializers.Serializer[Any]):
    username = serializers.CharField(allow_null=True)
    name = serializers.CharField()
    titles = serializers.ListField(child=serializers.CharField())
    tasks = ReportTask(many=True)


class ReportMeasure(serializers.Serializer[Any]):
    name = serializers.CharField()
    unit = serializers.CharField()
    better = serializers.ChoiceField(words(Better))
    target = serializers.FloatField()
    value = serializers.FloatField(allow_null=True)
    observed_at = serializers.DateTimeField(allow_null=True)
    is_reached = serializers.BooleanField(allow_null=True)
    due_at = serializers.DateTimeField()
    owner = ReportPerson(allow_null=True)


class ReportOverride(serializers.Serializer[Any]):
    stage = serializers.ChoiceField(words(UseCaseStage))
    reason = serializers.CharField()
    approved_by = ReportPerson(allow_null=True)
    approved_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    missing = serializers.ListField(child=serializers.CharField())


class ReportWaiver(serializers.Serializer[Any]):
    product = serializers.CharField()
    what = serializers.CharField(help_text="The gate or check that is excepted.")
    reason = serializers.CharField()
    owner = ReportPerson()
    granted_by = ReportPerson(allow_null=True)
    expires_at = serializers.DateTimeField()


class ReportSignature(serializers.Serializer[Any]):
    kid = serializers.CharField(help_text="Of the key, as /.well-known/jwks.json gives it.")
    digest = serializers.CharField(help_text="SHA-256, as hex, of what is signed.")
    jws = serializers.CharField(
        help_text="Detached JWS (RFC 7515, appendix F) over this document without `signature`, as JSON with sorted names and "
        "no spaces, in UTF-8."
    )


class ReportAnswer(serializers.Serializer[Any]):
    iss = serializers.CharField(help_text="Which installation says this.")
    sub = serializers.CharField(help_text="Slug of the use case.")
    iat = serializers.IntegerField()
    exp = serializers.IntegerField(help_text="Of `valid_until`; `iat` where the report is about the past.")
    as_of = serializers.DateTimeField()
    assessed_at = serializers.DateTimeField()
    valid_until = serializers.DateTimeField()
    use_case = ReportedUseCase()
    level = serializers.ChoiceField(words(ReadinessLevel), help_text="That of the weakest gap, never an average.")
    weakest = serializers.ChoiceField(words(Gap))
    summary = serializers.CharField()
    gaps = ReportGap(many=True)
    next_stage = serializers.ChoiceField(words(UseCaseStage), allow_null=True)
    blocks = serializers.ListField(
        child=serializers.ChoiceField(words(ReadinessQuestion)), help_text="The questions that keep it from `next_stage`."
    )
    who_must_act = ReportActor(many=True)
    measures = ReportMeasure(many=True)
    overrides = ReportOverride(many=True, help_text="Those in force.")
    waivers = ReportWaiver(many=True, help_text="Those in force on its products.")
    policy_version = serializers.IntegerField()
    policy_digest = serializers.CharField()
    facts_digest = serializers.CharField(help_text="SHA-256 of the facts, which stay with the assessment.")
    signature = ReportSignature(allow_null=True, help_text="null: this installation has no signing key that may be used.")
