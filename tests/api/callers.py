"""Who calls the API in tests: a cast of named roles, each with a key, and one assertion about the shape of errors."""

from collections.abc import Collection
from copy import copy, deepcopy
from dataclasses import dataclass
from typing import Any, Self

from django.test import Client
from django.utils import timezone

from catalog.models import Consumer, Person
from catalog.rules.scopes import Scope
from catalog.services.api_keys import create_key
from tests.factories import make_auditor, make_governance, make_owner, make_person

PROBLEM_KEYS = {"type", "title", "status", "detail", "instance", "code", "remedy", "errors", "request_id"}


class Caller:
    """A client that sends a person's key; without a person it sends none. Errors of the server are answers, not exceptions."""

    def __init__(
        self, person: Person | None, scopes: Collection[str] = tuple(Scope), *, consumer: Consumer | None = None
    ) -> None:
        self.person = person
        self.client = Client(raise_request_exception=False)
        self.key: str | None = None
        if person is not None:
            self.key_row, self.key = create_key(
                person=person, consumer=consumer, name="test", scopes=scopes, now=timezone.now()
            )

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """The same person with the same key, and a client of their own."""
        twin = copy(self)
        twin.person = deepcopy(self.person, memo)
        twin.client = Client(raise_request_exception=False)
        return twin

    def send(self, method: str, path: str, body: Any = None, *, content_type: str = "application/json", **headers: str) -> Any:
        if self.key:
            headers.setdefault("Authorization", f"Bearer {self.key}")
        data = {"data": b"" if body is None else body, "content_type": content_type} if method not in {"get", "head"} else {}
        return getattr(self.client, method)(path, headers=headers, **data)

    def get(self, path: str, **headers: str) -> Any:
        return self.send("get", path, **headers)

    def post(self, path: str, body: Any = None, **options: Any) -> Any:
        return self.send("post", path, body, **options)

    def put(self, path: str, body: Any, **options: Any) -> Any:
        return self.send("put", path, body, **options)

    def patch(self, path: str, body: Any, **options: Any) -> Any:
        return self.send("patch", path, body, **options)

    def delete(self, path: str) -> Any:
        return self.send("delete", path)


@dataclass(frozen=True)
class Cast:
    """The owner of the products under test, one who may only read, an owner of other things, governance, an auditor, nobody."""

    owner: Caller
    consumer: Caller
    stranger: Caller
    governance: Caller
    auditor: Caller
    nobody: Caller


def make_cast() -> Cast:
    return Cast(
        owner=Caller(make_owner("olga")),
        consumer=Caller(make_person("carl"), [Scope.TRUST_READ, Scope.RECALLS_ACKNOWLEDGE]),
        stranger=Caller(make_owner("sven")),
        governance=Caller(make_governance("gina")),
        auditor=Caller(make_auditor("anna")),
        nobody=Caller(None),
    )


def assert_problem(response: Any, status: int, code: str) -> dict[str, Any]:
    """The problem of the response, which must have the one shape that every error has."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    problem: dict[str, Any] = response.json()
    assert set(problem) == PROBLEM_KEYS
    assert problem["code"] == code
    assert problem["status"] == status
    assert problem["request_id"] == response["X-Request-ID"]
    assert problem["instance"] == response.wsgi_request.path
    assert problem["type"] == f"urn:touchstone:problem:{code}"
    assert problem["detail"]
    assert problem["remedy"]
    assert ("WWW-Authenticate" in response) == (status == 401)
    return problem
