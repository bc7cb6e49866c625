"""The readiness of a use case: now, at a past moment, every assessment that said something new, and the signed report."""

import json
from http import HTTPStatus
from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.access.visibility import find_use_case
from api.pagination import KeysetPagination
from api.signed import MEDIA_TYPE, issuer_of, wants_signed
from api.v1.base import ApiView, ModelAnswer, StrictSerializer
from api.v1.fields import JsonObjectField, MomentField, OptionalTextField, choices
from api.v1.serializers.use_cases import OverrideAnswer
from catalog.rules.errors import NotFoundError
from catalog.rules.vocabulary import Autonomy, Better, UseCaseStage
from trust.ledger.signing import KeyUnavailableError
from trust.models import Readiness
from trust.use_cases.pages.readiness_document import document_of, signed_document
from trust.use_cases.pages.readiness_report import report_of
from trust.use_cases.queries.stage_moves import overrides
from trust.use_cases.queries.use_case_report import hidden_from
from trust.use_cases.rules.readiness.codec import dump_assessment, load_assessment, load_facts
from trust.use_cases.rules.readiness.outcome import Assessment
from trust.use_cases.rules.readiness.redaction import redact_assessment
from trust.use_cases.services.readiness import assess_use_case, readiness_as_of
from trust.vocabulary import Answer, Gap, ReadinessLevel, ReadinessQuestion, Role


class ReadinessQuery(StrictSerializer):
    as_of = MomentField(required=False, help_text="What was known at this moment and would have been said then.")


class ReadinessReference(serializers.Serializer[Any]):
    kind = serializers.CharField()
    id = serializers.CharField(help_text="Slug, username or number of what it names.")
    says = serializers.CharField()


class ReadinessResponsible(serializers.Serializer[Any]):
    role = serializers.ChoiceField(choices(Role))
    username = serializers.CharField(allow_null=True, help_text="null: the role as a group, or no one has it.")


class ReadinessQuestionAnswer(serializers.Serializer[Any]):
    question = serializers.ChoiceField(choices(ReadinessQuestion))
    gap = serializers.ChoiceField(choices(Gap))
    answer = serializers.ChoiceField(choices(Answer))
    code = serializers.CharField(help_text="Stable; `ok` for a yes.")
    message = serializers.CharField()
    needed_for = serializers.ChoiceField(choices(UseCaseStage), help_text="The stage that is not reached without a yes.")
    references = ReadinessReference(
        source="evidence", many=True, help_text="What it rests on, the worst first, at most 20; `numbers` counts all."
    )
    numbers = serializers.DictField(child=serializers.FloatField())
    remedy = OptionalTextField(help_text="What would turn it to yes; null where it is.")
    responsible = ReadinessResponsible(many=True, help_text="Who can do that.")


class ReadinessGap(serializers.Serializer[Any]):
    gap = serializers.ChoiceField(choices(Gap))
    level = serializers.ChoiceField(choices(ReadinessLevel), help_text="That of its weakest answer.")
    yes = serializers.IntegerField()
    no = serializers.IntegerField()
    unknown = serializers.IntegerField()


class ReadinessAnswer(serializers.Serializer[Assessment]):
    """Made from an `Assessment`; the view adds the overrides."""

    use_case = serializers.CharField(source="slug")
    stage = serializers.ChoiceField(choices(UseCaseStage))
    level = serializers.ChoiceField(choices(ReadinessLevel), help_text="That of the weakest gap, never an average.")
    weakest = serializers.ChoiceField(choices(Gap))
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
    level = serializers.ChoiceField(choices(ReadinessLevel))
    weakest = serializers.ChoiceField(choices(Gap))
    open_gaps = serializers.ListField(child=serializers.ChoiceField(choices(Gap)))
    lacking = serializers.ListField(
        child=serializers.ChoiceField(choices(ReadinessQuestion)),
        help_text="Without a yes though its stage asks for it (that of an idea or a pilot: `approved`), and not overridden.",
    )
    stage = serializers.ChoiceField(choices(UseCaseStage))
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


class ReadinessView(ApiView):
    query = ReadinessQuery

    @extend_schema(operation_id="get_readiness", responses=ReadinessAnswer, tags=["use-cases"])
    def get(self, request: Request, slug: str) -> Response:
        """The five gaps from live evidence: each question with its answer, what it rests on, and who can turn it to yes."""
        use_case, as_of = find_use_case(self.actor, slug), self.parameters.get("as_of")
        if as_of is None:
            assessment = assess_use_case(use_case=use_case, now=self.now, cause="asked")
        else:
            assessment = readiness_as_of(use_case=use_case, moment=as_of, now=self.now)
        assessment = redact_assessment(assessment, hidden_from(self.actor, use_case))
        return Response(ReadinessAnswer(assessment, context={"overrides": overrides([use_case.pk], as_of)[use_case.pk]}).data)


class ReadinessHistoryView(ApiView):
    pagination_class = KeysetPagination
    keyset = ("-assessed_at", "-id")

    @extend_schema(operation_id="list_readiness", responses=ReadinessEntry(many=True), tags=["use-cases"])
    def get(self, request: Request, slug: str) -> Response:
        """Every assessment that said something new, newest first. Each stands until the next, at most until `valid_until`."""
        rows = Readiness.objects.filter(use_case=find_use_case(self.actor, slug))
        return self.page(rows.select_related("policy").defer("facts", "outcome"), ReadinessEntry)


