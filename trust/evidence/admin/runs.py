"""Runs with what they found, and the suites that they ran. Read-only, for everybody."""

import json
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from catalog.admin.base import LargeTableAdmin
from trust.evidence.models.run import CheckResult, Run
from trust.evidence.models.suite import Suite
from trust.evidence.pages.checks import CheckLine, check_line, severest_first
from trust.evidence.pages.figures import field_figures
from trust.evidence.queries.facts import check_facts_of, shown_results
from trust.presentation.admin.badges import EVIDENCE_LABEL, RUN_LABEL
from trust.presentation.pages.labels import EVIDENCE, RUNS, ago, number
from trust.vocabulary import CheckStatus


@dataclass(frozen=True, slots=True)
class ResultLine:
    """A check of a run. `samples` are values that do not hold, as text, redacted by the engine where the field demands it."""

    line: CheckLine
    arguments: str
    samples: tuple[str, ...]
    observed: str


@dataclass(frozen=True, slots=True)
class RunStory:
    lines: tuple[ResultLine, ...]
    counts: dict[str, int]


def run_story(run: Run) -> RunStory:
    """What the run found, but for what its port keeps by now; three queries at most."""
    rows = {str(row.pk): row for row in shown_results(run)}
    facts = severest_first(check_facts_of(row, run.port.name) for row in rows.values())
    lines = tuple(_line(check_line(check), rows[check.id]) for check in facts)
    return RunStory(lines, {status: sum(line.line.facts.status is status for line in lines) for status in CheckStatus})


def _line(line: CheckLine, row: CheckResult) -> ResultLine:
    return ResultLine(
        line=line,
        arguments=_text(row.kwargs),
        samples=tuple(_text(sample) for sample in row.samples),
        observed="" if row.observed_value is None else _text(row.observed_value),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


@admin.register(Run)
class RunAdmin(LargeTableAdmin):
    product_path = "port__product"
    list_display = ["port", "status_word", "evidence", "row_count", "took", "cause", "requested", "attempts"]
    list_filter = [
        ("status", ChoicesDropdownFilter),
        ("evidence_status", ChoicesDropdownFilter),
        ("cause", ChoicesDropdownFilter),
    ]
    search_fields = ["=port__product__slug", "=port__name"]
    search_help_text = "The slug of a product, or the name of a port, in full"
    ordering = ["-requested_at", "id"]
    fields = [
        "id",
        "port",
        "suite",
        "cause",
        "requested_by",
        "machine",
        "requested_at",
        "started_at",
        "finished_at",
        "worker",
        "attempts",
    ]
    change_form_outer_before_template = "touchstone/admin/run_before.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Run]:
        rows = (
            super()
            .get_queryset(request)
            .select_related("port__product", "suite__port__product", "requested_by", "caller__consumer")
        )
        return rows.defer("columns", "figures", "suite__expectations", "port__product__search", "suite__port__product__search")

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        run = kwargs.get("obj")
        if isinstance(run, Run):
            context.update(now=timezone.now(), run=run, story=run_story(run), fields_measured=field_figures(run))
        return super().render_change_form(request, context, *args, **kwargs)

    @display(description="Run", label=RUN_LABEL)
    def status_word(self, run: Run) -> str:
        return RUNS[run.status].word

    @display(description="Found", label=EVIDENCE_LABEL)
    def evidence(self, run: Run) -> str | None:
        return EVIDENCE[run.evidence_status].word if run.evidence_status else None

    @display(description="Rows")
    def row_count(self, run: Run) -> str:
        return number(run.rows)

    @display(description="Duration")
    def took(self, run: Run) -> str:
        return f"{run.seconds:.2f} s" if run.seconds is not None else "-"

    @display(description="Requested")
    def requested(self, run: Run) -> str:
        return ago(run.requested_at, timezone.now())

    @display(description="Attempt")
    def attempts(self, run: Run) -> str:
        return f"{run.attempt} of {run.max_attempts}"


@admin.register(Suite)
class SuiteAdmin(LargeTableAdmin):
    product_path = "port__product"
    list_display = ["port", "version", "standing", "size", "schedule", "created_at", "created_by"]
    list_filter = ["is_current"]
    list_select_related = ["port__product", "created_by", "caller__consumer"]
    search_fields = ["=port__product__slug", "=port__name"]
    ordering = ["-id"]
    fields = ["port", "name", "version", "standing", "schedule", "digest", "created_at", "created_by", "machine"]
    change_form_outer_after_template = "touchstone/admin/suite_after.html"

    @display(description="Status", label={"current": "success", "earlier": "info"})
    def standing(self, suite: Suite) -> str:
        return "current" if suite.is_current else "earlier"

    @display(description="Expectations")
    def size(self, suite: Suite) -> int:
        return len(suite.expectations)
