"""Agreements: asked for, approved, rejected, withdrawn, revoked. The services decide who may do what."""

from django.db.models import Q, QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.access.visibility import find_consumer, find_product
from api.pagination import KeysetPagination
from api.v1.base import ApiView, ModelAnswer, ReasonRequest, StrictSerializer, caller_field, respond_after_change
from api.v1.fields import FlagParameter, MomentField, TextField, choices
from catalog.models import Agreement, DomainGovernor, Person
from catalog.queries import agreements_of, agreements_waiting_for, is_insider
from catalog.queries.agreements import with_needs
from catalog.rules.agreement import Part
from catalog.rules.errors import NotFoundError
from catalog.rules.scopes import Scope
from catalog.rules.vocabulary import AgreementStatus
from catalog.services.agreement_notices import awaited_parts
from catalog.services.agreements import (
    approve_agreement,
    reject_agreement,
    request_agreement,
    revoke_agreement,
    withdraw_agreement,
)
from catalog.services.permissions import is_governance
from catalog.services.requests import LONGEST_REASON

RELATED = (
    "consumer",
    "product",
    "requested_by",
    "caller__consumer",
    "owner_approved_by",
    "governance_approved_by",
    "ended_by",
    "ended_caller__consumer",
)


def agreements_as_shown() -> QuerySet[Agreement]:
    """Agreements with all that an answer names of them."""
    return with_needs(Agreement.objects.select_related(*RELATED).defer("product__search"))


def visible_agreements(person: Person) -> QuerySet[Agreement]:
    """Who may see which: those that concern `person`; all for governance, auditors and superusers. One statement."""
    rows = agreements_as_shown()
    if person.is_superuser:
        return rows
    governed = Q(product__domain__in=DomainGovernor.objects.filter(person=person).values("domain"))
    return rows.filter(Q(pk__in=agreements_of(person).order_by().values("pk")) | governed | is_insider(person))


def find_agreement(person: Person, agreement_id: int) -> Agreement:
    """Raises `NotFoundError`, also where it may not be seen; costs one query."""
    agreement = visible_agreements(person).filter(pk=agreement_id).first()
    if agreement is None:
        raise NotFoundError(
            f"There is no agreement {agreement_id} that you may see.",
            remedy="GET /api/v1/agreements lists those of your consumers and your products; governance sees all.",
        )
    return agreement


class AgreementQuery(StrictSerializer):
    status = serializers.ChoiceField(choices(AgreementStatus), required=False)
    consumer = TextField(max_length=200, required=False, help_text="Slug of a consumer.")
    product = TextField(max_length=200, required=False, help_text="Slug of a data product.")
    purpose = TextField(max_length=80, required=False)
    is_waiting_for_me = FlagParameter(
        required=False, default=False, help_text="Only requests whose next approval is yours to give."
    )


class AgreementAnswer(ModelAnswer[Agreement]):
    consumer = serializers.CharField(source="consumer.slug")
    product = serializers.CharField(source="product.slug")
    status = serializers.ChoiceField(choices(AgreementStatus), help_text="`expired` may be written some time after the end.")
    requested_by = serializers.CharField(source="requested_by.username")
    caller = caller_field("asked")
    owner_approved_by = serializers.CharField(source="owner_approved_by.username", allow_null=True, default=None)
    governance_approved_by = serializers.CharField(source="governance_approved_by.username", allow_null=True, default=None)
    ended_by = serializers.CharField(source="ended_by.username", allow_null=True, default=None)
    ended_caller = caller_field("ended it")
    waits_for = serializers.SerializerMethodField(help_text="Whose approval a request still needs.")

    class Meta:
        model = Agreement
        fields = [
            "id",
            "consumer",
            "product",
            "purpose",
            "status",
            "reason",
            "requested_by",
            "caller",
            "requested_at",
            "waits_for",
            "owner_approved_by",
            "owner_approved_at",
            "governance_approved_by",
            "governance_approved_at",
            "starts_at",
            "expires_at",
            "ended_by",
            "ended_caller",
            "ended_at",
            "end_reason",
        ]

    @extend_schema_field(serializers.ListField(child=serializers.ChoiceField(choices(Part))))
    def get_waits_for(self, agreement: Agreement) -> list[Part]:
        if agreement.status != AgreementStatus.REQUESTED:
            return []
        return sorted(awaited_parts(agreement), reverse=True)


class AgreementRequest(StrictSerializer):
    consumer = TextField(max_length=150, help_text="Slug of the consumer that would use the data.")
    product = TextField(max_length=80, help_text="Slug of the data product.")
    purpose = TextField(max_length=80)
    reason = TextField(max_length=LONGEST_REASON, help_text="Why the data is needed; approvers read it.")
    expires_at = MomentField(help_text="When it ends: at most 366 days from now.")


LOOKUPS = {"status": "status", "consumer": "consumer__slug", "product": "product__slug", "purpose": "purpose"}


def _changed(agreement: Agreement, status: int = 200) -> Response:
    row = agreements_as_shown().get(pk=agreement.pk)
    return respond_after_change(AgreementAnswer(row).data, location=f"/api/v1/agreements/{row.pk}", status=status)


class AgreementsView(ApiView):
    write_scope = Scope.AGREEMENTS_REQUEST
    query = AgreementQuery
    pagination_class = KeysetPagination

    @extend_schema(operation_id="list_agreements", responses=AgreementAnswer(many=True), tags=["agreements"])
    def get(self, request: Request) -> Response:
        """Agreements of your consumers and of your products, newest first. Governance and auditors see all."""
        rows = self.matching(visible_agreements(self.actor), LOOKUPS)
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
    is_personal = True

    @extend_schema(operation_id="approve_agreement", request=None, responses=AgreementAnswer, tags=["agreements"])
    def post(self, request: Request, agreement_id: int) -> Response:
        """Approve as the product's owner or as governance. Whoever asked cannot; above `internal` both must, two people."""
        agreement = find_agreement(self.actor, agreement_id)
        return _changed(approve_agreement(agreement=agreement, actor=self.actor, now=self.now))


class RejectAgreementView(ApiView):
    write_scope = Scope.ADMIN
    is_personal = True

    @extend_schema(operation_id="reject_agreement", request=ReasonRequest, responses=AgreementAnswer, tags=["agreements"])
    def post(self, request: Request, agreement_id: int) -> Response:
        """Reject a request, as the product's owner or governance, with a reason."""
        reason = self.body(ReasonRequest)["reason"]
        agreement = find_agreement(self.actor, agreement_id)
        return _changed(reject_agreement(agreement=agreement, reason=reason, actor=self.actor, now=self.now))


class WithdrawAgreementView(ApiView):
    write_scope = Scope.AGREEMENTS_REQUEST

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
