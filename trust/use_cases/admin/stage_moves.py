"""Moves of use cases between stages as a work queue: asked for here, and answered by whoever may; the services say who."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html_join
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action, display
from unfold.forms import ActionForm
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from catalog.admin.base import ServiceAdmin, ServiceForm, WaitingFilter, show_result
from catalog.admin.reach import person_of
from catalog.models import Person, UseCase
from catalog.queries import visible_use_cases
from catalog.rules.errors import InvalidError
from catalog.rules.vocabulary import UseCaseStage
from catalog.services.requests import LONGEST_REASON
from trust.presentation.pages.labels import QUESTIONS
from trust.use_cases.models.use_case import StageMove
from trust.use_cases.queries.stage_moves import moves_waiting_for
from trust.use_cases.queries.use_case_report import hidden_in
from trust.use_cases.rules.readiness.redaction import redact_requirements
from trust.use_cases.services.stage_notices import move_of
from trust.use_cases.services.stages import (
    approve_stage_move,
    end_overrides,
    reject_stage_move,
    request_stage_move,
    withdraw_stage_move,
)
from trust.vocabulary import StageMoveStatus

APPROVE, REJECT, WITHDRAW = "approve", "reject", "withdraw"


class StageMoveForm(ServiceForm):
    """Asks for a move, or answers one that waits."""

    answer = forms.ChoiceField(
        required=False,
        choices=[("", "Choose"), (APPROVE, "Approve it"), (REJECT, "Reject it"), (WITHDRAW, "Withdraw it: you made it")],
        widget=UnfoldAdminSelectWidget,
        help_text="Approval assesses readiness again and is refused if something is missing, except for an override.",
    )

    class Meta:
        model = StageMove
        fields = ["use_case", "to_stage", "reason", "override_expires_at", "decision_reason"]
        widgets = {"decision_reason": UnfoldAdminTextareaWidget}

    def act(self, actor: Person, now: datetime) -> Model:
        data = self.cleaned_data
        if self.instance.pk is None:
            return request_stage_move(
                use_case=data["use_case"],
                to_stage=UseCaseStage(data["to_stage"]),
                reason=data["reason"],
                override_expires_at=data["override_expires_at"],
                actor=actor,
                now=now,
            )
        reason = data["decision_reason"]
        match data["answer"]:
            case "reject":
                return reject_stage_move(move=self.instance, reason=reason, actor=actor, now=now)
            case "withdraw":
                return withdraw_stage_move(move=self.instance, actor=actor, now=now)
            case "approve":
                return approve_stage_move(move=self.instance, reason=reason, actor=actor, now=now)
            case _:
                raise InvalidError("Saving alone decides nothing.", remedy="Choose an answer.", field="answer")


class AnswerForm(ActionForm):
    """The list's actions with a reason beside them, for those that need one."""

    reason = forms.CharField(
        required=False,
        max_length=LONGEST_REASON,
        label="",
        widget=UnfoldAdminTextInputWidget({"placeholder": "Reason, to reject", "aria-label": "Reason, to reject"}),
    )


