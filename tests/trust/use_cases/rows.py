"""Use cases for tests of readiness and stages: everything that a stage asks for is there, unless a test takes it away."""

from datetime import datetime, timedelta
from typing import Any

from catalog.models import Consumer, DataProduct, Person, UseCase
from tests.factories import NOW, make_governed_product, make_owner, make_use_case, measure_claims
from tests.trust.builders import make_ready_port, run_well
from tests.trust.logged import log_decision, make_agent
from trust.models import CurrentVerdict, DecisionUse, OutcomeReport, Verdict

LATER = NOW + timedelta(minutes=1)


def make_good_product(slug: str | None = None, *, days: int = 20, **claims: Any) -> DataProduct:
    """A product that is production-grade at NOW, and was for so many days before."""
    product = make_governed_product(slug, **claims)
    run_well(make_ready_port(product))
    row = CurrentVerdict.objects.get(product=product).verdict_row
    assert row is not None
    add_verdict(product, NOW - timedelta(days=days), until=NOW)
    return product


def add_verdict(product: DataProduct, at: datetime, *, until: datetime, **columns: Any) -> Verdict:
    """A verdict of the past, a good one unless `columns` say otherwise, with the facts of the newest."""
    newest = Verdict.objects.filter(product=product).first()
    assert newest is not None
    same = {
        name: getattr(newest, name) for name in ("raw_score", "score", "effective_score", "grade", "policy", "facts", "outcome")
    }
    given = {**same, "verdict": "production_grade", "cause": "test", "facts_sha256": "0" * 64, **columns}
    return Verdict.objects.create(product=product, judged_at=at, valid_until=until, **given)


def make_approvable(
    slug: str | None = None,
    *,
    business_owner: Person | None = None,
    product: DataProduct | None = None,
    agent: Consumer | None = None,
    **claims: Any,
) -> UseCase:
    """A use case at the stage idea that lacks nothing that `approved` asks for, with one product and one agent."""
    owner = business_owner or make_owner()
    measures = [measure_claims("error", owner=owner.username)]
    return make_use_case(
        slug,
        business_owner=owner,
        products=[product or make_good_product()],
        consumers=[agent or make_agent()],
        is_acknowledged=True,
        **{"measures": measures, **claims},
    )


def use_in_earnest(use_case: UseCase, at: datetime = NOW, *, reporter: Consumer | None = None) -> None:
    """What only production shows: each consumer asked about each product and used the answer, and the measures have values.

    reporter: whose key reported the values; None: the owner of the measure did.
    """
    products = DataProduct.objects.filter(used_by__use_case=use_case)
    for consumer in use_case.consumers.all():
        for product in products:
            decision = log_decision(product, consumer, at, use_case=use_case.slug, valid_until=at + timedelta(hours=1))
            DecisionUse.objects.create(
                use_case=use_case,
                consumer=consumer,
                decision_id=decision.id,
                product_id=product.pk,
                action="used",
                at=at,
                asked_at=at,
                reported_at=at,
                reported_by=consumer.owner,
            )
    for measure in use_case.measures.all():
        OutcomeReport.objects.create(
            use_case=use_case,
            measure=measure,
            value=4.0,
            observed_at=at,
            reported_at=at,
            reported_by=measure.owner,
            consumer=reporter,
        )
