"""What a ruling was made on at a past moment: consumer, product, policies and agreement as they were then."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db.models import Min

from catalog.models import AccessPolicy, Agreement, Consumer, DataProduct, Domain, Person, UseCase
from catalog.queries import policies_in_force, standing_agreement
from catalog.rules.ruling import PolicyInForce, Resource, Subject
from catalog.rules.vocabulary import ConsumerKind, ConsumerStatus, Lifecycle, Sensitivity, UseCaseStage
from trust.decisions.queries.resolved_question import ResolvedQuestion
from trust.decisions.rules.question import PartInUseCase


@dataclass(frozen=True, slots=True)
class PastInputs:
    """What a ruling rested on at a past moment, besides the judgement.

    subject, resource: as the history has them; None where there was no such consumer or product. is_active: the consumer and
    the account of its owner were active. agreement: id of the one that stood.
    """

    subject: Subject | None
    is_active: bool
    resource: Resource | None
    policies: tuple[PolicyInForce, ...]
    agreement: int | None


def as_it_was(resolved: ResolvedQuestion) -> ResolvedQuestion:
    """The same with consumer, product, policies, agreement and use case as they were at the moment that the question is about.

    No query for a question about now, or with neither purpose nor use case.
    """
    question, subject, product = resolved.question, resolved.subject, resolved.product
    if question.as_of is None or subject is None or product is None:
        return resolved
    if question.use_case is not None:
        resolved = replace(resolved, part_in_use_case=_part_at(question.use_case, subject.id, question.as_of))
    if question.purpose is None:
        return resolved
    then = ruling_inputs_at(consumer_id=subject.id, product_id=product.id, purpose=question.purpose, at=question.as_of)
    return replace(
        resolved,
        subject=replace(subject, subject=then.subject, is_active=then.is_active) if then.subject else None,
        product=replace(product, resource=then.resource) if then.resource else product,
        policies=tuple(policy.id for policy in then.policies),
        agreement=then.agreement,
        rests_until=rests_until([policy.id for policy in then.policies], then.agreement),
    )


def ruling_inputs_at(*, consumer_id: int, product_id: int, purpose: str, at: datetime) -> PastInputs:
    """Consumer, product, policies and agreement as they were at `at`, from their histories; seven queries at most."""
    subject, is_active = _subject_at(consumer_id, at)
    return PastInputs(
        subject=subject,
        is_active=is_active,
        resource=_resource_at(product_id, at),
        policies=policies_in_force([product_id], at).get(product_id, ()),
        agreement=standing_agreement(consumer_id, product_id, purpose, at),
    )


def _part_at(use_case: str, consumer_id: int, at: datetime) -> PartInUseCase:
    """Whether the consumer acted in the use case then, from the histories of the use case and of its list; three queries."""
    number = UseCase.objects.filter(slug=use_case).values_list("pk", flat=True).first()
    row = None if number is None else _event_at(UseCase, number, at)
    if row is None or row.stage == UseCaseStage.RETIRED:
        return PartInUseCase.UNKNOWN
    events = apps.get_model("catalog", "UseCaseConsumersEvent").objects
    then = events.filter(usecase=number, consumer=consumer_id, pgh_created_at__lte=at)
    last = then.order_by("-pgh_created_at", "-pgh_id").values_list("pgh_label", flat=True).first()
    return PartInUseCase.MEMBER if last == "insert" else PartInUseCase.STRANGER


def _event_at(model: Any, pk: int, at: datetime) -> Any:
    """The last row of the history of one object until `at`; None where there is none, or it was deleted."""
    events = model.pgh_event_models["insert"].objects.filter(pgh_obj_id=pk, pgh_created_at__lte=at)
    event = events.order_by("-pgh_created_at", "-pgh_id").first()
    return None if event is None or event.pgh_label == "delete" else event


def _subject_at(consumer_id: int, at: datetime) -> tuple[Subject | None, bool]:
    then = _event_at(Consumer, consumer_id, at)
    owner = _event_at(Person, then.owner_id, at) if then else None
    if owner is None:
        return None, False
    subject = Subject(then.slug, ConsumerKind(then.kind), Sensitivity(then.clearance), owner.username)
    return subject, then.status == ConsumerStatus.ACTIVE and owner.is_active


def _resource_at(product_id: int, at: datetime) -> Resource | None:
    then = _event_at(DataProduct, product_id, at)
    owner = _event_at(Person, then.owner_id, at) if then else None
    if owner is None:
        return None
    return Resource(
        slug=then.slug,
        domain=Domain.objects.values_list("slug", flat=True).get(pk=then.domain_id),  # a slug that never changes
        sensitivity=Sensitivity(then.sensitivity) if then.sensitivity else None,
        lifecycle=Lifecycle(then.lifecycle),
        owner=owner.username,
    )


def rests_until(policies: Collection[int], agreement: int | None) -> datetime | None:
    """The first end of one of the policies that were ruled on, or of the agreement; None where none ends. Two queries."""
    ends: list[datetime | None] = [AccessPolicy.objects.filter(pk__in=policies).aggregate(end=Min("expires_at"))["end"]]
    if agreement is not None:
        ends.append(Agreement.objects.filter(pk=agreement).values_list("expires_at", flat=True).first())
    return min((end for end in ends if end is not None), default=None)
