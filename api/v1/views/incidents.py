"""Known problems of products: opened, talked about, handed on, weighed, resolved. Who may do what is said by the services."""

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.access.visibility import find_product
from api.pagination import KeysetPagination
from api.v1.base import ApiView, ModelAnswer, StrictSerializer, caller_field, respond_after_change
from api.v1.fields import FlagParameter, OptionalChoiceField, OptionalTextField, TextField, choices
from catalog.queries import visible_products
from catalog.rules.errors import NotFoundError
from catalog.rules.limits import LONGEST_TEXT
from catalog.rules.vocabulary import Severity
from catalog.services.people import find_person
from trust.models import Incident, IncidentEntry
from trust.verdicts.services.incidents import (
    assign_incident,
    change_severity,
    comment_on_incident,
    open_incident,
    resolve_incident,
)
from trust.vocabulary import IncidentEntryKind, IncidentRule


class IncidentQuery(StrictSerializer):
    is_open = FlagParameter(default=None, help_text="Only open, or only resolved.")
    severity = serializers.ChoiceField(choices(Severity), required=False)


class AllIncidentsQuery(IncidentQuery):
    product = TextField(max_length=200, required=False, help_text="Slug of a data product.")
    assignee = TextField(max_length=200, required=False, help_text="Username of the person who works on it.")


class IncidentAnswer(ModelAnswer[Incident]):
    product = serializers.CharField(source="product.slug")
    severity = serializers.ChoiceField(choices(Severity))
    assignee = serializers.CharField(
        source="owner.username", allow_null=True, default=None, help_text="Who works on it; null: the product's owner."
    )
    created_at = serializers.DateTimeField(source="opened_at")
    created_by = serializers.CharField(
        source="opened_by.username", allow_null=True, default=None, help_text="Null: it opened by itself, or the system did it."
    )
    caller = caller_field("opened it")
    rule = OptionalChoiceField(
        choices(IncidentRule), help_text="The rule of the trust policy that opened it; null: a person did."
    )
    check_key = OptionalTextField(help_text="The check that it is about, where a rule opened it for one.")
    is_held_by_governance = serializers.BooleanField(
        source="held_by_governance", help_text="Whether only governance may lower or resolve it."
    )
    resolved_by = serializers.CharField(
        source="resolved_by.username", allow_null=True, default=None, help_text="Null on a resolved one: the system."
    )
    resolved_caller = caller_field("resolved it")

    class Meta:
        model = Incident
        fields = [
            "id",
            "product",
            "title",
            "description",
            "severity",
            "assignee",
            "created_at",
            "created_by",
            "caller",
            "rule",
            "check_key",
            "is_held_by_governance",
            "resolved_at",
            "resolved_by",
            "resolved_caller",
            "resolution",
        ]


class IncidentEntryAnswer(ModelAnswer[IncidentEntry]):
    kind = serializers.ChoiceField(choices(IncidentEntryKind))
    created_at = serializers.DateTimeField(source="at")
    actor = serializers.CharField(source="actor.username", allow_null=True, default=None, help_text="Null: the system.")
    caller = caller_field("did it")
    before = OptionalTextField(help_text="The severity or the assignee that it had.")
    after = OptionalTextField(help_text="The severity or the assignee that it has from then on.")
    run = serializers.UUIDField(source="run_id", allow_null=True, help_text="The run that led to it.")

    class Meta:
        model = IncidentEntry
        fields = ["created_at", "kind", "actor", "caller", "text", "before", "after", "run"]


class IncidentWithTimeline(IncidentAnswer):
    timeline = IncidentEntryAnswer(source="entries", many=True, help_text="Everything that happened to it, oldest first.")

    class Meta(IncidentAnswer.Meta):
        fields = [*IncidentAnswer.Meta.fields, "timeline"]


class IncidentRequest(StrictSerializer):
    title = TextField(max_length=200)
    description = OptionalTextField(max_length=LONGEST_TEXT, default="")
    severity = serializers.ChoiceField(
        choices(Severity),
        default=Severity.CRITICAL.value,
        help_text="While a critical one is open, the gate `incidents` fails.",
    )
    assignee = TextField(
        max_length=150, required=False, help_text="Username of the person who works on it; the product's owner, if left out."
    )


class CommentRequest(StrictSerializer):
    text = TextField(max_length=LONGEST_TEXT)


class AssignRequest(StrictSerializer):
    assignee = TextField(max_length=150, help_text="Username of the person who works on it from now on.")


class SeverityRequest(StrictSerializer):
    severity = serializers.ChoiceField(choices(Severity))
    reason = TextField(max_length=LONGEST_TEXT, help_text="Why; the timeline keeps it.")


class ResolutionRequest(StrictSerializer):
    resolution = TextField(max_length=LONGEST_TEXT, help_text="What was done about it.")


RELATED = (
    "product__owner",
    "owner",
    "opened_by",
    "caller__consumer",
    "resolved_by",
    "resolved_caller__consumer",
    "port",
)
LOOKUPS = {
    "is_open": "resolved_at__isnull",
    "severity": "severity",
    "product": "product__slug",
    "assignee": "owner__username",
}


def incidents_as_shown() -> QuerySet[Incident]:
    """Incidents with all that an answer names of them."""
    return Incident.objects.select_related(*RELATED).defer("product__search")


