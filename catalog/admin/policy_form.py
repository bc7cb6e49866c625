"""The form that drafts an access policy or, without a product, a guardrail."""

import json
from datetime import datetime
from typing import Any

from django import forms
from django.db.models import Model
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextareaWidget

from catalog.admin.base import ServiceForm
from catalog.models import AccessPolicy, Person, Purpose
from catalog.models.choices import choices
from catalog.rules.claims import PolicyClaims
from catalog.rules.errors import InvalidError
from catalog.rules.vocabulary import ConsumerKind, Effect, Sensitivity
from catalog.services.policies import draft_guardrail, draft_policy, raw_text


class PolicyForm(ServiceForm):
    """Drafts a policy of a product, or a guardrail where no product is chosen."""

    consumer_kinds = forms.MultipleChoiceField(
        choices=choices(ConsumerKind),
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="At least one; a guardrail may leave it empty, which means all.",
    )
    purposes = forms.MultipleChoiceField(
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="At least one; a guardrail may leave it empty, which means all.",
    )
    obligations = forms.CharField(
        required=False,
        widget=UnfoldAdminTextareaWidget,
        help_text='One on a line: a short name (human_review) or an object such as {"type": "delete_after", "days": 30}.',
    )
    raw_cedar = forms.CharField(
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 12, "spellcheck": "false"}),
        help_text="For governance: one policy in Cedar instead of kinds, purposes, score and agreement.",
    )

    class Meta:
        model = AccessPolicy
        fields = [
            "product",
            "domain",
            "minimum_sensitivity",
            "name",
            "effect",
            "consumer_kinds",
            "purposes",
            "minimum_score",
            "agreement_required",
            "obligations",
            "expires_at",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "purposes" not in self.fields:
            return
        self.fields["purposes"].choices = [(name, name) for name in Purpose.objects.values_list("name", flat=True)]  # type: ignore[attr-defined]
        lines = [one if isinstance(one, str) else json.dumps(one, ensure_ascii=False) for one in self.instance.obligations]
        self.initial["obligations"] = "\n".join(lines)
        if self.instance.is_raw:
            self.initial["raw_cedar"] = raw_text(self.instance)

    def act(self, actor: Person, now: datetime) -> Model:
        data, drafted = self.cleaned_data, self.instance.pk is not None
        domain, level = data.get("domain"), data.get("minimum_sensitivity")
        claims = PolicyClaims(
            name=self.instance.name if drafted else data["name"],
            effect=Effect(data["effect"]),
            consumer_kinds=tuple(ConsumerKind(kind) for kind in data["consumer_kinds"]),
            purposes=tuple(data["purposes"]),
            minimum_score=data["minimum_score"],
            obligations=tuple(_obligation(line.strip()) for line in data["obligations"].splitlines() if line.strip()),
            expires_at=data["expires_at"],
            agreement_required=data["agreement_required"],
            domain=None if domain is None else domain.slug,
            minimum_sensitivity=Sensitivity(level) if level else None,
            cedar=data["raw_cedar"].replace("\r\n", "\n") or None,
        )
        product = self.instance.product if drafted else data["product"]
        if product is None:
            return draft_guardrail(claims=claims, actor=actor)
        return draft_policy(product=product, claims=claims, actor=actor)


def _obligation(line: str) -> Any:
    """A line of the form as the rules read it. Raises `InvalidError` for a line that begins an object and is none."""
    if not line.startswith("{"):
        return line
    try:
        return json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        raise InvalidError(
            f"The obligation {line[:80]} is not JSON: {error}.", remedy="Correct the line.", field="obligations"
        ) from error
