"""Access policies of a product and guardrails: drafted, read as Cedar, compared, tried, published and withdrawn."""

from dataclasses import replace

from django.http import HttpResponse, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.access.visibility import find_product
from api.pagination import KeysetPagination
from api.v1.base import ApiView
from api.v1.serializers.policies import (
    AccessPolicyAnswer,
    AccessPolicyRequest,
    DifferenceAnswer,
    DifferenceQuery,
    GuardrailAnswer,
    GuardrailRequest,
    PublishRequest,
    TrialAnswer,
    TrialRequest,
    policy_claims,
)
from catalog.cedar import SCHEMA
from catalog.models import AccessPolicy, PolicyStatus
from catalog.queries import export_policies, text_difference, visible_products
from catalog.rules.differences import differences
from catalog.rules.errors import ConflictError, NotFoundError
from catalog.rules.scopes import Scope
from catalog.services.permissions import require_governance
from catalog.services.policies import (
    claims_of_policy,
    draft_guardrail,
    draft_policy,
    guardrails,
    publish_policy,
    withdraw_policy,
)
from trust.decisions.services.policy_trials import try_policy

CEDAR = "text/plain; charset=utf-8"
CEDAR_ANSWER = {(200, "text/plain"): OpenApiTypes.STR}


class PolicyView(ApiView):
    """One version of a policy of a product, or of a guardrail where the address names no product."""

    def find(self, slug: str | None, name: str, version: int) -> AccessPolicy:
        """The version that the address names. Raises `NotFoundError`."""
        if slug is None:
            policy, whose, listed = (
                guardrails().filter(name=name, version=version).first(),
                "There is no guardrail",
                "guardrails",
            )
        else:
            product = find_product(self.actor, slug)
            versions = product.access_policies.select_related("published_by", "domain")
            policy = versions.filter(name=name, version=version).first()
            whose, listed = f"Data product {product.slug} has no access policy", f"products/{product.slug}/policies"
            if policy is not None:
                policy.product = product
        if policy is None:
            raise NotFoundError(f"{whose} {name[:80]} v{version}.", remedy=f"GET /api/v1/{listed} lists all.")
        return policy

    def shown(self, policy: AccessPolicy) -> Response:
        return Response((GuardrailAnswer if policy.product is None else AccessPolicyAnswer)(policy).data)

    def difference(self, slug: str | None, name: str, version: int) -> Response:
        """What a version says that the version asked for by `against`, or the one before it, does not."""
        policy = self.find(slug, name, version)
        against = self.parameters.get("against", version - 1)
        if against == 0:
            remedy = "Name a later version, or the one to compare with: ?against=2."
            raise NotFoundError(f"{name} v1 is the first version: there is none before it.", remedy=remedy)
        other = self.find(slug, name, against)
        old, new = (replace(claims_of_policy(one), cedar=None) for one in (other, policy))
        versions = {"name": policy.name, "version": policy.version, "against": other.version}
        return Response({**versions, "settings": differences(old, new), "cedar": text_difference(other, policy)})

    def publish(self, policy: AccessPolicy) -> Response:
        seen = self.body(PublishRequest)["seen"]
        return self.shown(publish_policy(policy=policy, actor=self.actor, now=self.now, seen=seen))

    def withdraw(self, policy: AccessPolicy) -> Response:
        require_governance(self.actor, f"withdraw {policy.name}")
        if policy.status == PolicyStatus.DRAFT:
            message = f"{policy.name} v{policy.version} is a draft, so it cannot be withdrawn."
            raise ConflictError(message, remedy="Delete it: DELETE takes a draft away.", code="policy_not_published")
        withdraw_policy(policy=policy, actor=self.actor, now=self.now)
        return self.shown(policy)

    def remove(self, policy: AccessPolicy) -> Response:
        if policy.status != PolicyStatus.DRAFT:
            message = f"{policy.name} v{policy.version} was published, so it cannot be deleted."
            raise ConflictError(message, remedy="Withdraw it instead.", code="policy_published")
        withdraw_policy(policy=policy, actor=self.actor, now=self.now)
        return Response(status=204)

    def trial(self, policy: AccessPolicy) -> Response:
        return Response(TrialAnswer(try_policy(policy=policy, last=self.body(TrialRequest)["last"], actor=self.actor)).data)


