"""Hands everything over that a person answers for, in one act, as when they leave: what it was is listed.

What a person has done stays theirs: requests, approvals, reviews. Agreements follow their consumer and their product.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Q

from catalog.models import Agreement, Consumer, DataProduct, Measure, Person, UseCase
from catalog.rules.errors import ConflictError, ForbiddenError
from catalog.rules.vocabulary import AgreementStatus, ConsumerKind, ConsumerStatus, Lifecycle, UseCaseStage
from catalog.services import products, use_cases
from catalog.services.consumers import hand_over_consumer
from catalog.services.notifications import notify
from catalog.services.people import find_person
from catalog.services.permissions import is_governance
from catalog.services.recording import recorded
from catalog.services.requests import demand_reason
from trust.use_cases.models.use_case import OutputException
from trust.use_cases.services.output_exceptions import hand_on_exception
from trust.verdicts.models.incidents import Incident
from trust.verdicts.models.waivers import Waiver
from trust.verdicts.services.incidents import assign_incident
from trust.verdicts.services.waivers import hand_over_waiver
from trust.vocabulary import WaiverStatus

_ENDED = (AgreementStatus.REJECTED, AgreementStatus.WITHDRAWN, AgreementStatus.EXPIRED, AgreementStatus.REVOKED)


@dataclass(frozen=True, slots=True, order=True)
class HandedOver:
    """One thing with a new answerable person. kind: `product`, `stewardship`, `consumer`, `agreement`, `use case`, ..."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


def hand_over_everything(
    *, person: Person, to: str, reason: str, actor: Person | None, now: datetime
) -> tuple[HandedOver, ...]:
    """All that `person` answers for and `to`, a username, answers for from now on. Both are notified.

    For governance, and for the person themselves. Raises `ForbiddenError`, `InvalidError` for who cannot take it, and
    `ConflictError` where it is the same person.
    """
    said = demand_reason(reason, "Handing everything over")
    if not is_governance(actor) and not (actor is not None and actor.is_active and actor.pk == person.pk):
        raise ForbiddenError(
            f"{actor.username if actor else 'The system'} may not hand over what {person.username} answers for.",
            remedy=f"Ask {person.username} or a member of the group 'governance' to do it.",
        )
    successor = find_person(username=to, part="successor")
    if successor.pk == person.pk:
        raise ConflictError(f"{to} answers for it already.", remedy="Name another person.", field="to")
    # Whether it may be done is decided above: a person gives away the parts, too, that only an owner could otherwise change.
    # Consumers need to know who does it, for their keys.
    by = actor if is_governance(actor) else None
    with recorded("hand_over_everything", actor, said):
        done = [
            *_products(person, successor, by, said),
            *_consumers(person, successor, actor),
            *_use_cases(person, successor, by, said, now),
            *_open_matters(person, successor, by, said, now),
        ]
        if done:
            _tell(person, successor, done, said, now)
    return tuple(sorted(done))


def _products(person: Person, to: Person, actor: Person | None, reason: str) -> list[HandedOver]:
    done = []
    rows = DataProduct.objects.exclude(lifecycle=Lifecycle.RETIRED).select_related("domain", "owner")
    for product in rows.filter(stewards=person):
        claims = products.claims_of(product)
        names = dict.fromkeys(to.username if name == person.username else name for name in claims.stewards)
        products.update_product(product=product, claims=replace(claims, stewards=tuple(names)), actor=actor, reason=reason)
        done.append(HandedOver("stewardship of", product.slug))
    for product in rows.filter(owner=person):
        claims = replace(products.claims_of(product), owner=to.username)
        products.update_product(product=product, claims=claims, actor=actor, reason=reason)
        done.append(HandedOver("product", product.slug))
    return done


def _consumers(person: Person, to: Person, actor: Person | None) -> list[HandedOver]:
    done = []
    own = Consumer.objects.filter(owner=person).exclude(kind=ConsumerKind.PERSON).exclude(status=ConsumerStatus.RETIRED)
    for consumer in own:
        agreements = Agreement.objects.filter(consumer=consumer).exclude(status__in=_ENDED).values_list("pk", flat=True)
        done += [HandedOver("agreement", f"{pk} of {consumer.slug}") for pk in agreements]
        hand_over_consumer(consumer=consumer, owner=to.username, actor=actor)
        done.append(HandedOver("consumer", consumer.slug))
    return done


def _use_cases(person: Person, to: Person, actor: Person | None, reason: str, now: datetime) -> list[HandedOver]:
    measures = Measure.objects.filter(owner=person, retired_at=None).values("use_case")
    named = Q(business_owner=person) | Q(outputs_owner=person) | Q(exceptions_owner=person) | Q(pk__in=measures)
    done = []
    for use_case in UseCase.objects.filter(named).exclude(stage=UseCaseStage.RETIRED):
        claims = use_cases.claims_of(use_case)
        people = {
            part: to.username
            for part in ("business_owner", "outputs_owner", "exceptions_owner")
            if getattr(claims, part) == person.username
        }
        own = [replace(one, owner=to.username) if one.owner == person.username else one for one in claims.measures]
        new = replace(claims, measures=tuple(own), **people)  # type: ignore[arg-type]  # texts, by name
        use_cases.update_use_case(use_case=use_case, claims=new, actor=actor, now=now, reason=reason)
        done.append(HandedOver("use case", use_case.slug))
    return done


def _open_matters(person: Person, to: Person, actor: Person | None, reason: str, now: datetime) -> list[HandedOver]:
    done = []
    for incident in Incident.objects.filter(owner=person, resolved_at=None):
        assign_incident(incident=incident, owner=to, actor=actor, now=now)
        done.append(HandedOver("incident", f"{incident.pk} of {incident.product.slug}"))
    for exception in OutputException.objects.filter(assigned_to=person, closed_at=None).select_related("use_case"):
        hand_on_exception(exception=exception, to=to, actor=actor, now=now, reason=reason)
        done.append(HandedOver("output exception", f"{exception.pk} of {exception.use_case.slug}"))
    running = Waiver.objects.filter(owner=person, status__in=[WaiverStatus.REQUESTED, WaiverStatus.GRANTED], expires_at__gt=now)
    for waiver in running.select_related("product"):
        hand_over_waiver(waiver=waiver, to=to, actor=actor)
        done.append(HandedOver("waiver", f"{waiver.pk} of {waiver.product.slug}"))
    return done


def _tell(person: Person, to: Person, done: list[HandedOver], reason: str, now: datetime) -> None:
    lines = "\n".join(f"- {one}" for one in sorted(done))
    notify(
        key=f"hand_over:{person.pk}:{to.pk}:{now.isoformat()}",
        kind="account.handed_over",
        subject=f"{to.username} answers for what {person.username} answered for",
        text=f"From now on {to.username} answers for:\n\n{lines}\n\nReason given: {reason}\n\n"
        "Owners acknowledge their products and use cases again: an acknowledgement holds for the person who gave it.",
        now=now,
        persons=[person, to],
        payload={"person": person.username, "to": to.username, "count": len(done)},
    )
