"""Reads everything that an assessment of a use case may look at: a fixed number of queries, whatever it names."""

from collections.abc import Callable, Iterable
from datetime import datetime

from django.db.models import Exists, OuterRef

from catalog.models import Consumer, Person, Purpose, UseCase
from catalog.rules.vocabulary import Autonomy, ConsumerStatus, Sensitivity, UseCaseStage
from trust.use_cases.queries.use_case_facts_grants import Asking, grant_facts
from trust.use_cases.queries.use_case_facts_people import last_seen
from trust.use_cases.queries.use_case_facts_products import consumed_products, product_facts
from trust.use_cases.queries.use_case_facts_reports import exception_facts, measure_facts, recall_facts, use_facts
from trust.use_cases.rules.readiness.facts import ConsumerFacts, Presence, UseCaseFacts
from trust.verdicts.rules.trust_policy import TrustPolicy

_PEOPLE = ("business_owner", "acknowledged_by", "outputs_owner", "exceptions_owner")


def use_case_facts(use_case_id: int, now: datetime, policy: TrustPolicy) -> UseCaseFacts:
    """The facts of one use case as the database shows them; `now` becomes their `known_at`. Nothing dated later is read.

    Call `judging.ensure_current` for its products first: a verdict that is outdated counts for nothing. Costs 15 queries at
    most. Raises `UseCase.DoesNotExist`.
    """
    settings = policy.readiness
    known = Exists(Purpose.objects.filter(name=OuterRef("purpose")))
    use_case = UseCase.objects.select_related(*_PEOPLE).annotate(is_purpose_known=known).get(id=use_case_id)
    products = consumed_products(use_case_id)
    consumers = list(use_case.consumers.select_related("owner").order_by("slug"))
    measures = measure_facts(use_case_id, now)
    seen = last_seen(
        {
            *(getattr(use_case, f"{name}_id") for name in _PEOPLE if name != "acknowledged_by"),
            *(product.owner_id for product in products),
            *(consumer.owner_id for consumer in consumers),
            *(owner.pk for _, owner in measures),
        },
        now,
    )

    def present(person: Person | None) -> Presence | None:
        if person is None:
            return None
        return Presence(person.username, person.is_active, person.get_full_name(), seen.get(person.pk))

    asking = Asking(use_case, use_case.is_purpose_known, products, consumers, now, settings)
    uses, misuses = use_facts(use_case_id, since=now - settings.asking_window, now=now)
    return UseCaseFacts(
        slug=use_case.slug,
        known_at=now,
        name=use_case.name,
        stage=UseCaseStage(use_case.stage),
        created_at=use_case.created_at,
        purpose=use_case.purpose,
        autonomy=Autonomy(use_case.autonomy),
        business_owner=present(use_case.business_owner),
        acknowledged_at=use_case.acknowledged_at,
        acknowledged_by=use_case.acknowledged_by.username if use_case.acknowledged_by else None,
        claims_changed_at=use_case.claims_changed_at,
        workflow=use_case.workflow.strip(),
        system=use_case.system.strip(),
        step=use_case.step.strip(),
        outputs_owner=present(use_case.outputs_owner),
        exceptions_owner=present(use_case.exceptions_owner),
        exceptions_within=use_case.exceptions_within,
        has_fallback=bool(use_case.fallback.strip()),
        explainability_required=use_case.explainability_required,
        has_explainability_requirement=bool(use_case.explainability_requirement.strip()),
        has_explainability_met=bool(use_case.explainability_met.strip()),
        products=product_facts(products, present, since=now - settings.share_window, now=now),
        consumers=_consumers(consumers, present),
        grants=grant_facts(asking),
        uses=uses,
        misuses=misuses,
        exceptions=exception_facts(use_case_id, since=now - settings.exception_window, now=now),
        measures=tuple(facts(present(owner)) for facts, owner in measures),
        recalls=recall_facts(consumers, products, since=now - settings.share_window, now=now),
    )


def _consumers(consumers: Iterable[Consumer], present: Callable[[Person | None], Presence | None]) -> tuple[ConsumerFacts, ...]:
    return tuple(
        ConsumerFacts(
            slug=consumer.slug,
            is_active=consumer.status == ConsumerStatus.ACTIVE and consumer.owner.is_active,
            clearance=Sensitivity(consumer.clearance),
            owner=present(consumer.owner),
        )
        for consumer in consumers
    )