class PastReadinessView(ApiView):
    @extend_schema(operation_id="get_past_readiness", responses=PastReadinessAnswer, tags=["use-cases"])
    def get(self, request: Request, slug: str, readiness_id: int) -> Response:
        """One assessment with the facts that it was made on; without them where they name a draft that you may not see."""
        use_case = find_use_case(self.actor, slug)
        row = Readiness.objects.select_related("policy").filter(use_case=use_case, pk=readiness_id).first()
        if row is None:
            remedy = f"GET /api/v1/use-cases/{slug}/readiness/history lists all."
            raise NotFoundError(f"Use case {slug} has no assessment {readiness_id}.", remedy=remedy)
        return Response(PastReadinessAnswer(row, context={"hidden": hidden_from(self.actor, use_case)}).data)


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
    autonomy = serializers.ChoiceField(choices(Autonomy))
    stage = serializers.ChoiceField(choices(UseCaseStage))
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
    role = serializers.ChoiceField(choices(Role))
    username = serializers.CharField(allow_null=True)
    name = serializers.CharField()


class ReportQuestion(serializers.Serializer[Any]):
    question = serializers.ChoiceField(choices(ReadinessQuestion))
    title = serializers.CharField()
    answer = serializers.ChoiceField(choices(Answer))
    code = serializers.CharField()
    message = serializers.CharField()
    remedy = serializers.CharField(allow_null=True, help_text="What would turn it to yes; null where it is.")
    responsible = ReportResponsible(many=True)
    needed_for = serializers.ChoiceField(choices(UseCaseStage))
    references = ReportReference(many=True, help_text="At most 20, the worst first; `numbers` counts all.")
    numbers = serializers.DictField(child=serializers.FloatField())


class ReportGap(serializers.Serializer[Any]):
    gap = serializers.ChoiceField(choices(Gap))
    title = serializers.CharField()
    level = serializers.ChoiceField(choices(ReadinessLevel), help_text="That of its weakest answer.")
    yes = serializers.IntegerField()
    no = serializers.IntegerField()
    unknown = serializers.IntegerField()
    questions = ReportQuestion(many=True)


class ReportTask(serializers.Serializer[Any]):
    question = serializers.ChoiceField(choices(ReadinessQuestion))
    answer = serializers.ChoiceField(choices(Answer))
    remedy = serializers.CharField()


class ReportActor(serializers.Serializer[Any]):
    username = serializers.CharField(allow_null=True)
    name = serializers.CharField()
    titles = serializers.ListField(child=serializers.CharField())
    tasks = ReportTask(many=True)


class ReportMeasure(serializers.Serializer[Any]):
    name = serializers.CharField()
    unit = serializers.CharField()
    better = serializers.ChoiceField(choices(Better))
    target = serializers.FloatField()
    value = serializers.FloatField(allow_null=True)
    observed_at = serializers.DateTimeField(allow_null=True)
    is_reached = serializers.BooleanField(allow_null=True)
    due_at = serializers.DateTimeField()
    owner = ReportPerson(allow_null=True)


class ReportOverride(serializers.Serializer[Any]):
    stage = serializers.ChoiceField(choices(UseCaseStage))
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
    level = serializers.ChoiceField(choices(ReadinessLevel), help_text="That of the weakest gap, never an average.")
    weakest = serializers.ChoiceField(choices(Gap))
    summary = serializers.CharField()
    gaps = ReportGap(many=True)
    next_stage = serializers.ChoiceField(choices(UseCaseStage), allow_null=True)
    blocks = serializers.ListField(
        child=serializers.ChoiceField(choices(ReadinessQuestion)), help_text="The questions that keep it from `next_stage`."
    )
    who_must_act = ReportActor(many=True)
    measures = ReportMeasure(many=True)
    overrides = ReportOverride(many=True, help_text="Those in force.")
    waivers = ReportWaiver(many=True, help_text="Those in force on its products.")
    policy_version = serializers.IntegerField()
    policy_digest = serializers.CharField()
    facts_digest = serializers.CharField(help_text="SHA-256 of the facts, which stay with the assessment.")
    signature = ReportSignature(allow_null=True, help_text="null: this installation has no signing key that may be used.")


HEADERS = {"Cache-Control": "no-store", "Vary": "Accept"}


class UseCaseReportView(ApiView):
    query = ReadinessQuery

    @extend_schema(
        operation_id="get_use_case_report",
        responses={(200, "application/json"): ReportAnswer, (200, MEDIA_TYPE): OpenApiTypes.STR},
        tags=["use-cases"],
    )
    def get(self, request: Request, slug: str) -> HttpResponse:
        """Where a use case stands, what blocks, who must act: dated and signed, as the page /use-cases/{slug}/report prints it.

        What you may not see (drafts of others) is left out. `Accept: application/jose` gets the report as a compact JWS, which
        /.well-known/jwks.json checks; without a signing key that is a 503, while the JSON has `signature: null`.
        """
        use_case = find_use_case(self.actor, slug)
        report = report_of(use_case, reader=self.actor, now=self.now, as_of=self.parameters.get("as_of"))
        issuer = issuer_of(request._request)  # noqa: SLF001  DRF's own wrapper
        if wants_signed(request.headers.get("Accept", "")):
            signed = signed_document(report, issuer=issuer, now=self.now)
            return HttpResponse(signed.token, content_type=MEDIA_TYPE, headers=HEADERS, status=HTTPStatus.OK)
        try:
            signed = signed_document(report, issuer=issuer, now=self.now)
        except KeyUnavailableError:
            body = {**document_of(report, issuer=issuer, now=self.now), "signature": None}
        else:
            body = {**signed.payload, "signature": {"kid": signed.kid, "digest": signed.digest, "jws": signed.detached}}
        return Response(body, headers=HEADERS)
