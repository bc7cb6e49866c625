"""The trust policy that judges every product."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.pagination import KeysetPagination
from api.v1.base import ApiView
from api.v1.serializers.policies import TrustPolicyAnswer, TrustPolicyEntry, TrustPolicyRequest
from catalog.rules.errors import NotFoundError
from catalog.rules.scopes import Scope
from trust.models import TrustPolicyVersion
from trust.verdicts.services.trust_policies import confirm_trust_policy, publish_trust_policy


class TrustPolicyView(ApiView):
    @extend_schema(operation_id="get_trust_policy", responses=TrustPolicyAnswer, tags=["policies"])
    def get(self, request: Request) -> Response:
        """The trust policy that judges now."""
        return Response(
            TrustPolicyAnswer(
                TrustPolicyVersion.objects.select_related("published_by", "proposed_by").get(is_current=True)
            ).data
        )


class TrustPoliciesView(ApiView):
    write_scope = Scope.ADMIN
    pagination_class = KeysetPagination
    keyset = ("-version",)

    @extend_schema(operation_id="list_trust_policies", responses=TrustPolicyEntry(many=True), tags=["policies"])
    def get(self, request: Request) -> Response:
        """Every version of the trust policy, newest first."""
        rows = TrustPolicyVersion.objects.select_related("published_by", "proposed_by").defer("body")
        return self.page(rows, TrustPolicyEntry)

    @extend_schema(
        operation_id="publish_trust_policy", request=TrustPolicyRequest, responses={201: TrustPolicyAnswer}, tags=["policies"]
    )
    def post(self, request: Request) -> Response:
        """Publish the next version, as governance. Every product is judged again before it is next shown.

        A version that loosens (a gate off, a lower minimum, a longer time) is only proposed: `published_at` is null, and
        another member of governance publishes it.
        """
        given = self.body(TrustPolicyRequest)
        version = publish_trust_policy(changes=given["changes"], note=given["note"], actor=self.actor, now=self.now)
        location = {"Location": f"/api/v1/trust-policies/{version.version}"}
        return Response(TrustPolicyAnswer(version).data, status=201, headers=location)


class TrustPolicyVersionView(ApiView):
    @extend_schema(operation_id="get_trust_policy_version", responses=TrustPolicyAnswer, tags=["policies"])
    def get(self, request: Request, version: int) -> Response:
        """One version of the trust policy, as verdicts name it."""
        return Response(TrustPolicyAnswer(_find_version(version)).data)


class TrustPolicyPublishView(ApiView):
    write_scope = Scope.ADMIN

    @extend_schema(operation_id="confirm_trust_policy", request=None, responses=TrustPolicyAnswer, tags=["policies"])
    def post(self, request: Request, version: int) -> Response:
        """Publish a proposed version, as another member of governance than the one who proposed it."""
        row = confirm_trust_policy(version=_find_version(version), actor=self.actor, now=self.now)
        return Response(TrustPolicyAnswer(row).data)


def _find_version(version: int) -> TrustPolicyVersion:
    row = TrustPolicyVersion.objects.select_related("published_by", "proposed_by").filter(version=version).first()
    if row is None:
        remedy = "GET /api/v1/trust-policies lists all."
        raise NotFoundError(f"There is no trust policy v{version}.", remedy=remedy)
    return row
