"""Rows for tests, made through the services: people with roles, products, ports, policies. Every argument has a default.

A name that is not given is `<kind>-<number>`, so that two calls never collide. Nothing here patches or freezes a clock:
`NOW`, an hour before the test run, is the moment at which the factories act unless told otherwise: code under test that looks
at the real clock then finds acknowledgements and reviews that are fresh, in any year.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from catalog.models import AccessPolicy, Agreement, Consumer, DataProduct, OutputPort, Person, UseCase
from catalog.rules.claims import FieldClaims, InputClaims, PolicyClaims, PortClaims, ProductClaims
from catalog.rules.roles import PersonRole
from catalog.rules.use_case import MeasureClaims, UseCaseClaims, UsedProduct
from catalog.rules.vocabulary import (
    Cadence,
    ConsumerKind,
    Effect,
    Lifecycle,
    LogicalType,
    Sensitivity,
    SourceKind,
)
from catalog.services.agreements import approve_agreement, request_agreement
from catalog.services.people import add_person
from catalog.services.policies import draft_policy, publish_policy
from catalog.services.ports import put_input_ports, put_output_port
from catalog.services.products import (
    acknowledge_product,
    create_product,
    deprecate_product,
    publish_product,
    retire_product,
    review_product,
)
from catalog.services.use_cases import acknowledge_use_case, register_use_case

NOW = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
_numbers = count(1)


def make_person(
    username: str | None = None,
    *roles: PersonRole,
    is_active: bool = True,
    is_staff: bool = False,
    email: str | None = None,
) -> Person:
    """email: None for one that no other person has, empty for none."""
    number = next(_numbers)
    address = f"person-{number}@people.example" if email is None else email
    person = add_person(username=username or f"person-{number}", roles=roles, is_staff=is_staff, email=address)
    if not is_active:
        person.is_active = False
        person.save(update_fields=["is_active"])
    return person


def make_owner(username: str | None = None, *, is_staff: bool = False) -> Person:
    return make_person(username, PersonRole.DATA_OWNERS, is_staff=is_staff)


def make_governance(username: str | None = None, *, is_staff: bool = False) -> Person:
    return make_person(username, PersonRole.GOVERNANCE, is_staff=is_staff)


def make_auditor(username: str | None = None, *, is_staff: bool = False) -> Person:
    return make_person(username, PersonRole.AUDITORS, is_staff=is_staff)


def product_claims(slug: str, owner: str, **claims: object) -> ProductClaims:
    """Claims of a product that says everything that governance wants to read."""
    defaults: dict[str, object] = {
        "name": slug.replace("-", " ").title(),
        "domain": "Testing",
        "description": "Made by a test.",
        "purpose": "To be tested.",
        "limitations": "Holds nothing real.",
        "usage": "In tests.",
        "sensitivity": Sensitivity.INTERNAL,
        "cadence": Cadence.STATIC,
    }
    return ProductClaims(slug=slug, owner=owner, **{**defaults, **claims})  # type: ignore[arg-type]


def make_product(
    slug: str | None = None,
    *,
    owner: Person | None = None,
    lifecycle: Lifecycle = Lifecycle.DRAFT,
    inputs: tuple[DataProduct, ...] = (),
    **claims: object,
) -> DataProduct:
    """A product in that stage of life, without ports; `inputs` are required upstreams."""
    owner = owner or make_owner()
    slug = slug or f"product-{next(_numbers)}"
    product = create_product(claims=product_claims(slug, owner.username, **claims), actor=None, now=NOW)
    put_input_ports(product=product, inputs=[InputClaims(product=upstream.slug) for upstream in inputs], actor=None)
    if lifecycle is not Lifecycle.DRAFT:
        publish_product(product=product, actor=None, now=NOW)
    if lifecycle in {Lifecycle.DEPRECATED, Lifecycle.RETIRED}:
        deprecate_product(product=product, ends_at=None, actor=None, now=NOW)
    if lifecycle is Lifecycle.RETIRED:
        retire_product(product=product, actor=None, now=NOW)
    return product


def make_governed_product(slug: str | None = None, *, owner: Person | None = None, **claims: Any) -> DataProduct:
    """A published product whose governance and ownership gates pass: acknowledged, reviewed, with a published policy."""
    product = make_product(slug, owner=owner, lifecycle=Lifecycle.PUBLISHED, **claims)
    acknowledge_product(product=product, actor=product.owner, now=NOW)
    review_product(product=product, actor=make_governance(), now=NOW)
    make_policy(product)
    return product


def make_port(
    product: DataProduct | None = None,
    name: str = "rows",
    *,
    location: str = "rows.csv",
    source_kind: SourceKind = SourceKind.CSV,
    fields: tuple[FieldClaims, ...] = (FieldClaims("id", LogicalType.INTEGER), FieldClaims("name", LogicalType.STRING)),
    **claims: object,
) -> OutputPort:
    """A port with two fields. The location is not checked here: `trust.evidence.services.ports` does that."""
    port, _ = put_output_port(
        product=product or make_product(),
        claims=PortClaims(name=name, source_kind=source_kind, location=location, fields=fields, **claims),  # type: ignore[arg-type]
        actor=None,
    )
    return port


def make_policy(product: DataProduct, name: str = "readers", *, is_published: bool = True, **claims: object) -> AccessPolicy:
    defaults: dict[str, object] = {
        "effect": Effect.PERMIT,
        "consumer_kinds": tuple(ConsumerKind),
        "purposes": ("analytics",),
    }
    policy = draft_policy(product=product, claims=PolicyClaims(name=name, **{**defaults, **claims}), actor=None)  # type: ignore[arg-type]
    return publish_policy(policy=policy, actor=None, now=NOW) if is_published else policy


def make_consumer(
    slug: str | None = None, *, owner: Person | None = None, kind: ConsumerKind = ConsumerKind.AI_AGENT, **columns: Any
) -> Consumer:
    """An active consumer with the clearance `internal`, written past the service: any column can be set."""
    slug = slug or f"consumer-{next(_numbers)}"
    return Consumer.objects.create(slug=slug, name=slug.title(), kind=kind, owner=owner or make_person(), **columns)


def make_agreement(
    consumer: Consumer | None = None,
    product: DataProduct | None = None,
    purpose: str = "analytics",
    *,
    is_approved: bool = True,
    now: datetime = NOW,
    lives: timedelta = timedelta(days=90),
) -> Agreement:
    """An agreement that its consumer's owner asked for, approved by all who must unless told otherwise.

    The product's owner approves, or governance in that place; governance too where the product needs it.
    """
    consumer = consumer or make_consumer()
    agreement = request_agreement(
        consumer=consumer,
        product=product or make_product(lifecycle=Lifecycle.PUBLISHED),
        purpose=purpose,
        reason="A test.",
        expires_at=now + lives,
        actor=consumer.owner,
        now=now,
    )
    if not is_approved:
        return agreement
    owner = agreement.product.owner
    first = make_governance() if owner.pk == agreement.requested_by_id else owner
    agreement = approve_agreement(agreement=agreement, actor=first, now=now)
    if agreement.starts_at is None:
        agreement = approve_agreement(agreement=agreement, actor=make_governance(), now=now)
    return agreement


def measure_claims(name: str = "mean-error", *, owner: str, **claims: Any) -> MeasureClaims:
    return MeasureClaims(name=name, owner=owner, **{"target": 15.0, "interval": timedelta(days=7), **claims})


def use_case_claims(slug: str, business_owner: str, **claims: Any) -> UseCaseClaims:
    """Claims of a use case that leave nothing unsaid but products, consumers and measures."""
    defaults: dict[str, Any] = {
        "name": slug.replace("-", " ").title(),
        "decision": "Whether to put another crew on standby.",
        "purpose": "analytics",
        "workflow": "Staffing",
        "system": "Rota",
        "step": "The evening before",
        "outputs_owner": business_owner,
        "exceptions_owner": business_owner,
        "exceptions_within": timedelta(days=2),
        "fallback": "The duty manager decides by last week's numbers.",
        "explainability_required": False,
    }
    return UseCaseClaims(slug=slug, business_owner=business_owner, **{**defaults, **claims})


def make_use_case(
    slug: str | None = None,
    *,
    business_owner: Person | None = None,
    products: Sequence[DataProduct | UsedProduct] = (),
    consumers: Sequence[Consumer] = (),
    measures: Sequence[MeasureClaims] = (),
    is_acknowledged: bool = False,
    now: datetime = NOW,
    **claims: Any,
) -> UseCase:
    """A use case at the stage idea, registered by the system; `claims` are those of `UseCaseClaims`, people by username."""
    owner = business_owner or make_owner()
    said = use_case_claims(
        slug or f"use-case-{next(_numbers)}",
        owner.username,
        products=tuple(one if isinstance(one, UsedProduct) else UsedProduct(one.slug) for one in products),
        consumers=tuple(consumer.slug for consumer in consumers),
        measures=tuple(measures),
        **claims,
    )
    use_case = register_use_case(claims=said, actor=None, now=now)
    return acknowledge_use_case(use_case=use_case, actor=owner, now=now) if is_acknowledged else use_case
