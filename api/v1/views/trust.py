"""The one question: is this data product production-grade, right now, and if not, why not and what would fix it?"""

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, PolymorphicProxySerializer, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

from api.access.visibility import find_product
from api.authentication import asker_of
from api.bodies import json_answer
from api.signed import MEDIA_TYPE, signed_response, wants_signed
from api.v1.base import ApiView, StrictSerializer
from api.v1.fields import (
    DurationField,
    JsonObjectField,
    MomentField,
    NumberField,
    NumberParameter,
    ObligationField,
    TextField,
    choices,
)
from api.v1.rendering import MOST_PRODUCTS, batch_body, question_of, render_answer
from catalog.rules.scopes import Scope
from catalog.rules.vocabulary import ConsumerKind, Sensitivity
from catalog.services.validation import demand_known_purpose
from trust.decisions.rules.question import Asker, Question
from trust.decisions.services.decide import answer
from trust.models import Decision
from trust.vocabulary import DecisionChannel, GateName, Grade, VerdictStatus

CONDITION = "A condition of the caller: the verdict stays what it is."
USE_CASE = "Slug of the use case that wants it; policies may ask for it. An unknown or retired one is answered no."


class TrustQuery(StrictSerializer):
    detail = serializers.ChoiceField(["short", "full"], default="short", help_text="full: all gates, checks and the sum.")
    as_of = MomentField(required=False, help_text="What was known and said at a past moment, in RFC 3339.")
    purpose = TextField(required=False, max_length=80, help_text="Asks also whether the policies permit this use to the asker.")
    use_case = TextField(required=False, max_length=200, help_text=USE_CASE)
    min_score = NumberParameter(required=False, min_value=0, max_value=100, help_text=CONDITION)
    max_evidence_age = DurationField(required=False, help_text=CONDITION)


class GateCounts(serializers.Serializer[object]):
    passed = serializers.IntegerField()
    failed = serializers.IntegerField()
    unknown = serializers.IntegerField()
    off = serializers.IntegerField(required=False, help_text="Gates that the trust policy does not ask for.")
    waived = serializers.IntegerField(required=False, help_text="Among the passed, those that pass under a waiver.")


class Reason(serializers.Serializer[object]):
    gate = serializers.ChoiceField(
        choices(GateName), required=False, help_text="Of the trust policy; not where a ruling says no."
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
    consumer_kinds = serializers.ListField(child=serializers.ChoiceField(choices(ConsumerKind)), help_text="The kinds covered.")


class DeterminingPolicy(serializers.Serializer[object]):
    id = serializers.IntegerField(help_text="0: the built-in clearance rule.")
    name = serializers.CharField()
    version = serializers.IntegerField()
    digest = serializers.CharField()


@extend_schema_field(
    {"oneOf": [{"type": "integer"}, {"type": "array", "items": {"type": "object", "additionalProperties": {"type": "string"}}}]}
)
class WarningsField(serializers.JSONField):
    pass


class TrustAnswer(serializers.Serializer[object]):
    """Under 1 KB unless `detail=full`. `is_production_grade` is true only for the verdict `production_grade`."""

    decision_id = serializers.IntegerField(help_text="Of the row in the log of answers.")
    decision = serializers.BooleanField(help_text="Production-grade, and permitted where a purpose was given.")
    product = serializers.CharField()
    is_production_grade = serializers.BooleanField()
    verdict = serializers.ChoiceField(choices(VerdictStatus))
    score = serializers.FloatField()
    raw_score = serializers.FloatField()
    grade = serializers.ChoiceField(choices(Grade))
    as_of = serializers.DateTimeField()
    valid_until = serializers.DateTimeField(help_text="First moment at which the answer may change by time alone.")
    gates = GateCounts()
    reasons = Reason(many=True)
    sensitivity = serializers.ChoiceField(choices(Sensitivity), allow_null=True)
    owner = serializers.CharField(allow_null=True)
    policy_version = serializers.IntegerField(help_text="Version of the trust policy that judged.")
    evidence = EvidenceAge(allow_null=True)
    effective_score = serializers.FloatField(required=False, help_text="Where an input product holds the score down.")
    limited_by = serializers.CharField(required=False, allow_null=True, help_text="Slug of that input product.")
    more_reasons = serializers.IntegerField(required=False, help_text="Reasons left out; `detail=full` has them.")
    gates_off = serializers.ListField(
        child=serializers.ChoiceField(choices(GateName)), required=False, help_text="Gates that the trust policy has off."
    )
    waivers = serializers.ListField(child=JsonObjectField(), required=False)
    warnings = WarningsField(required=False, help_text="How many data warnings there are; with detail=full the list of them.")
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
        child=TextField(max_length=80), min_length=1, max_length=MOST_PRODUCTS, help_text="Slugs; answered in this order."
    )
    purpose = TextField(required=False, max_length=80)
    use_case = TextField(required=False, max_length=200, help_text=USE_CASE)
    min_score = NumberField(required=False, min_value=0, max_value=100)
    max_evidence_age = DurationField(required=False, help_text=CONDITION)


