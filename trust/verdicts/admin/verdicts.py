"""Verdict history and the versions of the trust policy: read by everybody.

Policies are published by governance, one that loosens by two people; nobody changes either.
"""

import json
from datetime import datetime
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextareaWidget

from catalog.admin.base import LargeTableAdmin, ServiceAdmin, ServiceForm, show_result
from catalog.admin.reach import governs, person_of
from catalog.models import Person
from catalog.rules.access_policy import LOOSENING_WAITS
from catalog.rules.errors import InvalidError
from trust.presentation.admin.badges import VERDICT_LABEL
from trust.presentation.pages.labels import GATES, VERDICTS, number
from trust.verdicts.models.verdict import TrustPolicyVersion, Verdict
from trust.verdicts.pages.label import label_of_verdict
from trust.verdicts.queries.policies import current_policy
from trust.verdicts.rules.trust_policy import policy_to_dict
from trust.verdicts.services.trust_policies import confirm_trust_policy, publish_trust_policy


class TrustPolicyForm(ServiceForm):
    """The settings in force, to be edited as JSON. Only what differs from them is published."""

    settings = forms.CharField(widget=UnfoldAdminTextareaWidget(attrs={"rows": 30}), help_text="JSON; durations as ISO 8601.")

    class Meta:
        model = TrustPolicyVersion
        fields = ["note"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "settings" in self.fields:
            self.fields["settings"].initial = json.dumps(_in_force(), indent=2)

    def act(self, actor: Person, now: datetime) -> Model:
        try:
            said = json.loads(self.cleaned_data["settings"])
        except (json.JSONDecodeError, RecursionError) as error:
            raise InvalidError(
                f"The settings are not JSON: {error}.", remedy="Correct the place that is named.", field="settings"
            ) from error
        if not isinstance(said, dict):
            raise InvalidError("The settings are not a JSON object.", remedy="Begin with { and end with }.", field="settings")
        before = _in_force()
        changes = {name: value for name, value in said.items() if name not in before or before[name] != value}
        return publish_trust_policy(changes=changes, note=self.cleaned_data["note"], actor=actor, now=now)


def _in_force() -> dict[str, Any]:
    settings = policy_to_dict(current_policy()[1])
    settings.pop("version", None)
    return settings


@admin.register(TrustPolicyVersion)
class TrustPolicyAdmin(ServiceAdmin):
    form = TrustPolicyForm
    list_display = ["named", "standing", "note", "proposed_by", "published_at", "published_by"]
    list_select_related = ["published_by", "proposed_by"]
    ordering = ["-version"]
    actions = ["confirm"]

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        shown = [
            "version",
            "standing",
            "note",
            "digest",
            "proposed_at",
            "proposed_by",
            "published_at",
            "published_by",
            "body_as_json",
        ]
        return shown if obj else ["note", "settings"]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return self.get_fields(request, obj) if obj else []

    def may_change(self, person: Person, obj: Any) -> bool:
        return False

    def has_govern_permission(self, request: HttpRequest) -> bool:
        return governs(request)

    @action(description="Publish the chosen proposals of another person", permissions=["govern"])
    def confirm(self, request: HttpRequest, queryset: QuerySet[TrustPolicyVersion]) -> None:
        def publish(version: TrustPolicyVersion) -> str:
            done = confirm_trust_policy(version=version, actor=person_of(request), now=timezone.now())
            return f"Version {done.version} is in force."

        for version in queryset:
            show_result(request, partial(publish, version))

    @display(description="Version")
    def named(self, policy: TrustPolicyVersion) -> str:
        return f"Version {policy.version}"

    @display(description="Status", label={"in force": "success", "earlier": "info", "proposed": "warning", "expired": "info"})
    def standing(self, policy: TrustPolicyVersion) -> str:
        if policy.published_at is None:
            is_expired = policy.proposed_at is not None and policy.proposed_at + LOOSENING_WAITS <= timezone.now()
            return "expired" if is_expired else "proposed"
        return "in force" if policy.is_current else "earlier"

    @display(description="Settings")
    def body_as_json(self, policy: TrustPolicyVersion) -> SafeString:
        return format_html('<pre class="ts-json">{}</pre>', json.dumps(policy.body, indent=2, ensure_ascii=False))


@admin.register(Verdict)
class VerdictAdmin(LargeTableAdmin):
    product_path = "product"
    list_display = ["product", "word", "shown_score", "open_gates", "judged_at", "valid_until", "cause"]
    list_filter = [("verdict", ChoicesDropdownFilter)]
    search_fields = ["=product__slug"]
    search_help_text = "The slug of a product, in full"
    ordering = ["-id"]
    fields = ["product", "judged_at", "valid_until", "cause", "policy", "run", "facts_sha256", "facts"]
    change_form_outer_before_template = "touchstone/admin/verdict_before.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Verdict]:
        rows = super().get_queryset(request).select_related("product", "policy", "run").defer("product__search")
        return (
            rows
            if request.resolver_match and request.resolver_match.kwargs.get("object_id")
            else rows.defer("facts", "outcome")
        )

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        verdict = kwargs.get("obj")
        if isinstance(verdict, Verdict):
            context.update(now=timezone.now(), verdict=verdict, label=label_of_verdict(verdict, verdict.product))
        return super().render_change_form(request, context, *args, **kwargs)

    @display(description="Verdict", label=VERDICT_LABEL)
    def word(self, verdict: Verdict) -> str:
        return VERDICTS[verdict.verdict].word

    @display(description="Score")
    def shown_score(self, verdict: Verdict) -> str:
        return f"{number(verdict.effective_score)}\u00a0{verdict.grade}"

    @display(description="Failing gates")
    def open_gates(self, verdict: Verdict) -> str:
        return ", ".join(GATES.get(gate, gate) for gate in verdict.failing_gates) or "none"
