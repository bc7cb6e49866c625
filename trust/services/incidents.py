"""Known problems of data products: opened and resolved. While a critical one is open its product is not production-grade."""

from datetime import datetime

from catalog.models import DataProduct, Person
from catalog.rules.errors import ConflictError, InvalidError
from catalog.rules.moments import shown
from catalog.rules.vocabulary import Severity
from catalog.services.permissions import require_can_look_after
from catalog.services.recording import recorded
from trust.models import Incident


def open_incident(
    *, product: DataProduct, title: str, severity: Severity, actor: Person | None, now: datetime, description: str = ""
) -> Incident:
    """The new incident, open. Its product is judged again before it is next shown.

    For the owner, the stewards and governance. Raises `ForbiddenError`, or `InvalidError` without a title.
    """
    require_can_look_after(actor, product)
    if not title.strip():
        raise InvalidError("An incident must have a title.", remedy="Say in a few words what is wrong.", field="title")
    with recorded("open_incident", actor):
        return Incident.objects.create(
            product=product,
            title=title.strip()[:200],
            description=description,
            severity=severity,
            opened_at=now,
            opened_by=actor,
        )


def resolve_incident(*, incident: Incident, resolution: str, actor: Person | None, now: datetime) -> Incident:
    """The incident, resolved. Raises `ConflictError` where it was already, `InvalidError` where nothing says how."""
    require_can_look_after(actor, incident.product)
    if not resolution.strip():
        raise InvalidError(
            f"Incident '{incident.title}' cannot be resolved without a word on how.",
            remedy="Say what was done about it.",
            field="resolution",
        )
    with recorded("resolve_incident", actor):
        row = Incident.objects.select_for_update(no_key=True).get(id=incident.id)
        if row.resolved_at is not None:
            raise ConflictError(
                f"Incident '{row.title}' was resolved at {shown(row.resolved_at)}.",
                remedy="Open a new incident if the problem is back.",
                code="incident_resolved",
            )
        row.resolved_at, row.resolved_by, row.resolution = now, actor, resolution.strip()
        row.save(update_fields=["resolved_at", "resolved_by", "resolution"])
    return row
