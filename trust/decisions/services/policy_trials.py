"""Trials of policies: which of the last decisions would have come out otherwise under this version. Nothing is written."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from django.db.models import QuerySet

from catalog import cedar
from catalog.models import AccessPolicy, Person
from catalog.queries import policies_by_id
from catalog.rules.errors import InvalidError
from catalog.rules.ruling import PolicyInForce
from catalog.services.permissions import require_can_change, require_governance
from trust.decisions.models.decision import Decision

MOST_TRIED = 10_000
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Otherwise:
    """One decision that would have come out otherwise. was, would_be: the yes or no. why: what makes the difference."""

    decision_id: int
    asked_at: datetime
    consumer: str
    product: str
    purpose: str
    was: bool
    would_be: bool
    why: str


@dataclass(frozen=True, slots=True)
class Trial:
    """tried: decisions that were ruled on again. same: those that stay as they were, of which `permission_only` would be ruled
    on otherwise without coming out otherwise, since something else denies them. changed: the others, newest first.
    skipped: decisions whose log does not hold all that a ruling needs.
    """

    tried: int
    same: int
    permission_only: int
    skipped: int
    changed: tuple[Otherwise, ...]

    @property
    def newly_permitted(self) -> int:
        """How many would be a yes instead of a no."""
        return sum(one.would_be for one in self.changed)

    @property
    def newly_denied(self) -> int:
        """How many would be a no instead of a yes."""
        return len(self.changed) - self.newly_permitted


def try_policy(*, policy: AccessPolicy, last: int, actor: Person | None) -> Trial:
    """Rule again on the last `last` logged decisions with a purpose about the policy's product (a guardrail: about any).

    Each is ruled on from the request in its log, under the policies that were in force for it, with `policy` in the place of
    the other versions of itself: the difference is its alone. Raises `ForbiddenError` for those who may not draft it.
    """
    if policy.product is None:
        require_governance(actor, f"try guardrail {policy.name}")
    else:
        require_can_change(actor, policy.product)
    if not 1 <= last <= MOST_TRIED:
        raise InvalidError(
            f"A trial of the last {last} decisions is not possible.",
            remedy=f"Ask for 1 to {MOST_TRIED:,} decisions.",
            field="last",
        )
    versions = AccessPolicy.objects.filter(product=policy.product, name=policy.name)
    replaced = frozenset(versions.values_list("pk", flat=True))
    context = _TrialContext(policies_by_id([policy.pk])[policy.pk], replaced)
    rows = _logged(policy).order_by("-asked_at", "-id")[:last].iterator(chunk_size=_AT_ONCE)
    changed, counts = [], defaultdict[str, int](int)
    for batch in _batches(rows):
        context.fetch(batch)
        for row in batch:
            outcome = context.again(row)
            if isinstance(outcome, Otherwise):
                changed.append(outcome)
            counts["changed" if isinstance(outcome, Otherwise) else outcome] += 1
    return Trial(
        tried=sum(counts.values()) - counts["skipped"],
        same=counts["same"] + counts["permission_only"],
        permission_only=counts["permission_only"],
        skipped=counts["skipped"],
        changed=tuple(changed),
    )


def _logged(policy: AccessPolicy) -> QuerySet[Decision, Any]:
    decisions = Decision.objects.filter(purpose__isnull=False, ruling__isnull=False)
    if policy.product is not None:
        decisions = decisions.filter(product=policy.product)
    return decisions.values(
        "id", "asked_at", "subject", "product_slug", "purpose", "decision", "production_grade", "reason_codes", "ruling"
    )


def _batches(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    while batch := list(islice(rows, _AT_ONCE)):
        yield batch


class _TrialContext:
    """The draft on trial and the published policies that it meets, each read once."""

    def __init__(self, draft: PolicyInForce, replaced: frozenset[int]) -> None:
        self._draft, self._replaced = draft, replaced
        self._policies: dict[int, PolicyInForce] = {}

    def fetch(self, batch: Sequence[Mapping[str, Any]]) -> None:
        """Read the policies that the rulings of `batch` name and that were not read yet. One query at most."""
        named = {number for row in batch for number in _named(row["ruling"])}
        if missing := named - self._policies.keys():
            self._policies.update(policies_by_id(missing))

    def again(self, row: Mapping[str, Any]) -> Otherwise | str:
        """The decision as it would have come out; `same`, `permission_only` or `skipped` where it is not another one."""
        ruling = row["ruling"]
        others = set(_named(ruling)) - self._replaced
        if "request" not in ruling or not others <= self._policies.keys():
            return "skipped"
        policies = sorted([self._draft, *(self._policies[number] for number in others)], key=lambda policy: policy.id)
        is_permitted, determining = cedar.rule_again(ruling["request"], policies)
        if is_permitted == ruling["is_permitted"]:
            return "same"
        otherwise_denied = set(row["reason_codes"]) - {reason["code"] for reason in ruling["reasons"]}
        would_be = is_permitted and row["production_grade"] and not otherwise_denied
        if would_be == row["decision"]:
            return "permission_only"
        if is_permitted:
            names = [f"{policy.name} v{policy.version}" for policy in policies if policy.id in determining]
            why = f"Permitted by {', '.join(names)}."
        else:
            why = " ".join(reason.message for reason in cedar.explain_again(ruling["request"], policies))
        return Otherwise(
            row["id"],
            row["asked_at"],
            row["subject"],
            row["product_slug"],
            row["purpose"],
            was=row["decision"],
            would_be=would_be,
            why=why,
        )


def _named(ruling: Mapping[str, Any]) -> Iterator[int]:
    """Ids of the policies that were in force; the built-in rule, which is always, left out."""
    return (policy["id"] for policy in ruling.get("policies", ()) if policy["id"] != cedar.CLEARANCE_RULE.id)
