"""The facts of a use case, for tests of what is read."""

from datetime import timedelta
from typing import Any

from catalog.models import DataProduct, UseCase
from tests.factories import make_use_case
from tests.trust.use_cases.rows import LATER
from trust.use_cases.queries.use_case_facts import use_case_facts
from trust.use_cases.rules.readiness.facts import GrantFacts, UseCaseFacts, UsedProductFacts
from trust.verdicts.rules.trust_policy import DEFAULT_POLICY

DAY = timedelta(days=1)


def facts_of(use_case: UseCase, now: Any = LATER) -> UseCaseFacts:
    return use_case_facts(use_case.pk, now, DEFAULT_POLICY)


def only_product(use_case: UseCase) -> UsedProductFacts:
    (product,) = facts_of(use_case).products
    return product


def only_grant(use_case: UseCase) -> GrantFacts:
    (grant,) = facts_of(use_case).grants
    return grant


def with_product(product: DataProduct) -> UseCase:
    return make_use_case(products=[product])
