"""The log of answers, and what proves one of them elsewhere: its signature, and its place in the ledger."""

import json
from dataclasses import asdict
from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.access.visibility import find_decision, visible_decisions
from api.pagination import KeysetPagination
from api.signed import MEDIA_TYPE, signed_response
from api.v1.base import ApiView, ModelAnswer, StrictSerializer
from api.v1.fields import FlagParameter, JsonObjectField, MomentField, ObligationField, TextField, choices
from catalog.models import Consumer, DataProduct
from trust.decisions.services.proofs import proof_of
from trust.models import Decision
from trust.vocabulary import DecisionChannel, VerdictStatus


class DecisionQuery(StrictSerializer):
    consumer = TextField(required=False, max_length=150, help_text="Slug of the consumer that the answer is about.")
    product = TextField(required=False, max_length=200, help_text="Slug of the data product.")
    purpose = TextField(required=False, max_length=80)
    decision = FlagParameter(default=None, help_text="Only yes, or only no.")
    channel = serializers.ChoiceField(choices(DecisionChannel), required=False)
    since = MomentField(required=False, help_text="Asked at this moment or later, in RFC 3339.")
    until = MomentField(required=False, help_text="Asked before this moment, in RFC 3339.")


class DecisionEntry(ModelAnswer[Decision]):
    channel = serializers.ChoiceField(choices(DecisionChannel), help_text="How it was asked.")
    consumer = serializers.CharField(source="subject", help_text="Slug of the consumer that the answer is about, as asked.")
    asker = serializers.CharField(help_text="Slug of the consumer whose key asked.")
    product = serializers.CharField(source="product_slug", help_text="Slug, as asked.")
    verdict = serializers.ChoiceField(choices(VerdictStatus))
    reason_codes = serializers.ListField(child=serializers.CharField(), help_text="Everything that stood in the way.")
    is_production_grade = serializers.BooleanField(source="production_grade")
    purpose = serializers.CharField(allow_null=True, help_text="Null where only the product's trust was asked about.")

    class Meta:
        model = Decision
        fields = [
            "id",
            "asked_at",
            "channel",
            "consumer",
            "asker",
            "product",
            "action",
            "purpose",
            "use_case",
            "decision",
            "is_production_grade",
            "verdict",
            "score",
            "valid_until",
            "reason_codes",
            "request_id",
        ]


class DecisionLinks(serializers.Serializer[object]):
    verdict_url = serializers.CharField(allow_null=True, help_text="The verdict row behind the answer, with its facts.")
    replay_url = serializers.CharField()
    jws_url = serializers.CharField(help_text="The answer, signed.")
    proof_url = serializers.CharField(help_text="That the row is in the ledger.")


class DecisionAnswer(DecisionEntry):
    key_id = serializers.IntegerField(allow_null=True, help_text="The key that asked; null for a browser session.")
    question = JsonObjectField(allow_null=True, help_text="What else was asked: min_score, max_evidence_age, as_of, detail.")
    basis = JsonObjectField(
        allow_null=True, help_text="What was known: product and contract versions, runs, trust policy, facts."
    )
    ruling = JsonObjectField(allow_null=True, help_text="Policy evaluation, with all that is needed to rule again.")
    obligations = serializers.ListField(child=ObligationField(), help_text="What a permitted consumer must do.")
    latency_us = serializers.IntegerField(help_text="Microseconds from the arrival of the request to the writing of the row.")
    answer = serializers.SerializerMethodField(help_text="What was answered.")
    answer_text = serializers.CharField(source="answer", help_text="The same, byte for byte.")
    links = serializers.SerializerMethodField()

    class Meta(DecisionEntry.Meta):
        fields = [
            *DecisionEntry.Meta.fields,
            "key_id",
            "question",
            "basis",
            "ruling",
            "obligations",
            "latency_us",
            "answer",
            "answer_text",
            "links",
        ]

    @extend_schema_field(JsonObjectField)
    def get_answer(self, decision: Decision) -> Any:
        return json.loads(decision.answer)

    @extend_schema_field(DecisionLinks)
    def get_links(self, decision: Decision) -> dict[str, str | None]:
        own = f"/api/v1/decisions/{decision.pk}"
        verdict = f"/api/v1/products/{decision.product_slug}/verdicts/{decision.verdict_row_id}"
        return {
            "verdict_url": verdict if decision.verdict_row_id and decision.product_id else None,
            "replay_url": f"{own}/replay",
            "jws_url": f"{own}/jws",
            "proof_url": f"{own}/proof",
        }


