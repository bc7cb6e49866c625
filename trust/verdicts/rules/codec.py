"""Facts and outcomes as bytes and back: the same value gives the same bytes, whatever order its sets came in."""

from dataclasses import replace
from hashlib import sha256

import msgspec
from msgspec import UNSET

from trust.evidence.rules.facts import CheckFacts, PortFacts, RunFacts
from trust.evidence.rules.figures import PastFigures, RunFigures
from trust.verdicts.rules.facts import ProductFacts, UpstreamFacts
from trust.verdicts.rules.outcome import Outcome

_FACTS = msgspec.json.Decoder(ProductFacts)
_OUTCOME = msgspec.json.Decoder(Outcome)


def canonical(facts: ProductFacts) -> ProductFacts:
    """The same facts with everything that has no order of its own sorted by name, and 90 and 90.0 made one."""
    return replace(
        facts,
        ports=tuple(_port(port) for port in sorted(facts.ports, key=lambda port: port.name)),
        upstreams=tuple(_upstream(upstream) for upstream in sorted(facts.upstreams, key=lambda upstream: upstream.slug)),
        incidents=tuple(sorted(facts.incidents, key=lambda incident: incident.id)),
        waivers=tuple(sorted(facts.waivers, key=lambda waiver: waiver.id)),
        policies=tuple(sorted(facts.policies, key=lambda policy: policy.id)),
    )


def _port(port: PortFacts) -> PortFacts:
    return replace(
        port,
        fields=tuple(sorted(port.fields, key=lambda field: field.name)),
        past_runs=tuple(sorted(port.past_runs, key=lambda run: (run.started_at, run.id))),
        latest_run=None if port.latest_run is None else _run(port.latest_run),
        past_figures=_past_figures(port.past_figures) if port.past_figures else UNSET,
    )


def _past_figures(past: tuple[PastFigures, ...]) -> tuple[PastFigures, ...]:
    newest_first = sorted(past, key=lambda one: (one.started_at, one.run_id), reverse=True)
    return tuple(replace(one, figures=_figures(one.figures)) for one in newest_first)


def _figures(figures: RunFigures) -> RunFigures:
    return replace(figures, columns=tuple(sorted(figures.columns, key=lambda column: column.name)))


def _run(run: RunFacts) -> RunFacts:
    return replace(
        run,
        columns=tuple(sorted(run.columns, key=lambda column: column.name)),
        checks=tuple(_check(check) for check in sorted(run.checks, key=lambda check: (check.key, check.id))),
        figures=_figures(run.figures) if run.figures else UNSET,
    )


def _upstream(upstream: UpstreamFacts) -> UpstreamFacts:
    score = upstream.effective_score
    return upstream if score is None else replace(upstream, effective_score=float(score))


def _check(check: CheckFacts) -> CheckFacts:
    percent = check.unexpected_percent
    return check if percent is None else replace(check, unexpected_percent=float(percent))


def dump_facts(facts: ProductFacts) -> bytes:
    """Canonical JSON of `facts`: UTF-8, keys sorted, sets sorted. `load_facts` gives back `canonical(facts)`."""
    return msgspec.json.encode(canonical(facts), order="sorted")


def load_facts(data: bytes | str) -> ProductFacts:
    """The facts that `dump_facts` wrote. Raises `msgspec.ValidationError` for anything else."""
    return _FACTS.decode(data)


def dump_outcome(outcome: Outcome) -> bytes:
    """Canonical JSON of `outcome`."""
    return msgspec.json.encode(outcome, order="sorted")


def load_outcome(data: bytes | str) -> Outcome:
    """The outcome that `dump_outcome` wrote. Raises `msgspec.ValidationError` for anything else."""
    return _OUTCOME.decode(data)


def digest(data: bytes) -> str:
    """SHA-256 of `data` as hex."""
    return sha256(data).hexdigest()
