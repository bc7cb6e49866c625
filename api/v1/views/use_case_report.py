"""The readiness report of one use case: signed JSON, or the whole as one signed document."""

from http import HTTPStatus

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.access.use_cases import find_use_case
from api.signed import MEDIA_TYPE, issuer_of, wants_signed
from api.v1.base import ApiView
from api.v1.serializers.use_case_report import ReportAnswer, ReportQuery
from trust.ledger.signing import KeyUnavailableError
from trust.use_cases.pages.readiness_document import document_of, signed_document
from trust.use_cases.pages.readiness_report import report_of
from trust.use_cases.services.signed_reports import SignedReport

HEADERS = {"Cache-Control": "no-store", "Vary": "Accept"}


class UseCaseReportView(ApiView):
    query = ReportQuery

    @extend_schema(
        operation_id="get_use_case_report",
        responses={(200, "application/json"): ReportAnswer, (200, MEDIA_TYPE): OpenApiTypes.STR},
        tags=["use-cases"],
    )
    def get(self, request: Request, slug: str) -> HttpResponse:
        """Where a use case stands, what blocks, who must act: dated and signed, as the page /use-cases/{slug}/report prints it.

        What you may not see (drafts of others) is left out. `Accept: application/jose` gets the report as a compact JWS, which
        /.well-known/jwks.json checks; without a signing key that is a 503, while the JSON has `signature: null`.
        """
        use_case = find_use_case(self.actor, slug)
        report = report_of(use_case, reader=self.actor, now=self.now, as_of=self.parameters.get("as_of"))
        issuer = issuer_of(request._request)  # noqa: SLF001  DRF's own wrapper
        if wants_signed(request.headers.get("Accept", "")):
            signed = signed_document(report, issuer=issuer, now=self.now)
            return HttpResponse(signed.token, content_type=MEDIA_TYPE, headers=HEADERS, status=HTTPStatus.OK)
        try:
            body = _with_signature(signed_document(report, issuer=issuer, now=self.now))
        except KeyUnavailableError:
            body = {**document_of(report, issuer=issuer, now=self.now), "signature": None}
        return Response(body, headers=HEADERS)


def _with_signature(signed: SignedReport) -> dict[str, object]:
    return {**signed.payload, "signature": {"kid": signed.kid, "digest": signed.digest, "jws": signed.detached}}