UNSHOWN = ("answer", "basis", "ruling", "obligations", "question")
LOOKUPS = {
    "purpose": "purpose",
    "decision": "decision",
    "channel": "channel",
    "since": "asked_at__gte",
    "until": "asked_at__lt",
}


class DecisionsView(ApiView):
    query = DecisionQuery
    pagination_class = KeysetPagination
    keyset = ("-asked_at", "-id")

    @extend_schema(operation_id="list_decisions", responses=DecisionEntry(many=True), tags=["decisions"])
    def get(self, request: Request) -> Response:
        """Answers that were given, newest first: about your consumers and your products; governance and auditors see all."""
        rows = self.matching(visible_decisions(self.actor).defer(*UNSHOWN), LOOKUPS)
        # By columns that an index or the partitions know: slugs are looked up first, and an unknown one finds nothing.
        for name, model in (("consumer", Consumer), ("product", DataProduct)):
            if name in self.parameters:
                pk = model.objects.filter(slug=self.parameters[name]).values_list("pk", flat=True).first()
                rows = rows.filter(**{f"{name}_id": -1 if pk is None else pk})
        return self.page(rows, DecisionEntry)


class DecisionView(ApiView):
    @extend_schema(operation_id="get_decision", responses=DecisionAnswer, tags=["decisions"])
    def get(self, request: Request, decision_id: int) -> Response:
        """One answer with all that it rested on: reasons, obligations, what was known, what the policies said."""
        return Response(DecisionAnswer(find_decision(self.actor, decision_id)).data)


HEX = "hex, SHA-256"


class ProofAnswer(serializers.Serializer[Any]):
    decision_id = serializers.IntegerField()
    batch = serializers.IntegerField(help_text="Number of the sealed batch.")
    leaf_input = serializers.CharField(help_text="The sealed row: the table's name, a colon, PostgreSQL's jsonb text.")
    leaf_hash = serializers.CharField(help_text=f"Of a zero byte and leaf_input as UTF-8 ({HEX}).")
    leaf_index = serializers.IntegerField(help_text="Place among the leaves, from 0.")
    tree_size = serializers.IntegerField(help_text="Number of leaves.")
    path = serializers.ListField(
        child=serializers.CharField(), help_text=f"From the leaf to the root, as in RFC 9162, 2.1.3 ({HEX})."
    )
    root = serializers.CharField(help_text=f"Of the tree of RFC 6962 ({HEX}).")  # type: ignore[assignment]
    statement = serializers.CharField(help_text="What was signed: canonical JSON with number, time, root, previous.")
    signature = serializers.CharField(help_text="Compact JWS over the statement, by a key of /.well-known/jwks.json.")


class SignedDecisionView(ApiView):
    @extend_schema(operation_id="get_signed_decision", responses={(200, MEDIA_TYPE): OpenApiTypes.STR}, tags=["decisions"])
    def get(self, request: Request, decision_id: int) -> HttpResponse:
        """The answer as a compact JWS, with `exp` at its `valid_until`. Also after that: it proves what was answered then."""
        return signed_response(request._request, find_decision(self.actor, decision_id))  # noqa: SLF001  DRF's own wrapper


class ProofView(ApiView):
    @extend_schema(operation_id="get_decision_proof", responses=ProofAnswer, tags=["decisions"])
    def get(self, request: Request, decision_id: int) -> Response:
        """The proof that the ledger holds this decision as it is shown. 409 until it is sealed, within two minutes."""
        find_decision(self.actor, decision_id)
        return Response(ProofAnswer(asdict(proof_of(decision_id=decision_id))).data)
