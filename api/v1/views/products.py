"""Data products: found, shown, registered, changed, and moved through their life."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.db import transaction
from django.db.models import Prefetch, prefetch_related_objects
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.access.visibility import find_product
from api.pagination import KeysetPagination
from api.v1.base import ApiView
from api.v1.listing import find_products, with_current_verdicts
from api.v1.serializers.products import (
    DeprecationRequest,
    ProductAnswer,
    ProductChange,
    ProductEntry,
    ProductQuery,
    ProductRequest,
    with_claims,
)
from catalog.models import DataProduct, InputPort, Person
from catalog.rules.claims import ProductClaims
from catalog.rules.scopes import Scope
from catalog.services import products


def product_answer(view: ApiView, slug: str) -> dict[str, Any]:
    """The product as it is now, its verdict judged again where it had run out."""
    product = find_product(view.actor, slug)
    with_current_verdicts([product], view.now)
    prefetch_related_objects([product], Prefetch("input_ports", InputPort.objects.select_related("upstream")))
    return dict(ProductAnswer(product).data)


class ProductsView(ApiView):
    query = ProductQuery
    pagination_class = KeysetPagination
    keyset = ("slug",)

    @extend_schema(operation_id="list_products", responses=ProductEntry(many=True), tags=["products"])
    def get(self, request: Request) -> Response:
        """Products that you may see, by slug, each with its verdict, score and grade. All filters must match."""
        paginator = KeysetPagination()
        page = paginator.paginate_queryset(find_products(self.actor, self.parameters, self.now), request, self)
        shown = with_current_verdicts(page, self.now)
        wanted = self.parameters.get("verdict")
        matching = [product for product in shown if wanted in {None, product.current_verdict.verdict}]
        return paginator.get_paginated_response(ProductEntry(matching, many=True).data)

    @extend_schema(operation_id="create_product", request=ProductRequest, responses={201: ProductAnswer}, tags=["products"])
    def post(self, request: Request) -> Response:
        """Register a new product as a draft. Registering a contract (`POST /api/v1/contracts`) does more in one step."""
        given = self.body(ProductRequest)
        owner = given.pop("owner", self.actor.username)
        base = ProductClaims(slug=given["slug"], name=given["name"], domain=given["domain"], owner=owner)
        product = products.create_product(claims=with_claims(base, given), actor=self.actor, now=self.now)
        headers = {"Location": f"/api/v1/products/{product.slug}"}
        return Response(product_answer(self, product.slug), status=201, headers=headers)


class ProductView(ApiView):
    @extend_schema(operation_id="get_product", responses=ProductAnswer, tags=["products"])
    def get(self, request: Request, slug: str) -> Response:
        """One product: what is claimed about it, and its verdict in short."""
        return Response(product_answer(self, slug))

    @extend_schema(operation_id="update_product", request=ProductChange, responses=ProductAnswer, tags=["products"])
    def patch(self, request: Request, slug: str) -> Response:
        """Change what is claimed. Stewards may change texts and tags, the owner and governance the rest."""
        given = self.body(ProductChange, partial=True)
        reason = given.pop("reason", "")
        with transaction.atomic():  # two changes at once must not undo one another
            product = find_product(self.actor, slug, is_to_change=True)
            claims = with_claims(products.claims_of(product), given)
            products.update_product(product=product, claims=claims, actor=self.actor, reason=reason)
        return Response(product_answer(self, slug))


class _StepView(ApiView):
    """A step of a product that takes no body."""

    step: ClassVar[Callable[..., DataProduct]]

    def _take(self, slug: str) -> Response:
        actor: Person = self.actor
        type(self).step(product=find_product(actor, slug), actor=actor, now=self.now)
        return Response(product_answer(self, slug))


class PublishView(_StepView):
    step = products.publish_product

    @extend_schema(operation_id="publish_product", request=None, responses=ProductAnswer, tags=["products"])
    def post(self, request: Request, slug: str) -> Response:
        """Offer the product to consumers; takes a deprecation back."""
        return self._take(slug)


class RetireView(_StepView):
    step = products.retire_product

    @extend_schema(operation_id="retire_product", request=None, responses=ProductAnswer, tags=["products"])
    def post(self, request: Request, slug: str) -> Response:
        """End the product for good."""
        return self._take(slug)


class AcknowledgeView(_StepView):
    write_scope = Scope.ADMIN  # a person answers for the product: no machine says so in their name
    step = products.acknowledge_product

    @extend_schema(operation_id="acknowledge_product", request=None, responses=ProductAnswer, tags=["products"])
    def post(self, request: Request, slug: str) -> Response:
        """Say as its owner: this is mine and it is right."""
        return self._take(slug)


class ReviewView(_StepView):
    write_scope = Scope.ADMIN
    step = products.review_product

    @extend_schema(operation_id="review_product", request=None, responses=ProductAnswer, tags=["products"])
    def post(self, request: Request, slug: str) -> Response:
        """Record that governance has reviewed the product."""
        return self._take(slug)


class DeprecateView(ApiView):
    @extend_schema(operation_id="deprecate_product", request=DeprecationRequest, responses=ProductAnswer, tags=["products"])
    def post(self, request: Request, slug: str) -> Response:
        """Announce the end of the product."""
        ends_at = self.body(DeprecationRequest)["ends_at"]
        product = find_product(self.actor, slug)
        products.deprecate_product(product=product, ends_at=ends_at, actor=self.actor, now=self.now)
        return Response(product_answer(self, slug))
