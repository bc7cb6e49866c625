"""Agreements for tests: requested, and what is known of them afterwards."""

from datetime import timedelta
from typing import Any

from catalog.models import Agreement, Consumer, DataProduct, Notification
from catalog.services.agreements import request_agreement
from tests.factories import NOW

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def ask(consumer: Consumer, product: DataProduct, **changed: Any) -> Agreement:
    request: dict[str, Any] = {
        "consumer": consumer,
        "product": product,
        "purpose": "analytics",
        "reason": "To count.",
        "expires_at": NOW + 30 * DAY,
        "actor": consumer.owner,
        "now": NOW,
    }
    return request_agreement(**{**request, **changed})


def told(agreement: Agreement, event: str) -> set[str]:
    """Who has the notice of the event: usernames, and slugs of consumers in brackets."""
    notices = Notification.objects.filter(key__startswith=f"agreement:{agreement.pk}:{event}").select_related(
        "person", "consumer"
    )
    assert {notice.kind for notice in notices} == {f"agreement.{event}"}
    return {notice.person.username if notice.person else f"[{notice.consumer}]" for notice in notices}


def history(agreement: Agreement) -> list[tuple[str, str, str]]:
    """(status, action, actor) of every version that the database kept."""
    model = Agreement.pgh_event_model  # type: ignore[attr-defined]  # pghistory makes it
    events = model.objects.filter(pgh_obj=agreement).order_by("pgh_id").select_related("pgh_context")
    return [(e.status, e.pgh_context.metadata["action"], e.pgh_context.metadata["actor"]) for e in events]
