"""The data products that a use case consumes: how they stand, and how they stood over the last months."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from django.db import connection

from catalog.models import DataProduct, Person, UseCaseProduct
from catalog.rules.vocabulary import Lifecycle, Sensitivity
from trust.use_cases.rules.readiness.facts import Presence, UsedProductFacts
from trust.verdicts.models.verdict import CurrentVerdict
from trust.vocabulary import GateName, GateStatus, VerdictStatus

# A good verdict counts from its judgement until its own time is over, or until the facts changed that led to the next one: what
# nobody had judged yet was nothing to rely on. The verdict that stood when the window began is the last one before it.
_SHARES = """
SELECT product.id, first.judged_at, coalesce(extract(epoch FROM sum(
    least(kept.until, kept.valid_until, %(now)s) - greatest(kept.judged_at, %(since)s)
) FILTER (WHERE kept.verdict = 'production_grade'
    AND least(kept.until, kept.valid_until, %(now)s) > greatest(kept.judged_at, %(since)s))), 0)::float8
FROM unnest(%(products)s::bigint[]) AS product(id)
CROSS JOIN LATERAL (
    SELECT v.judged_at FROM trust_verdict v
    WHERE v.product_id = product.id AND v.judged_at <= %(now)s ORDER BY v.judged_at, v.id LIMIT 1
) first
CROSS JOIN LATERAL (
    SELECT v.verdict, v.judged_at, v.valid_until,
        lead(least(v.judged_at, v.facts_changed_at)) OVER (ORDER BY v.judged_at, v.id) AS until
    FROM trust_verdict v
    WHERE v.product_id = product.id AND v.judged_at <= %(now)s AND v.judged_at >= coalesce((
        SELECT b.judged_at FROM trust_verdict b
        WHERE b.product_id = product.id AND b.judged_at <= %(since)s ORDER BY b.judged_at DESC, b.id DESC LIMIT 1
    ), %(since)s)
) kept
GROUP BY product.id, first.judged_at
"""


@dataclass(frozen=True, slots=True)
class _Share:
    observed_since: datetime
    good_for: timedelta


class _Gate(msgspec.Struct):
    gate: GateName
    status: GateStatus


class _Outcome(msgspec.Struct):
    """What is read of `trust.verdicts.rules.outcome.Outcome`."""

    gates: list[_Gate]
    cause: str = ""


_OUTCOME = msgspec.json.Decoder(_Outcome)


def consumed_products(use_case_id: int) -> list[DataProduct]:
    """Each product once, whatever ports of it are named, with owner, domain and what stands for it; one query."""
    named = UseCaseProduct.objects.filter(use_case=use_case_id).order_by().values("product")
    related = ("owner", "domain", "acknowledged_by", "current_verdict__verdict_row")
    rows = DataProduct.objects.filter(pk__in=named).select_related(*related).order_by("slug")
    return list(rows.defer("search", "current_verdict__body", "current_verdict__basis", "current_verdict__verdict_row__facts"))


def good_until(product: DataProduct, now: datetime) -> datetime | None:
    """Until when the product's verdict holds; not beyond the change of a fact that nobody has judged yet. None: no verdict."""
    current: CurrentVerdict | None = getattr(product, "current_verdict", None)
    if current is None or current.verdict_row is None or current.valid_until is None:
        return None
    return min(current.valid_until, current.invalidated_at or now) if current.invalidated else current.valid_until


def product_facts(
    products: Sequence[DataProduct], present: Callable[[Person | None], Presence | None], *, since: datetime, now: datetime
) -> tuple[UsedProductFacts, ...]:
    """What is known of `consumed_products`; one query more. `since`: when the window of the shares begins."""
    shares = _shares([product.pk for product in products], since, now)
    return tuple(_facts(product, present, shares.get(product.pk), since, now) for product in products)


def _facts(
    product: DataProduct,
    present: Callable[[Person | None], Presence | None],
    share: _Share | None,
    since: datetime,
    now: datetime,
) -> UsedProductFacts:
    until = good_until(product, now)
    row = product.current_verdict.verdict_row if until is not None else None
    outcome = _Outcome([]) if row is None else _OUTCOME.decode(row.outcome)
    failed = tuple(one.gate for one in outcome.gates if one.status is GateStatus.FAILED)
    unknown = tuple(one.gate for one in outcome.gates if one.status is GateStatus.UNKNOWN)
    return UsedProductFacts(
        slug=product.slug,
        lifecycle=Lifecycle(product.lifecycle),
        deprecation_ends_at=product.deprecation_ends_at,
        sensitivity=Sensitivity(product.sensitivity) if product.sensitivity else None,
        verdict=None if row is None else VerdictStatus(row.verdict),
        valid_until=until,
        open_gates=failed + unknown,
        failed_gates=failed,
        cause=outcome.cause,
        observed_since=share.observed_since if share else None,
        observed_for=now - max(share.observed_since, since) if share else timedelta(0),
        good_for=share.good_for if share else timedelta(0),
        owner=present(product.owner),
        acknowledged_at=product.acknowledged_at,
        acknowledged_by=product.acknowledged_by.username if product.acknowledged_by else None,
    )


def _shares(product_ids: list[int], since: datetime, now: datetime) -> Mapping[int, _Share]:
    with connection.cursor() as cursor:
        cursor.execute(_SHARES, {"products": product_ids, "since": since, "now": now})
        return {product: _Share(first, timedelta(seconds=good)) for product, first, good in cursor.fetchall()}
