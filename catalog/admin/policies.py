"""Access policies: owners draft, governance publishes and withdraws; a published version never changes."""

from datetime import datetime

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextareaWidget

from catalog.admin.base import ServiceAdmin, ServiceForm, told
from catalog.admin.reach import person_of, within_reach
from catalog.models import AccessPolicy, DataProduct, Person, PolicyStatus, Purpose
from catalog.models.choices import choices
from catalog.rules.claims import PolicyClaims
from catalog.rules.vocabulary import ConsumerKind, Effect
from catalog.services.permissions import can_change, is_governance
from catalog.services.policies import draft_policy, publish_policy, withdraw_policy


class PolicyForm(ServiceForm):
    """Drafts a policy. Nothing chosen under consumers or purposes means all of them."""

    consumer_kinds = forms.MultipleChoiceField(
        choices=choices(ConsumerKind),
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="None: all of them.",
    )
    purposes = forms.MultipleChoiceField(
        required=False, widget=UnfoldAdminCheckboxSelectMultipleWidget, help_text="None: all of them."
    )
    obligations = forms.CharField(
        required=False,
        widget=UnfoldAdminTextareaWidget,
        help_text="One on a line, such as log-use: lower-case letters, digits, dots and dashes.",
    )

    class Meta:
        model = AccessPolicy
        fields = ["product", "name", "effect", "consumer_kinds", "purposes", "minimum_score", "obligations", "expires_at"]

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        if "purposes" in self.fields:
            self.fields["purposes"].choices = [(name, name) for name in Purpose.objects.values_list("name", flat=True)]  # type: ignore[attr-defined]
            self.initial["obligations"] = "\n".join(self.instance.obligations)

    def act(self, actor: Person, now: datetime) -> Model:
        data = self.cleaned_data
        claims = PolicyClaims(
            name=data["name"] if self.instance.pk is None else self.instance.name,
            effect=Effect(data["effect"]),
            consumer_kinds=tuple(ConsumerKind(kind) for kind in data["consumer_kinds"]),
            purposes=tuple(data["purposes"]),
            minimum_score=data["minimum_score"],
            obligations=tuple(line.strip() for line in data["obligations"].splitlines() if line.strip()),
            expires_at=data["expires_at"],
        )
        product = data["product"] if self.instance.pk is None else self.instance.product
        return draft_policy(product=product, claims=claims, actor=actor)


@admin.register(AccessPolicy)
class AccessPolicyAdmin(ServiceAdmin):
    form = PolicyForm
    product_path = "product"
    list_display = ["name", "product", "version", "standing", "effect", "for_purposes", "for_consumers", "expires_at"]
    list_filter = [("status", ChoicesDropdownFilter), ("effect", ChoicesDropdownFilter)]
    list_select_related = ["product"]
    search_fields = ["name", "product__slug"]
    ordering = ["-id"]
    actions = ["publish", "withdraw"]
    fields = [*PolicyForm.Meta.fields, "version", "standing", "published_at", "published_by", "withdrawn_at"]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        kept = ["version", "standing", "published_at", "published_by", "withdrawn_at"]
        return [*kept, "product", "name"] if obj else kept

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return [*self.fields] if obj else [*PolicyForm.Meta.fields]

    def may_change(self, person: Person, obj: AccessPolicy | str) -> bool:
        if not isinstance(obj, AccessPolicy) or obj.status != PolicyStatus.DRAFT:
            return False
        return is_governance(person) if obj.product is None else can_change(person, obj.product)

    def formfield_for_foreignkey(self, db_field, request, **kwargs):  # type: ignore[no-untyped-def]
        if db_field.name == "product":
            kwargs["queryset"] = within_reach(DataProduct.objects.all(), person_of(request), path="pk")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_govern_permission(self, request: HttpRequest) -> bool:
        return is_governance(person_of(request))

    @action(description="Publish the chosen drafts", permissions=["govern"])
    def publish(self, request: HttpRequest, queryset: QuerySet[AccessPolicy]) -> None:
        for policy in queryset.select_related("product"):
            told(request, lambda policy=policy: f"{self._published(request, policy)} is in force.")  # type: ignore[misc]

    @action(description="Withdraw the chosen policies (drafts are deleted)", permissions=["govern"])
    def withdraw(self, request: HttpRequest, queryset: QuerySet[AccessPolicy]) -> None:
        for policy in queryset.select_related("product"):
            told(request, lambda policy=policy: self._withdrawn(request, policy))  # type: ignore[misc]

    def _published(self, request: HttpRequest, policy: AccessPolicy) -> str:
        return str(publish_policy(policy=policy, actor=person_of(request), now=timezone.now()))

    def _withdrawn(self, request: HttpRequest, policy: AccessPolicy) -> str:
        named = str(policy)
        withdraw_policy(policy=policy, actor=person_of(request), now=timezone.now())
        return f"{named} is no longer in force."

    @display(description="Status", label={"published": "success", "draft": "info", "withdrawn": "warning"})
    def standing(self, policy: AccessPolicy) -> str:
        return policy.status

    @display(description="Purposes")
    def for_purposes(self, policy: AccessPolicy) -> str:
        return ", ".join(policy.purposes) or "all"

    @display(description="Consumers")
    def for_consumers(self, policy: AccessPolicy) -> str:
        return ", ".join(policy.consumer_kinds).replace("_", " ") or "all"
