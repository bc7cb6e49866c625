"""Access policies with the trial of a draft: what the last decisions would have been. The rest is `catalog.admin.policies`."""

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import display

from catalog.admin.policies import AccessPolicyAdmin
from catalog.admin.reach import person_of
from catalog.models import AccessPolicy, PolicyStatus
from trust.decisions.services.policy_trials import Otherwise, Trial, try_policy

TRIED = 1000
SHOWN = 50


@admin.register(AccessPolicy)
class TriedPolicyAdmin(AccessPolicyAdmin):
    """The page of a draft shows, to whoever may publish or change it, what publishing it would have changed."""

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        fields = super().get_fields(request, obj)
        return [*fields, "trial"] if self._is_tried(request, obj) else fields

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        fields = super().get_readonly_fields(request, obj)
        return [*fields, "trial"] if self._is_tried(request, obj) else fields

    @display(description="Trial")
    def trial(self, policy: AccessPolicy) -> SafeString:
        trial = try_policy(policy=policy, last=TRIED, actor=None)  # who may see it was asked before
        if not trial.tried:
            return format_html("{}", "There is no logged decision with a purpose to try this version on.")
        return format_html("<p>{}</p>{}{}", _summary(trial), _table(trial.changed[:SHOWN]), _more(trial))

    def _is_tried(self, request: HttpRequest, obj: Model | None) -> bool:
        if not isinstance(obj, AccessPolicy) or obj.status != PolicyStatus.DRAFT:
            return False
        return self.may_change(person_of(request), obj)


def _summary(trial: Trial) -> str:
    return (
        f"Of the last {trial.tried:,} decisions with a purpose, {trial.newly_permitted:,} would have been a yes "
        f"instead of a no and {trial.newly_denied:,} a no instead of a yes."
    )


def _table(changed: tuple[Otherwise, ...]) -> SafeString:
    if not changed:
        return SafeString()
    cells = (
        (one.decision_id, one.consumer, one.product, one.purpose, _word(one.was), _word(one.would_be), one.why)
        for one in changed
    )
    head = format_html_join("", '<th scope="col">{}</th>', ((name,) for name in _COLUMNS))
    rows = format_html_join("", f"<tr>{'<td>{}</td>' * len(_COLUMNS)}</tr>", cells)
    return format_html('<table class="plain rows"><thead><tr>{}</tr></thead><tbody>{}</tbody></table>', head, rows)


_COLUMNS = ("Decision", "Consumer", "Product", "Purpose", "Was", "Would be", "Why")


def _word(decision: bool) -> str:
    return "yes" if decision else "no"


def _more(trial: Trial) -> str:
    return f"{len(trial.changed) - SHOWN:,} more: POST to …/try of the API lists all." if len(trial.changed) > SHOWN else ""
