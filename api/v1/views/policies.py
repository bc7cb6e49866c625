"""Access policies of a product, and the trust policy that judges every product."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.access.scopes import Scope
from api.access.visibility import find_product
from api.pagination import KeysetPagination
from api.v1.base import ApiView
from api.v1.serializers.policies import (
    AccessPolicyAnswer,
    AccessPolicyRequest,
    TrustPolicyAnswer,
    TrustPolicyEntry,
    TrustPolicyRequest,
    policy_claims,
)
from catalog.models import AccessPolicy, DataProduct
from catalog.rules.errors import NotFoundError
from catalog.services.policies import draft_policy, publish_policy, withdraw_policy
from trust.models import TrustPolicyVersion
from trust.services.trust_policies import publish_trust_policy


def find_policy(product: DataProduct, name: str, version: int) -> AccessPolicy:
    """One version of an access policy. Raises `NotFoundError`."""
    policy = product.access_policies.select_related("published_by").filter(name=name, version=version).first()
    if policy is None:
        remedy = f"GET /api/v1/products/{product.slug}/policies lists those that there are."
        raise NotFoundError(f"Data product {product.slug} has no access policy {name[:80]} v{version}.", remedy=remedy)
    policy.product = product
    return policy


class AccessPoliciesView(ApiView):
    pagination_class = KeysetPagination
    keyset = ("name", "-version")

    @extend_schema(operation_id="list_access_policies", responses=AccessPolicyAnswer(many=True), tags=["policies"])
    def get(self, request: Request, slug: str) -> Response:
        """Every version of the product's access policies: drafts, published and withdrawn ones."""
        rows = AccessPolicy.objects.filter(product=find_product(self.actor, slug)).select_related("published_by")
        paginator = KeysetPagination()
        page = paginator.paginate_queryset(rows, request, self)
        return paginator.get_paginated_response(AccessPolicyAnswer(page, many=True).data)

    @extend_schema(
        operation_id="draft_access_policy", request=AccessPolicyRequest, responses={201: AccessPolicyAnswer}, tags=["policies"]
    )
    def post(self, request: Request, slug: str) -> Response:
        """Draft a policy. A draft of that name is changed; a published one stays and the draft becomes its next version."""
        product = find_product(self.actor, slug)
        policy = draft_policy(product=product, claims=policy_claims(self.body(AccessPolicyRequest)), actor=self.actor)
        location = {"Location": f"/api/v1/products/{slug}/policies/{policy.name}/{policy.version}"}
        return Response(AccessPolicyAnswer(policy).data, status=201, headers=location)


class AccessPolicyView(ApiView):
    @extend_schema(operation_id="get_access_policy", responses=AccessPolicyAnswer, tags=["policies"])
    def get(self, request: Request, slug: str, name: str, version: int) -> Response:
        """One version of an access policy."""
        return Response(AccessPolicyAnswer(find_policy(find_product(self.actor, slug), name, version)).data)


class PublishPolicyView(ApiView):
    write_scope = Scope.ADMIN

    @extend_schema(operation_id="publish_access_policy", request=None, responses=AccessPolicyAnswer, tags=["policies"])
    def post(self, request: Request, slug: str, name: str, version: int) -> Response:
        """Put a draft in force, as governance. The version before it is withdrawn; nothing of it can change any more."""
        policy = find_policy(find_product(self.actor, slug), name, version)
        return Response(AccessPolicyAnswer(publish_policy(policy=policy, actor=self.actor, now=self.now)).data)


class WithdrawPolicyView(ApiView):
    @extend_schema(operation_id="withdraw_access_policy", request=None, responses={204: None}, tags=["policies"])
    def post(self, request: Request, slug: str, name: str, version: int) -> Response:
        """Take a published version out of force, as governance; a draft is deleted, which its owner may do as well."""
        policy = find_policy(find_product(self.actor, slug), name, version)
        withdraw_policy(policy=policy, actor=self.actor, now=self.now)
        return Response(status=204)


class TrustPolicyView(ApiView):
    @extend_schema(operation_id="get_trust_policy", responses=TrustPolicyAnswer, tags=["policies"])
    def get(self, request: Request) -> Response:
        """The trust policy that judges now."""
        return Response(TrustPolicyAnswer(TrustPolicyVersion.objects.select_related("published_by").get(is_current=True)).data)


class TrustPoliciesView(ApiView):
    write_scope = Scope.ADMIN
    pagination_class = KeysetPagination
    keyset = ("-version",)

    @extend_schema(operation_id="list_trust_policies", responses=TrustPolicyEntry(many=True), tags=["policies"])
    def get(self, request: Request) -> Response:
        """Every version of the trust policy, newest first."""
        rows = TrustPolicyVersion.objects.select_related("published_by").defer("body")
        paginator = KeysetPagination()
        page = paginator.paginate_queryset(rows, request, self)
        return paginator.get_paginated_response(TrustPolicyEntry(page, many=True).data)

    @extend_schema(
        operation_id="publish_trust_policy", request=TrustPolicyRequest, responses={201: TrustPolicyAnswer}, tags=["policies"]
    )
    def post(self, request: Request) -> Response:
        """Publish the next version, as governance. Every product is judged again before it is next shown."""
        given = self.body(TrustPolicyRequest)
        version = publish_trust_policy(changes=given["changes"], note=given["note"], actor=self.actor, now=self.now)
        location = {"Location": f"/api/v1/trust-policies/{version.version}"}
        return Response(TrustPolicyAnswer(version).data, status=201, headers=location)


class TrustPolicyVersionView(ApiView):
    @extend_schema(operation_id="get_trust_policy_version", responses=TrustPolicyAnswer, tags=["policies"])
    def get(self, request: Request, version: int) -> Response:
        """One version of the trust policy, as verdicts name it."""
        row = TrustPolicyVersion.objects.select_related("published_by").filter(version=version).first()
        if row is None:
            remedy = "GET /api/v1/trust-policies lists those that there are."
            raise NotFoundError(f"There is no trust policy v{version}.", remedy=remedy)
        return Response(TrustPolicyAnswer(row).data)
