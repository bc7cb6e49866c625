"""Filters of the pages: words, numbers and times. Nothing here marks anything as safe but what it built itself."""

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlencode

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from trust.evidence.models.run import Run
from trust.presentation.pages import charts, labels
from trust.presentation.pages.labels import Badge

register = template.Library()
register.filter("number", labels.number)
register.filter("share", labels.share)
register.filter("state", labels.state)


@register.filter
def verdict_badge(verdict: str) -> Badge:
    return labels.VERDICTS[verdict]


@register.filter
def run_badge(status: str) -> Badge:
    return labels.RUNS.get(status, labels.state(status))


@register.filter
def evidence_badge(status: str) -> Badge:
    return labels.EVIDENCE.get(status, labels.state(status))


@register.filter
def run_standing(run: Run) -> Badge:
    """What a run found, or how it stands where it found nothing yet."""
    return evidence_badge(run.evidence_status) if run.evidence_status else run_badge(run.status)


@register.filter
def gate_title(gate: str) -> str:
    return labels.GATES.get(gate, gate.replace("_", " ").capitalize())


@register.filter
def query(filters: Mapping[str, str]) -> str:
    """The filters of a list as the end of its address."""
    return f"?{urlencode(filters)}"


@register.filter
def spaced(text: str | None) -> str:
    """`not_production_grade` as `not production grade`."""
    return str(text or "").replace("_", " ")


@register.simple_tag(takes_context=True)
def ago(context: template.Context, moment: datetime | None, nothing: str = "never") -> SafeString | str:
    """`<time>3 hours ago</time>` with the exact moment in its title, by the page's own clock (`now` of the context)."""
    return _time(moment, labels.ago(moment, context["now"])) if moment else nothing


@register.simple_tag(takes_context=True)
def ahead(context: template.Context, moment: datetime | None, nothing: str = "") -> SafeString | str:
    """`<time>in 3 hours</time>`."""
    return _time(moment, labels.ahead(moment, context["now"])) if moment else nothing


@register.simple_tag(takes_context=True)
def due(context: template.Context, moment: datetime) -> SafeString:
    """`in 3 hours`, or `3 hours ago` of what is overdue."""
    now: datetime = context["now"]
    return _time(moment, labels.ahead(moment, now) if moment > now else labels.ago(moment, now))


@register.filter
def percent(value: float) -> str:
    return f"{charts.percent(value)}%"


@register.filter
def minus(value: float) -> float:
    return -value


@register.simple_tag
def moment(at: datetime | None, nothing: str = labels.NOTHING) -> SafeString | str:
    """`22 Nov 2026, 06:00 UTC`."""
    return _time(at, f"{at.astimezone(UTC):%-d %b %Y, %H:%M} UTC") if at else nothing


def _time(moment: datetime, text: str) -> SafeString:
    utc = moment.astimezone(UTC)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', utc.isoformat(timespec="seconds"), f"{utc:%Y-%m-%d %H:%M:%S} UTC", text
    )
