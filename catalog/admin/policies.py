"""Access policies and guardrails: owners draft, governance publishes and withdraws; a published version never changes.

`trust.admin` registers the policies, and adds the trial of a draft. The words that they use, domains and purposes, are
registered here: governance extends them.
"""

from django.contrib import admin
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action, display

from catalog.admin.base import ServiceAdmin, show_result
from catalog.admin.policy_form import PolicyForm
from catalog.admin.reach import governs, person_of, within_reach
from catalog.models import AccessPolicy, DataProduct, Domain, Person, PolicyStatus, Purpose
from catalog.services.permissions import can_change, is_governance
from catalog.services.policies import publish_policy, withdraw_policy


class AccessPolicyAdmin(ServiceAdmin):
    form = PolicyForm
    list_display = ["name", "about", "version", "status_label", "effect", "for_purposes", "for_consumers", "expires_at"]
    list_filter = [("status", ChoicesDropdownFilter), ("effect", ChoicesDropdownFilter)]
    list_select_related = ["product", "domain"]
    search_fields = ["name", "product__slug"]
    ordering = ["-id"]
    actions = ["publish", "withdraw"]
    shown = ["version", "status_label", "cedar_text", "published_at", "published_by", "requested_by", "withdrawn_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[AccessPolicy]:
        """The policies of products within reach, and every guardrail: whom it binds may read it."""
        rows: QuerySet[AccessPolicy] = super().get_queryset(request)
        mine = within_reach(AccessPolicy.objects.exclude(product=None), person_of(request), path="product")
        return rows.filter(Q(product=None) | Q(pk__in=mine.order_by().values("pk")))

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return [*self.shown, "product", "name"] if obj else []

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        drafted, is_governing = [*PolicyForm.Meta.fields], governs(request)
        if is_governing and self.has_change_permission(request, obj):
            drafted.append("raw_cedar")
        if obj is None and not is_governing:
            drafted = [name for name in drafted if name not in {"domain", "minimum_sensitivity"}]
        return [*drafted, *self.shown] if obj else drafted

    def may_change(self, person: Person, obj: AccessPolicy | str) -> bool:
        if not isinstance(obj, AccessPolicy) or obj.status != PolicyStatus.DRAFT:
            return False
        return is_governance(person) if obj.product is None else can_change(person, obj.product)

    def formfield_for_foreignkey(self, db_field, request, **kwargs):  # type: ignore[no-untyped-def]
        if db_field.name == "product":
            kwargs["required"] = not governs(request)
            kwargs["queryset"] = within_reach(DataProduct.objects.all(), person_of(request), path="pk")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_govern_permission(self, request: HttpRequest) -> bool:
        return governs(request)

    @action(description="Publish the chosen drafts", permissions=["govern"])
    def publish(self, request: HttpRequest, queryset: QuerySet[AccessPolicy]) -> None:
        for policy in queryset.select_related("product"):
            show_result(request, lambda policy=policy: self._published(request, policy))  # type: ignore[misc]

    @action(description="Withdraw the chosen policies (drafts are deleted)", permissions=["govern"])
    def withdraw(self, request: HttpRequest, queryset: QuerySet[AccessPolicy]) -> None:
        for policy in queryset.select_related("product"):
            show_result(request, lambda policy=policy: self._withdrawn(request, policy))  # type: ignore[misc]

    def _published(self, request: HttpRequest, policy: AccessPolicy) -> str:
        done = publish_policy(policy=policy, actor=person_of(request), now=timezone.now())
        return f"{done} is in force." if done.status == PolicyStatus.PUBLISHED else _waits(done)

    def _withdrawn(self, request: HttpRequest, policy: AccessPolicy) -> str:
        named = str(policy)
        withdraw_policy(policy=policy, actor=person_of(request), now=timezone.now())
        return _waits(policy) if policy.status == PolicyStatus.PUBLISHED else f"{named} is no longer in force."

    @display(description="Status", label={"published": "success", "draft": "info", "withdrawn": "warning"})
    def status_label(self, policy: AccessPolicy) -> str:
        return policy.status

    @display(description="About")
    def about(self, policy: AccessPolicy) -> str:
        if policy.product is not None:
            return str(policy.product)
        level = f", {policy.minimum_sensitivity} or above" if policy.minimum_sensitivity else ""
        return f"guardrail: {'every domain' if policy.domain is None else policy.domain}{level}"

    @display(description="Cedar")
    def cedar_text(self, policy: AccessPolicy) -> SafeString:
        return format_html('<pre class="ts-json">{}</pre>', policy.cedar)

    @display(description="Purposes")
    def for_purposes(self, policy: AccessPolicy) -> str:
        return ", ".join(policy.purposes) or ("as its Cedar says" if policy.is_raw else "all")

    @display(description="Consumers")
    def for_consumers(self, policy: AccessPolicy) -> str:
        return ", ".join(policy.consumer_kinds).replace("_", " ") or ("as its Cedar says" if policy.is_raw else "all")


def _waits(policy: AccessPolicy) -> str:
    return f"{policy} is as it was: another person of governance must do the same, because it loosens what is forbidden."


class WordAdmin(ModelAdmin):
    """Governance adds and changes words; nobody deletes one, because others refer to it. The history keeps every change."""

    list_fullwidth = True

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(Domain)
class DomainAdmin(WordAdmin):
    list_display = ["name", "slug", "description"]
    search_fields = ["name", "slug"]

    def get_readonly_fields(self, request: HttpRequest, obj: Domain | None = None) -> list[str]:
        """Guardrails name a domain by its slug, so that it never changes."""
        return ["slug"] if obj else []

    def get_prepopulated_fields(self, request: HttpRequest, obj: Domain | None = None) -> dict[str, list[str]]:
        return {} if obj else {"slug": ["name"]}


@admin.register(Purpose)
class PurposeAdmin(WordAdmin):
    list_display = ["name", "description"]
    search_fields = ["name"]

    def get_readonly_fields(self, request: HttpRequest, obj: Purpose | None = None) -> list[str]:
        """Policies and requests carry a purpose by its name, so that a name never changes."""
        return ["name"] if obj else []
