"""Known problems and accepted exceptions of a product: incidents and waivers."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.access.scopes import Scope
from api.access.visibility import find_product
from api.pagination import KeysetPagination
from api.v1.base import ApiView
from api.v1.serializers.exceptions import (
    IncidentAnswer,
    IncidentQuery,
    IncidentRequest,
    ResolutionRequest,
    WaiverAnswer,
    WaiverRequest,
)
from catalog.rules.errors import NotFoundError
from catalog.rules.vocabulary import Severity
from catalog.services.people import find_person
from trust.models import Incident, Waiver
from trust.services.incidents import open_incident, resolve_incident
from trust.services.waivers import grant_waiver, revoke_waiver


class IncidentsView(ApiView):
    query = IncidentQuery
    pagination_class = KeysetPagination
    keyset = ("-opened_at", "-id")

    @extend_schema(operation_id="list_incidents", responses=IncidentAnswer(many=True), tags=["incidents"])
    def get(self, request: Request, slug: str) -> Response:
        """Incidents of the product, newest first."""
        rows = Incident.objects.filter(product=find_product(self.actor, slug)).select_related("opened_by", "resolved_by")
        if self.parameters["is_open"] is not None:
            rows = rows.filter(resolved_at__isnull=self.parameters["is_open"])
        return self.page(rows, IncidentAnswer)

    @extend_schema(operation_id="open_incident", request=IncidentRequest, responses={201: IncidentAnswer}, tags=["incidents"])
    def post(self, request: Request, slug: str) -> Response:
        """Report a known problem. A critical one takes the product out of production grade at once."""
        given = self.body(IncidentRequest)
        incident = open_incident(
            product=find_product(self.actor, slug),
            title=given["title"],
            description=given["description"],
            severity=Severity(given["severity"]),
            actor=self.actor,
            now=self.now,
        )
        location = {"Location": f"/api/v1/products/{slug}/incidents/{incident.pk}"}
        return Response(IncidentAnswer(incident).data, status=201, headers=location)


def find_incident(view: ApiView, slug: str, incident_id: int) -> Incident:
    """Raises `NotFoundError`."""
    related = ("product__owner", "opened_by", "resolved_by")
    product = find_product(view.actor, slug)
    incident = Incident.objects.select_related(*related).filter(product=product, pk=incident_id).first()
    if incident is None:
        remedy = f"GET /api/v1/products/{slug}/incidents lists those that there are."
        raise NotFoundError(f"Data product {slug} has no incident {incident_id}.", remedy=remedy)
    return incident


class IncidentView(ApiView):
    @extend_schema(operation_id="get_incident", responses=IncidentAnswer, tags=["incidents"])
    def get(self, request: Request, slug: str, incident_id: int) -> Response:
        """One incident."""
        return Response(IncidentAnswer(find_incident(self, slug, incident_id)).data)


class ResolveIncidentView(ApiView):
    @extend_schema(operation_id="resolve_incident", request=ResolutionRequest, responses=IncidentAnswer, tags=["incidents"])
    def post(self, request: Request, slug: str, incident_id: int) -> Response:
        """Close an incident, with a word on how it was resolved."""
        resolution = self.body(ResolutionRequest)["resolution"]
        incident = find_incident(self, slug, incident_id)
        resolved = resolve_incident(incident=incident, resolution=resolution, actor=self.actor, now=self.now)
        return Response(IncidentAnswer(resolved).data)


class WaiversView(ApiView):
    write_scope = Scope.ADMIN
    pagination_class = KeysetPagination
    keyset = ("-expires_at", "-id")

    @extend_schema(operation_id="list_waivers", responses=WaiverAnswer(many=True), tags=["waivers"])
    def get(self, request: Request, slug: str) -> Response:
        """Waivers of the product, those that end last first; also expired and revoked ones."""
        rows = Waiver.objects.filter(product=find_product(self.actor, slug)).select_related("owner", "granted_by")
        return self.page(rows, WaiverAnswer)

    @extend_schema(operation_id="grant_waiver", request=WaiverRequest, responses={201: WaiverAnswer}, tags=["waivers"])
    def post(self, request: Request, slug: str) -> Response:
        """Except one gate or one check until a moment, as governance. It shows in every answer while it is in force."""
        given = self.body(WaiverRequest)
        product = find_product(self.actor, slug)
        owner = find_person(username=given.pop("owner"), part="owner")
        waiver = grant_waiver(product=product, owner=owner, actor=self.actor, now=self.now, **given)
        return Response(WaiverAnswer(waiver).data, status=201)


class RevokeWaiverView(ApiView):
    write_scope = Scope.ADMIN

    @extend_schema(operation_id="revoke_waiver", request=None, responses=WaiverAnswer, tags=["waivers"])
    def post(self, request: Request, slug: str, waiver_id: int) -> Response:
        """End a waiver before its time, as governance."""
        product = find_product(self.actor, slug)
        waiver = Waiver.objects.filter(product=product, pk=waiver_id).first()
        if waiver is None:
            remedy = f"GET /api/v1/products/{slug}/waivers lists those that there are."
            raise NotFoundError(f"Data product {slug} has no waiver {waiver_id}.", remedy=remedy)
        return Response(WaiverAnswer(revoke_waiver(waiver=waiver, actor=self.actor, now=self.now)).data)
