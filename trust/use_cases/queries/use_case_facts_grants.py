"""Each consumer with each product of a use case: what the policies say now, the agreement, and what was asked of the log."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Q

from catalog import cedar
from catalog.models import Agreement, Consumer, DataProduct, ObligationConfirmation, UseCase
from catalog.queries import agreements_standing, policies_in_force
from catalog.rules.obligation import obligation_from_json
from catalog.rules.ruling import AskedFor, PolicyInForce, Resource, Ruling, Subject
from catalog.rules.vocabulary import AgreementStatus, ConsumerKind, Lifecycle, Sensitivity
from trust.decisions.queries.conditions import ASKED_BY_RIGHT
from trust.use_cases.queries.use_case_facts_products import good_until
from trust.use_cases.rules.readiness.facts import ConfirmationFacts, GrantFacts
from trust.verdicts.rules.policy_settings import ReadinessPolicy
from trust.vocabulary import VerdictStatus

# Both look only at an index that holds all that is counted here, `trust_decision_use_case`. What another consumer asked about
# an agent shows nothing of it, neither that it asks nor that it was denied, unless that is an enforcement point. A denial is
# answered by a fallback of that consumer for that product which was taken within the time for it, or which names the denial
# itself.
_NAMED = f"""use_case = %(slug)s AND asked_at > %(since)s AND asked_at <= %(now)s AND EXISTS (
    SELECT FROM catalog_consumer asked WHERE asked.id = consumer_id
        AND {ASKED_BY_RIGHT.format(asker="asker", subject="asked.slug")}
)"""
_ASKED = f"""
SELECT consumer_id, product_id, count(*), max(asked_at), count(*) FILTER (WHERE NOT decision)
FROM trust_decision WHERE {_NAMED} GROUP BY consumer_id, product_id
"""
_UNANSWERED = f"""
WITH taken AS (
    SELECT consumer_id, product_id, at, asked_at FROM trust_decisionuse
    WHERE use_case_id = %(use_case)s AND action = 'fell_back' AND at > %(since)s AND at <= %(now)s
), fallback AS MATERIALIZED (
    SELECT consumer_id, product_id, range_agg(span) AS spans FROM (
        SELECT consumer_id, product_id, tstzrange(at - %(within)s, at, '[]') AS span FROM taken
        UNION ALL
        SELECT consumer_id, product_id, tstzrange(asked_at, asked_at, '[]') FROM taken WHERE asked_at < at - %(within)s
    ) covered GROUP BY consumer_id, product_id
)
SELECT consumer_id, product_id, count(*), min(asked_at), min(id)
FROM trust_decision LEFT JOIN fallback USING (consumer_id, product_id)
WHERE {_NAMED} AND NOT decision AND NOT coalesce(asked_at <@ spans, false)
GROUP BY consumer_id, product_id
"""

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Asking:
    """Who consumes what in a use case, and the moment at which that is looked at."""

    use_case: UseCase
    is_purpose_known: bool
    products: Sequence[DataProduct]
    consumers: Sequence[Consumer]
    now: datetime
    settings: ReadinessPolicy


@dataclass(frozen=True, slots=True)
class _Asked:
    asked: int = 0
    last_asked_at: datetime | None = None
    denied: int = 0
    unanswered: int = 0
    unanswered_since: datetime | None = None
    unanswered_id: int | None = None


@dataclass(slots=True)
class _Agreed:
    until: datetime | None = None
    waits: bool = False


@dataclass(frozen=True, slots=True)
class _Known:
    """What was read for all pairs at once."""

    policies: Mapping[int, tuple[PolicyInForce, ...]]
    agreements: Mapping[Pair, _Agreed]
    confirmations: Mapping[Pair, list[ConfirmationFacts]]
    asked: Mapping[Pair, _Asked] = field(default_factory=dict)


def grant_facts(asking: Asking) -> tuple[GrantFacts, ...]:
    """One for each consumer with each product; none where either is missing, which costs no query, else five at most."""
    if not (asking.products and asking.consumers):
        return ()
    known = _Known(
        policies=policies_in_force([product.pk for product in asking.products], asking.now),
        agreements=_agreements(asking),
        confirmations=_confirmations(asking),
        asked=_asked(asking),
    )
    return tuple(_grants(asking, known))


def _grants(asking: Asking, known: _Known) -> Iterator[GrantFacts]:
    subjects = [
        Subject(one.slug, ConsumerKind(one.kind), Sensitivity(one.clearance), one.owner.username) for one in asking.consumers
    ]
    for product in asking.products:
        resource, asked_for = _resource(product), _asked_for(asking, product)
        for consumer, subject in zip(asking.consumers, subjects, strict=True):
            pair = (consumer.pk, product.pk)
            agreed, asked = known.agreements.get(pair, _Agreed()), known.asked.get(pair, _Asked())
            ruling, needs_agreement = _rule(subject, resource, asked_for, known.policies[product.pk], agreed.until is not None)
            yield GrantFacts(
                consumer=consumer.slug,
                product=product.slug,
                is_permitted=_is_permitted(ruling) if asking.is_purpose_known else None,
                reasons=tuple(reason.code.replace("_", " ") for reason in ruling.reasons),
                policies=tuple(f"{policy.name} v{policy.version}" for policy in ruling.determining),
                needs_agreement=needs_agreement,
                agreement_until=agreed.until,
                agreement_waits=agreed.waits,
                obligations=tuple(obligation_from_json(duty).as_text() for duty in ruling.obligations),
                confirmations=tuple(known.confirmations.get(pair, ())),
                asked=asked.asked,
                last_asked_at=asked.last_asked_at,
                denied=asked.denied,
                unanswered_denials=asked.unanswered,
                oldest_unanswered_denial_at=asked.unanswered_since,
                denied_decision_id=asked.unanswered_id,
            )


def _rule(
    subject: Subject, resource: Resource, asked: AskedFor, policies: tuple[PolicyInForce, ...], has_agreement: bool
) -> tuple[Ruling, bool]:
    """What the policies say with the agreements that stand, and whether they permit only because of one, or would with one."""

    def rule(has_one: bool) -> Ruling:
        return cedar.rule(subject, resource, replace(asked, has_agreement=has_one), policies)

    ruling = rule(has_agreement)
    if not any(policy.agreement_required or (policy.is_raw and "agreement" in policy.cedar) for policy in policies):
        return ruling, False
    other = rule(not has_agreement)
    with_one, without = (ruling, other) if has_agreement else (other, ruling)
    return ruling, with_one.is_permitted and not without.is_permitted


def _is_permitted(ruling: Ruling) -> bool | None:
    """None where nothing but a policy that could not be evaluated stands in the way."""
    is_broken = bool(ruling.reasons) and all(reason.code == "policy_error" for reason in ruling.reasons)
    return None if is_broken else ruling.is_permitted


def _resource(product: DataProduct) -> Resource:
    return Resource(
        slug=product.slug,
        domain=product.domain.slug,
        sensitivity=Sensitivity(product.sensitivity) if product.sensitivity else None,
        lifecycle=Lifecycle(product.lifecycle),
        owner=product.owner_name,
    )


def _asked_for(asking: Asking, product: DataProduct) -> AskedFor:
    """The question as it would be asked now. A verdict whose time is over counts as none."""
    until = good_until(product, asking.now)
    stands = until is not None and until > asking.now
    return AskedFor(
        purpose=asking.use_case.purpose,
        score=product.current_verdict.effective_score if stands else 0.0,
        is_production_grade=stands and product.current_verdict.verdict == VerdictStatus.PRODUCTION_GRADE,
        use_case=asking.use_case.slug,
    )


def _agreements(asking: Asking) -> Mapping[Pair, _Agreed]:
    found: dict[Pair, _Agreed] = defaultdict(_Agreed)
    in_force = agreements_standing(asking.now).filter(consumer__in=asking.consumers).order_by().values("pk")
    waiting = Q(status=AgreementStatus.REQUESTED, expires_at__gt=asking.now)
    rows = Agreement.objects.filter(
        Q(pk__in=in_force) | waiting,
        consumer__in=asking.consumers,
        product__in=asking.products,
        purpose=asking.use_case.purpose,
    )
    for consumer, product, status, starts_at, expires_at in rows.values_list(
        "consumer_id", "product_id", "status", "starts_at", "expires_at"
    ):
        agreed = found[consumer, product]
        if starts_at is None:
            agreed.waits = agreed.waits or status == AgreementStatus.REQUESTED
        else:
            agreed.until = max(agreed.until or expires_at, expires_at)
    return found


def _confirmations(asking: Asking) -> Mapping[Pair, list[ConfirmationFacts]]:
    found: dict[Pair, list[ConfirmationFacts]] = defaultdict(list)
    rows = ObligationConfirmation.objects.filter(use_case=asking.use_case, confirmed_at__lte=asking.now)
    names = ("consumer_id", "product_id", "obligation", "confirmed_by__username", "confirmed_at")
    for consumer, product, *said in rows.order_by("id").values_list(*names):
        found[consumer, product].append(ConfirmationFacts(*said))
    return found


def _asked(asking: Asking) -> Mapping[Pair, _Asked]:
    settings, now = asking.settings, asking.now
    given: dict[str, Any] = {
        "use_case": asking.use_case.pk,
        "slug": asking.use_case.slug,
        "within": settings.fallback_within,
        "since": now - settings.asking_window,
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(_ASKED, given)
        counts = {(consumer, product): tuple(found) for consumer, product, *found in cursor.fetchall()}
        unanswered = {}
        if any(denied for _, _, denied in counts.values()):
            cursor.execute(_UNANSWERED, given)
            unanswered = {(consumer, product): tuple(found) for consumer, product, *found in cursor.fetchall()}
    return {pair: _Asked(*found, *unanswered.get(pair, ())) for pair, found in counts.items()}
