"""The gates `lifecycle`, `incidents` and `upstream`: may the product be built on at all, and what does it stand on?"""

from catalog.rules.moments import shown
from catalog.rules.vocabulary import Lifecycle, Severity
from trust.evidence.rules import formatting
from trust.verdicts.rules.facts import UpstreamFacts
from trust.verdicts.rules.gate_context import GateContext
from trust.verdicts.rules.gates.finding import GateFinding, GateInputs, conclude, failed, unknown
from trust.verdicts.rules.lineage import longer_path, path_for_sentence
from trust.verdicts.rules.outcome import GateResult, Responsible
from trust.vocabulary import GateName, Role, VerdictStatus


def lifecycle_gate(context: GateContext) -> GateResult:
    """Fails when the product is a draft, retired, or deprecated past its end; at the end itself it has ended."""
    facts, ends = context.facts, context.facts.deprecation_ends_at
    owner = context.owner
    findings = []
    if facts.lifecycle is Lifecycle.DRAFT:
        findings.append(failed("not_published", "The product is a draft", "Publish it when it is ready", owner))
    elif facts.lifecycle is Lifecycle.RETIRED:
        findings.append(failed("retired", "The product is retired", "Use its successor; a retired product stays so", owner))
    elif facts.lifecycle is Lifecycle.DEPRECATED and ends is not None and context.now >= ends:
        message = f"The product was deprecated until {shown(ends)}"
        findings.append(failed("deprecation_ended", message, "Move to its successor, or extend the deprecation", owner))
    passed = "The product is published."
    if facts.lifecycle is Lifecycle.DEPRECATED:
        passed = f"The product is deprecated and may be used until {shown(ends) if ends else 'it is retired'}."
    return conclude(GateName.LIFECYCLE, findings, passed, GateInputs({}))


def incidents_gate(context: GateContext) -> GateResult:
    """Fails while a critical incident is open; others are counted and do not decide."""
    incidents = context.facts.incidents
    critical = [incident for incident in incidents if incident.severity is Severity.CRITICAL]
    findings = []
    if critical:
        titles = formatting.names(f"“{formatting.shorten(incident.title, 60)}”" for incident in critical)
        message = f"{formatting.count(len(critical), 'critical incident')} open: {titles}"
        ids = tuple(incident.id for incident in critical)
        remedy = "Resolve the incident and close it"
        findings = [failed("critical_incident_open", message, remedy, context.owner, ids)]
    numbers = {"open_incidents": len(incidents), "critical": len(critical)}
    passed = f"No critical incident is open ({len(incidents):,} of lower severity)."
    return conclude(GateName.INCIDENTS, findings, passed, GateInputs(numbers, tuple(incident.id for incident in incidents)))


def upstream_gate(context: GateContext) -> GateResult:
    """Fails when a required input is not production-grade, unknown when one is unknown. Optional inputs do not decide.

    An answer about an input that is past its `valid_until` is unknown if it was good; if it was bad it stays bad until the
    input is judged again (our choice: time alone makes nothing better).
    """
    upstreams = context.facts.upstreams
    required = [upstream for upstream in upstreams if upstream.is_required]
    findings = [finding for upstream in required for finding in _upstream_findings(upstream, context)]
    numbers = {"required_inputs": len(required), "optional_inputs": len(upstreams) - len(required), "open": len(findings)}
    verb = "is" if len(required) == 1 else "are"
    passed = f"{formatting.all_of(len(required), 'required input')} {verb} production-grade."
    if not required:
        passed = "The product needs no other product."
    return conclude(GateName.UPSTREAM, findings, passed, GateInputs(numbers, tuple(upstream.slug for upstream in upstreams)))


def is_in_cycle(upstream: UpstreamFacts, slug: str) -> bool:
    """Whether this input is built, directly or not, from the product itself."""
    return upstream.is_cycle or upstream.slug == slug or slug in upstream.failing_path


def has_expired(upstream: UpstreamFacts, context: GateContext) -> bool:
    """Whether the answer about an input is past the moment until which it was given."""
    return upstream.valid_until is not None and context.now >= upstream.valid_until


def path_through(upstream: UpstreamFacts, slug: str) -> tuple[tuple[str, ...], int]:
    """Slugs from the product itself through `upstream` to where the trouble starts, and how many are left out of its middle.

    A cycle is not followed round.
    """
    if is_in_cycle(upstream, slug):
        return (slug, upstream.slug), 0
    return longer_path(slug, upstream.failing_path or (upstream.slug,), upstream.path_left_out or 0)


def _upstream_findings(upstream: UpstreamFacts, context: GateContext) -> list[GateFinding]:
    slug = upstream.slug
    owner = Responsible(Role.OWNER, upstream.owner)
    path = " → ".join(formatting.shorten(name, 60) for name in path_for_sentence(*path_through(upstream, context.facts.slug)))
    if is_in_cycle(upstream, context.facts.slug):
        message = f"{path} → … is a cycle: the product is built from itself"
        remedy = f"Remove one of the input ports between {context.facts.slug} and {slug}"
        return [unknown("upstream_cycle", message, remedy, context.owner, (slug,))]
    cause = f" ({formatting.shorten(upstream.cause, 120).rstrip('.')})" if upstream.cause else ""
    remedy = f"Ask the owner of {slug} to follow the remedies in its trust answer"
    if upstream.verdict is VerdictStatus.NOT_PRODUCTION_GRADE:
        message = f"the input {path} is not production-grade{cause}"
        return [failed("upstream_not_production_grade", message, remedy, owner, (slug,))]
    if upstream.verdict is VerdictStatus.UNKNOWN:
        return [unknown("upstream_unknown", f"the input {path} is unknown{cause}", remedy, owner, (slug,))]
    if upstream.verdict is None:
        return [_nothing_known(upstream, owner, context)]
    remedy = f"Run and evaluate {slug}"
    if upstream.valid_until is None or has_expired(upstream, context):
        until = f" was valid until {shown(upstream.valid_until)}" if upstream.valid_until else " does not say until when"
        message = f"the answer about the input {slug}{until}"
        return [unknown("upstream_expired", message, remedy, owner, (slug,))]
    return []


def _nothing_known(upstream: UpstreamFacts, owner: Responsible, context: GateContext) -> GateFinding:
    slug = upstream.slug
    if upstream.is_missing is True:
        remedy = f"Register {slug}, then register this product's contract again"
        return unknown("upstream_not_registered", f"the input {slug} is not registered", remedy, context.owner, (slug,))
    return unknown("upstream_never_judged", f"the input {slug} was never evaluated", f"Run and evaluate {slug}", owner, (slug,))
