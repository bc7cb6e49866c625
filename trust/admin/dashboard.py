"""The first page of the admin: what needs somebody's attention, among what this person may see."""

from datetime import timedelta
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from catalog.admin.reach import person_of, within_reach
from catalog.models import DataProduct
from catalog.queries import agreements_waiting_for
from catalog.services.permissions import is_governance
from trust.models import Incident, Run
from trust.rules.vocabulary import RunStatus, Verdict
from trust.services import judging

SHOWN = 12
RECENT = timedelta(days=7)


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Unfold's DASHBOARD_CALLBACK. Nine queries at most; nobody without a role is shown anything."""
    if not request.user.has_perm("catalog.view_dataproduct"):
        return context
    person, now = person_of(request), timezone.now()
    reached = within_reach(DataProduct.objects.published(), person, path="pk")
    ids = list(_open(reached).order_by("slug").values_list("pk", flat=True)[:SHOWN])
    judging.ensure_current(product_ids=ids, now=now)
    products = _open(DataProduct.objects.filter(pk__in=ids)).select_related("owner", "current_verdict").order_by("slug")
    runs = within_reach(
        Run.objects.filter(status=RunStatus.FAILED, requested_at__gte=now - RECENT), person, path="port__product"
    )
    waiting = agreements_waiting_for(person, is_governance=is_governance(person), now=now)
    incidents = within_reach(Incident.objects.filter(resolved_at=None), person, path="product")
    return context | {
        "now": now,
        "has_role": True,
        "open_products": list(products.defer("search", "current_verdict__body")),
        "waiting_agreements": list(
            waiting.select_related("consumer", "product", "requested_by").defer("product__search").order_by("id")[:SHOWN]
        ),
        "failed_runs": list(
            runs.select_related("port__product")
            .defer("columns", "port__product__search")
            .order_by("-requested_at", "id")[:SHOWN]
        ),
        "open_incidents": list(incidents.select_related("product").defer("product__search").order_by("-opened_at")[:SHOWN]),
    }


def _open(products: Any) -> Any:
    return products.exclude(current_verdict__verdict=Verdict.PRODUCTION_GRADE)
