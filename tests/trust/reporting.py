"""Whom a use case of tests names, and who reports about it: the cast of the tests of outcomes, uses and exceptions."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from catalog.models import Consumer, DataProduct, Person, UseCase
from catalog.rules.vocabulary import Lifecycle
from tests.factories import (
    NOW,
    make_auditor,
    make_consumer,
    make_governance,
    make_owner,
    make_person,
    make_product,
    make_use_case,
    measure_claims,
)
from tests.trust.logged import log_decision
from trust.models import Decision
from trust.use_cases.services.reporters import Reporter

LATER = NOW + timedelta(minutes=10)


@dataclass(frozen=True)
class Reporting:
    """A use case with one product, one consumer and one measure, and people with one part each."""

    use_case: UseCase
    product: DataProduct
    agent: Consumer
    other_agent: Consumer
    business: Person
    outputs: Person
    exceptions: Person
    measurer: Person
    governance: Person
    auditor: Person
    stranger: Person

    @property
    def by_agent(self) -> Reporter:
        return Reporter(self.agent.owner, self.agent)

    def ask(self, consumer: Consumer | None = None, **columns: Any) -> Decision:
        """A yes that the agent was given in the use case, valid for a day, unless `columns` say otherwise."""
        said = {"use_case": self.use_case.slug, "valid_until": NOW + timedelta(days=1)}
        return log_decision(self.product, consumer or self.agent, **{"asked_at": NOW, **said, **columns})


def make_reporting() -> Reporting:
    business, outputs, exceptions = make_owner("berta"), make_owner("otis"), make_owner("emil")
    measurer, owner = make_person("mona"), make_person("carl")
    product = make_product("orders", lifecycle=Lifecycle.PUBLISHED)
    agent = make_consumer("agent", owner=owner)
    use_case = make_use_case(
        "rota",
        business_owner=business,
        outputs_owner=outputs.username,
        exceptions_owner=exceptions.username,
        exceptions_within=timedelta(days=2),
        products=[product],
        consumers=[agent],
        measures=[measure_claims("mean-error", owner=measurer.username)],
    )
    return Reporting(
        use_case=use_case,
        product=product,
        agent=agent,
        other_agent=make_consumer("other-agent", owner=owner),
        business=business,
        outputs=outputs,
        exceptions=exceptions,
        measurer=measurer,
        governance=make_governance("gina"),
        auditor=make_auditor("anna"),
        stranger=make_owner("sven"),
    )


def make_due(at: datetime) -> None:
    """Every open exception due at another moment, which no code could do: a trigger keeps what was recorded."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE trust_outputexception DISABLE TRIGGER USER")
        cursor.execute("UPDATE trust_outputexception SET due_at = %s WHERE closed_at IS NULL", [at])
        cursor.execute("ALTER TABLE trust_outputexception ENABLE TRIGGER USER; SET CONSTRAINTS ALL DEFERRED")
