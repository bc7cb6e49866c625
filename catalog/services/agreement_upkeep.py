"""What time does to agreements: a reminder before the end, and the end itself written down. Nothing waits for either.

Whether an agreement is in force is asked by comparing `expires_at` with the clock (`catalog.queries.agreements`), so that a
task that is late keeps nothing alive.
"""

from datetime import datetime

from django.db.models import CharField, Exists, OuterRef, Value
from django.db.models.functions import Cast, Concat

from catalog.models import Agreement, Notification
from catalog.rules.agreement import LONGEST_NOTICE, reminder_due_at
from catalog.rules.moments import shown
from catalog.rules.vocabulary import AgreementStatus
from catalog.services.agreement_notices import grant_of, notify_concerned
from catalog.services.recording import recorded

MOST_AT_ONCE = 500


def expire_agreements(*, now: datetime) -> int:
    """How many agreements, and requests that nobody answered, were past their end and are `expired` now; at most 500.

    `ended_at` is the end that they had, not the moment at which somebody noticed.
    """
    ended = Agreement.objects.filter(status__in=[AgreementStatus.ACTIVE, AgreementStatus.REQUESTED], expires_at__lte=now)
    count = 0
    for pk in ended.order_by("expires_at").values_list("pk", flat=True)[:MOST_AT_ONCE]:
        with recorded("expire_agreement", None):
            row = (
                ended.select_for_update(of=("self",), no_key=True, skip_locked=True)
                .select_related("consumer__owner", "product__owner", "requested_by")
                .defer("product__search")
                .filter(pk=pk)
                .first()
            )
            if row is None:
                continue
            was_active = row.status == AgreementStatus.ACTIVE
            row.status, row.ended_at = AgreementStatus.EXPIRED, row.expires_at
            row.end_reason = "It expired." if was_active else "The request was not answered in time."
            act = "granted that" if was_active else "asked that"
            row.save(update_fields=["status", "ended_at", "end_reason"])
            notify_concerned(
                agreement=row,
                event="expired",
                headline=f"ended at {shown(row.expires_at)}",
                text=f"{row.end_reason} It {act} {grant_of(row)} until {shown(row.expires_at)}.\n\n"
                "If the data is still needed, make a new request.",
                now=now,
                actor=None,
            )
            count += 1
    return count


def remind_of_ends(*, now: datetime) -> int:
    """How many agreements were reminded of because they end soon; each is once, at most 500 at a time."""
    pk, consumer = Cast(OuterRef("pk"), CharField()), Cast(OuterRef("consumer"), CharField())
    key = Concat(
        Value("agreement:"), pk, Value(":ending:consumer:"), consumer
    )  # as `notify` makes it of that of `notify_concerned`
    ending = (
        Agreement.objects.filter(
            ~Exists(Notification.objects.filter(key=key)),
            status=AgreementStatus.ACTIVE,
            expires_at__gt=now,
            expires_at__lte=now + LONGEST_NOTICE,
        )
        .select_related("consumer__owner", "product__owner", "requested_by")
        .defer("product__search")
        .order_by("expires_at")
    )
    due = [row for row in ending[:MOST_AT_ONCE] if row.starts_at and reminder_due_at(row.starts_at, row.expires_at) <= now]
    for row in due:
        notify_concerned(
            agreement=row,
            event="ending",
            headline=f"ends at {shown(row.expires_at)}",
            text=f"The agreement that {grant_of(row)} ends at {shown(row.expires_at)}.\n\nIf the data is still needed, "
            f"{row.consumer.owner.username} can request a renewal with a later end, which replaces it when approved.",
            now=now,
            actor=None,
        )
    return len(due)
