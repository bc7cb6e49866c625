"""Who hears of a use case, and in which words: whoever is named in it, and those who rely on what was approved."""

from collections.abc import Sequence
from datetime import datetime

from catalog.models import Consumer, Person, UseCase
from catalog.services.notifications import notify
from catalog.services.permissions import actor_name


def tell_named(use_case: UseCase, consumers: Sequence[Consumer], *, actor: Person | None, now: datetime) -> None:
    """Tell the owners of consumers that somebody else has named in `use_case`; what they may do is in the notice."""
    others = [consumer for consumer in consumers if actor is None or consumer.owner_id != actor.pk]
    for consumer in others:
        notify(
            key=f"use-case:{use_case.pk}:names:{consumer.pk}:{now:%Y%m%dT%H%M%S.%f}",
            kind="use_case.names_consumer",
            subject=f"Use case {use_case.slug} names your consumer {consumer.slug}",
            text=(
                f"{actor_name(actor)} has named consumer {consumer.slug} in use case {use_case.slug} ({use_case.name}), whose "
                f"business owner is {use_case.business_owner.username}. It grants the consumer nothing. "
                "When it acts there, let it name the use case in its questions, and confirm how it meets the obligations: "
                f"POST /api/v1/use-cases/{use_case.slug}/confirmations. Where it does not act there, ask the business owner to "
                f"take it out.\n\n{_where(use_case)}"
            ),
            now=now,
            consumers=[consumer],
            payload={"use_case": use_case.slug, "consumer": consumer.slug},
        )


def tell_changed(use_case: UseCase, changes: Sequence[str], *, actor: Person | None, now: datetime, reason: str) -> None:
    """Tell governance and the business owner that claims changed after the use case was approved. Who did it is not told."""
    governance = Person.objects.governance()
    people = {person.pk: person for person in [*governance, use_case.business_owner]}
    why = f"\n\nWhy: {reason.strip()}" if reason.strip() else ""
    notify(
        key=f"use-case:{use_case.pk}:changed:{use_case.claims_changed_at:%Y%m%dT%H%M%S.%f}",
        kind="use_case.changed",
        subject=f"Use case {use_case.slug} was changed at the stage {use_case.stage}",
        text=(
            f"{actor_name(actor)} has changed what is claimed of use case {use_case.slug}, which is at the stage "
            f"{use_case.stage}. The business owner's acknowledgement is void until it is given again.\n\n"
            + "\n".join(f"- {change}" for change in changes)
            + f"{why}\n\n{_where(use_case)}"
        ),
        now=now,
        persons=[person for pk, person in people.items() if actor is None or pk != actor.pk],
        payload={"use_case": use_case.slug, "stage": use_case.stage, "changes": list(changes)},
    )


def _where(use_case: UseCase) -> str:
    return f"The use case: admin, Use cases, {use_case.slug}; or GET /api/v1/use-cases/{use_case.slug}"
