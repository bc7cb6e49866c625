"""What a product offers and what it is built from: output ports with their fields, input ports."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.access.visibility import find_product
from api.pagination import KeysetPagination
from api.v1.base import ApiView
from api.v1.serializers.ports import (
    InputPortsAnswer,
    InputPortsRequest,
    PortAnswer,
    PortEntry,
    PortRequest,
    input_claims,
    port_claims,
)
from api.v1.serializers.products import InputPortAnswer
from catalog.models import DataProduct, InputPort, OutputPort
from catalog.rules.errors import InvalidError, NotFoundError
from catalog.rules.texts import is_storable
from catalog.services.ports import put_input_ports, remove_output_port
from trust.evidence.services.ports import put_output_port


def find_port(product: DataProduct, name: str) -> OutputPort:
    """The port of that name. Raises `NotFoundError`."""
    port = product.output_ports.filter(name=name).first() if is_storable(name) else None
    if port is None:
        remedy = f"GET /api/v1/products/{product.slug}/ports lists all."
        raise NotFoundError(
            f"Data product {product.slug} has no output port {name[:200]!r}.", remedy=remedy, code="port_unknown"
        )
    port.product = product
    return port


def only_port(product: DataProduct) -> OutputPort:
    """The product's one port. Raises `InvalidError` where there are several or none."""
    ports = list(product.output_ports.all()[:20])
    if len(ports) == 1:
        return ports[0]
    names = ", ".join(port.name for port in ports)
    remedy = f"Name one of them as `port`: {names}." if ports else "Put an output port first."
    message = f"Data product {product.slug} has {len(ports) or 'no'} output ports, so name one of them."
    raise InvalidError(message, remedy=remedy, code="port_needed", field="port")


class PortsView(ApiView):
    pagination_class = KeysetPagination
    keyset = ("name",)

    @extend_schema(operation_id="list_ports", responses=PortEntry(many=True), tags=["ports"])
    def get(self, request: Request, slug: str) -> Response:
        """The product's output ports, by name."""
        ports = OutputPort.objects.filter(product=find_product(self.actor, slug))
        return self.page(ports, PortEntry)


class PortView(ApiView):
    @extend_schema(operation_id="get_port", responses=PortAnswer, tags=["ports"])
    def get(self, request: Request, slug: str, port: str) -> Response:
        """One output port with its fields, in order."""
        return Response(PortAnswer(find_port(find_product(self.actor, slug), port)).data)

    @extend_schema(operation_id="put_port", request=PortRequest, responses={200: PortAnswer, 201: PortAnswer}, tags=["ports"])
    def put(self, request: Request, slug: str, port: str) -> Response:
        """Make or replace the port of this name. Fields that are left out are removed."""
        product = find_product(self.actor, slug)
        is_new = not product.output_ports.filter(name=port).exists()
        put, _ = put_output_port(product=product, claims=port_claims(port, self.body(PortRequest)), actor=self.actor)
        headers = {"Location": f"/api/v1/products/{slug}/ports/{port}"} if is_new else {}
        return Response(PortAnswer(put).data, status=201 if is_new else 200, headers=headers)

    @extend_schema(operation_id="remove_port", responses={204: None}, tags=["ports"])
    def delete(self, request: Request, slug: str, port: str) -> Response:
        """Offer the port no longer. Its runs and their results stay: evidence is never deleted."""
        found = find_port(find_product(self.actor, slug), port)
        remove_output_port(port=found, actor=self.actor, now=self.now)
        return Response(status=204)


class InputPortsView(ApiView):
    pagination_class = KeysetPagination
    keyset = ("id",)

    @extend_schema(operation_id="list_input_ports", responses=InputPortAnswer(many=True), tags=["ports"])
    def get(self, request: Request, slug: str) -> Response:
        """The upstream products that this one is built from."""
        inputs = InputPort.objects.filter(product=find_product(self.actor, slug)).select_related("upstream")
        return self.page(inputs, InputPortAnswer)

    @extend_schema(operation_id="put_input_ports", request=InputPortsRequest, responses=InputPortsAnswer, tags=["ports"])
    def put(self, request: Request, slug: str) -> Response:
        """Make these the products that it is built from, and no others."""
        product = find_product(self.actor, slug)
        put_input_ports(product=product, inputs=input_claims(self.body(InputPortsRequest)), actor=self.actor)
        inputs = product.input_ports.select_related("upstream")
        return Response(InputPortsAnswer({"results": inputs}).data)
