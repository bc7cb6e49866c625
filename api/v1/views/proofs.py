"""What makes a logged answer stand up elsewhere: its signature, and its place in the ledger."""

from dataclasses import asdict

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.access.decisions import find_decision
from api.signed import MEDIA_TYPE, signed_response
from api.v1.base import ApiView
from api.v1.serializers.proofs import ProofAnswer
from trust.decisions.services.proofs import proof_of


class SignedDecisionView(ApiView):
    @extend_schema(operation_id="get_signed_decision", responses={(200, MEDIA_TYPE): OpenApiTypes.STR}, tags=["decisions"])
    def get(self, request: Request, decision_id: int) -> HttpResponse:
        """The answer as a compact JWS, with `exp` at its `valid_until`. Also after that: it proves what was answered then."""
        return signed_response(request._request, find_decision(self.actor, decision_id))  # noqa: SLF001  DRF's own wrapper


class ProofView(ApiView):
    @extend_schema(operation_id="get_decision_proof", responses=ProofAnswer, tags=["decisions"])
    def get(self, request: Request, decision_id: int) -> Response:
        """The proof that the ledger holds this decision as it is shown. 409 until it is sealed, within two minutes."""
        find_decision(self.actor, decision_id)
        return Response(ProofAnswer(asdict(proof_of(decision_id=decision_id))).data)
