"""Agreements: asked for, approved, rejected, withdrawn, revoked. Who may do what is said by the services."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.access.agreements import agreements_as_shown, find_agreement, visible_agreements
from api.access.consumers import find_consumer
from api.access.visibility import find_product
from api.pagination import KeysetPagination
from api.v1.base import ApiView, respond_after_change
from api.v1.serializers.agreements import AgreementAnswer, AgreementQuery, AgreementRequest, ReasonRequest
from catalog.models import Agreement
from catalog.queries import agreements_waiting_for
from catalog.rules.scopes import Scope
from catalog.services.agreements import (
    approve_agreement,
    reject_agreement,
    request_agreement,
    revoke_agreement,
    withdraw_agreement,
)
from catalog.services.permissions import is_governance

COLUMNS = {"status": "status", "consumer": "consumer__slug", "product": "product__slug", "purpose": "purpose"}


def _changed(agreement: Agreement, status: int = 200) -> Response:
    row = agreements_as_shown().get(pk=agreement.pk)
    return respond_after_change(AgreementAnswer(row).data, location=f"/api/v1/agreements/{row.pk}", status=status)


class AgreementsView(ApiView):
    query = AgreementQuery
    pagination_class = KeysetPagination

    @extend_schema(operation_id="list_agreements", responses=AgreementAnswer(many=True), tags=["agreements"])
    def get(self, request: Request) -> Response:
        """Agreements of your consumers and of your products, newest first. Governance and auditors see all."""
        rows = visible_agreements(self.actor)
        rows = rows.filter(**{column: self.parameters[name] for name, column in COLUMNS.items() if name in self.parameters})
        if self.parameters["is_waiting_for_me"]:
            waiting = agreements_waiting_for(self.actor, is_governance=is_governance(self.actor), now=self.now)
            rows = rows.filter(pk__in=waiting.order_by().values("pk"))
        return self.page(rows, AgreementAnswer)

    @extend_schema(
        operation_id="request_agreement", request=AgreementRequest, responses={201: AgreementAnswer}, tags=["agreements"]
    )
    def post(self, request: Request) -> Response:
        """Ask that your consumer may use a product for a purpose. Where an agreement stands, this asks for its renewal."""
        given = self.body(AgreementRequest)
        agreement = request_agreement(
            consumer=find_consumer(self.actor, given["consumer"]),
            product=find_product(self.actor, given["product"]),
            purpose=given["purpose"],
            reason=given["reason"],
            expires_at=given["expires_at"],
            actor=self.actor,
            now=self.now,
        )
        return _changed(agreement, 201)


class AgreementView(ApiView):
    @extend_schema(operation_id="get_agreement", responses=AgreementAnswer, tags=["agreements"])
    def get(self, request: Request, agreement_id: int) -> Response:
        """One agreement."""
        return Response(AgreementAnswer(find_agreement(self.actor, agreement_id)).data)


class ApproveAgreementView(ApiView):
    write_scope = Scope.ADMIN

    @extend_schema(operation_id="approve_agreement", request=None, responses=AgreementAnswer, tags=["agreements"])
    def post(self, request: Request, agreement_id: int) -> Response:
        """Approve as the product's owner or as governance. Whoever asked cannot; above `internal` both must, two people."""
        agreement = find_agreement(self.actor, agreement_id)
        return _changed(approve_agreement(agreement=agreement, actor=self.actor, now=self.now))


class RejectAgreementView(ApiView):
    write_scope = Scope.ADMIN

    @extend_schema(operation_id="reject_agreement", request=ReasonRequest, responses=AgreementAnswer, tags=["agreements"])
    def post(self, request: Request, agreement_id: int) -> Response:
        """Reject a request, as the product's owner or governance, with a reason."""
        reason = self.body(ReasonRequest)["reason"]
        agreement = find_agreement(self.actor, agreement_id)
        return _changed(reject_agreement(agreement=agreement, reason=reason, actor=self.actor, now=self.now))


class WithdrawAgreementView(ApiView):
    @extend_schema(operation_id="withdraw_agreement", request=None, responses=AgreementAnswer, tags=["agreements"])
    def post(self, request: Request, agreement_id: int) -> Response:
        """Take back a request that you made."""
        agreement = find_agreement(self.actor, agreement_id)
        return _changed(withdraw_agreement(agreement=agreement, actor=self.actor, now=self.now))


class RevokeAgreementView(ApiView):
    write_scope = Scope.ADMIN

    @extend_schema(operation_id="revoke_agreement", request=ReasonRequest, responses=AgreementAnswer, tags=["agreements"])
    def post(self, request: Request, agreement_id: int) -> Response:
        """End an agreement at once, as the product's owner or governance, or give it back as the consumer's owner."""
        reason = self.body(ReasonRequest)["reason"]
        agreement = find_agreement(self.actor, agreement_id)
        return _changed(revoke_agreement(agreement=agreement, reason=reason, actor=self.actor, now=self.now))
