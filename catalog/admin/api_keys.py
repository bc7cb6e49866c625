"""API keys in the admin: made, shown once, revoked. A key's text is stored nowhere."""

from datetime import datetime

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from catalog.admin.base import ServiceAdmin, ServiceForm, show_result
from catalog.admin.reach import person_of
from catalog.models import ApiKey, Consumer, Person
from catalog.models.choices import choices
from catalog.rules.scopes import Scope
from catalog.rules.vocabulary import ConsumerStatus
from catalog.services.api_keys import create_key, revoke_key_of
from catalog.services.permissions import is_governance, sees_everything


class ApiKeyForm(ServiceForm):
    """Makes a key of a consumer that the person answers for, their own where none is named; governance for every consumer."""

    scopes = forms.MultipleChoiceField(
        choices=choices(Scope), initial=[Scope.TRUST_READ.value], widget=UnfoldAdminCheckboxSelectMultipleWidget
    )
    text: str

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        if "consumer" in self.fields:
            self.fields["consumer"].required = False
            self.fields["consumer"].help_text = "None: yourself. The key acts for the owner of the consumer."

    class Meta:
        model = ApiKey
        fields = ["name", "consumer", "scopes", "requests_per_minute", "expires_at"]

    def act(self, actor: Person, now: datetime) -> Model:
        data = self.cleaned_data
        key, self.text = create_key(
            person=actor,
            consumer=data["consumer"],
            name=data["name"],
            scopes=data["scopes"],
            requests_per_minute=data["requests_per_minute"],
            expires_at=data["expires_at"],
            now=now,
        )
        return key


@admin.register(ApiKey)
class ApiKeyAdmin(ServiceAdmin):
    form = ApiKeyForm
    list_display = ["name", "consumer", "prefix", "allows", "status_label", "created_at", "expires_at", "last_used_at"]
    list_select_related = ["consumer__owner"]
    search_fields = ["name", "prefix", "consumer__slug"]
    ordering = ["-id"]
    actions = ["revoke"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiKey]:
        person = person_of(request)
        keys: QuerySet[ApiKey] = super().get_queryset(request)
        return keys if sees_everything(person) else keys.filter(consumer__owner=person)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Everybody with a role has keys of their own; `get_queryset` leaves out those of others."""
        return bool(request.user.has_perm("catalog.view_dataproduct"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whoever works on products makes keys; auditors read in the admin."""
        return bool(request.user.has_perm("catalog.change_dataproduct"))

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        made = ["name", "consumer", "prefix", "allows", "requests_per_minute", "status_label"]
        made += ["created_at", "expires_at", "revoked_at", "last_used_at"]
        return made if obj else [*ApiKeyForm.Meta.fields]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return self.get_fields(request, obj) if obj else []

    def formfield_for_foreignkey(self, db_field, request, **kwargs):  # type: ignore[no-untyped-def]
        if db_field.name == "consumer":
            person = person_of(request)
            active = Consumer.objects.filter(status=ConsumerStatus.ACTIVE, owner__is_active=True)
            kwargs["queryset"] = active if is_governance(person) else active.filter(owner=person)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def may_change(self, person: Person, obj: ApiKey | str) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Model, form: forms.Form, change: bool) -> None:
        text = format_html("Your new key, shown this once and stored nowhere: <code>{}</code>", getattr(form, "text", ""))
        messages.warning(request, text)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    @action(description="Revoke the chosen keys", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        """One's own keys, and for governance everybody's."""
        person = person_of(request)
        for key in queryset.select_related("consumer__owner"):
            if key.consumer.owner_id != person.pk and not is_governance(person):
                messages.error(request, f"{key} belongs to {key.person.username}: ask them or governance to revoke it.")
                continue
            show_result(request, lambda key=key: self._revoked(key, person))  # type: ignore[misc]

    def _revoked(self, key: ApiKey, actor: Person) -> str:
        revoke_key_of(consumer=key.consumer, key_id=key.pk, actor=actor, now=timezone.now())
        return f"{key} is revoked and refused from now on."

    @display(description="Scopes")
    def allows(self, key: ApiKey) -> str:
        return ", ".join(key.scopes)

    @display(
        description="Status", label={"in force": "success", "expired": "warning", "blocked": "danger", "revoked": "danger"}
    )
    def status_label(self, key: ApiKey) -> str:
        if key.revoked_at:
            return "revoked"
        if key.is_blocked:
            return "blocked"  # its consumer is suspended or retired, or the owner's account is closed
        return "expired" if key.expires_at and key.expires_at <= timezone.now() else "in force"
