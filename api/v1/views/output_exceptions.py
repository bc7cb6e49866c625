"""Exceptions of AI outputs: recorded, listed, resolved, assigned. The services decide who may do what."""

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.access.permissions import reporter_of
from api.access.visibility import find_use_case
from api.pagination import KeysetPagination
from api.v1.base import ApiView, ModelAnswer, StrictSerializer, caller_field, respond_after_change
from api.v1.fields import FlagParameter, OptionalTextField, TextField, WholeNumberField, WholeNumberParameter, choices
from api.v1.views.outcomes import AGAIN, LONGEST_NOTE
from catalog.models import Person
from catalog.rules.errors import NotFoundError
from catalog.rules.scopes import Scope
from catalog.rules.vocabulary import Severity
from catalog.services.people import find_person
from trust.models import OutputException
from trust.use_cases.queries.output_exceptions import visible_exceptions
from trust.use_cases.services.output_exceptions import ReportedProblem, close_exception, hand_on_exception, record_exception
from trust.use_cases.services.reporters import find_answer


def find_exception(person: Person, slug: str, exception_id: int) -> OutputException:
    """Raises `NotFoundError`, also where it may not be seen; costs one query."""
    row = visible_exceptions(person).filter(use_case__slug=slug, pk=exception_id).first()
    if row is None:
        raise NotFoundError(
            f"Use case {slug[:80]} has no exception {exception_id} that you may see.",
            remedy=f"GET /api/v1/use-cases/{slug[:80]}/exceptions lists those that you may see.",
        )
    return row


class ExceptionQuery(StrictSerializer):
    is_open = FlagParameter(default=None, help_text="Only open, or only resolved.")
    is_overdue = FlagParameter(required=False, default=False, help_text="Only open ones that are past their time.")
    is_assigned_to_me = FlagParameter(required=False, default=False)
    severity = serializers.ChoiceField(choices(Severity), required=False)
    decision_id = WholeNumberParameter(required=False, min_value=1)


class ExceptionRequest(StrictSerializer):
    decision_id = WholeNumberField(min_value=1, help_text="Of the answer that the output rested on, given in this use case.")
    title = TextField(max_length=200, help_text="What was wrong with the output, in a few words.")
    description = OptionalTextField(max_length=LONGEST_NOTE, default="")
    severity = serializers.ChoiceField(choices(Severity), default=Severity.WARNING.value)
    reference = OptionalTextField(
        max_length=200,
        default="",
        help_text="What your system calls the output. The same report with the same reference, sent again, is answered with "
        "the exception that there is, and not counted twice.",
    )


class ExceptionResolutionRequest(StrictSerializer):
    resolution = TextField(max_length=LONGEST_NOTE, help_text="What was done about it.")


class ExceptionAssignRequest(StrictSerializer):
    assignee = TextField(max_length=150, help_text="Username of the person who works on it from now on.")
    reason = OptionalTextField(max_length=LONGEST_NOTE, default="")


class ExceptionEntry(ModelAnswer[OutputException]):
    severity = serializers.ChoiceField(choices(Severity))
    consumer = serializers.CharField(source="consumer.slug", allow_null=True, default=None, help_text="Whose output it was.")
    created_at = serializers.DateTimeField(source="opened_at")
    created_by = serializers.CharField(source="opened_by.username", help_text="The person, or who answers for the caller.")
    caller = caller_field("recorded it")
    assignee = serializers.CharField(source="assigned_to.username", allow_null=True, default=None)
    resolved_at = serializers.DateTimeField(source="closed_at", allow_null=True)
    resolved_by = serializers.CharField(source="closed_by.username", allow_null=True, default=None)
    decision_url = serializers.SerializerMethodField(help_text="Where the answer is that the output rested on.")

    class Meta:
        model = OutputException
        fields = [
            "id",
            "decision_id",
            "decision_url",
            "consumer",
            "reference",
            "title",
            "description",
            "severity",
            "created_at",
            "created_by",
            "caller",
            "assignee",
            "due_at",
            "resolved_at",
            "resolved_by",
            "resolution",
        ]

    def get_decision_url(self, exception: OutputException) -> str:
        return f"/api/v1/decisions/{exception.decision_id}"


class ExceptionAnswer(ExceptionEntry):
    verdict_url = serializers.CharField(source="verdict_link", allow_null=True, help_text="The verdict behind the answer.")
    run_urls = serializers.ListField(
        child=serializers.CharField(), source="run_links", help_text="The runs behind the verdict, with their check results."
    )

    class Meta(ExceptionEntry.Meta):
        fields = [*ExceptionEntry.Meta.fields, "verdict_url", "run_urls"]


