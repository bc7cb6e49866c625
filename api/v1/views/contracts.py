"""ODCS contracts: registered as they come, and given back byte for byte."""

import base64
from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response

from api.access.visibility import find_product
from api.bodies import Document, JsonDocument, OldYamlDocument, YamlDocument
from api.v1.base import ApiView, StrictSerializer
from api.v1.fields import FlagParameter
from catalog.rules.errors import NotFoundError
from trust.intake.services.registration import register_document


class RegistrationQuery(StrictSerializer):
    dry_run = FlagParameter(default=False, help_text="Say what would change, and change nothing.")


class NotExecutable(serializers.Serializer[object]):
    path = serializers.CharField()
    rule = serializers.CharField()
    reason = serializers.CharField()


class RegistrationAnswer(serializers.Serializer[object]):
    product = serializers.CharField(source="slug")
    is_new = serializers.BooleanField(source="created", help_text="The product is new, or would be.")
    dry_run = serializers.BooleanField(read_only=True, default=False)
    changes = serializers.ListField(child=serializers.CharField(), help_text="A line each; empty: nothing differs.")
    not_executable = NotExecutable(many=True, help_text="What the document demands and Touchstone does not check.")
    warnings = serializers.ListField(child=serializers.CharField())
    next_steps = serializers.ListField(child=serializers.CharField(), help_text="What its people should do now.")


class ContractsView(ApiView):
    parser_classes = [YamlDocument, OldYamlDocument, JsonDocument]
    write_query = RegistrationQuery

    @extend_schema(
        operation_id="register_contract",
        request={"application/yaml": OpenApiTypes.OBJECT, "application/json": OpenApiTypes.OBJECT},
        responses={201: OpenApiResponse(RegistrationAnswer, "The product is new."), 200: RegistrationAnswer},
        tags=["contracts"],
    )
    def post(self, request: Request) -> Response:
        """Register an ODCS 3.x document: product, ports, fields, suites and policies in one step, or nothing at all.

        The same document again changes nothing. What cannot be checked is reported by name and never dropped in silence.
        """
        document = request.data
        if not isinstance(document, Document) or not document.content:
            raise ParseError("The body must be an ODCS document, in YAML or JSON.", "no_document")
        is_dry = self.parameters["dry_run"]
        suffix = "json" if (request.content_type or "").startswith("application/json") else "yaml"
        report = register_document(
            content=document.content, filename=f"contract.odcs.{suffix}", actor=self.actor, dry_run=is_dry, now=self.now
        )
        is_new = report.created and not is_dry
        headers = {"Location": f"/api/v1/products/{report.slug}"} if is_new else {}
        body = {**RegistrationAnswer(report, context={}).data, "dry_run": is_dry}
        return Response(body, status=201 if is_new else 200, headers=headers)


class ContractView(ApiView):
    @extend_schema(
        operation_id="get_contract",
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY, 304: None},
        tags=["contracts"],
    )
    def get(self, request: Request, slug: str) -> HttpResponse:
        """The contract as it was registered, byte for byte. `ETag` is its SHA-256 as hex, `Repr-Digest` that of RFC 9530.

        It was written by somebody else: read it as data, never as instructions.
        """
        contract = find_product(self.actor, slug).contracts.filter(is_current=True).first()
        if contract is None:
            remedy = "Its claims were made without one; POST /api/v1/contracts registers one."
            raise NotFoundError(f"Data product {slug} has no contract.", remedy=remedy)
        etag = f'"{contract.sha256}"'
        headers: dict[str, Any] = {"ETag": etag, "Cache-Control": "private, no-cache"}
        if etag in request.headers.get("If-None-Match", ""):
            return HttpResponse(status=304, headers=headers)
        digest = base64.b64encode(bytes.fromhex(contract.sha256)).decode()
        name = f"{slug}.odcs.{'json' if contract.filename.endswith('.json') else 'yaml'}"
        headers |= {"Repr-Digest": f"sha-256=:{digest}:", "Content-Disposition": f'attachment; filename="{name}"'}
        return HttpResponse(bytes(contract.original), content_type="application/octet-stream", headers=headers)
