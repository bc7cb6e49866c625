"""Before anything is registered: contracts tried on their data, and contracts drafted from data. Workers do both."""

import re
import time
from threading import BoundedSemaphore
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response

from api.bodies import Document, JsonDocument, OldYamlDocument, YamlDocument
from api.pagination import KeysetPagination
from api.v1.base import ApiView, StrictSerializer
from api.v1.fields import JsonObjectField, TextField
from catalog.rules.errors import NotFoundError
from trust.intake.services.jobs import request_job
from trust.models import IntakeJob, IntakeJobKind

_WAIT = re.compile(r"(?:^|[,;\s])wait=(\d{1,6})\b")
_LONGEST_WAIT = 30
_PAUSE = 0.2
_waiting = BoundedSemaphore(2)
"""Requests of this process that wait for a worker; a further one is answered at once, and asks again."""


class TryQuery(StrictSerializer):
    location = TextField(
        required=False, max_length=1000, help_text="A file below a data root, read instead of what the contract names."
    )


class DraftRequest(StrictSerializer):
    location = TextField(max_length=1000, help_text="A file below a data root.")


class JobAnswer(serializers.Serializer[IntakeJob]):
    id = serializers.UUIDField()
    status = serializers.SerializerMethodField(help_text="`queued`, `running` or `finished`.")
    requested_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(help_text="The result is kept until then, for who asked.")
    result = JsonObjectField(allow_null=True, help_text="As `bin/manage try --json` and `draft_contract --json` print it.")

    def get_status(self, job: IntakeJob) -> str:
        if job.finished_at is not None:
            return "finished"
        return "queued" if job.started_at is None else "running"


class JobView(ApiView):
    kind: ClassVar[IntakeJobKind]

    def own(self) -> QuerySet[IntakeJob]:
        """The jobs of the kind that the person asked for and that are kept."""
        return IntakeJob.objects.filter(kind=self.kind, requested_by=self.actor, expires_at__gt=self.now)

    def answered(self, job: IntakeJob, request: Request) -> Response:
        """The job as it is, or as it is within the seconds that the header `Prefer` lets it take."""
        asked = _WAIT.search(request.headers.get("Prefer", ""))
        seconds = min(int(asked[1]), _LONGEST_WAIT) if asked else 0
        headers = {"Location": f"/api/v1/{'tries' if self.kind == IntakeJobKind.TRY else 'drafts'}/{job.id}"}
        if seconds and _waiting.acquire(blocking=False):
            try:
                job = _when_finished(job, time.monotonic() + seconds)
            finally:
                _waiting.release()
            headers["Preference-Applied"] = f"wait={seconds}"
        return Response(JobAnswer(job).data, status=202 if job.finished_at is None else 200, headers=headers)

    def found(self, job_id: UUID) -> IntakeJob:
        job = self.own().filter(id=job_id).first()
        if job is None:
            raise NotFoundError(
                f"There is no {self.kind} {job_id} of yours.", remedy="It is kept for a day, for who asked. Ask for a new one."
            )
        return job


def _when_finished(job: IntakeJob, until: float) -> IntakeJob:
    while job.finished_at is None and time.monotonic() < until:
        time.sleep(_PAUSE)
        job = IntakeJob.objects.get(id=job.id)
    return job


class TriesView(JobView):
    kind = IntakeJobKind.TRY
    parser_classes = [YamlDocument, OldYamlDocument, JsonDocument]
    write_query = TryQuery
    pagination_class = KeysetPagination
    keyset = ("-requested_at", "-id")

    @extend_schema(operation_id="list_tries", responses=JobAnswer(many=True), tags=["contracts"])
    def get(self, request: Request) -> Response:
        """Your tries of the last day, newest first."""
        return self.page(self.own(), JobAnswer)

    @extend_schema(
        operation_id="try_contract",
        request={"application/yaml": OpenApiTypes.OBJECT, "application/json": OpenApiTypes.OBJECT},
        responses={200: JobAnswer, 202: OpenApiResponse(JobAnswer, "Not finished yet; `Location` names it.")},
        tags=["contracts"],
    )
    def post(self, request: Request) -> Response:
        """Judge an ODCS document on its data without registering anything.

        With the header `Prefer: wait=30` the answer waits so many seconds, at most, for the result.
        """
        document = request.data
        if not isinstance(document, Document) or not document.content:
            raise ParseError("The body must be an ODCS document, in YAML or JSON.", "no_document")
        job = request_job(
            kind=self.kind,
            content=document.content,
            filename="contract.odcs.yaml",
            data=self.parameters.get("location", ""),
            actor=self.actor,
            now=self.now,
        )
        return self.answered(job, request)


class TryView(JobView):
    kind = IntakeJobKind.TRY

    @extend_schema(
        operation_id="get_try",
        responses={200: JobAnswer, 202: OpenApiResponse(JobAnswer, "Not finished yet.")},
        tags=["contracts"],
    )
    def get(self, request: Request, job_id: UUID) -> Response:
        """A try of yours. With the header `Prefer: wait=30` the answer waits so many seconds, at most, for the result."""
        return self.answered(self.found(job_id), request)


class DraftsView(JobView):
    kind = IntakeJobKind.DRAFT
    pagination_class = KeysetPagination
    keyset = ("-requested_at", "-id")

    @extend_schema(operation_id="list_drafts", responses=JobAnswer(many=True), tags=["contracts"])
    def get(self, request: Request) -> Response:
        """Your drafts of the last day, newest first."""
        return self.page(self.own(), JobAnswer)

    @extend_schema(
        operation_id="draft_contract",
        request=DraftRequest,
        responses={200: JobAnswer, 202: OpenApiResponse(JobAnswer, "Not finished yet; `Location` names it.")},
        tags=["contracts"],
    )
    def post(self, request: Request) -> Response:
        """Profile a file and draft an ODCS contract for it; nothing is registered.

        With the header `Prefer: wait=30` the answer waits so many seconds, at most, for the result.
        """
        given: dict[str, Any] = self.body(DraftRequest)
        job = request_job(kind=self.kind, data=given["location"], actor=self.actor, now=self.now)
        return self.answered(job, request)


class DraftView(JobView):
    kind = IntakeJobKind.DRAFT

    @extend_schema(
        operation_id="get_draft",
        responses={200: JobAnswer, 202: OpenApiResponse(JobAnswer, "Not finished yet.")},
        tags=["contracts"],
    )
    def get(self, request: Request, job_id: UUID) -> Response:
        """A draft of yours. With the header `Prefer: wait=30` the answer waits so many seconds, at most, for the result."""
        return self.answered(self.found(job_id), request)
