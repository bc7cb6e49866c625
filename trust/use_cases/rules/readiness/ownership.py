"""The questions of the gap `ownership`: is there somebody behind the decision and behind every product?"""

from trust.use_cases.rules.readiness.context import GOVERNANCE, ReadinessContext, owner_of
from trust.use_cases.rules.readiness.facts import UsedProductFacts
from trust.use_cases.rules.readiness.finding import Answered, conclude, nothing_named
from trust.use_cases.rules.readiness.persons import Acknowledgement, Post, acknowledgement, presence
from trust.vocabulary import ReadinessQuestion


def business_owner_active(case: ReadinessContext) -> Answered:
    """Whether the owner of the decision is named, active and was seen lately."""
    finding = presence(case, case.facts.business_owner, _business(case))
    return conclude(
        ReadinessQuestion.BUSINESS_OWNER_ACTIVE, [finding], "The business owner is named, active and was seen lately."
    )


def business_owner_acknowledged(case: ReadinessContext) -> Answered:
    """Whether the owner of the decision has acknowledged the use case as it stands, within the interval."""
    facts, interval = case.facts, case.settings.acknowledgement_interval
    said = Acknowledgement(
        "the use case", facts.acknowledged_at, facts.acknowledged_by, interval, changed_at=facts.claims_changed_at
    )
    finding = acknowledgement(case, facts.business_owner, said, _business(case))
    numbers = {"interval_days": interval.days}
    passed = "The business owner has acknowledged the use case as it stands."
    return conclude(ReadinessQuestion.BUSINESS_OWNER_ACKNOWLEDGED, [finding], passed, numbers)


def product_owners_active(case: ReadinessContext) -> Answered:
    """The same of the owner of every product."""
    findings = nothing_named(case) or [presence(case, product.owner, _of(product)) for product in case.facts.products]
    passed = "The owner of every product is named, active and was seen lately."
    return conclude(ReadinessQuestion.PRODUCT_OWNERS_ACTIVE, findings, passed)


def product_owners_acknowledged(case: ReadinessContext) -> Answered:
    """The same of the owner of every product, within the interval that the products' own gate asks for."""
    interval = case.policy.acknowledgement_interval
    findings = nothing_named(case) or [
        acknowledgement(
            case, product.owner, Acknowledgement(
                f"the product {product.slug}", product.acknowledged_at, product.acknowledged_by, interval
            ), _of(product)
        )
        for product in case.facts.products
    ]  # fmt: skip
    passed = "The owner of every product has acknowledged it."
    return conclude(ReadinessQuestion.PRODUCT_OWNERS_ACKNOWLEDGED, findings, passed, {"interval_days": interval.days})


def _business(case: ReadinessContext) -> Post:
    return Post("the business owner", case.business_owner, GOVERNANCE)


def _of(product: UsedProductFacts) -> Post:
    return Post(f"the owner of {product.slug}", owner_of(product), GOVERNANCE)
