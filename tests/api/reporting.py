"""Callers of the tests of reports: the cast of `tests.trust.reporting`, each with a key."""

from dataclasses import dataclass

from catalog.models import Consumer, Person
from catalog.rules.scopes import Scope
from catalog.services.api_keys import create_key_of
from tests.api.callers import Caller
from tests.factories import NOW
from tests.trust.reporting import Reporting, make_reporting

PATH = "/api/v1/use-cases/rota"
ASKING = (Scope.TRUST_READ, Scope.DECIDE, Scope.REPORTS_WRITE)


@dataclass(frozen=True)
class Callers:
    """agent: with its own key that asks and reads. other_agent: another consumer of the same owner, likewise."""

    cast: Reporting
    agent: Caller
    other_agent: Caller
    business: Caller
    outputs: Caller
    exceptions: Caller
    measurer: Caller
    governance: Caller
    auditor: Caller
    stranger: Caller
    nobody: Caller


def key_of(consumer: Consumer, *scopes: Scope) -> Caller:
    """A caller with a key of the consumer itself."""
    caller = Caller(None)
    _, caller.key = create_key_of(consumer=consumer, actor=None, name="own", scopes=scopes or ASKING, now=NOW)
    return caller


def make_callers() -> Callers:
    cast = make_reporting()
    people: dict[str, Person] = {
        name: getattr(cast, name)
        for name in ("business", "outputs", "exceptions", "measurer", "governance", "auditor", "stranger")
    }
    return Callers(
        cast=cast,
        agent=key_of(cast.agent),
        other_agent=key_of(cast.other_agent),
        nobody=Caller(None),
        **{name: Caller(person) for name, person in people.items()},
    )
