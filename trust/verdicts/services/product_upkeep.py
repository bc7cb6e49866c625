"""What time does to products: acknowledgements, reviews and waivers run out, and their people are reminded of it.

How the products stood is counted once a day is over; missed days are counted later, to the same result.

Each reminder has a key, so that it is given once, however often this runs. Nothing waits for it: gates compare with the clock.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction

from catalog.models import DataProduct, Person
from catalog.rules.moments import rfc_3339, shown
from trust.notices.rules.reminders import BEFORE_ACKNOWLEDGEMENT, OVERDUE, VOID_FOR, moment_key, reminder_of, waiver_leads
from trust.notices.services.notices import Notice, give_new
from trust.verdicts.models.verdict import DailyVerdictCount
from trust.verdicts.models.waivers import Waiver
from trust.verdicts.queries.policies import current_policy
from trust.verdicts.queries.product_upkeep import due_acknowledgements, due_reviews
from trust.verdicts.queries.trend import Day, days_until, stood_at_the_end_of
from trust.verdicts.services.waiver_notices import concerned, excepted, payload_of, where
from trust.verdicts.services.waivers import close_unanswered
from trust.vocabulary import WaiverStatus

MOST_AT_ONCE = 500
SETTLED = timedelta(minutes=10)  # our choice: by then what was judged before midnight has been committed
_LOOKED_BACK = timedelta(days=7)  # our choice: who was down for longer gets no notice that a waiver ended a week ago


def look_after_products(*, now: datetime) -> int:
    """How many reminders were given: of acknowledgements, of reviews, of waivers; at most 500 of each.

    Requests for waivers whose end has come are closed.
    """
    close_unanswered(now=now)
    judges = list(Person.objects.governance())
    owed = (_of_acknowledgements(now, judges), _of_reviews(now, judges), _of_waivers(now))
    return sum(give_new(notices, now, most=MOST_AT_ONCE) for notices in owed)


def _of_acknowledgements(now: datetime, judges: list[Person]) -> Iterator[Notice]:
    """To owners; to governance where it is overdue and the owner has left. Who just published has a day."""
    interval = current_policy()[1].acknowledgement_interval
    for product in due_acknowledgements(now + max(BEFORE_ACKNOWLEDGEMENT), interval).iterator(MOST_AT_ONCE):
        is_given = product.acknowledged_at is not None and product.acknowledged_by_id == product.owner_id
        due_at = _due_at(product) if is_given else _due_at(product) + VOID_FOR
        step = reminder_of(due_at, now, BEFORE_ACKNOWLEDGEMENT if is_given else ())
        to = [product.owner] if product.owner and product.owner.is_active else judges if step == OVERDUE else []
        if not step or not to:
            continue
        since = f"by {shown(due_at)}" if is_given else f"from {product.owner_name}: never given"
        yield Notice(
            key=f"product:{product.pk}:acknowledge:{moment_key(product.acknowledged_at)}:{step}",
            kind="product.acknowledgement_overdue" if step == OVERDUE else "product.acknowledgement_due",
            subject=f"Data product {product.slug}: acknowledgement {'was' if step == OVERDUE else 'is'} due {since}",
            text=(
                f"{product.owner_name} owns data product {product.slug} ({product.name}). Read its page, correct "
                "what is wrong, and acknowledge it in the admin or with "
                f"POST /api/v1/products/{product.slug}/acknowledge. While it is overdue the gate `acknowledgement` fails."
            ),
            people=to,
            payload={"product": product.slug, "due_at": rfc_3339(due_at)},
        )


def _of_reviews(now: datetime, judges: list[Person]) -> Iterator[Notice]:
    """To governance. A product that was never reviewed is in the queue on the desk, and no message is sent about it."""
    interval = current_policy()[1].review_interval
    for product in due_reviews(now + max(BEFORE_ACKNOWLEDGEMENT), interval).exclude(reviewed_at=None).iterator(MOST_AT_ONCE):
        due_at = _due_at(product)
        if step := reminder_of(due_at, now, BEFORE_ACKNOWLEDGEMENT):
            yield Notice(
                key=f"product:{product.pk}:review:{moment_key(product.reviewed_at)}:{step}",
                kind="product.review_overdue" if step == OVERDUE else "product.review_due",
                subject=f"Data product {product.slug}: review {'was' if step == OVERDUE else 'is'} due by {shown(due_at)}",
                text=(
                    f"Review data product {product.slug} ({product.name}) and record the review in the admin or with "
                    f"POST /api/v1/products/{product.slug}/review. While it is overdue the gate `review` fails."
                ),
                people=judges,
                payload={"product": product.slug, "due_at": rfc_3339(due_at)},
            )


def _of_waivers(now: datetime) -> Iterator[Notice]:
    """To who answers for the exception, who asked for it and the product's owner: some time before the end, and at the end."""
    rows = Waiver.objects.filter(status=WaiverStatus.GRANTED, expires_at__lte=now + max(BEFORE_ACKNOWLEDGEMENT))
    related = rows.filter(expires_at__gt=now - _LOOKED_BACK).select_related("product__owner", "owner", "requested_by")
    for waiver in related.defer("product__search").order_by("expires_at").iterator(MOST_AT_ONCE):
        life = waiver.expires_at - (waiver.starts_at or now)
        if step := reminder_of(waiver.expires_at, now, waiver_leads(life)):
            what = f"{'ended' if step == OVERDUE else 'ends'} at {shown(waiver.expires_at)}"
            yield Notice(
                key=f"waiver:{waiver.pk}:{step}",
                kind="waiver.ended" if step == OVERDUE else "waiver.ending",
                subject=f"The waiver of {excepted(waiver)} {what}",
                text=(
                    f"The waiver of {excepted(waiver)} {what}; after that the gate or check counts again. "
                    f"If you still need the waiver, request another.\n\n{where(waiver)}"
                ),
                people=concerned(waiver),
                payload=payload_of(waiver),
            )


def _due_at(product: DataProduct) -> datetime:
    due_at: datetime = product.due_at  # type: ignore[attr-defined]  # annotated
    return due_at


def count_daily_verdicts(*, now: datetime) -> int:
    """Write the counts of every day of the trend that is over and not written yet; how many those were. Safe to run twice.

    A day at a time: each costs one look into the history of every product, and what was counted stays when the next fails.
    """
    days = days_until(now - SETTLED)
    known = set(DailyVerdictCount.objects.filter(day__gte=days[0]).values_list("day", flat=True))
    written = 0
    for day in days:
        if day in known:
            continue
        with transaction.atomic():
            found = stood_at_the_end_of([day])
            counts = found[0] if found else Day(day, 0, 0, 0)
            row = DailyVerdictCount(
                day=day,
                production_grade=counts.production_grade,
                not_production_grade=counts.not_production_grade,
                unknown=counts.unknown,
            )
            DailyVerdictCount.objects.bulk_create([row], ignore_conflicts=True)
        written += 1
    return written
