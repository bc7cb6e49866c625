"""The questions of the gap `ownership`: is there somebody behind the decision and behind every product?"""

from trust.use_cases.rules.readiness.context import GOVERNANCE, ReadinessContext, owner_of
from trust.use_cases.rules.readiness.facts import UsedProductFacts
from trust.use_cases.rules.readiness.finding import Answered, conclude, nothing_named
from trust.use_cases.rules.readiness.persons import Acknowledgement, Post, acknowledgement, presence
from trust.vocabulary import ReadinessQuestion


def business_owner_active(context: ReadinessContext) -> Answered:
    """Whether the owner of the decision is named, active and was seen lately."""
    finding = presence(context, context.facts.business_owner, _business(context))
    return conclude(
        ReadinessQuestion.BUSINESS_OWNER_ACTIVE, [finding], "The business owner is named, active and was seen lately."
    )


def business_owner_acknowledged(context: ReadinessContext) -> Answered:
    """Whether the owner of the decision has acknowledged the use case as it stands, within the interval."""
    facts, interval = context.facts, context.settings.acknowledgement_interval
    said = Acknowledgement(
        "the use case", facts.acknowledged_at, facts.acknowledged_by, interval, changed_at=facts.claims_changed_at
    )
    finding = acknowledgement(context, facts.business_owner, said, _business(context))
    numbers = {"interval_days": interval.days}
    passed = "The business owner has acknowledged the current claims of the use case."
    return conclude(ReadinessQuestion.BUSINESS_OWNER_ACKNOWLEDGED, [finding], passed, numbers)


def product_owners_active(context: ReadinessContext) -> Answered:
    """The same of the owner of every product."""
    findings = nothing_named(context) or [presence(context, product.owner, _of(product)) for product in context.facts.products]
    passed = "The owner of every product is named, active and was seen lately."
    return conclude(ReadinessQuestion.PRODUCT_OWNERS_ACTIVE, findings, passed)


def product_owners_acknowledged(context: ReadinessContext) -> Answered:
    """The same of the owner of every product, within the interval that the products' own gate asks for."""
    interval = context.policy.acknowledgement_interval
    findings = nothing_named(context) or [
        acknowledgement(
            context, product.owner, Acknowledgement(
                f"the product {product.slug}", product.acknowledged_at, product.acknowledged_by, interval
            ), _of(product)
        )
        for product in context.facts.products
    ]  # fmt: skip
    passed = "The owner of every product has acknowledged it."
    return conclude(ReadinessQuestion.PRODUCT_OWNERS_ACKNOWLEDGED, findings, passed, {"interval_days": interval.days})


def _business(context: ReadinessContext) -> Post:
    return Post("the business owner", context.business_owner, GOVERNANCE)


def _of(product: UsedProductFacts) -> Post:
    return Post(f"the owner of {product.slug}", owner_of(product), GOVERNANCE)
