"""Who reports about a use case: a consumer with its own key, or a person. What each may say is asked here, once.

A consumer's key speaks for the consumer and for nobody else, whoever made it; people speak for the consumers that they own and
for the parts of the use case that name them.
"""

from dataclasses import dataclass

from django.apps import apps

from catalog.models import Consumer, Person, UseCase
from catalog.rules.errors import ForbiddenError, InvalidError
from catalog.services.permissions import is_governance
from trust.decisions.models.decision import Decision


@dataclass(frozen=True, slots=True)
class Reporter:
    """consumer None: `person`, in their own name; else the consumer, whose key was used and for which `person` answers."""

    person: Person
    consumer: Consumer | None = None

    @property
    def name(self) -> str:
        return self.person.username if self.consumer is None else self.consumer.slug

    def speaks_for(self, consumer: Consumer) -> bool:
        """Whether what is said of this consumer is the reporter's to say."""
        return consumer.owner_id == self.person.pk if self.consumer is None else consumer.pk == self.consumer.pk


def takes_part(use_case: UseCase, consumer: Consumer) -> bool:
    """Whether the consumer acts in the use case now."""
    return use_case.consumers.filter(pk=consumer.pk).exists()


def has_taken_part(use_case: UseCase, consumer_id: int | None) -> bool:
    """Whether the consumer acts in the use case, or ever did: what it put out then is still answered for."""
    history = apps.get_model("catalog", "UseCaseConsumersEvent")
    return bool(history.objects.filter(usecase=use_case.pk, consumer=consumer_id).exists())


def is_named(person: Person, use_case: UseCase) -> bool:
    """Whether the use case names the person, or one of its consumers or measures does."""
    parts = (use_case.business_owner_id, use_case.outputs_owner_id, use_case.exceptions_owner_id)
    return (
        person.pk in parts
        or use_case.measures.filter(owner=person).exists()
        or use_case.consumers.filter(owner=person).exists()
    )


def demand_may_report(reporter: Reporter, use_case: UseCase, what: str, *people: int | None) -> None:
    """Raise `ForbiddenError` unless the reporter's consumer takes part, or the person is one of `people` or governance."""
    if reporter.consumer is not None:
        if not takes_part(use_case, reporter.consumer):
            raise not_a_consumer(use_case, reporter.consumer)
    elif reporter.person.pk not in people and not is_governance(reporter.person):
        raise ForbiddenError(
            f"{reporter.person.username} may not report {what} of use case {use_case.slug}.",
            remedy="That is for whom the use case names for it, for governance, and for its consumers with their own keys.",
        )


def not_a_consumer(use_case: UseCase, consumer: Consumer) -> ForbiddenError:
    return ForbiddenError(
        f"Consumer {consumer.slug} takes no part in use case {use_case.slug}, so it reports nothing about it.",
        remedy=f"Ask {use_case.business_owner.username} to name it among the consumers of the use case, or use another key.",
        code="not_a_consumer",
    )


def find_answer(decision_id: int, *, with_basis: bool = False) -> Decision | None:
    """The logged answer with its consumer and product, without what was answered; None where there is none. One query."""
    rows = Decision.objects.select_related("consumer__owner", "product")
    unread = ("answer", "ruling", "question", "obligations", "product__search", *(() if with_basis else ("basis",)))
    return rows.defer(*unread).filter(pk=decision_id).first()


def unknown_answer(decision_id: int, whose: str) -> InvalidError:
    """The same words where there is no such answer and where it is somebody else's."""
    return InvalidError(
        f"There is no decision {decision_id} {whose}.",
        remedy="Give the `decision_id` of the answer; GET /api/v1/decisions lists those that you may see.",
        code="decision_unknown",
        field="decision_id",
    )