class ExceptionsView(ApiView):
    query = ExceptionQuery
    write_scope = Scope.REPORTS_WRITE
    pagination_class = KeysetPagination

    @extend_schema(operation_id="list_exceptions", responses=ExceptionEntry(many=True), tags=["use-cases"])
    def get(self, request: Request, slug: str) -> Response:
        """Exceptions of the outputs of the use case, newest first; of one that you do not see, those assigned to you."""
        rows = visible_exceptions(self.actor).filter(use_case__slug=slug)
        if not rows.exists():
            find_use_case(self.actor, slug)  # an empty list for whoever sees the use case, else 404
        lookups = {"is_open": "closed_at__isnull", "severity": "severity", "decision_id": "decision_id"}
        rows = self.matching(rows, lookups)
        if self.parameters["is_overdue"]:
            rows = rows.filter(closed_at=None, due_at__lte=self.now)
        if self.parameters["is_assigned_to_me"]:
            rows = rows.filter(assigned_to=self.actor)
        return self.page(rows, ExceptionEntry)

    @extend_schema(
        operation_id="record_exception",
        request=ExceptionRequest,
        responses={201: ExceptionAnswer, 200: OpenApiResponse(ExceptionAnswer, AGAIN)},
        tags=["use-cases"],
    )
    def post(self, request: Request, slug: str) -> Response:
        """Record that an output was wrong, harmful or disputed, against the answer that it rested on."""
        given = self.body(ExceptionRequest)
        use_case = find_use_case(self.actor, slug)
        decision_id = given.pop("decision_id")
        trouble = ReportedProblem(**{**given, "severity": Severity(given["severity"])})
        row, is_new = record_exception(
            use_case=use_case, decision_id=decision_id, trouble=trouble, reporter=reporter_of(request), now=self.now
        )
        return _changed(row, 201 if is_new else 200)


class ExceptionView(ApiView):
    @extend_schema(operation_id="get_exception", responses=ExceptionAnswer, tags=["use-cases"])
    def get(self, request: Request, slug: str, exception_id: int) -> Response:
        """One exception, with the way to the answer, its verdict and the evidence behind it."""
        return Response(ExceptionAnswer(with_links(find_exception(self.actor, slug, exception_id))).data)


class ResolveExceptionView(ApiView):
    write_scope = Scope.ADMIN  # a person answers for how it was dealt with: no AI closes what was wrong with its own output
    is_personal = True

    @extend_schema(
        operation_id="resolve_exception", request=ExceptionResolutionRequest, responses=ExceptionAnswer, tags=["use-cases"]
    )
    def post(self, request: Request, slug: str, exception_id: int) -> Response:
        """Resolve an exception and say how: for its assignee, the owner of the outputs and governance."""
        resolution = self.body(ExceptionResolutionRequest)["resolution"]
        row = find_exception(self.actor, slug, exception_id)
        return _changed(close_exception(exception=row, resolution=resolution, actor=self.actor, now=self.now))


class AssignExceptionView(ApiView):
    write_scope = Scope.ADMIN
    is_personal = True

    @extend_schema(
        operation_id="assign_exception", request=ExceptionAssignRequest, responses=ExceptionAnswer, tags=["use-cases"]
    )
    def post(self, request: Request, slug: str, exception_id: int) -> Response:
        """Assign an exception to another person, who is notified. Its due time does not change."""
        given = self.body(ExceptionAssignRequest)
        row = find_exception(self.actor, slug, exception_id)
        to = find_person(username=given["assignee"], part="assignee")
        return _changed(hand_on_exception(exception=row, to=to, actor=self.actor, now=self.now, reason=given["reason"]))


def with_links(exception: OutputException) -> OutputException:
    """The exception with the addresses of the verdict and the runs behind the answer that it is about. One query."""
    answer = find_answer(exception.decision_id, with_basis=True)
    verdict, runs = None, []
    if answer is not None and answer.product is not None and answer.verdict_row_id is not None:
        verdict = f"/api/v1/products/{answer.product.slug}/verdicts/{answer.verdict_row_id}"
        runs = [f"/api/v1/runs/{run}" for run in (answer.basis or {}).get("evidence", [])]
    for name, value in {"verdict_link": verdict, "run_links": runs}.items():
        setattr(exception, name, value)
    return exception


def _changed(exception: OutputException, status: int = 200) -> Response:
    location = f"/api/v1/use-cases/{exception.use_case.slug}/exceptions/{exception.pk}"
    return respond_after_change(ExceptionAnswer(with_links(exception)).data, location=location, status=status)