class AllAccessPoliciesView(ApiView):
    pagination_class = KeysetPagination

    @extend_schema(operation_id="list_all_access_policies", responses=AccessPolicyAnswer(many=True), tags=["policies"])
    def get(self, request: Request) -> Response:
        """Every version of the access policies of the products that you may see, newest first."""
        rows = AccessPolicy.objects.filter(product__in=visible_products(self.actor)).select_related("published_by", "product")
        return self.page(rows, AccessPolicyAnswer)


class AccessPoliciesView(ApiView):
    pagination_class = KeysetPagination
    keyset = ("name", "-version")

    @extend_schema(operation_id="list_access_policies", responses=AccessPolicyAnswer(many=True), tags=["policies"])
    def get(self, request: Request, slug: str) -> Response:
        """Every version of the product's access policies: drafts, published and withdrawn ones."""
        rows = AccessPolicy.objects.filter(product=find_product(self.actor, slug)).select_related("published_by", "product")
        return self.page(rows, AccessPolicyAnswer)

    @extend_schema(
        operation_id="draft_access_policy", request=AccessPolicyRequest, responses={201: AccessPolicyAnswer}, tags=["policies"]
    )
    def post(self, request: Request, slug: str) -> Response:
        """Draft a policy. A draft of that name is changed; a published one stays and the draft becomes its next version."""
        product = find_product(self.actor, slug)
        policy = draft_policy(product=product, claims=policy_claims(self.body(AccessPolicyRequest)), actor=self.actor)
        location = {"Location": f"/api/v1/products/{slug}/policies/{policy.name}/{policy.version}"}
        return Response(AccessPolicyAnswer(policy).data, status=201, headers=location)


class AccessPolicyView(PolicyView):
    @extend_schema(operation_id="get_access_policy", responses=AccessPolicyAnswer, tags=["policies"])
    def get(self, request: Request, slug: str, name: str, version: int) -> Response:
        """One version of an access policy."""
        return self.shown(self.find(slug, name, version))

    @extend_schema(operation_id="delete_access_policy", responses={204: None}, tags=["policies"])
    def delete(self, request: Request, slug: str, name: str, version: int) -> Response:
        """Delete a draft, as the product's owner or governance."""
        return self.remove(self.find(slug, name, version))


class AccessPolicyCedarView(PolicyView):
    @extend_schema(operation_id="get_access_policy_cedar", responses=CEDAR_ANSWER, tags=["policies"])
    def get(self, request: Request, slug: str, name: str, version: int) -> HttpResponse:
        """One version of an access policy as Cedar text: what rules."""
        return HttpResponse(self.find(slug, name, version).cedar, content_type=CEDAR)


class AccessPolicyDifferenceView(PolicyView):
    query = DifferenceQuery

    @extend_schema(
        operation_id="diff_access_policy", parameters=[DifferenceQuery], responses=DifferenceAnswer, tags=["policies"]
    )
    def get(self, request: Request, slug: str, name: str, version: int) -> Response:
        """What changed between two versions of an access policy: settings, and the Cedar text as a unified difference."""
        return self.difference(slug, name, version)


class PublishPolicyView(PolicyView):
    write_scope = Scope.ADMIN
    is_personal = True

    @extend_schema(
        operation_id="publish_access_policy", request=PublishRequest, responses=AccessPolicyAnswer, tags=["policies"]
    )
    def post(self, request: Request, slug: str, name: str, version: int) -> Response:
        """Put a draft in force, as governance. The version before it is withdrawn; nothing of it can change any more."""
        return self.publish(self.find(slug, name, version))


class WithdrawPolicyView(PolicyView):
    write_scope = Scope.ADMIN
    is_personal = True

    @extend_schema(operation_id="withdraw_access_policy", request=None, responses=AccessPolicyAnswer, tags=["policies"])
    def post(self, request: Request, slug: str, name: str, version: int) -> Response:
        """Take a published version out of force, as governance. Needs the scope `admin`: to withdraw a forbid is to permit."""
        return self.withdraw(self.find(slug, name, version))


class TryPolicyView(PolicyView):
    @extend_schema(operation_id="try_access_policy", request=TrialRequest, responses=TrialAnswer, tags=["policies"])
    def post(self, request: Request, slug: str, name: str, version: int) -> Response:
        """Which of the last decisions about the product would have come out otherwise under this version. Changes nothing."""
        return self.trial(self.find(slug, name, version))