def find_incident(view: ApiView, slug: str, incident_id: int) -> Incident:
    """Raises `NotFoundError`."""
    rows = incidents_as_shown().prefetch_related("entries__actor", "entries__caller__consumer")
    incident = rows.filter(product=find_product(view.actor, slug), pk=incident_id).first()
    if incident is None:
        remedy = f"GET /api/v1/products/{slug}/incidents lists all."
        raise NotFoundError(f"Data product {slug} has no incident {incident_id}.", remedy=remedy)
    return incident


def _changed(incident: Incident, status: int = 200) -> Response:
    row = incidents_as_shown().prefetch_related("entries__actor", "entries__caller__consumer").get(pk=incident.pk)
    location = f"/api/v1/products/{row.product.slug}/incidents/{row.pk}"
    return respond_after_change(IncidentWithTimeline(row).data, location=location, status=status)


class AllIncidentsView(ApiView):
    query = AllIncidentsQuery
    pagination_class = KeysetPagination
    keyset = ("-opened_at", "-id")

    @extend_schema(operation_id="list_all_incidents", responses=IncidentAnswer(many=True), tags=["incidents"])
    def get(self, request: Request) -> Response:
        """Incidents of every product that you may see, newest first."""
        seen = visible_products(self.actor).order_by().values("pk")
        return self.page(self.matching(incidents_as_shown().filter(product__in=seen), LOOKUPS), IncidentAnswer)


class IncidentsView(ApiView):
    query = IncidentQuery
    pagination_class = KeysetPagination
    keyset = ("-opened_at", "-id")

    @extend_schema(operation_id="list_incidents", responses=IncidentAnswer(many=True), tags=["incidents"])
    def get(self, request: Request, slug: str) -> Response:
        """Incidents of the product, newest first."""
        rows = incidents_as_shown().filter(product=find_product(self.actor, slug))
        return self.page(self.matching(rows, LOOKUPS), IncidentAnswer)

    @extend_schema(
        operation_id="open_incident", request=IncidentRequest, responses={201: IncidentWithTimeline}, tags=["incidents"]
    )
    def post(self, request: Request, slug: str) -> Response:
        """Report a known problem. A critical one takes the product out of production grade at once."""
        given = self.body(IncidentRequest)
        product = find_product(self.actor, slug)
        incident = open_incident(
            product=product,
            title=given["title"],
            description=given["description"],
            severity=Severity(given["severity"]),
            owner=find_person(username=given["assignee"], part="assignee") if "assignee" in given else None,
            actor=self.actor,
            now=self.now,
        )
        return _changed(incident, 201)


class IncidentView(ApiView):
    @extend_schema(operation_id="get_incident", responses=IncidentWithTimeline, tags=["incidents"])
    def get(self, request: Request, slug: str, incident_id: int) -> Response:
        """One incident with its timeline."""
        return Response(IncidentWithTimeline(find_incident(self, slug, incident_id)).data)


class CommentOnIncidentView(ApiView):
    @extend_schema(
        operation_id="comment_on_incident", request=CommentRequest, responses=IncidentWithTimeline, tags=["incidents"]
    )
    def post(self, request: Request, slug: str, incident_id: int) -> Response:
        """Add a line to the timeline."""
        text = self.body(CommentRequest)["text"]
        incident = find_incident(self, slug, incident_id)
        comment_on_incident(incident=incident, text=text, actor=self.actor, now=self.now)
        return _changed(incident)


class AssignIncidentView(ApiView):
    @extend_schema(operation_id="assign_incident", request=AssignRequest, responses=IncidentWithTimeline, tags=["incidents"])
    def post(self, request: Request, slug: str, incident_id: int) -> Response:
        """Say who sees to it from now on."""
        username = self.body(AssignRequest)["assignee"]
        incident = find_incident(self, slug, incident_id)
        owner = find_person(username=username, part="assignee")
        return _changed(assign_incident(incident=incident, owner=owner, actor=self.actor, now=self.now))


class IncidentSeverityView(ApiView):
    @extend_schema(
        operation_id="change_incident_severity", request=SeverityRequest, responses=IncidentWithTimeline, tags=["incidents"]
    )
    def post(self, request: Request, slug: str, incident_id: int) -> Response:
        """Weigh it anew, with a word on why. What governance or a rule made severe, only governance lowers."""
        given = self.body(SeverityRequest)
        incident = find_incident(self, slug, incident_id)
        changed = change_severity(
            incident=incident,
            severity=Severity(given["severity"]),
            reason=given["reason"],
            actor=self.actor,
            now=self.now,
        )
        return _changed(changed)


class ResolveIncidentView(ApiView):
    @extend_schema(
        operation_id="resolve_incident", request=ResolutionRequest, responses=IncidentWithTimeline, tags=["incidents"]
    )
    def post(self, request: Request, slug: str, incident_id: int) -> Response:
        """Close an incident, with a word on how it was resolved. One that a rule opened is resolved by a good run."""
        resolution = self.body(ResolutionRequest)["resolution"]
        incident = find_incident(self, slug, incident_id)
        return _changed(resolve_incident(incident=incident, resolution=resolution, actor=self.actor, now=self.now))
