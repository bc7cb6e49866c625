"""Consumers: registered by whoever answers for them, cleared, suspended and reactivated by governance."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminURLInputWidget

from catalog.admin.base import ServiceAdmin, ServiceForm, show_result
from catalog.admin.changes import action_of, differences, names_in, who
from catalog.admin.reach import governs, person_of
from catalog.models import Consumer, Person
from catalog.models.choices import choices
from catalog.rules.consumers import LONGEST_URL, ConsumerClaims, ConsumerDetails
from catalog.rules.vocabulary import ConsumerKind, ConsumerStatus, Sensitivity
from catalog.services.consumers import (
    change_consumer,
    hand_over_consumer,
    may_manage,
    reactivate_consumer,
    register_consumer,
    retire_consumer,
    set_clearance,
    set_enforcement_point,
    suspend_consumer,
)
from catalog.services.permissions import sees_everything

SHOWN = 30


@dataclass(frozen=True, slots=True)
class ConsumerEntry:
    """One change. `who` is a username, `system`, or empty where nobody said."""

    at: datetime
    who: str
    action: str
    text: str


def consumer_history(consumer: Consumer) -> list[ConsumerEntry]:
    """The last changes, newest first. Two queries, whatever the length of the history."""
    events = Consumer.pgh_event_model.objects.filter(pgh_obj_id=consumer.pk)  # type: ignore[attr-defined]  # set by pghistory
    newest = list(events.select_related("pgh_context").order_by("-pgh_id")[: SHOWN + 1])
    names = names_in((Consumer, event) for event in newest)
    entries = []
    for event, before in list(zip(newest, [*newest[1:], None], strict=True))[:SHOWN]:
        said = event.pgh_context.metadata if event.pgh_context else {}
        is_first = before is None and event.pgh_label == "insert"
        text = "registered" if is_first else "; ".join(map(str, differences(Consumer, before, event, names)))
        why = f" ({said['reason']})" if said.get("reason") else ""
        entries.append(ConsumerEntry(event.pgh_created_at, who(said, names), f"{action_of(said)}{why}", text))
    return entries


DETAILS = ("name", "description", "contact_email", "webhook_url")
KEPT = ["slug", "kind", "is_enforcement_point", "status_label", "keys", "created_at", "updated_at", "history"]


class ConsumerForm(ServiceForm):
    """Registers a consumer, or changes what is said of it, its clearance and its owner; each by the service behind it."""

    kind = forms.ChoiceField(
        choices=[(kind.value, kind.value) for kind in ConsumerKind if kind != ConsumerKind.PERSON],
        widget=UnfoldAdminSelectWidget,
    )
    clearance = forms.ChoiceField(
        choices=choices(Sensitivity),
        initial=Sensitivity.INTERNAL.value,
        widget=UnfoldAdminSelectWidget,
        help_text="The highest sensitivity that it may be given. Above internal: for governance.",
    )

    webhook_url = forms.URLField(
        required=False,
        max_length=LONGEST_URL,
        assume_scheme="https",
        label="Webhook URL",
        widget=UnfoldAdminURLInputWidget,
        help_text="Where signed notices are posted.",
    )

    class Meta:
        model = Consumer
        fields = ["slug", "kind", *DETAILS, "owner", "clearance"]

    def act(self, actor: Person, now: datetime) -> Model:
        data = self.cleaned_data
        details = ConsumerDetails(**{name: data[name] for name in DETAILS})
        if self.instance.pk is None:
            claims = ConsumerClaims(
                slug=data["slug"],
                kind=ConsumerKind(data["kind"]),
                details=details,
                owner=data["owner"].username,
                clearance=Sensitivity(data["clearance"]),
            )
            return register_consumer(claims=claims, actor=actor)
        consumer = change_consumer(consumer=self.instance, details=details, actor=actor)
        if data.get("clearance", consumer.clearance) != consumer.clearance:
            consumer = set_clearance(consumer=consumer, clearance=Sensitivity(data["clearance"]), actor=actor)
        if data["owner"] != consumer.owner:
            consumer = hand_over_consumer(consumer=consumer, owner=data["owner"].username, actor=actor)
        return consumer


@admin.register(Consumer)
class ConsumerAdmin(ServiceAdmin):
    form = ConsumerForm
    list_display = ["slug", "name", "what", "owner", "cleared_for", "status_label", "keys"]
    list_filter = [
        ("kind", ChoicesDropdownFilter),
        ("status", ChoicesDropdownFilter),
        ("clearance", ChoicesDropdownFilter),
    ]
    list_select_related = ["owner"]
    search_fields = ["slug", "name", "owner__username"]
    ordering = ["slug"]
    actions = [
        "suspend",
        "retire",
        "reactivate",
        "clear_public",
        "clear_internal",
        "clear_confidential",
        "clear_restricted",
        "let_ask",
        "stop_asking",
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Consumer]:
        person = person_of(request)
        count = Count("api_keys", filter=Q(api_keys__revoked_at=None), distinct=True)
        rows: QuerySet[Consumer] = super().get_queryset(request).annotate(key_count=count)
        return rows if sees_everything(person) else rows.filter(owner=person)

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        if obj is None:
            return [*ConsumerForm.Meta.fields]
        return [
            "slug",
            "kind",
            *DETAILS,
            "owner",
            "clearance",
            "is_enforcement_point",
            "status_label",
            "keys",
            "created_at",
            "updated_at",
            "history",
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        if obj is None:
            return []
        return KEPT if governs(request) else [*KEPT, "clearance"]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"owner": person_of(request).pk, **super().get_changeform_initial_data(request)}

    def may_change(self, person: Person, obj: Consumer | str) -> bool:
        return isinstance(obj, Consumer) and obj.status != ConsumerStatus.RETIRED and may_manage(person, obj)

    def formfield_for_foreignkey(self, db_field, request, **kwargs):  # type: ignore[no-untyped-def]
        if db_field.name == "owner":
            kwargs["queryset"] = Person.objects.filter(is_active=True).order_by("username")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_govern_permission(self, request: HttpRequest) -> bool:
        return governs(request)

    @action(description="Suspend the chosen consumers: their keys are refused at once", permissions=["change"])
    def suspend(self, request: HttpRequest, queryset: QuerySet[Consumer]) -> None:
        self._each(request, queryset, "is suspended", lambda row: suspend_consumer(consumer=row, actor=person_of(request)))

    @action(description="Retire the chosen consumers permanently", permissions=["change"])
    def retire(self, request: HttpRequest, queryset: QuerySet[Consumer]) -> None:
        self._each(request, queryset, "is retired", lambda row: retire_consumer(consumer=row, actor=person_of(request)))

    @action(description="Reactivate the chosen consumers", permissions=["govern"])
    def reactivate(self, request: HttpRequest, queryset: QuerySet[Consumer]) -> None:
        self._each(
            request, queryset, "is active again", lambda row: reactivate_consumer(consumer=row, actor=person_of(request))
        )

    @action(description="Clear the chosen consumers for public data", permissions=["govern"])
    def clear_public(self, request: HttpRequest, queryset: QuerySet[Consumer]) -> None:
        self._clear(request, queryset, Sensitivity.PUBLIC)

    @action(description="Clear the chosen consumers up to internal data", permissions=["govern"])
    def clear_internal(self, request: HttpRequest, queryset: QuerySet[Consumer]) -> None:
        self._clear(request, queryset, Sensitivity.INTERNAL)

    @action(description="Clear the chosen consumers up to confidential data", permissions=["govern"])
    def clear_confidential(self, request: HttpRequest, queryset: QuerySet[Consumer]) -> None:
        self._clear(request, queryset, Sensitivity.CONFIDENTIAL)

    @action(description="Clear the chosen consumers up to restricted data", permissions=["govern"])
    def clear_restricted(self, request: HttpRequest, queryset: QuerySet[Consumer]) -> None:
        self._clear(request, queryset, Sensitivity.RESTRICTED)

    @action(description="Let the chosen consumers ask about others, as enforcement points", permissions=["govern"])
    def let_ask(self, request: HttpRequest, queryset: QuerySet[Consumer]) -> None:
        self._let_ask(request, queryset, is_given=True)

    @action(description="Let the chosen consumers ask about themselves only", permissions=["govern"])
    def stop_asking(self, request: HttpRequest, queryset: QuerySet[Consumer]) -> None:
        self._let_ask(request, queryset, is_given=False)

    def _let_ask(self, request: HttpRequest, queryset: QuerySet[Consumer], *, is_given: bool) -> None:
        actor = person_of(request)
        said = "may ask about other consumers" if is_given else "asks about itself only"
        self._each(
            request,
            queryset,
            said,
            lambda row: set_enforcement_point(consumer=row, is_enforcement_point=is_given, actor=actor),
        )

    def _clear(self, request: HttpRequest, queryset: QuerySet[Consumer], clearance: Sensitivity) -> None:
        actor = person_of(request)
        said = f"is cleared up to {clearance} data"
        self._each(request, queryset, said, lambda row: set_clearance(consumer=row, clearance=clearance, actor=actor))

    def _each(self, request: HttpRequest, rows: QuerySet[Consumer], said: str, change: Callable[[Consumer], object]) -> None:
        def done(row: Consumer) -> str:
            change(row)
            return f"{row.slug} {said}."

        for row in rows:
            show_result(request, lambda row=row: done(row))  # type: ignore[misc]

    @display(description="Kind")
    def what(self, consumer: Consumer) -> str:
        return consumer.kind.replace("_", " ")

    @display(
        description="Clearance",
        label={"public": "success", "internal": "info", "confidential": "warning", "restricted": "danger"},
    )
    def cleared_for(self, consumer: Consumer) -> str:
        return consumer.clearance

    @display(
        description="Status", label={"active": "success", "suspended": "warning", "retired": "danger", "ownerless": "danger"}
    )
    def status_label(self, consumer: Consumer) -> str:
        """The status, and `ownerless` for an active one whose owner's account is closed: its keys are refused too."""
        is_ownerless = consumer.status == ConsumerStatus.ACTIVE and not consumer.owner.is_active
        return "ownerless" if is_ownerless else consumer.status

    @display(description="Keys", ordering="key_count")
    def keys(self, consumer: Consumer) -> int:
        """Not revoked."""
        return int(getattr(consumer, "key_count", 0))

    @display(description="History")
    def history(self, consumer: Consumer) -> SafeString:
        lines = ((f"{entry.at:%Y-%m-%d %H:%M}", entry.who, entry.action, entry.text) for entry in consumer_history(consumer))
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{} UTC · {} · {} · {}</li>", lines))
