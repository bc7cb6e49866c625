"""Assesses use cases on what the database knows, keeps what was found, and tells what was known at a past moment.

A row is kept where an answer, the stage, the trust policy or whoever must act has changed since the last one, or where that
one's time is over. Whoever keeps one holds the use case's watch row: rows come in the order of their moments, and a fall is
noted once.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from catalog.models import UseCase, UseCaseProduct
from catalog.rules.errors import InvalidError, NotFoundError
from trust.use_cases.models.use_case import Readiness, ReadinessWatch
from trust.use_cases.queries.stage_moves import overrides
from trust.use_cases.queries.use_case_facts import use_case_facts
from trust.use_cases.rules.readiness.assess import assess
from trust.use_cases.rules.readiness.codec import digest, dump_assessment, dump_facts, load_assessment, load_facts
from trust.use_cases.rules.readiness.facts import UseCaseFacts
from trust.use_cases.rules.readiness.outcome import Assessment
from trust.use_cases.rules.stages import lacking
from trust.use_cases.services.readiness_falls import note_change
from trust.verdicts.models.verdict import TrustPolicyVersion
from trust.verdicts.queries.policies import current_policy
from trust.verdicts.rules.trust_policy import policy_from_dict
from trust.verdicts.services.judging import ensure_current
from trust.vocabulary import ReadinessLevel


@dataclass(frozen=True, slots=True)
class _Found:
    """One assessment with all that is kept of it."""

    facts: UseCaseFacts
    assessment: Assessment
    policy: TrustPolicyVersion
    cause: str


@dataclass(frozen=True, slots=True)
class Kept:
    """An assessment, and the row that stands for it: its own, or an earlier one that says the same."""

    assessment: Assessment
    row: Readiness


def assess_use_case(*, use_case: UseCase, now: datetime, cause: str) -> Assessment:
    """The readiness of the use case at `now`, on live evidence; kept where it says something new.

    Products whose verdict is outdated are judged first. `cause` says in a word or two what led to it.
    """
    ensure_current(_product_ids(use_case), now)
    found = _assess(use_case, now, cause)
    with transaction.atomic():
        watch = held_watch(use_case.pk)
        if watch.assessed_at is None or watch.assessed_at < now:  # else somebody else has looked later, and kept what they saw
            _keep(watch, found, is_wanted=False)
    return found.assessment


def assess_for_decision(*, use_case: UseCase, now: datetime, cause: str) -> Kept:
    """The same for a decision that rests on it: the row is always its own. The caller is in a transaction and holds the use
    case, so that nothing that is claimed of it changes in between.
    """
    ensure_current(_product_ids(use_case), now)
    watch = held_watch(use_case.pk)
    found = _assess(use_case, max(now, watch.assessed_at or now), cause)
    return Kept(found.assessment, _keep(watch, found, is_wanted=True))


def current_readiness(use_cases: Collection[UseCase | int], now: datetime) -> dict[int, Readiness]:
    """Use case id to its newest row, without facts and outcome; those that were never assessed are left out. One query.

    For lists: a row whose time is over at `now` says what was found last; `valid_until` tells.
    """
    rows = ReadinessWatch.objects.filter(use_case__in=use_cases, row__assessed_at__lte=now).select_related("row")
    return {watch.use_case_id: watch.row for watch in rows.defer("row__facts", "row__outcome") if watch.row is not None}


def readiness_as_of(*, use_case: UseCase, moment: datetime, now: datetime) -> Assessment:
    """What was known at `moment` and said then: the row that stood, or its facts assessed at `moment` where its time was over.

    Raises `InvalidError` for a moment in the future, `NotFoundError` with the code `not_assessed_yet` before the first row.
    """
    if moment > now:
        raise InvalidError(
            f"The moment {moment.isoformat()} is in the future.",
            remedy="Give a moment that has passed, or leave as_of out.",
            code="as_of_in_the_future",
            field="as_of",
        )
    rows = Readiness.objects.filter(use_case=use_case, assessed_at__lte=moment).select_related("policy")
    row = rows.order_by("-assessed_at", "-id").first()
    if row is None:
        raise NotFoundError(
            f"Use case {use_case.slug} had not been assessed yet at {moment.isoformat()}.",
            remedy=f"GET /api/v1/use-cases/{use_case.slug}/readiness/history says when it was.",
            code="not_assessed_yet",
        )
    if row.valid_until > moment:
        return load_assessment(row.outcome)
    return assess(load_facts(row.facts), policy_from_dict(row.policy.body), moment)


def held_watch(use_case_id: int) -> ReadinessWatch:
    """The use case's watch row, made where there is none, locked until the end of the transaction."""
    ReadinessWatch.objects.bulk_create([ReadinessWatch(use_case_id=use_case_id)], ignore_conflicts=True)
    return ReadinessWatch.objects.select_for_update(of=("self",)).select_related("row").get(use_case=use_case_id)


def _product_ids(use_case: UseCase) -> list[int]:
    return list(UseCaseProduct.objects.filter(use_case=use_case).order_by().values_list("product", flat=True).distinct())


def _assess(use_case: UseCase, now: datetime, cause: str) -> _Found:
    row, policy = current_policy()
    facts = use_case_facts(use_case.pk, now, policy)
    return _Found(facts, assess(facts, policy, now), row, cause)


def _keep(watch: ReadinessWatch, found: _Found, *, is_wanted: bool) -> Readiness:
    """The row that stands for the assessment; the caller holds the watch."""
    assessment = found.assessment
    accepted = [one["question"] for move in overrides([watch.use_case_id])[watch.use_case_id] for one in move.missing]
    missing = [question.question for question in lacking(assessment, accepted)]
    before = watch.row
    if not is_wanted and before is not None and _says_the_same(before, found, missing):
        row = before
    else:
        row = _write(watch.use_case_id, found, missing)
    note_change(watch, before=before, after=row)
    watch.row, watch.assessed_at = row, assessment.assessed_at
    watch.save()
    return row


def _says_the_same(row: Readiness, found: _Found, missing: Collection[str]) -> bool:
    """Whether `row` still stands: in its time, under the same policy, with the same answers and the same people to act.

    Numbers and moments within the sentences may differ: they move with every question that is asked.
    """
    assessment = found.assessment
    if row.valid_until <= assessment.assessed_at or row.policy_id != found.policy.pk:
        return False
    if row.stage != assessment.stage or list(row.lacking) != list(missing):
        return False
    return _said(load_assessment(row.outcome)) == _said(assessment)


def _said(assessment: Assessment) -> list[tuple[object, ...]]:
    return [(one.question, one.answer, one.code, one.responsible) for one in assessment.questions]


def _write(use_case_id: int, found: _Found, missing: Collection[str]) -> Readiness:
    assessment, stored = found.assessment, dump_facts(found.facts)
    return Readiness.objects.create(
        use_case_id=use_case_id,
        level=assessment.level,
        weakest=assessment.weakest,
        open_gaps=[gap.gap for gap in assessment.gaps if gap.level is not ReadinessLevel.READY],
        lacking=list(missing),
        stage=assessment.stage,
        assessed_at=assessment.assessed_at,
        valid_until=assessment.valid_until,
        policy=found.policy,
        cause=found.cause,
        facts=stored.decode(),
        facts_sha256=digest(stored),
        outcome=dump_assessment(assessment).decode(),
    )
