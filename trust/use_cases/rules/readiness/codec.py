"""Facts and assessments as bytes and back: the same value gives the same bytes, whatever order its sets came in."""

from dataclasses import replace
from math import isfinite

import msgspec

from trust.use_cases.rules.readiness.facts import GrantFacts, MeasureFacts, UseCaseFacts, UsedProductFacts
from trust.use_cases.rules.readiness.outcome import Assessment
from trust.verdicts.rules.codec import digest

__all__ = ["canonical", "digest", "dump_assessment", "dump_facts", "load_assessment", "load_facts"]

_FACTS = msgspec.json.Decoder(UseCaseFacts)
_ASSESSMENT = msgspec.json.Decoder(Assessment)


def canonical(facts: UseCaseFacts) -> UseCaseFacts:
    """The same facts with everything that has no order of its own sorted, and 90 and 90.0 made one.

    A value that is no number (JSON knows neither `nan` nor infinity) is no value.
    """
    return replace(
        facts,
        products=tuple(_product(product) for product in sorted(facts.products, key=lambda product: product.slug)),
        consumers=tuple(sorted(facts.consumers, key=lambda consumer: consumer.slug)),
        grants=tuple(_grant(grant) for grant in sorted(facts.grants, key=lambda grant: (grant.consumer, grant.product))),
        misuses=tuple(sorted(facts.misuses, key=lambda use: (use.decision_id, use.consumer, use.at, use.why))),
        exceptions=tuple(sorted(facts.exceptions, key=lambda exception: exception.id)),
        measures=tuple(_measure(measure) for measure in sorted(facts.measures, key=lambda measure: measure.name)),
        recalls=tuple(sorted(facts.recalls, key=lambda recall: (recall.id, recall.consumer, recall.product))),
    )


def _product(product: UsedProductFacts) -> UsedProductFacts:
    return replace(
        product, open_gates=tuple(sorted(set(product.open_gates))), failed_gates=tuple(sorted(set(product.failed_gates)))
    )


def _grant(grant: GrantFacts) -> GrantFacts:
    return replace(
        grant,
        reasons=tuple(sorted(grant.reasons)),
        policies=tuple(sorted(grant.policies)),
        obligations=tuple(sorted(grant.obligations)),
        confirmations=tuple(sorted(grant.confirmations, key=lambda c: (c.obligation, c.confirmed_at, c.confirmed_by))),
    )


def _measure(measure: MeasureFacts) -> MeasureFacts:
    value = measure.value
    return replace(measure, target=float(measure.target), value=float(value) if value is not None and isfinite(value) else None)


def dump_facts(facts: UseCaseFacts) -> bytes:
    """Canonical JSON of `facts`: UTF-8, keys sorted, sets sorted. `load_facts` gives back `canonical(facts)`."""
    return msgspec.json.encode(canonical(facts), order="sorted")


def load_facts(data: bytes | str) -> UseCaseFacts:
    """The facts that `dump_facts` wrote. Raises `msgspec.ValidationError` for anything else."""
    return _FACTS.decode(data)


def dump_assessment(assessment: Assessment) -> bytes:
    """Canonical JSON of `assessment`."""
    return msgspec.json.encode(assessment, order="sorted")


def load_assessment(data: bytes | str) -> Assessment:
    """The assessment that `dump_assessment` wrote. Raises `msgspec.ValidationError` for anything else."""
    return _ASSESSMENT.decode(data)