class CheckAnswers(serializers.Serializer[object]):
    results = PolymorphicProxySerializer(
        component_name="CheckAnswer", serializers=[TrustAnswer, UnknownProductAnswer], resource_type_field_name=None, many=True
    )


EXAMPLE = {
    "decision_id": 4711,
    "decision": False,
    "product": "nyc-flights",
    "is_production_grade": False,
    "verdict": "not_production_grade",
    "score": 59.0,
    "raw_score": 83.4,
    "grade": "F",
    "as_of": "2026-11-22T12:00:00Z",
    "valid_until": "2026-11-23T06:00:00Z",
    "gates": {"passed": 14, "failed": 1, "unknown": 0},
    "reasons": [
        {
            "gate": "critical_checks",
            "code": "critical_check_failed",
            "message": "1 of 9 critical checks failed.",
            "remedy": "Correct the data or the expectation, then run again.",
            "owner": "flora",
        }
    ],
    "sensitivity": "internal",
    "owner": "flora",
    "policy_version": 3,
    "evidence": {"run": "0d6f0a5e-3e3c-4b55-8a5e-0f4f7f0c7c11", "age_seconds": 5400},
}


class TrustView(ApiView):
    query = TrustQuery

    @extend_schema(
        operation_id="get_trust",
        responses={(200, "application/json"): TrustAnswer, (200, MEDIA_TYPE): OpenApiTypes.STR},
        tags=["trust"],
        examples=[OpenApiExample("not production-grade", value=EXAMPLE, response_only=True)],
    )
    def get(self, request: Request, slug: str) -> HttpResponse:
        """Is this data product production-grade? One accountable answer, with reasons and remedies.

        Not fit is an ordinary answer (200), never an error. An unknown verdict answers `is_production_grade: false`. With a
        purpose, `decision` also says whether the policies permit the asker to use the product for it. Every answer is in the
        log under its `decision_id`. Answers are never to be cached past `valid_until`, and may change earlier when new evidence
        comes in. `Accept: application/jose` gets the answer signed, as GET /api/v1/decisions/{decision_id}/jws gives it.
        """
        product = find_product(self.actor, slug)
        question = question_of(product.slug, self.parameters)
        if question.purpose is not None:
            demand_known_purpose(question.purpose)
        return answered(request._request, asker_of(request), question, self.now)  # noqa: SLF001  Django's own


def answered(request: HttpRequest, asker: Asker, question: Question, now: datetime) -> HttpResponse:
    """The logged answer for the asker itself, signed where that is asked for."""
    [found] = answer(
        asker=asker, subject=asker.slug, channel=DecisionChannel.TRUST, questions=[question], word=render_answer, now=now
    )
    if wants_signed(request.META.get("HTTP_ACCEPT", "")):
        return signed_response(request, Decision.objects.get(pk=found.decision_id))
    return json_answer(found.body)


class CheckView(ApiView):
    write_scope = Scope.TRUST_READ  # a question: it changes nothing

    @extend_schema(operation_id="check_trust", request=CheckRequest, responses=CheckAnswers, tags=["trust"])
    def post(self, request: Request) -> HttpResponse:
        """Up to 500 data products at once: one trust answer for each, in order, each in the log under its `decision_id`.

        With a purpose each `decision` also says whether the policies permit the asker to use that product for it. A product
        that does not exist for the asker is answered with no and the reason `product_unknown`.
        """
        given = self.body(CheckRequest)
        if "purpose" in given:
            demand_known_purpose(given["purpose"])
        asker = asker_of(request)
        found = answer(
            asker=asker,
            subject=asker.slug,
            channel=DecisionChannel.CHECK,
            questions=[question_of(slug, given) for slug in given["products"]],
            word=render_answer,
            now=self.now,
        )
        return json_answer(batch_body(one.body for one in found))
