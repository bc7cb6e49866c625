"""The label of one product: all that its page shows, from the verdict's row alone, so that the page cannot contradict it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import accumulate

from catalog.models import DataProduct
from trust.evidence.pages.checks import CheckLine, PortEvidence, port_evidence
from trust.evidence.rules import formatting
from trust.presentation.pages.labels import GAPS, PARTS, VERDICTS, Badge
from trust.verdicts.models.verdict import CurrentVerdict, Verdict
from trust.verdicts.pages.timeline import Moment, Timeline, timeline_of
from trust.verdicts.rules import codec
from trust.verdicts.rules.facts import ProductFacts, UpstreamFacts, WaiverFacts
from trust.verdicts.rules.outcome import DataWarning, GateResult, Outcome, PartContribution
from trust.vocabulary import GateStatus, Part

HISTORY_SHOWN = 60


@dataclass(frozen=True, slots=True)
class GateGroup:
    title: str
    gates: tuple[GateResult, ...]

    @property
    def passed(self) -> int:
        return sum(gate.status is GateStatus.PASSED for gate in self.gates)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why gates are open, and who can close them, by name. Gates that are open for the same reason share it."""

    gates: tuple[GateResult, ...]
    who: str

    @property
    def first(self) -> GateResult:
        return self.gates[0]


@dataclass(frozen=True, slots=True)
class Bar:
    """One part of the score. `start` and `points` lie on the whole bar of 100; `weight` is the most that it can give."""

    part: Part
    title: str
    hint: str
    points: float
    weight: float
    start: float
    contribution: PartContribution

    @property
    def filled(self) -> float:
        """Percent of what the part can give."""
        return round(100 * self.contribution.measure, 2)


@dataclass(frozen=True, slots=True)
class Label:
    product: DataProduct
    outcome: Outcome
    facts: ProductFacts
    badge: Badge
    summary: str
    reasons: tuple[Reason, ...]
    groups: tuple[GateGroup, ...]
    counts: dict[GateStatus, int]
    bars: tuple[Bar, ...]
    ports: tuple[PortEvidence, ...]
    timeline: Timeline | None
    evidence_at: datetime | None
    cause: str

    @property
    def passed(self) -> int:
        return self.counts[GateStatus.PASSED]

    @property
    def failed(self) -> int:
        return self.counts[GateStatus.FAILED]

    @property
    def unknown(self) -> int:
        return self.counts[GateStatus.UNKNOWN]

    @property
    def upstreams(self) -> tuple[UpstreamFacts, ...]:
        return self.facts.upstreams

    @property
    def waivers(self) -> tuple[WaiverFacts, ...]:
        return self.outcome.waivers

    @property
    def warnings(self) -> tuple[DataWarning, ...]:
        return self.outcome.warnings or ()

    @property
    def deduction(self) -> float:
        """Points that the warnings take."""
        return sum(bar.contribution.deduction or 0.0 for bar in self.bars)

    @property
    def is_capped(self) -> bool:
        return self.outcome.score < self.outcome.raw_score

    @property
    def is_limited(self) -> bool:
        return self.outcome.effective_score < self.outcome.score

    @property
    def tolerances(self) -> tuple[tuple[str, CheckLine], ...]:
        return tuple((port.name, line) for port in self.ports for line in port.tolerant)


def label_of(product: DataProduct, now: datetime) -> Label | None:
    """The label of `product`, two queries; None where it was never judged. Judge first what is stale (`ensure_current`)."""
    current = CurrentVerdict.objects.select_related("verdict_row").filter(product=product).first()
    if current is None or current.verdict_row is None:
        return None
    return label_of_verdict(current.verdict_row, product, timeline_of(_moments(product), now))


def label_of_verdict(row: Verdict, product: DataProduct, timeline: Timeline | None = None) -> Label:
    """The label that one verdict gave, current or past: what was said then, not what would be said now. No query."""
    outcome, facts = codec.load_outcome(row.outcome), codec.load_facts(row.facts)
    counts = {status: sum(gate.status is status for gate in outcome.gates) for status in GateStatus}
    ports = tuple(port_evidence(port) for port in facts.ports)
    return Label(
        product=product,
        outcome=outcome,
        facts=facts,
        badge=VERDICTS[outcome.verdict],
        summary=_summary(outcome, counts),
        reasons=_reasons(outcome, facts),
        groups=tuple(_groups(outcome)),
        counts=counts,
        bars=_bars(outcome),
        ports=ports,
        timeline=timeline,
        evidence_at=min((port.started_at for port in ports if port.started_at and port.failure is None), default=None),
        cause=row.cause,
    )


def _groups(outcome: Outcome) -> Iterator[GateGroup]:
    """The gates by gap, where a gap has any: those of workflow and accountability are asked of use cases."""
    for gap, title in GAPS.items():
        if gates := tuple(gate for gate in outcome.gates if gate.gap is gap):
            yield GateGroup(title, gates)


def _summary(outcome: Outcome, counts: dict[GateStatus, int]) -> str:
    """One sentence: why the verdict is what it is."""
    failed, unknown = counts[GateStatus.FAILED], counts[GateStatus.UNKNOWN]
    asked = formatting.count(len(outcome.gates) - counts[GateStatus.OFF], "gate")
    if outcome.is_production_grade:
        waived = sum(gate.waiver_id is not None for gate in outcome.gates)
        leaning = f", {formatting.count(waived, 'of them', 'of them')} under a waiver" if waived else ""
        until = f"{outcome.valid_until.astimezone(UTC):%-d %b %Y, %H:%M} UTC"
        return f"All {asked} pass{leaning}. Safe to use until {until}."
    first = f"{failed or unknown} of {asked} {_verb(failed or unknown, is_failed=failed > 0)}"
    others = f", {unknown} {_verb(unknown, is_failed=False)}" if failed and unknown else ""
    return f"{'Do not rely on it' if failed else 'No verdict yet'}: {first}{others}."


def _verb(number: int, *, is_failed: bool) -> str:
    if is_failed:
        return "fails" if number == 1 else "fail"
    return "is unknown" if number == 1 else "are unknown"


def _reasons(outcome: Outcome, facts: ProductFacts) -> tuple[Reason, ...]:
    shared: dict[tuple[str, str, str], list[GateResult]] = {}
    for gate in outcome.open_gates:
        shared.setdefault((gate.status, gate.message, gate.remedy), []).append(gate)
    return tuple(Reason(tuple(gates), _who(gates[0], facts)) for gates in shared.values())


def _who(gate: GateResult, facts: ProductFacts) -> str:
    """`Lee Park, steward`; `Governance` for a role that nobody holds by name; empty where nobody is asked to act."""
    if gate.responsible is None:
        return ""
    people = {person.username: person.name for person in (facts.owner, facts.steward) if person}
    username = gate.responsible.username
    return (
        f"{people.get(username) or username}, {gate.responsible.role}" if username else str(gate.responsible.role).capitalize()
    )


def _bars(outcome: Outcome) -> tuple[Bar, ...]:
    starts = accumulate((part.points for part in outcome.parts), initial=0.0)
    return tuple(
        Bar(part.part, *PARTS[part.part], part.points, part.weight, round(start, 2), part)
        for part, start in zip(outcome.parts, starts, strict=False)
    )


def _moments(product: DataProduct) -> list[Moment]:
    rows = Verdict.objects.filter(product=product).order_by("-judged_at", "-id")
    newest = rows.values_list("verdict", "effective_score", "judged_at", "cause")[:HISTORY_SHOWN]
    return [Moment(*row) for row in reversed(newest)]
