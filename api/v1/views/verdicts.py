"""Verdict history: what was said when, on what facts; and the versions of the trust policy that judged."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.access.visibility import find_product
from api.pagination import KeysetPagination
from api.v1.base import ApiView, ModelAnswer, StrictSerializer
from api.v1.fields import JsonObjectField, TextField, choices
from catalog.rules.errors import NotFoundError
from catalog.rules.moments import duration_text
from catalog.rules.scopes import Scope
from trust.models import TrustPolicyVersion, Verdict
from trust.verdicts.rules.trust_policy import policy_from_dict
from trust.verdicts.services.trust_policies import confirm_trust_policy, publish_trust_policy
from trust.vocabulary import GateName, Grade, VerdictStatus


class VerdictEntry(ModelAnswer[Verdict]):
    verdict = serializers.ChoiceField(choices(VerdictStatus))
    grade = serializers.ChoiceField(choices(Grade))
    failing_gates = serializers.ListField(child=serializers.ChoiceField(choices(GateName)), help_text="Failed or unknown.")
    policy_version = serializers.IntegerField(source="policy.version", help_text="Of the trust policy that judged.")
    run = serializers.UUIDField(source="run_id", allow_null=True, help_text="The run that led to it, if one did.")

    class Meta:
        model = Verdict
        fields = [
            "id",
            "verdict",
            "score",
            "raw_score",
            "effective_score",
            "grade",
            "failing_gates",
            "judged_at",
            "valid_until",
            "cause",
            "run",
            "policy_version",
            "facts_sha256",
        ]


class VerdictAnswer(VerdictEntry):
    policy_digest = serializers.CharField(source="policy.digest")
    facts = JsonObjectField(help_text="Everything that it was judged on: the same facts, policy and moment judge the same.")
    outcome = JsonObjectField(help_text="The whole judgement.")

    class Meta(VerdictEntry.Meta):
        fields = [*VerdictEntry.Meta.fields, "policy_digest", "facts", "outcome"]

    def to_representation(self, instance: Verdict) -> dict[str, Any]:
        instance.facts, instance.outcome = json.loads(instance.facts), json.loads(instance.outcome)
        return dict(super().to_representation(instance))


class VerdictsView(ApiView):
    pagination_class = KeysetPagination
    keyset = ("-judged_at", "-id")

    @extend_schema(operation_id="list_verdicts", responses=VerdictEntry(many=True), tags=["trust"])
    def get(self, request: Request, slug: str) -> Response:
        """Every verdict that was given on the product, newest first."""
        rows = Verdict.objects.filter(product=find_product(self.actor, slug))
        return self.page(rows.select_related("policy").defer("facts", "outcome"), VerdictEntry)


class VerdictView(ApiView):
    @extend_schema(operation_id="get_verdict", responses=VerdictAnswer, tags=["trust"])
    def get(self, request: Request, slug: str, verdict_id: int) -> Response:
        """One verdict with the facts that it was judged on and the whole outcome."""
        product = find_product(self.actor, slug)
        verdict = Verdict.objects.select_related("policy").filter(product=product, pk=verdict_id).first()
        if verdict is None:
            remedy = f"GET /api/v1/products/{slug}/verdicts lists all."
            raise NotFoundError(f"Data product {slug} has no verdict {verdict_id}.", remedy=remedy)
        return Response(VerdictAnswer(verdict).data)


class TrustPolicyEntry(ModelAnswer[TrustPolicyVersion]):
    published_by = serializers.CharField(source="published_by.username", allow_null=True, default=None)
    proposed_by = serializers.CharField(source="proposed_by.username", allow_null=True, default=None)

    class Meta:
        model = TrustPolicyVersion
        fields = [
            "version",
            "digest",
            "note",
            "is_current",
            "published_at",
            "published_by",
            "proposed_at",
            "proposed_by",
            "based_on",
        ]


class TrustPolicyAnswer(TrustPolicyEntry):
    body = serializers.SerializerMethodField(
        help_text="Gates, required dimensions, shares, intervals, weights; settings that came later have their default."
    )

    class Meta(TrustPolicyEntry.Meta):
        fields = [*TrustPolicyEntry.Meta.fields, "body"]

    def get_body(self, version: TrustPolicyVersion) -> dict[str, Any]:
        plain = msgspec.to_builtins(policy_from_dict(version.body), order="sorted", builtin_types=(timedelta,))
        return dict(_with_durations(plain))


def _with_durations(value: Any) -> Any:
    """Plain JSON values, durations as every answer writes them."""
    if isinstance(value, Mapping):
        return {name: _with_durations(item) for name, item in value.items()}
    return duration_text(value) if isinstance(value, timedelta) else value


class TrustPolicyRequest(StrictSerializer):
    changes = JsonObjectField(help_text="Settings that differ from the version in force.")
    note = TextField(max_length=2000, help_text="Why it changes.")


class TrustPolicyView(ApiView):
    @extend_schema(operation_id="get_trust_policy", responses=TrustPolicyAnswer, tags=["policies"])
    def get(self, request: Request) -> Response:
        """The trust policy that judges now."""
        rows = TrustPolicyVersion.objects.select_related("published_by", "proposed_by")
        return Response(TrustPolicyAnswer(rows.get(is_current=True)).data)


class TrustPoliciesView(ApiView):
    write_scope = Scope.ADMIN
    is_personal = True
    pagination_class = KeysetPagination
    keyset = ("-version",)

    @extend_schema(operation_id="list_trust_policies", responses=TrustPolicyEntry(many=True), tags=["policies"])
    def get(self, request: Request) -> Response:
        """Every version of the trust policy, newest first."""
        rows = TrustPolicyVersion.objects.select_related("published_by", "proposed_by").defer("body")
        return self.page(rows, TrustPolicyEntry)

    @extend_schema(
        operation_id="publish_trust_policy", request=TrustPolicyRequest, responses={201: TrustPolicyAnswer}, tags=["policies"]
    )
    def post(self, request: Request) -> Response:
        """Publish the next version, as governance. Every product is judged again before it is next shown.

        A version that loosens (a gate off, a lower minimum, a longer time) is only proposed: `published_at` is null, and
        another member of governance publishes it.
        """
        given = self.body(TrustPolicyRequest)
        version = publish_trust_policy(changes=given["changes"], note=given["note"], actor=self.actor, now=self.now)
        location = {"Location": f"/api/v1/trust-policies/{version.version}"}
        return Response(TrustPolicyAnswer(version).data, status=201, headers=location)


class TrustPolicyVersionView(ApiView):
    @extend_schema(operation_id="get_trust_policy_version", responses=TrustPolicyAnswer, tags=["policies"])
    def get(self, request: Request, version: int) -> Response:
        """One version of the trust policy, as verdicts name it."""
        return Response(TrustPolicyAnswer(_find_version(version)).data)


class TrustPolicyPublishView(ApiView):
    write_scope = Scope.ADMIN
    is_personal = True

    @extend_schema(operation_id="confirm_trust_policy", request=None, responses=TrustPolicyAnswer, tags=["policies"])
    def post(self, request: Request, version: int) -> Response:
        """Publish a proposed version, as another member of governance than the one who proposed it, within 14 days."""
        row = confirm_trust_policy(version=_find_version(version), actor=self.actor, now=self.now)
        return Response(TrustPolicyAnswer(row).data)


def _find_version(version: int) -> TrustPolicyVersion:
    row = TrustPolicyVersion.objects.select_related("published_by", "proposed_by").filter(version=version).first()
    if row is None:
        remedy = "GET /api/v1/trust-policies lists all."
        raise NotFoundError(f"There is no trust policy v{version}.", remedy=remedy)
    return row
