"""The governance desk, first page of the admin: the state in ten seconds, and what waits, among what this person may see."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, Count, Q, QuerySet, When
from django.http import HttpRequest
from django.utils import timezone

from catalog.admin.reach import person_of
from catalog.models import DataProduct, UseCase
from catalog.rules.vocabulary import Severity
from catalog.services.permissions import sees_everything
from trust.decisions.models.decision import Decision
from trust.decisions.queries.denials import denials_since
from trust.desk.admin.queues import DeskContext, desk_context_of, queues_of
from trust.desk.pages.desk import PUBLISHED, denial_lines, heat_map, matrix_of, trend_of
from trust.desk.queries import desk
from trust.desk.queries.due import Due, falls_due
from trust.evidence.models.run import Run
from trust.presentation.admin.links import list_link, page_link
from trust.use_cases.services.stages import end_overrides
from trust.verdicts.models.incidents import Incident
from trust.verdicts.models.recall import Recall
from trust.verdicts.models.verdict import CurrentVerdict
from trust.verdicts.queries import product_upkeep
from trust.verdicts.queries.policies import current_policy
from trust.verdicts.queries.trend import trend
from trust.verdicts.services import judging
from trust.vocabulary import ReadinessLevel, RunStatus, VerdictStatus

SHOWN = 8
DUE_SHOWN = 12
USE_CASES_SHOWN = 25
REASONS_SHOWN = 8
_CRITICAL_FIRST = Case(When(severity=Severity.CRITICAL, then=0), default=1)
RECENT = timedelta(days=7)  # what happened lately, and what comes soon


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Unfold's DASHBOARD_CALLBACK. A fixed number of queries; nobody without a role is shown anything."""
    if not request.user.has_perm("catalog.view_dataproduct"):
        return context
    person, now = person_of(request), timezone.now()
    end_overrides(now=now)
    viewer = desk_context_of(request, product_upkeep.reach_of(person), now, current_policy()[1])
    return (
        context
        | {"now": now, "has_role": True, "sees_everything": sees_everything(person)}
        | _products(viewer)
        | _use_cases(viewer)
        | _troubles(viewer)
        | _work(viewer)
    )


def _products(viewer: DeskContext) -> dict[str, Any]:
    open_products = _judged(product_upkeep.published_within(viewer.reach), viewer.now)
    matrix = matrix_of(desk.verdict_counts(viewer.reach, viewer.now))
    unowned, unpoliced = product_upkeep.without_owner(viewer.reach), product_upkeep.without_policy(viewer.reach, viewer.now)
    return {
        "open_products": open_products,
        "matrix": matrix,
        "trend": trend_of(trend(viewer.now, viewer.reach), matrix, viewer.now),
        "products_list": list_link(viewer.request, DataProduct),
        "missing": [
            _missing("No active owner", unowned, list_link(viewer.request, DataProduct, {**PUBLISHED, "missing": "owner"})),
            _missing("No access policy", unpoliced, list_link(viewer.request, DataProduct, {**PUBLISHED, "missing": "policy"})),
        ],
    }


def _judged(published: QuerySet[DataProduct], now: datetime) -> list[DataProduct]:
    """The first of the products that are not production-grade, judged again where their verdicts have run out.

    Those found to be so come first, then those that are unknown.
    """
    ids = list(_open(published, now).order_by("current_verdict__verdict", "slug").values_list("pk", flat=True)[:SHOWN])
    judging.ensure_current(product_ids=ids, now=now)
    rows = _open(DataProduct.objects.filter(pk__in=ids), now).select_related("owner", "current_verdict")
    return list(rows.defer("search", "current_verdict__body").order_by("current_verdict__verdict", "slug"))


def _open(products: QuerySet[DataProduct], now: datetime) -> QuerySet[DataProduct]:
    return products.exclude(current_verdict__in=CurrentVerdict.objects.showing(VerdictStatus.PRODUCTION_GRADE, now))


def _missing(title: str, products: QuerySet[DataProduct], href: str) -> dict[str, Any]:
    return {"title": title, "number": products.count(), "products": list(products.only("slug", "name")[:SHOWN]), "href": href}


def _use_cases(viewer: DeskContext) -> dict[str, Any]:
    person = person_of(viewer.request)
    levels = desk.readiness_levels(person, viewer.now)
    return {
        "heat": heat_map(desk.assessed(person, USE_CASES_SHOWN), viewer.now),
        "use_cases": sum(levels.values()),
        "ready_use_cases": levels.get(ReadinessLevel.READY, 0),
        "use_cases_list": list_link(viewer.request, UseCase),
    }


def _troubles(viewer: DeskContext) -> dict[str, Any]:
    since, reach = viewer.now - RECENT, viewer.reach
    denials = denials_since(since, reach, codes=REASONS_SHOWN)
    runs = Run.objects.filter(status=RunStatus.FAILED, requested_at__gte=since)
    runs = product_upkeep.within_reach(runs, reach, by="port__product")
    recalls = desk.open_recalls(reach).annotate(
        named=Count("consumers"), unacknowledged=Count("consumers", filter=Q(consumers__acknowledged_at=None))
    )
    incidents = desk.open_incidents(reach).select_related("product").defer("product__search")
    return {
        "trouble": desk.open_problems(reach),
        "open_incidents": list(incidents.order_by(_CRITICAL_FIRST, "-opened_at", "-id")[:SHOWN]),
        "open_recalls": list(recalls.select_related("product").defer("product__search").order_by("fallen_at")[:SHOWN]),
        "failed_runs": list(
            runs.select_related("port__product")
            .defer("columns", "figures", "port__product__search")
            .order_by("-requested_at", "id")[:SHOWN]
        ),
        "denials": denials,
        "denial_lines": denial_lines(denials),
        "incidents_list": list_link(viewer.request, Incident, {"standing": "open"}),
        "recalls_list": list_link(viewer.request, Recall, {"closed_at__isempty": "1"}),
        "denials_list": list_link(viewer.request, Decision, {"decision": "no", "asked": "week"}),
        "failed_runs_list": list_link(viewer.request, Run, {"status__exact": RunStatus.FAILED.value}),
    }


def _work(viewer: DeskContext) -> dict[str, Any]:
    queues = queues_of(viewer)
    found = falls_due(person_of(viewer.request), viewer.now, RECENT)
    return {
        "queues": queues,
        "waiting": sum(queue.mine for queue in queues),
        "due": [_due(one, viewer.now) for one in found[:DUE_SHOWN]],
        "due_count": len(found),
        "overdue": sum(one.is_overdue(viewer.now) for one in found),
    }


def _due(one: Due, now: datetime) -> dict[str, Any]:
    return {
        "what": one.what,
        "who": one.who,
        "due_at": one.due_at,
        "is_overdue": one.is_overdue(now),
        "href": page_link(one.model, one.pk),
    }
