"""Data products: found, shown, registered, changed, and moved through their life."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar

from django.contrib.postgres.search import SearchQuery
from django.db import transaction
from django.db.models import Prefetch, prefetch_related_objects
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.access.visibility import find_product
from api.pagination import KeysetPagination
from api.v1.base import ApiView, ModelAnswer, StrictSerializer
from api.v1.fields import SLUG_FORM, MomentField, OptionalTextField, PatternField, TextField, choices
from catalog.models import Contract, DataProduct, InputPort, Person
from catalog.models.product import DataProductQuerySet
from catalog.queries import visible_products
from catalog.rules.claims import ProductClaims
from catalog.rules.scopes import Scope
from catalog.rules.vocabulary import Cadence, Lifecycle, Sensitivity
from catalog.services import products
from catalog.services.requests import LONGEST_REASON
from trust.models import CurrentVerdict
from trust.verdicts.services.judging import ensure_current
from trust.vocabulary import GateName, Grade, VerdictStatus

WORD = re.compile(r"\w+")
MOST_WORDS = 10
MOST_JUDGED_FOR_A_FILTER = 200


def find_products(person: Person, filters: Mapping[str, Any], now: datetime) -> DataProductQuerySet:
    """Visible products that match every filter. Retired ones only where `lifecycle` asks for them.

    A filter by verdict or gate needs verdicts that stand: what has run out is judged first, up to a limit. What then
    still waits to be judged counts as unknown, so that a filter for good products never shows an old answer.
    """
    products = visible_products(person).select_related("domain", "owner", "current_verdict").defer("current_verdict__body")
    if "lifecycle" in filters:
        products = products.filter(lifecycle=filters["lifecycle"])
    else:
        products = products.exclude(lifecycle=Lifecycle.RETIRED)
    columns = {"sensitivity": "sensitivity", "owner": "owner__username", "domain": "domain__slug"}
    products = products.filter(**{column: filters[name] for name, column in columns.items() if name in filters})
    if "tag" in filters:
        products = products.filter(tags__contains=[filters["tag"]])
    if "q" in filters:
        products = products.filter(search=search_query(filters["q"]))
    if "verdict" in filters or "gate" in filters:
        stale = products.filter(current_verdict__in=CurrentVerdict.objects.stale(now))
        ensure_current(list(stale.values_list("pk", flat=True)[:MOST_JUDGED_FOR_A_FILTER]), now)
    if "verdict" in filters:
        products = products.filter(current_verdict__in=CurrentVerdict.objects.showing(filters["verdict"], now))
    if "gate" in filters:
        products = products.filter(current_verdict__in=CurrentVerdict.objects.with_open_gate(filters["gate"], now))
    return products


def search_query(text: str) -> SearchQuery:
    """Every word must occur, as a whole or as a beginning: as it is written, or all of them by their English stems."""
    words = " & ".join(f"{word}:*" for word in WORD.findall(text)[:MOST_WORDS])
    as_written = SearchQuery(words, search_type="raw", config="simple")
    return as_written | SearchQuery(words, search_type="raw", config="english")  # which leaves out words such as "the"


def with_current_verdicts(products: Sequence[DataProduct], now: datetime) -> Sequence[DataProduct]:
    """The same products, each with a verdict that stands at `now`. No query where none has run out."""
    old = [p.pk for p in products if not p.current_verdict.is_current(now)]
    if old:
        ensure_current(old, now)
        judged = CurrentVerdict.objects.defer("body").in_bulk(old)
        for product in products:
            if product.pk in judged:
                product.current_verdict = judged[product.pk]
    return products


class ProductQuery(StrictSerializer):
    q = TextField(required=False, max_length=200, help_text="Words of slug, name, description or purpose; beginnings count.")
    verdict = serializers.ChoiceField(choices(VerdictStatus), required=False)
    gate = serializers.ChoiceField(choices(GateName), required=False, help_text="A gate that does not pass.")
    sensitivity = serializers.ChoiceField(choices(Sensitivity), required=False)
    owner = TextField(required=False, max_length=150, help_text="Username.")
    domain = TextField(required=False, max_length=80, help_text="Slug of a domain.")
    lifecycle = serializers.ChoiceField(choices(Lifecycle), required=False, help_text="Retired ones are shown only on request.")
    tag = TextField(required=False, max_length=80)

    def validate_q(self, value: str) -> str:
        if not WORD.search(value):
            raise serializers.ValidationError("A search needs at least one letter or digit.")
        return value


class ProductEntry(ModelAnswer[DataProduct]):
    domain = serializers.CharField(source="domain.slug")
    owner = serializers.CharField(
        source="owner.username", default=None, allow_null=True, help_text="Null in a draft that has none yet."
    )
    lifecycle = serializers.ChoiceField(choices(Lifecycle))
    sensitivity = serializers.ChoiceField(choices(Sensitivity), allow_null=True)
    tags = serializers.ListField(child=serializers.CharField())
    is_production_grade = serializers.SerializerMethodField(help_text="True only for the verdict production_grade.")
    verdict = serializers.ChoiceField(choices(VerdictStatus), source="current_verdict.verdict")
    score = serializers.FloatField(source="current_verdict.score", help_text="0 to 100; explains, never decides.")
    raw_score = serializers.FloatField(source="current_verdict.raw_score", help_text="The score without its cap.")
    effective_score = serializers.FloatField(
        source="current_verdict.effective_score", help_text="The score, at most that of the required input products."
    )
    grade = serializers.ChoiceField(choices(Grade), source="current_verdict.grade")
    failing_gates = serializers.ListField(
        child=serializers.ChoiceField(choices(GateName)),
        source="current_verdict.failing_gates",
        help_text="Failed or unknown.",
    )
    evidence_at = serializers.DateTimeField(source="current_verdict.evidence_at", allow_null=True)
    valid_until = serializers.DateTimeField(source="current_verdict.valid_until")

    class Meta:
        model = DataProduct
        fields = [
            "slug",
            "name",
            "domain",
            "owner",
            "version",
            "lifecycle",
            "sensitivity",
            "tags",
            "is_production_grade",
            "verdict",
            "score",
            "raw_score",
            "effective_score",
            "grade",
            "failing_gates",
            "evidence_at",
            "valid_until",
        ]

    def get_is_production_grade(self, product: DataProduct) -> bool:
        return bool(product.current_verdict.verdict == VerdictStatus.PRODUCTION_GRADE)


class InputPortAnswer(ModelAnswer[InputPort]):
    product = serializers.CharField(source="upstream.slug")
    is_required = serializers.BooleanField(source="required")

    class Meta:
        model = InputPort
        fields = ["product", "is_required"]


class ContractSummary(ModelAnswer[Contract]):
    created_at = serializers.DateTimeField(source="registered_at")

    class Meta:
        model = Contract
        fields = ["contract_id", "version", "api_version", "status", "filename", "sha256", "created_at", "not_executable"]


class ProductAnswer(ProductEntry):
    intended_purpose = OptionalTextField(source="purpose")
    cadence = serializers.ChoiceField(choices(Cadence))
    stewards = serializers.SerializerMethodField()
    output_ports = serializers.SerializerMethodField(help_text="Names.")
    input_ports = InputPortAnswer(many=True)
    acknowledged_by = serializers.CharField(source="acknowledged_by.username", allow_null=True, default=None)
    reviewed_by = serializers.CharField(source="reviewed_by.username", allow_null=True, default=None)
    contract = serializers.SerializerMethodField(help_text="The one in force; null: claims were made without one.")

    class Meta(ProductEntry.Meta):
        fields = [
            *ProductEntry.Meta.fields,
            "description",
            "intended_purpose",
            "limitations",
            "usage",
            "cadence",
            "stewards",
            "input_ports",
            "output_ports",
            "contract",
            "created_at",
            "updated_at",
            "published_at",
            "deprecation_ends_at",
            "retired_at",
            "acknowledged_at",
            "acknowledged_by",
            "reviewed_at",
            "reviewed_by",
        ]

    def get_stewards(self, product: DataProduct) -> list[str]:
        return [person.username for person in product.stewards.all()]

    def get_output_ports(self, product: DataProduct) -> list[str]:
        return [port.name for port in product.output_ports.all()]

    @extend_schema_field(ContractSummary(allow_null=True))
    def get_contract(self, product: DataProduct) -> dict[str, Any] | None:
        contract = product.contracts.filter(is_current=True).defer("original").first()
        return dict(ContractSummary(contract).data) if contract else None


class ProductRequest(StrictSerializer):
    slug = PatternField(SLUG_FORM, help_text="Lower-case letters, digits and dashes; never changes.")
    name = TextField(max_length=200)
    domain = TextField(max_length=200, help_text="Name or slug; made where it is missing.")
    owner = TextField(max_length=150, required=False, help_text="Username of the accountable owner; you, if left out.")
    stewards = serializers.ListField(child=TextField(max_length=150), default=list, max_length=50)
    version = TextField(max_length=50, default="1.0.0")
    description = OptionalTextField(max_length=20_000, default="")
    intended_purpose = OptionalTextField(source="purpose", max_length=20_000, default="", help_text="What the product is for.")
    limitations = OptionalTextField(max_length=20_000, default="", help_text="What it must not be used for.")
    usage = OptionalTextField(max_length=20_000, default="", help_text="How it is meant to be used.")
    tags = serializers.ListField(child=TextField(max_length=80), default=list, max_length=50)
    sensitivity = serializers.ChoiceField(choices(Sensitivity), allow_null=True, default=None, help_text="null: unclassified.")
    cadence = serializers.ChoiceField(choices(Cadence), default=Cadence.SCHEDULED.value)


class ProductChange(ProductRequest):
    """Whatever is left out stays as it is."""

    slug = None  # type: ignore[assignment]  # DRF: a field set to None is taken out
    reason = OptionalTextField(max_length=LONGEST_REASON, required=False, help_text="Why; the history keeps it.")


class DeprecationRequest(StrictSerializer):
    ends_at = MomentField(required=False, allow_null=True, default=None, help_text="Until when it may be built on.")


def with_claims(claims: ProductClaims, given: Mapping[str, Any]) -> ProductClaims:
    """The claims with what was given put in."""
    typed: dict[str, Any] = dict(given)
    for name in ("stewards", "tags"):
        if name in typed:
            typed[name] = tuple(typed[name])
    if typed.get("sensitivity"):
        typed["sensitivity"] = Sensitivity(typed["sensitivity"])
    if "cadence" in typed:
        typed["cadence"] = Cadence(typed["cadence"])
    return replace(claims, **typed)


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
    is_personal = True
    step = products.acknowledge_product

    @extend_schema(operation_id="acknowledge_product", request=None, responses=ProductAnswer, tags=["products"])
    def post(self, request: Request, slug: str) -> Response:
        """Say as its owner: this is mine and it is right."""
        return self._take(slug)


class DeprecateView(ApiView):
    @extend_schema(operation_id="deprecate_product", request=DeprecationRequest, responses=ProductAnswer, tags=["products"])
    def post(self, request: Request, slug: str) -> Response:
        """Announce the end of the product."""
        ends_at = self.body(DeprecationRequest)["ends_at"]
        product = find_product(self.actor, slug)
        products.deprecate_product(product=product, ends_at=ends_at, actor=self.actor, now=self.now)
        return Response(product_answer(self, slug))
