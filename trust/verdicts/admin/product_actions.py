"""What can be done to a product from its admin page: a button each, a service call each, said to who asked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from catalog.models import DataProduct, Person
from catalog.rules.errors import ConflictError
from catalog.rules.vocabulary import Lifecycle
from catalog.services import products
from catalog.services.permissions import can_change, can_look_after, governs, owns, require_can_look_after
from trust import messages
from trust.evidence.services.runs import request_run
from trust.presentation.pages.labels import VERDICTS
from trust.verdicts.services import judging
from trust.verdicts.services.reviews import review_product


@dataclass(frozen=True, slots=True)
class ProductAction:
    """`is_offered` says whether the button shows; the service decides again. `act` returns what to say; its last argument is
    the digest of what the person looked at, empty where the page has none.
    """

    title: str
    icon: str
    is_offered: Callable[[Person, DataProduct], bool]
    act: Callable[[DataProduct, Person, datetime, str], str]


def run_now(product: DataProduct, actor: Person, now: datetime, _seen: str = "") -> str:
    """Requests a run of every port; the workers get the message after commit."""
    ports = list(product.output_ports.all())
    if not ports:
        raise ConflictError(
            f"{product.slug} has no output port, so there is nothing to run.",
            remedy="Register a contract that describes one.",
            code="no_port",
        )
    runs = [request_run(port=port, actor=actor, now=now) for port in ports]
    transaction.on_commit(lambda: messages.enqueue([run.pk for run in runs]))
    return (
        f"{product.slug}: {len(runs)} run{'s' if len(runs) > 1 else ''} requested. The verdict follows when the worker is done."
    )


def judge_again(product: DataProduct, actor: Person, now: datetime, _seen: str = "") -> str:
    """Judges on what is known now; a verdict is only written where something differs."""
    require_can_look_after(actor, product)
    verdict = judging.judge_product(product_id=product.pk, now=now, cause="asked in the admin")
    return f"{product.slug} was re-evaluated: {VERDICTS[verdict.verdict].word.lower()}, score {verdict.effective_score:g}."


def _acknowledge(product: DataProduct, actor: Person, now: datetime, _seen: str = "") -> str:
    products.acknowledge_product(product=product, actor=actor, now=now)
    return f"You have acknowledged {product.slug}."


def _review(product: DataProduct, actor: Person, now: datetime, seen: str) -> str:
    review_product(product=product, actor=actor, now=now, seen=seen)
    return f"Your review of {product.slug} is recorded."


def _publish(product: DataProduct, actor: Person, now: datetime, _seen: str = "") -> str:
    products.publish_product(product=product, actor=actor, now=now)
    return f"{product.slug} is published."


def _deprecate(product: DataProduct, actor: Person, now: datetime, _seen: str = "") -> str:
    products.deprecate_product(product=product, ends_at=None, actor=actor, now=now)
    return f"{product.slug} is deprecated until it is retired."


def _retire(product: DataProduct, actor: Person, now: datetime, _seen: str = "") -> str:
    products.retire_product(product=product, actor=actor, now=now)
    return f"{product.slug} is retired permanently."


def _is_alive(product: DataProduct) -> bool:
    return product.lifecycle != Lifecycle.RETIRED


def may_review(person: Person, product: DataProduct) -> bool:
    return _is_alive(product) and governs(person, product)


DEEDS: Mapping[str, ProductAction] = {
    "run": ProductAction("Run now", "play_arrow", lambda who, it: _is_alive(it) and can_look_after(who, it), run_now),
    "judge": ProductAction("Re-evaluate", "gavel", can_look_after, judge_again),
    "acknowledge": ProductAction("Acknowledge", "verified_user", lambda who, it: _is_alive(it) and owns(who, it), _acknowledge),
    "review": ProductAction("Review", "fact_check", may_review, _review),
    "publish": ProductAction(
        "Publish",
        "publish",
        lambda who, it: it.lifecycle in {Lifecycle.DRAFT, Lifecycle.DEPRECATED} and can_change(who, it),
        _publish,
    ),
    "deprecate": ProductAction(
        "Deprecate", "event_busy", lambda who, it: it.lifecycle == Lifecycle.PUBLISHED and can_change(who, it), _deprecate
    ),
    "retire": ProductAction(
        "Retire", "archive", lambda who, it: it.lifecycle == Lifecycle.DEPRECATED and can_change(who, it), _retire
    ),
}


def offered(person: Person, product: DataProduct) -> list[tuple[str, ProductAction]]:
    """The actions that this person can do to this product now; the button of a review stands beside what it is about."""
    return [(name, action) for name, action in DEEDS.items() if name != "review" and action.is_offered(person, product)]