@admin.register(StageMove)
class StageMoveAdmin(ServiceAdmin):
    """A request is answered on its own page or, several at once, in the list; what is decided is read."""

    form = StageMoveForm
    action_form = AnswerForm
    list_display = ["number", "use_case", "from_stage", "to_stage", "standing", "requested_by", "decided_by", "override_until"]
    list_filter = [WaitingFilter, ("status", ChoicesDropdownFilter), ("is_override", admin.BooleanFieldListFilter)]
    search_fields = ["use_case__slug"]
    ordering = ["-id"]
    actions = ["approve", "reject", "withdraw"]

    def waiting_for(self, person: Person, now: datetime) -> QuerySet[StageMove]:
        return moves_waiting_for(person)

    def get_queryset(self, request: HttpRequest) -> QuerySet[StageMove]:
        end_overrides(now=timezone.now())
        related = ("use_case__business_owner", "requested_by", "caller__consumer", "decided_by")
        rows: QuerySet[StageMove] = super().get_queryset(request).select_related(*related)
        return rows.filter(use_case__in=visible_use_cases(person_of(request)).order_by().values("pk"))

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        if obj is None:
            return ["use_case", "to_stage", "reason", "override_expires_at"]
        shown = ["use_case", "from_stage", "to_stage", "standing", "reason", "requested_by", "machine", "requested_at"]
        shown += ["is_override", "override_expires_at", "override_ended_at", "lacking"]
        if isinstance(obj, StageMove) and obj.status == StageMoveStatus.REQUESTED:
            return [*shown, "answer", "decision_reason"]
        return [*shown, "decision_reason", "decided_by", "decided_at"]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        given = {"answer", "decision_reason"}
        return [name for name in self.get_fields(request, obj) if name not in given] if obj else []

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> StageMove | None:
        move: StageMove | None = super().get_object(request, object_id, from_field)
        if move is not None:
            vars(move)["hidden_slugs"] = hidden_in(person_of(request), [move.use_case_id])
        return move

    def may_change(self, person: Person, obj: StageMove | str) -> bool:
        return isinstance(obj, StageMove) and obj.status == StageMoveStatus.REQUESTED

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "use_case":
            open_ones: QuerySet[UseCase] = visible_use_cases(person_of(request)).exclude(stage=UseCaseStage.RETIRED)
            kwargs["queryset"] = open_ones
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    @action(description="Approve the chosen requests")
    def approve(self, request: HttpRequest, queryset: QuerySet[StageMove]) -> None:
        def change(move: StageMove) -> str:
            done = approve_stage_move(move=move, reason=_reason(request), actor=person_of(request), now=timezone.now())
            return f"You have approved that {move_of(done)}."

        self._answer(request, queryset, change)

    @action(description="Reject the chosen requests (reason)")
    def reject(self, request: HttpRequest, queryset: QuerySet[StageMove]) -> None:
        def change(move: StageMove) -> str:
            done = reject_stage_move(move=move, reason=_reason(request), actor=person_of(request), now=timezone.now())
            return f"You have rejected that {move_of(done)}."

        self._answer(request, queryset, change)

    @action(description="Withdraw the chosen requests")
    def withdraw(self, request: HttpRequest, queryset: QuerySet[StageMove]) -> None:
        def change(move: StageMove) -> str:
            done = withdraw_stage_move(move=move, actor=person_of(request), now=timezone.now())
            return f"You have withdrawn that {move_of(done)}."

        self._answer(request, queryset, change)

    def _answer(self, request: HttpRequest, queryset: QuerySet[StageMove], change: Callable[[StageMove], str]) -> None:
        for move in queryset:
            show_result(request, partial(change, move))

    @display(description="Number", ordering="pk")
    def number(self, move: StageMove) -> str:
        return f"{move.pk}"

    @display(
        description="Status",
        label={
            "waits for governance": "warning",
            "done": "success",
            "done under override": "warning",
            "rejected": "danger",
            "withdrawn": "info",
        },
    )
    def standing(self, move: StageMove) -> str:
        if move.status == StageMoveStatus.REQUESTED:
            return "waits for governance"
        is_excepted = move.status == StageMoveStatus.DONE and move.is_override and move.override_ended_at is None
        return "done under override" if is_excepted else move.status

    @display(description="Override until", empty_value="none")
    def override_until(self, move: StageMove) -> datetime | None:
        return move.override_expires_at if move.is_override else None

    @display(description="Missing in its readiness")
    def lacking(self, move: StageMove) -> str:
        lines = (
            (QUESTIONS.get(one["question"], one["question"]), one["message"], one["remedy"], ", ".join(one["who"]))
            for one in redact_requirements(move.missing, vars(move).get("hidden_slugs", ()))
        )
        return format_html_join("", "<p><b>{}</b> {} {} <i>{}</i></p>", lines) or "nothing"


def _reason(request: HttpRequest) -> str:
    return str(request.POST.get("reason", ""))
