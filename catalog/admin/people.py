"""People and their roles. Governance gives roles; only a superuser changes accounts of governance and of superusers.

Notices and how they were delivered are read only: people see their own and their consumers', governance and auditors all.
"""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from catalog.admin.base import LargeTableAdmin
from catalog.admin.reach import person_of
from catalog.models import Delivery, Notification, Person
from catalog.queries.ownership import has_identity
from catalog.rules.roles import PersonRole
from catalog.services.email_addresses import ask_to_confirm, give_address, how_to_confirm
from catalog.services.notifications import notices_for, shown_target
from catalog.services.people import may_change
from catalog.services.permissions import sees_everything
from catalog.services.recording import recorded

NAMES = ["username", "first_name", "last_name"]
"""What everybody may know of everybody; address, roles and sign-ins are for governance, auditors and the person."""

NOT_VERIFIABLE = "identity not verifiable"
WAITS = "not verifiable: the address waits for confirmation"

admin.site.unregister(Group)  # the three roles come with the migrations; a fourth would mean nothing


@admin.register(Person)
class PersonAdmin(UserAdmin, ModelAdmin):  # type: ignore[type-arg]
    form, add_form, change_password_form = UserChangeForm, UserCreationForm, AdminPasswordChangeForm
    list_display = ["username", "full_name", "email", "identity", "roles", "status_label"]
    list_filter = ["is_active", "groups"]
    search_fields = ["username", "first_name", "last_name", "email"]
    filter_horizontal = []
    list_fullwidth = True
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        ("Person", {"fields": ["first_name", "last_name", "email", "email_to_confirm"]}),
        ("Roles", {"fields": ["is_active", "is_staff", "is_superuser", "groups"]}),
        ("Dates", {"fields": ["last_login", "date_joined"]}),
    ]
    readonly_fields = ["last_login", "date_joined", "email"]

    def get_list_display(self, request: HttpRequest) -> Any:
        return super().get_list_display(request) if _sees_accounts(request) else ["username", "full_name"]

    def get_list_filter(self, request: HttpRequest) -> Any:
        return super().get_list_filter(request) if _sees_accounts(request) else []

    def get_search_fields(self, request: HttpRequest) -> Any:
        return super().get_search_fields(request) if _sees_accounts(request) else NAMES

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        is_own = isinstance(obj, Person) and obj.pk == person_of(request).pk
        if obj is None or is_own or _sees_accounts(request):
            return super().get_fieldsets(request, obj)
        return [(None, {"fields": NAMES})]

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Nobody learns by filtering what the page does not show."""
        if request is None or not _sees_accounts(request):
            return lookup.partition("__")[0] in NAMES
        return super().lookup_allowed(lookup, value, request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Person]:
        return super().get_queryset(request).prefetch_related("groups")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        fields = [*super().get_readonly_fields(request, obj)]
        return fields if person_of(request).is_superuser else [*fields, "is_superuser"]

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Governance does not appoint its own members."""
        field = super().formfield_for_manytomany(db_field, request, **kwargs)
        if field is not None and db_field.name == "groups" and not person_of(request).is_superuser:
            field.queryset = Group.objects.exclude(name=PersonRole.GOVERNANCE.value)
            field.help_text = "The role governance is given by a superuser, or by the operator with bin/manage set_roles."
        return field

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        reaches = not isinstance(obj, Person) or may_change(person_of(request), obj)
        return reaches and super().has_change_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: Person, form: Any, change: bool) -> None:
        gives = "email_to_confirm" in form.changed_data
        if gives:
            give_address(obj, obj.email_to_confirm, person_of(request))
        super().save_model(request, obj, form, change)
        if gives and obj.email_to_confirm:
            ask_to_confirm(obj)
            self.message_user(request, f"{obj.email_to_confirm} does not count yet. {how_to_confirm(obj)}", messages.WARNING)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> Any:
        with recorded("add_person", person_of(request)):
            return super().add_view(request, form_url, extra_context)

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        with recorded("change_person", person_of(request)):
            return super().change_view(request, object_id, form_url, extra_context)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> Any:  # noqa: A002  Django's
        with recorded("reset_password", person_of(request)):
            return super().user_change_password(request, id, form_url)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who leaves is made inactive: claims, verdicts and reviews name them for ever."""
        return False

    @display(description="Name")
    def full_name(self, person: Person) -> str:
        return person.get_full_name()

    @display(description="Identity", label={NOT_VERIFIABLE: "warning", WAITS: "warning", "": "info"})
    def identity(self, person: Person) -> str:
        """Without a verified address nothing tells the account from another one of the same person."""
        if has_identity(person):
            return ""
        return WAITS if person.email_to_confirm else NOT_VERIFIABLE

    @display(description="Roles")
    def roles(self, person: Person) -> str:
        names = [group.name for group in person.groups.all()]
        return ", ".join(["superuser", *names] if person.is_superuser else names)

    @display(description="Account", label={"active": "success", "closed": "danger"})
    def status_label(self, person: Person) -> str:
        return "active" if person.is_active else "closed"


def _sees_accounts(request: Any) -> bool:
    """Asked for several times by each page, and looked up once."""
    if not hasattr(request, "sees_accounts"):
        request.sees_accounts = sees_everything(person_of(request))
    return bool(request.sees_accounts)


@admin.register(Notification)
class NotificationAdmin(LargeTableAdmin):
    list_display = ["subject", "kind", "recipient", "created_at", "read_at"]
    list_filter = [("read_at", admin.EmptyFieldListFilter)]
    list_select_related = ["person", "consumer"]
    ordering = ["-id"]
    fields = ["subject", "text", "kind", "recipient", "payload", "created_at", "read_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Notification]:
        rows: QuerySet[Notification] = super().get_queryset(request)
        person = person_of(request)
        return rows if sees_everything(person) else rows.filter(pk__in=notices_for(person).order_by().values("pk"))

    @display(description="To")
    def recipient(self, notice: Notification) -> str:
        return str(notice.consumer or notice.person)


@admin.register(Delivery)
class DeliveryAdmin(LargeTableAdmin):
    list_display = ["notice", "channel", "place", "status_label", "attempts", "next_attempt_at", "delivered_at", "error"]
    list_filter = [("status", ChoicesDropdownFilter), ("channel", ChoicesDropdownFilter)]
    list_select_related = ["notification"]
    ordering = ["-id"]
    fields = list_display

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        rows: QuerySet[Delivery] = super().get_queryset(request)
        person = person_of(request)
        own = notices_for(person).order_by().values("pk")
        return rows if sees_everything(person) else rows.filter(notification__in=own)

    @display(description="Notice")
    def notice(self, delivery: Delivery) -> str:
        return delivery.notification.subject

    @display(description="Target")
    def place(self, delivery: Delivery) -> str:
        return shown_target(delivery.channel, delivery.target)

    @display(description="Status", label={"waiting": "warning", "delivered": "success", "failed": "danger"})
    def status_label(self, delivery: Delivery) -> str:
        return delivery.status
