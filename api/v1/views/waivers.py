"""Accepted exceptions of products: asked for, granted by somebody else, rejected, withdrawn, revoked."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.access.visibility import find_product
from api.pagination import KeysetPagination
from api.v1.base import ApiView, ModelAnswer, StrictSerializer, caller_field, respond_after_change
from api.v1.fields import FlagParameter, MomentField, OptionalChoiceField, OptionalTextField, TextField, choices
from catalog.queries import visible_products
from catalog.rules.errors import NotFoundError
from catalog.rules.scopes import Scope
from catalog.services.people import find_person
from catalog.services.requests import LONGEST_REASON
from trust.models import Waiver
from trust.verdicts.queries.waivers import waivers_waiting_for
from trust.verdicts.services.waivers import grant_waiver, reject_waiver, request_waiver, revoke_waiver, withdraw_waiver
from trust.vocabulary import GateName, WaiverStatus


class WaiverQuery(StrictSerializer):
    status = serializers.ChoiceField(choices(WaiverStatus), required=False)


class AllWaiversQuery(WaiverQuery):
    product = TextField(max_length=200, required=False, help_text="Slug of a data product.")
    is_waiting_for_me = FlagParameter(
        required=False, default=False, help_text="Only requests that are yours to grant or reject."
    )


class WaiverAnswer(ModelAnswer[Waiver]):
    product = serializers.CharField(source="product.slug")
    gate = OptionalChoiceField(choices(GateName), help_text="Null where a single check is excepted.")
    check_key = OptionalTextField(help_text="Null where a gate is excepted.")
    status = serializers.ChoiceField(choices(WaiverStatus), help_text="A granted one excepts something until `expires_at`.")
    owner = serializers.CharField(source="owner.username", help_text="Who answers for the exception.")
    requested_by = serializers.CharField(
        source="requested_by.username", allow_null=True, default=None, help_text="Null: from before a second person was needed."
    )
    caller = caller_field("asked")
    granted_by = serializers.CharField(source="granted_by.username", allow_null=True, default=None)
    starts_at = serializers.DateTimeField(allow_null=True, help_text="When it was granted.")
    ended_by = serializers.CharField(source="ended_by.username", allow_null=True, default=None)
    ended_caller = caller_field("ended it")
    ended_at = serializers.DateTimeField(allow_null=True, help_text="When it was rejected, withdrawn or revoked.")

    class Meta:
        model = Waiver
        fields = [
            "id",
            "product",
            "gate",
            "check_key",
            "status",
            "reason",
            "owner",
            "requested_by",
            "caller",
            "requested_at",
            "granted_by",
            "starts_at",
            "expires_at",
            "revoked_at",
            "ended_at",
            "ended_by",
            "ended_caller",
            "end_reason",
        ]


class WaiverRequest(StrictSerializer):
    gate = serializers.ChoiceField(choices(GateName), required=False)
    check_key = TextField(max_length=200, required=False, help_text="Key of a check, as `detail=full` shows it.")
    reason = TextField(max_length=LONGEST_REASON)
    owner = TextField(max_length=150, help_text="Username of who answers for the exception.")
    expires_at = MomentField()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("gate" in attrs) == ("check_key" in attrs):
            raise serializers.ValidationError({"gate": ["Name either a gate or a check_key."]})
        return attrs


class WaiverReasonRequest(StrictSerializer):
    reason = TextField(max_length=LONGEST_REASON, help_text="The reason; everyone concerned reads it.")


RELATED = (
    "product__owner",
    "owner",
    "requested_by",
    "caller__consumer",
    "granted_by",
    "ended_by",
    "ended_caller__consumer",
)


def waivers_as_shown() -> QuerySet[Waiver]:
    """Waivers with all that an answer names of them."""
    return Waiver.objects.select_related(*RELATED).defer("product__search")


def find_waiver(view: ApiView, slug: str, waiver_id: int) -> Waiver:
    """Raises `NotFoundError`."""
    waiver = waivers_as_shown().filter(product=find_product(view.actor, slug), pk=waiver_id).first()
    if waiver is None:
        remedy = f"GET /api/v1/products/{slug}/waivers lists all."
        raise NotFoundError(f"Data product {slug} has no waiver {waiver_id}.", remedy=remedy)
    return waiver


def _changed(waiver: Waiver, status: int = 200) -> Response:
    row = waivers_as_shown().get(pk=waiver.pk)
    location = f"/api/v1/products/{row.product.slug}/waivers/{row.pk}"
    return respond_after_change(WaiverAnswer(row).data, location=location, status=status)


class AllWaiversView(ApiView):
    query = AllWaiversQuery
    pagination_class = KeysetPagination
    keyset = ("-expires_at", "-id")

    @extend_schema(operation_id="list_all_waivers", responses=WaiverAnswer(many=True), tags=["waivers"])
    def get(self, request: Request) -> Response:
        """Waivers of every product that you may see, those that end last first."""
        rows = waivers_as_shown().filter(product__in=visible_products(self.actor).order_by().values("pk"))
        rows = self.matching(rows, {"product": "product__slug", "status": "status"})
        if self.parameters["is_waiting_for_me"]:
            rows = rows.filter(pk__in=waivers_waiting_for(self.actor, self.now).order_by().values("pk"))
        return self.page(rows, WaiverAnswer)


class WaiversView(ApiView):
    query = WaiverQuery
    pagination_class = KeysetPagination
    keyset = ("-expires_at", "-id")

    @extend_schema(operation_id="list_waivers", responses=WaiverAnswer(many=True), tags=["waivers"])
    def get(self, request: Request, slug: str) -> Response:
        """Waivers of the product, those that end last first; also requests, and what is over."""
        rows = waivers_as_shown().filter(product=find_product(self.actor, slug))
        return self.page(self.matching(rows, {"status": "status"}), WaiverAnswer)

    @extend_schema(operation_id="request_waiver", request=WaiverRequest, responses={201: WaiverAnswer}, tags=["waivers"])
    def post(self, request: Request, slug: str) -> Response:
        """Ask that one gate or one check is excepted until a moment. It excepts nothing until governance grants it."""
        given = self.body(WaiverRequest)
        product = find_product(self.actor, slug)
        owner = find_person(username=given.pop("owner"), part="owner")
        return _changed(request_waiver(product=product, owner=owner, actor=self.actor, now=self.now, **given), 201)


class WaiverView(ApiView):
    @extend_schema(operation_id="get_waiver", responses=WaiverAnswer, tags=["waivers"])
    def get(self, request: Request, slug: str, waiver_id: int) -> Response:
        """One waiver."""
        return Response(WaiverAnswer(find_waiver(self, slug, waiver_id)).data)


class GrantWaiverView(ApiView):
    write_scope = Scope.ADMIN
    is_personal = True

    @extend_schema(operation_id="grant_waiver", request=None, responses=WaiverAnswer, tags=["waivers"])
    def post(self, request: Request, slug: str, waiver_id: int) -> Response:
        """Grant a request, as governance that neither asked for it nor owns the product. It shows in every answer."""
        return _changed(grant_waiver(waiver=find_waiver(self, slug, waiver_id), actor=self.actor, now=self.now))


class RejectWaiverView(ApiView):
    write_scope = Scope.ADMIN
    is_personal = True

    @extend_schema(operation_id="reject_waiver", request=WaiverReasonRequest, responses=WaiverAnswer, tags=["waivers"])
    def post(self, request: Request, slug: str, waiver_id: int) -> Response:
        """Reject a request, as who could grant it, with a reason."""
        reason = self.body(WaiverReasonRequest)["reason"]
        waiver = find_waiver(self, slug, waiver_id)
        return _changed(reject_waiver(waiver=waiver, reason=reason, actor=self.actor, now=self.now))


class WithdrawWaiverView(ApiView):
    @extend_schema(operation_id="withdraw_waiver", request=None, responses=WaiverAnswer, tags=["waivers"])
    def post(self, request: Request, slug: str, waiver_id: int) -> Response:
        """Take back a request that you made, or that was made for your product."""
        return _changed(withdraw_waiver(waiver=find_waiver(self, slug, waiver_id), actor=self.actor, now=self.now))


class RevokeWaiverView(ApiView):
    write_scope = Scope.ADMIN

    @extend_schema(operation_id="revoke_waiver", request=WaiverReasonRequest, responses=WaiverAnswer, tags=["waivers"])
    def post(self, request: Request, slug: str, waiver_id: int) -> Response:
        """End a waiver before its time, as governance, with a reason."""
        reason = self.body(WaiverReasonRequest)["reason"]
        waiver = find_waiver(self, slug, waiver_id)
        return _changed(revoke_waiver(waiver=waiver, reason=reason, actor=self.actor, now=self.now))
