"""Runs: asked for, listed, and shown with what they found."""

from uuid import UUID

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.access.visibility import find_product
from api.pagination import KeysetPagination
from api.v1.base import ApiView
from api.v1.serializers.runs import RunAnswer, RunEntry, RunQuery, RunRequest
from api.v1.views.ports import find_port, only_port
from catalog.queries import visible_products
from catalog.rules.errors import NotFoundError
from trust.evidence.services.runs import request_run
from trust.messages import enqueue
from trust.models import Run

RELATED = ("port__product", "suite", "requested_by")


class RunsView(ApiView):
    query = RunQuery
    pagination_class = KeysetPagination
    keyset = ("-requested_at", "-id")

    @extend_schema(operation_id="list_runs", responses=RunEntry(many=True), tags=["runs"])
    def get(self, request: Request, slug: str) -> Response:
        """Runs of the product's ports, newest request first."""
        rows = Run.objects.filter(port__product=find_product(self.actor, slug))
        names = {"port": "port__name", "status": "status"}
        rows = rows.filter(**{names[name]: value for name, value in self.parameters.items()})
        return self.page(rows.select_related(*RELATED).defer("suite__expectations"), RunEntry)

    @extend_schema(
        operation_id="request_run",
        request=RunRequest,
        responses={202: OpenApiResponse(RunEntry, "Queued; `Location` names it.")},
        tags=["runs"],
    )
    def post(self, request: Request, slug: str) -> Response:
        """Ask for a run of a port's suite. One that is queued already is answered instead of a second one."""
        product = find_product(self.actor, slug)
        name = self.body(RunRequest).get("port")
        port = only_port(product) if name is None else find_port(product, name)
        run = request_run(port=port, actor=self.actor, now=self.now)
        enqueue([run.pk])
        location = {"Location": f"/api/v1/runs/{run.pk}"}
        return Response(RunEntry(Run.objects.select_related(*RELATED).get(pk=run.pk)).data, status=202, headers=location)


class RunView(ApiView):
    @extend_schema(operation_id="get_run", responses=RunAnswer, tags=["runs"])
    def get(self, request: Request, run_id: UUID) -> Response:
        """One run: where it stands, and the result of every check in the order of the suite."""
        visible = Run.objects.filter(port__product__in=visible_products(self.actor))
        run = visible.select_related(*RELATED).defer("suite__expectations").filter(pk=run_id).first()
        if run is None:
            remedy = "GET /api/v1/products/{slug}/runs lists those that you may see."
            raise NotFoundError(f"There is no run {run_id} that you may see.", remedy=remedy)
        return Response(RunAnswer(run).data)
