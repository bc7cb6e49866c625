"""Reads everything that an assessment of a use case may look at: a fixed number of queries, whatever it names."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial

from django.db import connection
from django.db.models import Case, Exists, F, OuterRef, Q, Subquery, Value, When
from msgspec import UNSET, UnsetType

from catalog.models import Consumer, DataProduct, Measure, Person, Purpose, UseCase
from catalog.rules.texts import is_placeholder, says_something
from catalog.rules.vocabulary import Autonomy, Better, ConsumerStatus, Sensitivity, UseCaseStage
from trust.use_cases.models.use_case import DecisionUse, OutcomeReport, OutputException
from trust.use_cases.queries.use_case_facts_grants import Asking, grant_facts
from trust.use_cases.queries.use_case_facts_products import consumed_products, product_facts
from trust.use_cases.rules.readiness.facts import (
    FALLBACK,
    MET,
    REQUIREMENT,
    ConsumerFacts,
    ExceptionFacts,
    MeasureFacts,
    MisuseFacts,
    Presence,
    RecallFacts,
    UseCaseFacts,
)
from trust.verdicts.models.recall import RecalledConsumer
from trust.verdicts.rules.trust_policy import TrustPolicy
from trust.vocabulary import UseAction

# What a key can do counts for nothing: a machine goes on long after its owner has left. Each line looks at an index.
_LAST_SEEN = """
SELECT p.id, greatest(
    p.date_joined,
    p.last_login,
    (SELECT max(d.acknowledged_at) FROM catalog_dataproduct d WHERE d.acknowledged_by_id = p.id),
    (SELECT max(d.reviewed_at) FROM catalog_dataproduct d WHERE d.reviewed_by_id = p.id),
    (SELECT max(u.acknowledged_at) FROM catalog_usecase u WHERE u.acknowledged_by_id = p.id),
    (SELECT max(o.confirmed_at) FROM catalog_obligationconfirmation o WHERE o.confirmed_by_id = p.id),
    (SELECT max(r.reported_at) FROM trust_outcomereport r WHERE r.reported_by_id = p.id AND r.consumer_id IS NULL),
    (SELECT max(x.closed_at) FROM trust_outputexception x WHERE x.closed_by_id = p.id),
    (SELECT max(m.requested_at) FROM trust_stagemove m WHERE m.requested_by_id = p.id AND m.caller_id IS NULL),
    (SELECT max(m.decided_at) FROM trust_stagemove m WHERE m.decided_by_id = p.id AND m.decided_caller_id IS NULL)
)
FROM catalog_person p WHERE p.id = ANY(%s)
"""


def last_seen(people: Collection[int | None], now: datetime) -> Mapping[int, datetime]:
    """Person id to the newest sign of life: the account was made, a login, an acknowledgement, a review, a confirmation, an
    outcome reported in person, an exception closed, a stage move asked for or decided. One query.
    """
    ids = sorted({person for person in people if person is not None})
    with connection.cursor() as cursor:
        cursor.execute(_LAST_SEEN, [ids])
        return {person: min(moment, now) for person, moment in cursor.fetchall()}


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
        has_fallback=says_something(use_case.fallback),
        explainability_required=use_case.explainability_required,
        has_explainability_requirement=says_something(use_case.explainability_requirement),
        has_explainability_met=says_something(use_case.explainability_met),
        products=product_facts(products, present, since=now - settings.share_window, now=now),
        consumers=_consumers(consumers, present),
        grants=grant_facts(asking),
        uses=uses,
        misuses=misuses,
        exceptions=exception_facts(use_case_id, since=now - settings.exception_window, now=now),
        measures=tuple(facts(present(owner)) for facts, owner in measures),
        recalls=recall_facts(consumers, products, since=now - settings.share_window, now=now),
        placeholders=_placeholders(use_case),
    )


def _placeholders(use_case: UseCase) -> tuple[str, ...] | UnsetType:
    texts = {
        FALLBACK: use_case.fallback,
        REQUIREMENT: use_case.explainability_requirement,
        MET: use_case.explainability_met,
    }
    return tuple(name for name, text in texts.items() if is_placeholder(text)) or UNSET


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


MOST = 1000
"""Rows of one kind that an assessment looks at, the worst and newest first. More of them would change no answer."""


def use_facts(use_case_id: int, *, since: datetime, now: datetime) -> tuple[int, tuple[MisuseFacts, ...]]:
    """How many answers were reported as used in the window, and those that did not rest on a valid yes; two queries."""
    used = DecisionUse.objects.filter(use_case=use_case_id, action=UseAction.USED, at__gt=since, at__lte=now)
    rows = used.exclude(misuse="").order_by("-at").values_list("decision_id", "consumer__slug", "at", "misuse")[:MOST]
    return used.count(), tuple(MisuseFacts(*row) for row in rows)


def exception_facts(use_case_id: int, *, since: datetime, now: datetime) -> tuple[ExceptionFacts, ...]:
    """The exceptions that are open, or were opened or closed in the window, those that are or were late first; one query."""
    rows = OutputException.objects.filter(
        Q(closed_at=None) | Q(opened_at__gt=since) | Q(closed_at__gt=since), use_case=use_case_id, opened_at__lte=now
    )
    late = Q(closed_at=None, due_at__lt=now) | Q(closed_at__gt=F("due_at"))
    worst = rows.annotate(place=Case(When(late, Value(0)), When(closed_at=None, then=Value(1)), default=Value(2)))
    found = worst.order_by("place", "-opened_at").values_list("id", "opened_at", "due_at", "closed_at")[:MOST]
    return tuple(ExceptionFacts(*row) for row in found)


def measure_facts(use_case_id: int, now: datetime) -> list[tuple[Callable[[Presence | None], MeasureFacts], Person]]:
    """The measures that are not retired, each still without what is known of its owner, and the owner; one query."""
    newest = OutcomeReport.objects.filter(measure=OuterRef("pk"), observed_at__lte=now).order_by("-observed_at", "-id")
    rows = Measure.objects.filter(use_case=use_case_id, retired_at=None).select_related("owner").order_by("name")
    rows = rows.annotate(value=Subquery(newest.values("value")[:1]), observed_at=Subquery(newest.values("observed_at")[:1]))
    return [(partial(_measure, row), row.owner) for row in rows]


def recall_facts(
    consumers: Sequence[Consumer], products: Sequence[DataProduct], *, since: datetime, now: datetime
) -> tuple[RecallFacts, ...]:
    """The recalls of these products that named one of these consumers: those of the window, and older ones that nobody has
    acknowledged; one query.
    """
    rows = RecalledConsumer.objects.filter(
        Q(acknowledged_at=None) | Q(recall__sent_at__gt=since),
        consumer__in=consumers,
        recall__product__in=products,
        recall__sent_at__lte=now,
    )
    names = ("recall_id", "recall__product__slug", "consumer__slug", "recall__sent_at", "acknowledged_at")
    found = rows.order_by(F("acknowledged_at").desc(nulls_first=True), "-recall_id").values_list(*names)[:MOST]
    return tuple(RecallFacts(*row) for row in found)


def _measure(row: Measure, owner: Presence | None) -> MeasureFacts:
    return MeasureFacts(
        name=row.name,
        interval=row.interval,
        created_at=row.created_at,
        target=row.target,
        better=Better(row.better),
        unit=row.unit,
        owner=owner,
        value=row.value,  # type: ignore[attr-defined]  # annotated
        observed_at=row.observed_at,  # type: ignore[attr-defined]
    )
