"""Who uses the admin in tests, and the rows that they meet: a product with evidence, and one of somebody else."""

from copy import copy, deepcopy
from dataclasses import dataclass
from typing import Any, Self

from django.test import Client
from django.urls import reverse

from catalog.models import AccessPolicy, DataProduct, OutputPort, Person
from tests.factories import make_auditor, make_governance, make_owner, make_person
from trust.models import Run, Suite, Verdict


class Visitor:
    """A person in front of the admin. Errors of the server are answers, not exceptions."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.client = Client(raise_request_exception=False)
        self.client.force_login(person)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """The same person in the same session, with a client of their own."""
        twin = copy(self)
        twin.person = deepcopy(self.person, memo)
        twin.client = Client(raise_request_exception=False)
        twin.client.cookies = deepcopy(self.client.cookies)
        return twin

    def get(self, page: str, /, *args: Any, **query: str) -> Any:
        return self.client.get(reverse(f"admin:{page}", args=args), query)

    def post(self, page: str, /, *args: Any, **data: Any) -> Any:
        return self.client.post(reverse(f"admin:{page}", args=args), data)

    def act(self, changelist: str, action: str, *rows: Any) -> Any:
        """Run an action of a list on some rows, and follow to the page that tells what came of it."""
        data = {"action": action, "_selected_action": [str(row.pk) for row in rows]}
        return self.client.post(reverse(f"admin:{changelist}"), data, follow=True)

    def sees(self, page: str, /, *args: Any, **query: str) -> str:
        response = self.get(page, *args, **query)
        assert response.status_code == 200, (response.status_code, page)
        return str(response.content.decode())


@dataclass(frozen=True)
class Cast:
    """The owner of `product`, its steward, the owner of another one, the other roles, somebody without a role, a superuser."""

    owner: Visitor
    steward: Visitor
    other: Visitor
    governance: Visitor
    auditor: Visitor
    stranger: Visitor
    superuser: Visitor


def make_cast() -> Cast:
    root = make_person("root", is_staff=True)
    root.is_superuser = True
    root.save()
    return Cast(
        owner=Visitor(make_owner("olga", is_staff=True)),
        steward=Visitor(make_owner("stan", is_staff=True)),
        other=Visitor(make_owner("otto", is_staff=True)),
        governance=Visitor(make_governance("gina", is_staff=True)),
        auditor=Visitor(make_auditor("anna", is_staff=True)),
        stranger=Visitor(make_person("sven", is_staff=True)),
        superuser=Visitor(root),
    )


@dataclass(frozen=True)
class World:
    """A product that failed a check, with all that belongs to it."""

    product: DataProduct
    port: OutputPort
    suite: Suite
    run: Run
    verdict: Verdict
    policy: AccessPolicy
