"""Versions of the trust policy: read by all, published by governance, changed by nobody. One that loosens takes two people."""

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
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextareaWidget

from catalog.admin.base import ServiceAdmin, ServiceForm, show_result
from catalog.admin.reach import governs, person_of
from catalog.models import Person
from catalog.rules.errors import InvalidError
from trust.verdicts.models.verdict import TrustPolicyVersion
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
        told = [
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
        return told if obj else ["note", "settings"]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return self.get_fields(request, obj) if obj else []

    def may_change(self, person: Person, obj: Any) -> bool:
        return False

    def has_govern_permission(self, request: HttpRequest) -> bool:
        return governs(request)

    @action(description="Publish the chosen proposals of another person", permissions=["govern"])
    def confirm(self, request: HttpRequest, queryset: QuerySet[TrustPolicyVersion]) -> None:
        def deed(version: TrustPolicyVersion) -> str:
            done = confirm_trust_policy(version=version, actor=person_of(request), now=timezone.now())
            return f"Version {done.version} is in force."

        for version in queryset:
            show_result(request, partial(deed, version))

    @display(description="Version")
    def named(self, policy: TrustPolicyVersion) -> str:
        return f"Version {policy.version}"

    @display(description="Status", label={"in force": "success", "earlier": "info", "proposed": "warning"})
    def standing(self, policy: TrustPolicyVersion) -> str:
        if policy.published_at is None:
            return "proposed"
        return "in force" if policy.is_current else "earlier"

    @display(description="Settings")
    def body_as_json(self, policy: TrustPolicyVersion) -> SafeString:
        return format_html('<pre class="ts-json">{}</pre>', json.dumps(policy.body, indent=2, ensure_ascii=False))
