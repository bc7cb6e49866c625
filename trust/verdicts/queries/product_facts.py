"""Reads everything that judgements of some products may look at: a fixed number of queries, whatever the number of products."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from msgspec import UNSET, UnsetType

from catalog.models import AccessPolicy, DataProduct, OutputPort, Person, PolicyStatus
from catalog.rules.reading import reading_of, shown_reading
from catalog.rules.texts import is_placeholder, says_something
from catalog.rules.vocabulary import Effect, Lifecycle, Sensitivity, Severity
from trust.evidence.models.suite import Suite
from trust.evidence.queries.facts import PortRows, port_rows
from trust.verdicts.models.incidents import Incident
from trust.verdicts.queries.upstreams import answers_about, inputs_of, upstream_facts
from trust.verdicts.queries.waivers import facts_of_waiver, granted_waivers
from trust.verdicts.rules.facts import IncidentFacts, PersonFacts, PolicyFacts, ProductFacts, UpstreamFacts, WaiverFacts
from trust.verdicts.rules.review import (
    ReviewDifference,
    ReviewedClaims,
    changed_suites,
    differences,
    from_stored,
    reviewed_claims,
)

_Stewardship = DataProduct.stewards.through


@dataclass(frozen=True, slots=True)
class ReviewStatus:
    """claims: what a review of today would be about. is_recorded: whether the last review kept what it was about.
    differences: what has changed since then.
    """

    claims: ReviewedClaims
    is_recorded: bool = False
    differences: tuple[ReviewDifference, ...] = ()


@dataclass(frozen=True, slots=True)
class Gathered:
    """What the database knows of some products, but for what is said of their inputs. Everything by product id."""

    products: Mapping[int, DataProduct]
    stewards: Mapping[int, Person]
    ports: PortRows
    incidents: Mapping[int, tuple[IncidentFacts, ...]]
    waivers: Mapping[int, tuple[WaiverFacts, ...]]
    policies: Mapping[int, tuple[PolicyFacts, ...]]

    def facts_of(self, product_id: int, now: datetime, upstreams: tuple[UpstreamFacts, ...]) -> ProductFacts:
        """The facts of one of the products; `now`, no earlier than when they were gathered, becomes their `known_at`.

        Raises `ValueError` where a row says what nobody understands.
        """
        product = self.products[product_id]
        steward = self.stewards.get(product_id)
        facts = ProductFacts(
            slug=product.slug,
            known_at=now,
            name=product.name,
            lifecycle=Lifecycle(product.lifecycle),
            deprecation_ends_at=product.deprecation_ends_at,
            sensitivity=Sensitivity(product.sensitivity) if product.sensitivity else None,
            has_purpose=says_something(product.purpose),
            has_limitations=says_something(product.limitations),
            has_intended_use=says_something(product.usage),
            placeholders=_placeholders(product),
            owner=_person(product.owner) if product.owner else None,
            owner_is_provisional=product.owner_is_provisional or UNSET,
            steward=_person(steward) if steward else None,
            reviewed_at=product.reviewed_at,
            reviewed_by=product.reviewed_by.username if product.reviewed_by else None,
            acknowledged_at=product.acknowledged_at,
            acknowledged_by=product.acknowledged_by.username if product.acknowledged_by else None,
            ports=self.ports.facts_of(product),
            upstreams=(*upstreams, *(UpstreamFacts(slug, is_missing=True) for slug in product.missing_inputs)),
            incidents=self.incidents.get(product_id, ()),
            waivers=tuple(waiver for waiver in self.waivers.get(product_id, ()) if waiver.expires_at > now),
            policies=self.policies.get(product_id, ()),
        )
        loosened = tuple(sorted(str(one) for one in self.review_of(product_id, facts).differences if one.is_looser))
        return replace(facts, loosened_since_review=loosened) if loosened else facts

    def review_of(self, product_id: int, facts: ProductFacts) -> ReviewStatus:
        """The last review of one of the products beside its claims of today; one query where a suite is another."""
        product = self.products[product_id]
        sources = {port.name: _source(port) for port in self.ports.ports.get(product_id, ())}
        after = reviewed_claims(facts, domain=product.domain.slug, sources=sources)
        if product.reviewed_at is None or product.reviewed_claims is None:
            return ReviewStatus(after)
        before = from_stored(product.reviewed_claims)
        return ReviewStatus(after, is_recorded=True, differences=differences_of(product_id, before, after))


def differences_of(product_id: int, before: ReviewedClaims, after: ReviewedClaims) -> tuple[ReviewDifference, ...]:
    """Each claim of a product that is another than before, those that ask for less first. A query where a suite is another."""
    suites: dict[tuple[str, str], Sequence[Mapping[str, Any]]] = {}
    if changed := changed_suites(before, after):
        rows = Suite.objects.filter(port__product=product_id, digest__in=[digest for _, digest in changed])
        suites = {(name, digest): stored for name, digest, stored in rows.values_list("port__name", "digest", "expectations")}
    return differences(before, after, suites)


def _source(port: OutputPort) -> dict[str, str]:
    """What is shown of the place of a port: the reference to credentials is not."""
    missing = "" if port.null_values is None else ", ".join(f"'{text}'" for text in port.null_values) or "none declared"
    shown = {"kind": port.source_kind, "location": port.location, "time column": port.time_column, "missing values": missing}
    return {name: text for name, text in (shown | shown_reading(reading_of(port.reading))).items() if text}


def gather(product_ids: Collection[int], now: datetime, *, window: int) -> Gathered:
    """What is known of these products; 12 queries at most. A product that does not exist is absent.

    window: how many finished runs per port count for reliability (the trust policy says).
    """
    products = DataProduct.objects.select_related("domain", "owner", "acknowledged_by", "reviewed_by").defer(
        "description", "search"
    )
    return Gathered(
        products=products.in_bulk(list(product_ids)),
        stewards=_stewards(product_ids),
        ports=port_rows(product_ids, window),
        incidents=_incidents(product_ids),
        waivers=_waivers(product_ids, now),
        policies=_policies(product_ids),
    )


def facts_of(product_id: int, now: datetime, *, window: int = 20) -> ProductFacts:
    """The facts of one product as the database shows them, with what is said of its inputs. Raises `KeyError` without it."""
    inputs = inputs_of([product_id]).get(product_id, ())
    answers = answers_about([one.upstream_id for one in inputs])
    return gather([product_id], now, window=window).facts_of(product_id, now, upstream_facts(inputs, answers))


def review_status(product_id: int, now: datetime) -> ReviewStatus:
    """The last review of one product beside its claims of today. Raises `KeyError` without the product."""
    inputs = upstream_facts(inputs_of([product_id]).get(product_id, ()), {})
    gathered = gather([product_id], now, window=1)
    return gathered.review_of(product_id, gathered.facts_of(product_id, now, inputs))


def _stewards(product_ids: Collection[int]) -> dict[int, Person]:
    """The one steward of each who speaks for it: the first by name of those whose accounts are active, if any is."""
    rows = _Stewardship.objects.filter(dataproduct_id__in=product_ids).select_related("person")
    first = rows.order_by("dataproduct_id", "-person__is_active", "person__username").distinct("dataproduct_id")
    return {row.dataproduct_id: row.person for row in first}


def _incidents(product_ids: Collection[int]) -> Mapping[int, tuple[IncidentFacts, ...]]:
    found: dict[int, tuple[IncidentFacts, ...]] = defaultdict(tuple)
    for row in Incident.objects.filter(product_id__in=product_ids, resolved_at=None):
        found[row.product_id] += (IncidentFacts(str(row.id), row.title, Severity(row.severity), row.opened_at),)
    return found


def _waivers(product_ids: Collection[int], now: datetime) -> Mapping[int, tuple[WaiverFacts, ...]]:
    found: dict[int, tuple[WaiverFacts, ...]] = defaultdict(tuple)
    for row in granted_waivers(now).filter(product_id__in=product_ids).select_related("owner"):
        found[row.product_id] += (facts_of_waiver(row),)
    return found


def _policies(product_ids: Collection[int]) -> Mapping[int, tuple[PolicyFacts, ...]]:
    found: dict[int, tuple[PolicyFacts, ...]] = defaultdict(tuple)
    for row in AccessPolicy.objects.filter(product_id__in=product_ids, status=PolicyStatus.PUBLISHED).defer("cedar"):
        if row.product_id is not None:  # a guardrail has none, and is of no product
            fact = PolicyFacts(str(row.id), row.name, row.version, Effect(row.effect), True, row.expires_at)
            found[row.product_id] += (fact,)
    return found


def _placeholders(product: DataProduct) -> tuple[str, ...] | UnsetType:
    texts = {"intended use": product.usage, "limitations": product.limitations, "purpose": product.purpose}
    return tuple(name for name, text in texts.items() if is_placeholder(text)) or UNSET


def _person(person: Person) -> PersonFacts:
    return PersonFacts(person.username, person.is_active, person.get_full_name())
