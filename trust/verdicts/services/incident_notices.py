"""Who hears of what happens to an incident: the product's owner, its stewards and who sees to it.

Consumers do not: where an incident takes a product out of production grade, the recall tells those who were given a yes.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from catalog.models import DataProduct, Person
from catalog.services.notifications import notify
from catalog.services.permissions import in_person
from trust.evidence.rules.formatting import count
from trust.verdicts.models.incidents import Incident

_SHOWN = 20


def tell(*, incident: Incident, event: str, headline: str, text: str, actor: Person | None, now: datetime) -> None:
    """Give those concerned the notice of `event`, once for each incident and event."""
    notify(
        key=f"incident:{incident.pk}:{event}",
        kind=f"incident.{event.partition(':')[0]}",
        subject=f"{incident.product.slug}: {headline}",
        text=f"{text}\n\n{_where(incident.product, incident)}",
        now=now,
        persons=concerned(incident.product, [incident], actor),
        payload=_payload(incident.product, incident),
    )


def tell_of_rules(*, product: DataProduct, opened: Sequence[Incident], resolved: Sequence[Incident], now: datetime) -> None:
    """One notice of all that opened by itself at once, and one of all that resolved by itself."""
    for event, incidents in (("opened", opened), ("resolved", resolved)):
        if not incidents:
            continue
        first, many = incidents[0], len(incidents) > 1
        lines = [f"- {incident.severity}: {incident.title}. {incident.resolution}".rstrip() for incident in incidents[:_SHOWN]]
        more = [f"- and {len(incidents) - _SHOWN} more"] if len(incidents) > _SHOWN else []
        notify(
            key=f"incident:{first.pk}:{event}",
            kind=f"incident.{event}",
            subject=f"{product.slug}: {count(len(incidents), 'incident')} {event} by {'themselves' if many else 'itself'}",
            text="\n".join([*lines, *more, "", _where(product, first)]),
            now=now,
            persons=concerned(product, incidents, None),
            payload={**_payload(product, first), "incidents": [incident.pk for incident in incidents]},
        )


def concerned(product: DataProduct, incidents: Iterable[Incident], actor: Person | None) -> list[Person]:
    """The product's owner and stewards and the incidents' owners; those of them who are active, without `actor`."""
    people = {person.pk: person for person in (product.owner, *product.stewards.all()) if person}
    people |= {incident.owner.pk: incident.owner for incident in incidents if incident.owner is not None}
    return [person for person in people.values() if person.is_active and person != in_person(actor)]


def _where(product: DataProduct, incident: Incident) -> str:
    return (
        f"The incident: admin, Incidents, number {incident.pk}; or GET /api/v1/products/{product.slug}/incidents/{incident.pk}"
    )


def _payload(product: DataProduct, incident: Incident) -> dict[str, object]:
    return {
        "incident": incident.pk,
        "product": product.slug,
        "severity": incident.severity,
        "rule": incident.rule,
        "resolved": incident.resolved_at is not None,
    }
