"""The work queues of the desk: what waits for whoever looks, and how much of the kind is open among what they may see."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from catalog.admin.reach import governs, person_of
from catalog.models import AccessPolicy, Agreement, DataProduct
from catalog.queries import agreements_waiting_for, visible_use_cases
from catalog.rules.vocabulary import AgreementStatus
from trust.desk.pages.desk import PUBLISHED
from trust.desk.queries import desk as waiting
from trust.presentation.admin.links import list_link, row_link
from trust.presentation.pages.labels import GATES
from trust.use_cases.models.use_case import OutputException, StageMove
from trust.use_cases.queries.stage_moves import moves_waiting_for
from trust.verdicts.models.waivers import Waiver
from trust.verdicts.queries import product_upkeep
from trust.verdicts.queries.product_upkeep import Reach
from trust.verdicts.queries.waivers import waivers_waiting_for
from trust.verdicts.rules.trust_policy import TrustPolicy
from trust.vocabulary import StageMoveStatus, WaiverStatus

SHOWN = 4


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to do: words and where it is done; `note` says who or what it concerns, `at` since when or until when."""

    label: str
    href: str
    note: str
    at: datetime | None = None
    is_due: bool = False


@dataclass(frozen=True, slots=True)
class Queue:
    """mine: how many wait for whoever looks, of which `items` are the first. open: all that they may see; list: where it is."""

    title: str
    mine: int
    open: int
    items: tuple[Item, ...]
    list: str

    @property
    def more(self) -> int:
        return self.mine - len(self.items)


@dataclass(frozen=True, slots=True)
class DeskContext:
    """Who looks at the desk, how far they see, and when."""

    request: HttpRequest
    reach: Reach
    governs: bool
    now: datetime
    policy: TrustPolicy


def queues_of(viewer: DeskContext) -> list[Queue]:
    """Every queue in the order of the page, empty ones too. At most three queries each."""
    return [queue(viewer) for queue in _QUEUES]


def desk_context_of(request: HttpRequest, reach: Reach, now: datetime, policy: TrustPolicy) -> DeskContext:
    return DeskContext(request, reach, governs(request), now, policy)


def _agreements(viewer: DeskContext) -> Queue:
    person = person_of(viewer.request)
    mine = agreements_waiting_for(person, is_governance=viewer.governs, now=viewer.now).order_by("id")
    mine = mine.select_related("consumer", "product", "requested_by", "caller__consumer").defer("product__search")
    return _queue(
        "Agreements to approve",
        mine,
        waiting.open_agreements(viewer.reach, viewer.now),
        lambda row: Item(
            f"{row.consumer.slug}: {row.product.slug} for {row.purpose}",
            row_link(row),
            f"requested by {row.done_by(row.requested_by)}",
            row.requested_at,
        ),
        list_link(viewer.request, Agreement, {"status__exact": AgreementStatus.REQUESTED.value}),
    )


def _policies(viewer: DeskContext) -> Queue:
    drafts = waiting.draft_policies(viewer.reach).select_related("product").defer("product__search").order_by("id")
    return _queue(
        "Policies to publish",
        drafts if viewer.governs else drafts.none(),
        drafts,
        lambda row: Item(f"{row.name} v{row.version}", row_link(row), str(row.product or "guardrail")),
        list_link(viewer.request, AccessPolicy, {"status__exact": "draft"}),
    )


def _reviews(viewer: DeskContext) -> Queue:
    rows = product_upkeep.unreviewed(viewer.reach, viewer.now, viewer.policy.review_interval).select_related("owner")
    rows = rows.defer("search").order_by("reviewed_at", "slug")
    return _queue(
        "Products to review",
        rows if viewer.governs else rows.none(),
        rows,
        lambda row: Item(row.name, row_link(row), _since("reviewed", row.reviewed_at), row.reviewed_at),
        list_link(viewer.request, DataProduct, {**PUBLISHED, "missing": "review"}),
    )


def _acknowledgements(viewer: DeskContext) -> Queue:
    rows = product_upkeep.unacknowledged(viewer.reach, viewer.now, viewer.policy.acknowledgement_interval)
    rows = rows.defer("search").order_by("acknowledged_at", "slug")
    return _queue(
        "Products to acknowledge",
        rows.filter(owner=person_of(viewer.request)),
        rows,
        lambda row: Item(row.name, row_link(row), _since("acknowledged", row.acknowledged_at), row.acknowledged_at),
        list_link(viewer.request, DataProduct, {**PUBLISHED, "missing": "acknowledgement"}),
    )


def _exceptions(viewer: DeskContext) -> Queue:
    person = person_of(viewer.request)
    visible = visible_use_cases(person).order_by().values("pk")
    return _queue(
        "Output exceptions to close",
        waiting.open_exceptions(person).select_related("use_case"),
        waiting.open_exceptions(None).filter(use_case__in=visible),
        lambda row: Item(row.title, row_link(row), f"{row.use_case}, due", row.due_at, is_due=True),
        list_link(viewer.request, OutputException, {"standing": "open"}),
    )


def _waivers(viewer: DeskContext) -> Queue:
    asked = waiting.open_waivers(viewer.reach, viewer.now)
    mine = waivers_waiting_for(person_of(viewer.request), viewer.now).select_related(
        "product", "requested_by", "caller__consumer"
    )
    return _queue(
        "Waivers to grant",
        mine.defer("product__search").order_by("requested_at", "id"),
        asked,
        lambda row: Item(
            f"{row.product.slug}: {GATES.get(row.gate, row.gate) if row.gate else row.check_key}",
            row_link(row),
            f"requested by {row.done_by(row.requested_by)}",
            row.requested_at,
        ),
        list_link(viewer.request, Waiver, {"status__exact": WaiverStatus.REQUESTED.value}),
    )


def _moves(viewer: DeskContext) -> Queue:
    person = person_of(viewer.request)
    visible = visible_use_cases(person).order_by().values("pk")
    return _queue(
        "Stage changes to approve",
        moves_waiting_for(person).select_related("use_case", "requested_by", "caller__consumer").order_by("id"),
        waiting.open_moves().filter(use_case__in=visible),
        lambda row: Item(
            f"{row.use_case.slug}: from {row.from_stage} to {row.to_stage}{', as an override' if row.is_override else ''}",
            row_link(row),
            f"requested by {row.done_by(row.requested_by)}",
            row.requested_at,
        ),
        list_link(viewer.request, StageMove, {"status__exact": StageMoveStatus.REQUESTED.value}),
    )


_QUEUES = (_agreements, _policies, _waivers, _moves, _reviews, _acknowledgements, _exceptions)


def _queue(title: str, mine: QuerySet[Any], all_open: QuerySet[Any], item: Callable[[Any], Item], href: str) -> Queue:
    items = tuple(item(row) for row in mine[:SHOWN])
    return Queue(title, mine.order_by().count(), all_open.order_by().count(), items, href)


def _since(action: str, at: datetime | None) -> str:
    return f"last {action}" if at else f"never {action}"
