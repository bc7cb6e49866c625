"""What of later facts was a fact already at an earlier moment: for a past that nobody asked about while it was the present."""

from dataclasses import replace
from datetime import datetime

from trust.evidence.rules.facts import PortFacts
from trust.verdicts.rules.facts import ProductFacts


def known_by(at: datetime, facts: ProductFacts, before: ProductFacts | None) -> ProductFacts:
    """`facts` without what bears a later date than `at`; in its place stands what `before`, the facts judged last, said.

    For runs, acknowledgement, review and incidents, which say when they happened. The other claims do not: of several changes
    between two judgements all count from the first (our choice; workers judge each minute, so it is a matter of seconds).
    """
    earlier = before or ProductFacts(facts.slug, at, facts.lifecycle)
    older = {port.name: port for port in earlier.ports}
    acknowledged = _is_known(facts.acknowledged_at, at)
    reviewed = _is_known(facts.reviewed_at, at)
    return replace(
        facts,
        known_at=at,
        ports=tuple(_port(port, older.get(port.name), at) for port in facts.ports),
        incidents=tuple(incident for incident in facts.incidents if incident.opened_at <= at),
        acknowledged_at=facts.acknowledged_at if acknowledged else earlier.acknowledged_at,
        acknowledged_by=facts.acknowledged_by if acknowledged else earlier.acknowledged_by,
        reviewed_at=facts.reviewed_at if reviewed else earlier.reviewed_at,
        reviewed_by=facts.reviewed_by if reviewed else earlier.reviewed_by,
    )


def _is_known(happened_at: datetime | None, at: datetime) -> bool:
    return happened_at is None or happened_at <= at


def _port(port: PortFacts, older: PortFacts | None, at: datetime) -> PortFacts:
    if port.latest_run is None or port.latest_run.finished_at <= at:
        return port
    return replace(
        port, latest_run=older.latest_run if older else None, past_runs=older.past_runs if older else (), pending_run_id=None
    )
