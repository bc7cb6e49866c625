"""The judgement: facts, policy and a moment in, an outcome out. Pure: the same three give the same bytes."""

from collections.abc import Iterable
from datetime import datetime

from msgspec import UNSET, UnsetType

from trust.verdicts.rules.codec import canonical, digest, dump_facts
from trust.verdicts.rules.evidence_status import AssessedEvidence
from trust.verdicts.rules.facts import ProductFacts, UpstreamFacts
from trust.verdicts.rules.gate_context import GateContext, gate_context
from trust.verdicts.rules.gates import judge_gates
from trust.verdicts.rules.gates.product import has_expired, is_in_cycle, path_through
from trust.verdicts.rules.outcome import GateResult, Outcome, PortOutcome
from trust.verdicts.rules.score import grade_of, score_of
from trust.verdicts.rules.trust_policy import TrustPolicy, policy_digest
from trust.verdicts.rules.validity import valid_until
from trust.vocabulary import GateName, GateStatus, VerdictStatus


def judge(facts: ProductFacts, policy: TrustPolicy, now: datetime) -> Outcome:
    """The whole judgement of one product at `now`, which must be aware. Raises `ValueError` where it is not.

    Gates decide the verdict, the score explains it. Time alone never makes an outcome better; see `ProductFacts.known_at`.
    """
    if now.tzinfo is None:
        raise ValueError(f"The moment {now} has no offset from UTC; give an aware time.")
    context = gate_context(canonical(facts), policy, now)
    card, best = score_of(context), score_of(context, benefit=True)
    gates = judge_gates(context, card.before_warnings, best.before_warnings)
    verdict = verdict_of(gates)
    score = card.raw if verdict is VerdictStatus.PRODUCTION_GRADE else min(card.raw, policy.capped_score)
    effective, limited_by = effective_score(score, context)
    path, left_out, cause = _trouble(verdict, gates, context)
    return Outcome(
        slug=facts.slug,
        judged_at=now,
        valid_until=valid_until(context),
        verdict=verdict,
        raw_score=card.raw,
        score=score,
        effective_score=effective,
        grade=grade_of(score),
        gates=gates,
        parts=card.parts,
        dimensions=card.dimensions,
        ports=tuple(_port_outcome(assessed) for assessed in context.assessed_ports),
        waivers=context.waivers.waivers,
        policy_version=policy.version,
        policy_digest=policy_digest(policy),
        facts_digest=digest(dump_facts(facts)),
        failing_path=path,
        cause=cause,
        limited_by=limited_by,
        sensitivity=facts.sensitivity,
        owner=facts.owner.username if facts.owner else None,
        path_left_out=left_out or UNSET,
        limited_from=_limited_from(limited_by, context),
        warnings=context.warnings or UNSET,
    )


def verdict_of(gates: Iterable[GateResult]) -> VerdictStatus:
    """Not production-grade when one gate failed, else unknown when one is unknown, else production-grade."""
    statuses = {gate.status for gate in gates}
    if GateStatus.FAILED in statuses:
        return VerdictStatus.NOT_PRODUCTION_GRADE
    return VerdictStatus.UNKNOWN if GateStatus.UNKNOWN in statuses else VerdictStatus.PRODUCTION_GRADE


def effective_score(score: float, context: GateContext) -> tuple[float, str | None]:
    """The score, or the lowest effective score of a required input if that is lower, with the slug of that input.

    An input that was never judged, whose answer has expired, or that is built from the product itself counts 0 (our choice:
    nothing is known that would allow more).
    """
    required = [upstream for upstream in context.facts.upstreams if upstream.is_required]
    limits = [(0.0 if _is_void(one, context) else one.effective_score or 0.0, one.slug) for one in required]
    lowest, slug = min(limits, default=(score, ""))
    return (lowest, slug) if lowest < score else (score, None)


def _is_void(upstream: UpstreamFacts, context: GateContext) -> bool:
    return is_in_cycle(upstream, context.facts.slug) or has_expired(upstream, context) or upstream.verdict is None


def _limited_from(slug: str | None, context: GateContext) -> str | UnsetType:
    """The product above the input `slug` whose own score limits; unset where that of the input itself does."""
    for upstream in context.facts.upstreams:
        if upstream.slug == slug and upstream.is_required and not _is_void(upstream, context):
            return upstream.limited_from
    return UNSET


def _trouble(verdict: VerdictStatus, gates: tuple[GateResult, ...], context: GateContext) -> tuple[tuple[str, ...], int, str]:
    """Where the trouble starts, as slugs from the product on with the number left out, and in one sentence.

    The product's own trouble comes first.
    """
    if verdict is VerdictStatus.PRODUCTION_GRADE:
        return (), 0, ""
    status = GateStatus.FAILED if verdict is VerdictStatus.NOT_PRODUCTION_GRADE else GateStatus.UNKNOWN
    deciding = [gate for gate in gates if gate.status is status]
    first = next((gate for gate in deciding if gate.gate is not GateName.UPSTREAM), deciding[0])
    slug = context.facts.slug
    if first.gate is not GateName.UPSTREAM:
        return (slug,), 0, first.message
    culprit = next(up for up in context.facts.upstreams if up.is_required and up.slug == first.evidence_ids[0])
    path, left_out = path_through(culprit, slug)
    return path, left_out, culprit.cause or first.message


def _port_outcome(assessed: AssessedEvidence) -> PortOutcome:
    port, run = assessed.port, assessed.port.latest_run
    return PortOutcome(
        port=port.name,
        run_id=run.id if run else None,
        started_at=run.started_at if run else None,
        expires_at=run.started_at + assessed.ttl if assessed.run and run else None,
        rows=run.rows if run else None,
        data_time=run.data_time if run else None,
        problem=assessed.doubt.code if assessed.doubt else None,
    )
