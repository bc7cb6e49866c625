"""Until when an answer holds with nothing else happening."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from catalog.rules.vocabulary import Cadence
from trust.verdicts.rules import freshness
from trust.verdicts.rules.gate_context import GateContext
from trust.verdicts.rules.waivers import waiver_end

_INSTANT = timedelta(microseconds=1)


def is_current(*, invalidated: bool, valid_until: datetime | None, now: datetime) -> bool:
    """Whether a verdict may be shown at `now`: nothing has changed since, and its time is not over.

    `valid_until` None: the product was never judged. What sets `invalidated`: `trust/sql/invalidation.sql`. The same rule in
    SQL and as conditions of a query: `trust.verdicts.models.verdict`.
    """
    return not invalidated and valid_until is not None and now < valid_until


def valid_until(context: GateContext) -> datetime:
    """The first moment after `now` at which the answer could change by itself; at most the policy's `maximum_validity` away.

    The answer holds for every moment before it. What still holds at the very end of its time (evidence, data, reviews) changes
    one instant later, what ends at a moment (waivers, policies) at that moment.
    """
    now = context.now
    candidates = [now + context.policy.maximum_validity]
    candidates += [time if time > now else now + _INSTANT for time in _last_moments(context) if time >= now]
    candidates += [time for time in _first_moments(context) if time > now]
    if any(context.facts.known_at < waiver.starts_at <= now for waiver in context.facts.waivers):
        # It began after the facts were read: they should be read again at once.
        candidates.append(now + _INSTANT)
    return min(candidates)


def _last_moments(context: GateContext) -> Iterator[datetime]:
    """Moments at which something still holds for the last time."""
    facts, policy, now = context.facts, context.policy, context.now
    for assessed in context.assessed_ports:
        if (run := assessed.run) is None:
            continue
        yield from freshness.boundaries(run.started_at, assessed.ttl, now)
        level = assessed.port.service_level
        if run.data_time is not None and level is not None and assessed.port.cadence is not Cadence.STATIC:
            yield from freshness.boundaries(run.data_time, level, now)
    if facts.reviewed_at is not None:
        yield from freshness.later(facts.reviewed_at, policy.review_interval)
    if facts.acknowledged_at is not None:
        yield from freshness.later(facts.acknowledged_at, policy.acknowledgement_interval)


def _first_moments(context: GateContext) -> Iterator[datetime]:
    """Moments from which something is different."""
    facts, policy = context.facts, context.policy
    if facts.deprecation_ends_at is not None:
        yield facts.deprecation_ends_at
    yield from (access.expires_at for access in facts.policies if access.expires_at is not None)
    yield from (upstream.valid_until for upstream in facts.upstreams if upstream.valid_until is not None)
    for waiver in facts.waivers:
        yield waiver.starts_at
        yield waiver_end(waiver, policy)
