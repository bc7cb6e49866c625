"""What a person claims about a use case, by the rules alone: its claims, which of them are material, and their limits."""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from catalog.rules.differences import differences, named_differences
from catalog.rules.errors import ConflictError, InvalidError
from catalog.rules.vocabulary import Autonomy, Better, ConsumerKind, UseCaseStage

SLUG_FORM = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,78}[a-z0-9])?")
LONGEST_SLUG = 80
MOST_PRODUCTS = 100
MOST_CONSUMERS = 20
MOST_MEASURES = 50
SHORTEST_SPAN = timedelta(minutes=1)
LONGEST_SPAN = timedelta(days=3 * 366)
"""Of an interval or a time to close exceptions. The limits are our choice: readiness looks at each consumer and product."""
IMMATERIAL = frozenset({"name", "description"})
"""What may change without voiding an acknowledgement: the words that only help to find and read the use case."""
_LISTED = ("products", "consumers", "measures")


class UsedProduct(NamedTuple):
    """A data product by slug, and one of its ports by name. `port` None: any of them."""

    product: str
    port: str | None = None

    def __str__(self) -> str:
        return self.product if self.port is None else f"{self.product}/{self.port}"


@dataclass(frozen=True, slots=True)
class MeasureClaims:
    """How it is seen whether the use case does any good. owner: username; interval: how often a value must be reported."""

    name: str
    target: float
    interval: timedelta
    owner: str
    better: Better = Better.AT_LEAST
    unit: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class UseCaseClaims:
    """All that is claimed of a use case, but its stage. People are usernames; `business_owner` empty: whoever registers it.

    consumers: slugs. outputs_owner, exceptions_owner, exceptions_within, explainability_required None: nobody has said.
    See `catalog.models.UseCase` for what each value means.
    """

    slug: str
    name: str
    decision: str
    purpose: str
    business_owner: str = ""
    description: str = ""
    autonomy: Autonomy = Autonomy.ADVISES
    consumers: tuple[str, ...] = ()
    products: tuple[UsedProduct, ...] = ()
    workflow: str = ""
    system: str = ""
    step: str = ""
    outputs_owner: str | None = None
    exceptions_owner: str | None = None
    exceptions_within: timedelta | None = None
    fallback: str = ""
    explainability_required: bool | None = None
    explainability_requirement: str = ""
    explainability_met: str = ""
    measures: tuple[MeasureClaims, ...] = ()


def use_case_differences(old: UseCaseClaims, new: UseCaseClaims) -> list[str]:
    """What changed, a line each: `purpose: a -> b`, `product orders/rows: added`, `measure error.target: 5.0 -> 9.0`."""
    lines = differences(old, new, skip=_LISTED)
    lines += _membership("product", map(str, old.products), map(str, new.products))
    lines += _membership("consumer", old.consumers, new.consumers)
    return lines + named_differences(
        {measure.name: measure for measure in old.measures},
        {measure.name: measure for measure in new.measures},
        kind="measure",
    )


def is_material(changes: Iterable[str]) -> bool:
    """Whether these lines say anything that the business owner answers for, so that an acknowledgement from before is void."""
    return any(change.partition(":")[0] not in IMMATERIAL for change in changes)


def demand_claims(claims: UseCaseClaims) -> None:
    """Raise `InvalidError` for what no use case can claim, whoever says it. Whether what it names exists is asked elsewhere."""
    if not SLUG_FORM.fullmatch(claims.slug):
        raise InvalidError(
            f"'{claims.slug[:LONGEST_SLUG]}' cannot name a use case.",
            remedy=f"Use lower-case letters, digits and dashes, at most {LONGEST_SLUG} characters.",
            field="slug",
        )
    for field, wanted in (("name", "Enter a short name."), ("decision", "Describe the decision that the AI takes part in.")):
        if not getattr(claims, field).strip():
            raise InvalidError(f"Use case {claims.slug} needs a {field}.", remedy=wanted, field=field)
    _demand_few(claims, "products", MOST_PRODUCTS)
    _demand_few(claims, "consumers", MOST_CONSUMERS)
    _demand_few(claims, "measures", MOST_MEASURES)
    _demand_once(claims, "products", claims.products)
    _demand_once(claims, "consumers", claims.consumers)
    _demand_once(claims, "measures", [measure.name for measure in claims.measures])
    if claims.exceptions_within is not None:
        _demand_span(claims.exceptions_within, "The time to close an exception", "exceptions_within")
    for measure in claims.measures:
        _demand_measure(measure)


def demand_actor_of_use_case(slug: str, kind: ConsumerKind) -> None:
    """Raise `InvalidError` for a consumer that is a person: what acts in a use case is an agent, a model or a service."""
    if kind is ConsumerKind.PERSON:
        raise InvalidError(
            f"Consumer {slug} is a person, and no agent, model or service that acts in a use case.",
            remedy="Register what acts there as a consumer (POST /api/v1/consumers) and name that.",
            code="consumer_is_a_person",
            field="consumers",
        )


def demand_not_retired(slug: str, stage: UseCaseStage) -> None:
    """Raise `ConflictError` for a use case that is retired: it does not change any more."""
    if stage is UseCaseStage.RETIRED:
        raise ConflictError(
            f"Use case {slug} is retired and can no longer be changed.",
            remedy="Register a new use case under another slug.",
            code="use_case_retired",
        )


def _membership(kind: str, old: Iterable[str], new: Iterable[str]) -> list[str]:
    before, after = set(old), set(new)
    return [f"{kind} {one}: removed" for one in sorted(before - after)] + [
        f"{kind} {one}: added" for one in sorted(after - before)
    ]


def _demand_few(claims: UseCaseClaims, field: str, most: int) -> None:
    if (count := len(getattr(claims, field))) > most:
        raise InvalidError(
            f"Use case {claims.slug} names {count} {field}; it may name {most}.",
            remedy="Split it into several use cases, one for each decision.",
            field=field,
        )


def _demand_once(claims: UseCaseClaims, field: str, names: Iterable[object]) -> None:
    seen: set[object] = set()
    for name in names:
        if name in seen:
            raise InvalidError(
                f"Use case {claims.slug} names {str(name)[:LONGEST_SLUG]} twice.", remedy="Name each once.", field=field
            )
        seen.add(name)


def _demand_measure(measure: MeasureClaims) -> None:
    if not SLUG_FORM.fullmatch(measure.name):
        raise InvalidError(
            f"'{measure.name[:LONGEST_SLUG]}' cannot name a measure.",
            remedy=f"Use lower-case letters, digits and dashes, at most {LONGEST_SLUG} characters.",
            field="measures",
        )
    if not math.isfinite(measure.target):
        raise InvalidError(
            f"The target of measure {measure.name} is not a number.",
            remedy="Give a finite number.",
            field="measures",
        )
    _demand_span(measure.interval, f"The interval of measure {measure.name}", "measures")


def _demand_span(span: timedelta, what: str, field: str) -> None:
    if not SHORTEST_SPAN <= span <= LONGEST_SPAN:
        raise InvalidError(
            f"{what} is {span}.",
            remedy=f"Give a time from {SHORTEST_SPAN.seconds // 60} minute to {LONGEST_SPAN.days} days.",
            field=field,
        )
