"""Accepted exceptions of products: asked for, granted by somebody else, rejected, withdrawn, revoked."""

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.access.visibility import find_product
from api.pagination import KeysetPagination
from api.v1.base import ApiView, respond_after_change
from api.v1.serializers.waivers import AllWaiversQuery, WaiverAnswer, WaiverQuery, WaiverReasonRequest, WaiverRequest
from catalog.queries import visible_products
from catalog.rules.errors import NotFoundError
from catalog.rules.scopes import Scope
from catalog.services.people import find_person
from trust.models import Waiver
from trust.verdicts.queries.waivers import waivers_waiting_for
from trust.verdicts.services.waivers import grant_waiver, reject_waiver, request_waiver, revoke_waiver, withdraw_waiver

RELATED = ("product__owner", "owner", "requested_by", "granted_by", "ended_by")


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
        if "product" in self.parameters:
            rows = rows.filter(product__slug=self.parameters["product"])
        if self.parameters["is_waiting_for_me"]:
            rows = rows.filter(pk__in=waivers_waiting_for(self.actor, self.now).order_by().values("pk"))
        return self.page(_of_status(self, rows), WaiverAnswer)


class WaiversView(ApiView):
    query = WaiverQuery
    pagination_class = KeysetPagination
    keyset = ("-expires_at", "-id")

    @extend_schema(operation_id="list_waivers", responses=WaiverAnswer(many=True), tags=["waivers"])
    def get(self, request: Request, slug: str) -> Response:
        """Waivers of the product, those that end last first; also requests, and what is over."""
        rows = waivers_as_shown().filter(product=find_product(self.actor, slug))
        return self.page(_of_status(self, rows), WaiverAnswer)

    @extend_schema(operation_id="request_waiver", request=WaiverRequest, responses={201: WaiverAnswer}, tags=["waivers"])
    def post(self, request: Request, slug: str) -> Response:
        """Ask that one gate or one check is excepted until a moment. It excepts nothing until governance grants it."""
        given = self.body(WaiverRequest)
        product = find_product(self.actor, slug)
        owner = find_person(username=given.pop("owner"), part="owner")
        return _changed(request_waiver(product=product, owner=owner, actor=self.actor, now=self.now, **given), 201)


def _of_status(view: ApiView, rows: QuerySet[Waiver]) -> QuerySet[Waiver]:
    return rows.filter(status=view.parameters["status"]) if "status" in view.parameters else rows


class WaiverView(ApiView):
    @extend_schema(operation_id="get_waiver", responses=WaiverAnswer, tags=["waivers"])
    def get(self, request: Request, slug: str, waiver_id: int) -> Response:
        """One waiver."""
        return Response(WaiverAnswer(find_waiver(self, slug, waiver_id)).data)


class GrantWaiverView(ApiView):
    write_scope = Scope.ADMIN

    @extend_schema(operation_id="grant_waiver", request=None, responses=WaiverAnswer, tags=["waivers"])
    def post(self, request: Request, slug: str, waiver_id: int) -> Response:
        """Grant a request, as governance that neither asked for it nor owns the product. It shows in every answer."""
        return _changed(grant_waiver(waiver=find_waiver(self, slug, waiver_id), actor=self.actor, now=self.now))


class RejectWaiverView(ApiView):
    write_scope = Scope.ADMIN

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