class GuardrailsView(ApiView):
    write_scope = Scope.ADMIN
    pagination_class = KeysetPagination
    keyset = ("name", "-version")

    @extend_schema(operation_id="list_guardrails", responses=GuardrailAnswer(many=True), tags=["policies"])
    def get(self, request: Request) -> Response:
        """Every version of every guardrail: what is forbidden for a domain, a sensitivity or everything, whoever owns it."""
        return self.page(guardrails(), GuardrailAnswer)

    @extend_schema(
        operation_id="draft_guardrail", request=GuardrailRequest, responses={201: GuardrailAnswer}, tags=["policies"]
    )
    def post(self, request: Request) -> Response:
        """Draft a guardrail, as governance. Empty kinds or purposes mean all of them."""
        policy = draft_guardrail(claims=policy_claims(self.body(GuardrailRequest)), actor=self.actor)
        location = {"Location": f"/api/v1/guardrails/{policy.name}/{policy.version}"}
        return Response(GuardrailAnswer(policy).data, status=201, headers=location)


class GuardrailView(PolicyView):
    write_scope = Scope.ADMIN

    @extend_schema(operation_id="get_guardrail", responses=GuardrailAnswer, tags=["policies"])
    def get(self, request: Request, name: str, version: int) -> Response:
        """One version of a guardrail."""
        return self.shown(self.find(None, name, version))

    @extend_schema(operation_id="delete_guardrail", responses={204: None}, tags=["policies"])
    def delete(self, request: Request, name: str, version: int) -> Response:
        """Delete a draft of a guardrail, as governance."""
        return self.remove(self.find(None, name, version))


class GuardrailCedarView(PolicyView):
    @extend_schema(operation_id="get_guardrail_cedar", responses=CEDAR_ANSWER, tags=["policies"])
    def get(self, request: Request, name: str, version: int) -> HttpResponse:
        """One version of a guardrail as Cedar text: what rules."""
        return HttpResponse(self.find(None, name, version).cedar, content_type=CEDAR)


class GuardrailDifferenceView(PolicyView):
    query = DifferenceQuery

    @extend_schema(operation_id="diff_guardrail", parameters=[DifferenceQuery], responses=DifferenceAnswer, tags=["policies"])
    def get(self, request: Request, name: str, version: int) -> Response:
        """What changed between two versions of a guardrail."""
        return self.difference(None, name, version)


class PublishGuardrailView(PolicyView):
    write_scope = Scope.ADMIN
    is_personal = True

    @extend_schema(operation_id="publish_guardrail", request=PublishRequest, responses=GuardrailAnswer, tags=["policies"])
    def post(self, request: Request, name: str, version: int) -> Response:
        """Put a guardrail in force, as governance. The version before it is withdrawn.

        Where that forbids more, it takes two people: after the first `status` is still `draft` and `requested_by` names them.
        """
        return self.publish(self.find(None, name, version))


class WithdrawGuardrailView(PolicyView):
    write_scope = Scope.ADMIN
    is_personal = True

    @extend_schema(operation_id="withdraw_guardrail", request=None, responses=GuardrailAnswer, tags=["policies"])
    def post(self, request: Request, name: str, version: int) -> Response:
        """Take a guardrail out of force: two people of governance do so, one after the other.

        After the first `status` is still `published` and `requested_by` names them. Their request counts for 14 days.
        """
        return self.withdraw(self.find(None, name, version))


class TryGuardrailView(PolicyView):
    write_scope = Scope.ADMIN

    @extend_schema(operation_id="try_guardrail", request=TrialRequest, responses=TrialAnswer, tags=["policies"])
    def post(self, request: Request, name: str, version: int) -> Response:
        """Which of the last decisions about any product would have come out otherwise under this version, as governance."""
        return self.trial(self.find(None, name, version))


class PolicySchemaView(ApiView):
    @extend_schema(operation_id="get_policy_schema", responses=CEDAR_ANSWER, tags=["policies"])
    def get(self, request: Request) -> HttpResponse:
        """The Cedar schema: what a policy may speak about. Every policy is validated against it before it can be published."""
        return HttpResponse(SCHEMA, content_type=CEDAR)


class ExportPoliciesView(ApiView):
    @extend_schema(operation_id="export_policies", responses=CEDAR_ANSWER, tags=["policies"])
    def get(self, request: Request) -> StreamingHttpResponse:
        """All that is in force, as one Cedar text: the built-in rule, guardrails, and the policies of the products you see."""
        return StreamingHttpResponse(export_policies(visible_products(self.actor), self.now), content_type=CEDAR)
