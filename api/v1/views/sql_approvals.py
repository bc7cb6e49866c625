"""The SQL rules of a product, and governance's word on each: it is run once its exact text is approved."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.access.visibility import find_product
from api.v1.base import ApiView, StrictSerializer
from api.v1.fields import TextField
from catalog.rules.scopes import Scope
from trust.evidence.queries.sql_rules import sql_rules
from trust.evidence.services.sql_approvals import approve_sql, withdraw_sql


class SqlRuleAnswer(serializers.Serializer[Any]):
    digest = serializers.CharField(help_text="SHA-256, hex, of the text. Another text needs another approval.")
    query = serializers.CharField(help_text="The text as the contract writes it.")
    ports = serializers.ListField(child=serializers.CharField(), help_text="Output ports whose suites ask for it.")
    approved_by = serializers.CharField(allow_null=True, help_text="null: not approved, so the check is an error.")
    approved_at = serializers.DateTimeField(allow_null=True)


class SqlRulesAnswer(serializers.Serializer[Any]):
    product = serializers.CharField()
    results = SqlRuleAnswer(many=True)


class SqlApprovalRequest(StrictSerializer):
    digest = TextField(max_length=64, help_text="The `digest` of the text that you have read.")


class SqlApprovalsView(ApiView):
    write_scope = Scope.ADMIN
    is_personal = True

    def shown(self, slug: str) -> Response:
        product = find_product(self.actor, slug)
        return Response(SqlRulesAnswer({"product": product.slug, "results": sql_rules(product)}).data)

    @extend_schema(operation_id="list_sql_rules", responses=SqlRulesAnswer, tags=["products"])
    def get(self, request: Request, slug: str) -> Response:
        """The SQL rules of the product's contract, and who approved each."""
        return self.shown(slug)

    @extend_schema(operation_id="approve_sql", request=SqlApprovalRequest, responses=SqlRulesAnswer, tags=["products"])
    def post(self, request: Request, slug: str) -> Response:
        """Let this text be run for the product, as a person of governance who does not answer for it and did not write it."""
        digest = self.body(SqlApprovalRequest)["digest"]
        approve_sql(product=find_product(self.actor, slug), digest=digest, actor=self.actor, now=self.now)
        return self.shown(slug)


class WithdrawSqlView(ApiView):
    write_scope = Scope.ADMIN
    is_personal = True

    @extend_schema(operation_id="withdraw_sql", request=SqlApprovalRequest, responses=SqlRulesAnswer, tags=["products"])
    def post(self, request: Request, slug: str) -> Response:
        """Take back the approval: from the next run on the check is an error."""
        digest = self.body(SqlApprovalRequest)["digest"]
        product = find_product(self.actor, slug)
        withdraw_sql(product=product, digest=digest, actor=self.actor, now=self.now)
        return Response(SqlRulesAnswer({"product": product.slug, "results": sql_rules(product)}).data)
