"""What every question looks at: the facts of one use case, the policy, the moment, and what follows from them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from catalog.rules.vocabulary import UseCaseStage
from trust.use_cases.rules.readiness.facts import ConsumerFacts, GrantFacts, Presence, UseCaseFacts, UsedProductFacts
from trust.verdicts.rules.outcome import Responsible
from trust.verdicts.rules.policy_settings import ReadinessPolicy
from trust.verdicts.rules.trust_policy import TrustPolicy
from trust.vocabulary import Role

INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class ReadinessContext:
    """One use case at one moment under one trust policy."""

    facts: UseCaseFacts
    policy: TrustPolicy
    now: datetime

    @property
    def settings(self) -> ReadinessPolicy:
        """The part of the trust policy that is about readiness."""
        return self.policy.readiness

    @property
    def is_idea(self) -> bool:
        """Whether the use case is only thought of: then what is not said yet is unknown, later it is missing."""
        return self.facts.stage is UseCaseStage.IDEA

    @property
    def business_owner(self) -> Responsible:
        return held_by(Role.BUSINESS_OWNER, self.facts.business_owner)

    @property
    def askers(self) -> tuple[Responsible, ...]:
        """Who owns a consumer; the business owner where no consumer is named."""
        return tuple(consumer_owner(consumer) for consumer in self.facts.consumers) or (self.business_owner,)

    def owner_of_consumer(self, slug: str) -> Responsible:
        """Who owns the consumer `slug`; nobody in particular where it does not act in the use case any more."""
        return next((consumer_owner(c) for c in self.facts.consumers if c.slug == slug), Responsible(Role.CONSUMER_OWNER))

    def has_happened(self, time: datetime | None) -> bool:
        """Whether something dated `time` had happened when the facts were read; a small clock skew is forgiven."""
        return time is not None and time <= self.facts.known_at + self.policy.clock_skew

    def fresh_until(self, time: datetime | None, interval: timedelta) -> datetime | None:
        """The first moment at which something dated `time` is older than `interval`; None where it already is, or never was."""
        if time is None or not self.has_happened(time) or self.now - time > interval:
            return None
        return time + interval + INSTANT

    def pairs(self) -> Iterator[tuple[ConsumerFacts, UsedProductFacts, GrantFacts | None]]:
        """Every consumer with every product; None where nothing is known of the two."""
        grants = {(grant.consumer, grant.product): grant for grant in self.facts.grants}
        for consumer in self.facts.consumers:
            for product in self.facts.products:
                yield consumer, product, grants.get((consumer.slug, product.slug))


GOVERNANCE = Responsible(Role.GOVERNANCE)


def held_by(role: Role, person: Presence | None) -> Responsible:
    """The holder of `role`; one without a username where nobody holds it."""
    return Responsible(role, person.username if person else None)


def owner_of(product: UsedProductFacts) -> Responsible:
    return held_by(Role.OWNER, product.owner)


def consumer_owner(consumer: ConsumerFacts) -> Responsible:
    return held_by(Role.CONSUMER_OWNER, consumer.owner)
