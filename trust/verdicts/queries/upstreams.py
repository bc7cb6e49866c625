"""What products are built from, and what is said of that now. A fixed number of queries, whatever the number of products."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from msgspec import UNSET

from catalog.models import InputPort
from trust.verdicts.models.verdict import CurrentVerdict, Verdict
from trust.verdicts.queries.lineage import circles_among
from trust.verdicts.rules.codec import load_outcome
from trust.verdicts.rules.facts import UpstreamFacts
from trust.verdicts.rules.outcome import Outcome
from trust.verdicts.rules.validity import is_current
from trust.vocabulary import VerdictStatus


@dataclass(frozen=True, slots=True)
class Input:
    """One input port. is_cycle: the upstream is built, directly or not, from the product itself."""

    upstream_id: int
    slug: str
    owner: str
    is_required: bool
    is_cycle: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said of one product: `row` with its `outcome`, both None where it was never judged.

    invalidated, valid_until and the row come from one statement: whoever finds an answer fresh has read that very answer.
    """

    invalidated: bool
    judged_at: datetime | None = None
    valid_until: datetime | None = None
    row: Verdict | None = None
    outcome: Outcome | None = None

    @classmethod
    def of(cls, row: Verdict, outcome: Outcome) -> Self:
        """That of a judgement just made."""
        return cls(False, row.judged_at, row.valid_until, row, outcome)

    def is_current(self, now: datetime) -> bool:
        return is_current(invalidated=self.invalidated, valid_until=self.valid_until, now=now)


def inputs_of(product_ids: Collection[int]) -> Mapping[int, tuple[Input, ...]]:
    """Product id -> its input ports; products that need nothing are absent. Two queries."""
    ports = list(InputPort.objects.filter(product_id__in=product_ids).select_related("upstream__owner"))
    cyclic = circles_among(product_ids) if ports else frozenset()
    found: dict[int, tuple[Input, ...]] = defaultdict(tuple)
    for port in ports:
        is_cycle = (port.product_id, port.upstream_id) in cyclic
        upstream = port.upstream
        found[port.product_id] += (Input(upstream.pk, upstream.slug, upstream.owner_name, port.required, is_cycle),)
    return found


def answers_about(product_ids: Collection[int]) -> dict[int, Answer]:
    """Product id -> what is said of it now; one query, none for no products."""
    if not product_ids:
        return {}
    rows = CurrentVerdict.objects.filter(product_id__in=product_ids).select_related("verdict_row")
    return {current.product_id: _answer(current) for current in rows.defer("body", "basis", "verdict_row__facts")}


def upstream_facts(inputs: Iterable[Input], answers: Mapping[int, Answer]) -> tuple[UpstreamFacts, ...]:
    """The inputs of one product with the verdict that stands for each.

    Of an input in a circle only that is known: it would otherwise rest on what rests on it, and no order would settle them.
    """
    return tuple(_upstream(one, None if one.is_cycle else answers.get(one.upstream_id)) for one in inputs)


def _answer(current: CurrentVerdict) -> Answer:
    row = current.verdict_row
    outcome = load_outcome(row.outcome) if row else None
    return Answer(current.invalidated, current.judged_at, current.valid_until, row, outcome)


def _upstream(one: Input, answer: Answer | None) -> UpstreamFacts:
    if answer is None or answer.row is None or answer.outcome is None:
        return UpstreamFacts(one.slug, one.is_required, is_cycle=one.is_cycle, owner=one.owner)
    row, outcome = answer.row, answer.outcome
    return UpstreamFacts(
        slug=one.slug,
        is_required=one.is_required,
        verdict=VerdictStatus(row.verdict),
        effective_score=row.effective_score,
        valid_until=row.valid_until,
        failing_path=outcome.failing_path,
        path_left_out=outcome.path_left_out,
        cause=outcome.cause,
        limited_from=outcome.limited_from or outcome.limited_by or UNSET,
        is_cycle=one.is_cycle,
        owner=one.owner,
    )
