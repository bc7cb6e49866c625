"""Every operation of the OpenAPI document, called with the key of each role: what each may do, in one table.

`role_matrix.csv` holds the statuses. They are those of a request about existing things of another person with an empty body, so
400 and 409 mean that the role got past every check of what it may do. To accept a change, run this module with
ROLE_MATRIX=write and read the difference.
"""

import csv
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from api.schema import operations_of
from catalog.models import DataProduct
from catalog.rules.claims import PolicyClaims
from catalog.rules.scopes import Scope
from catalog.rules.vocabulary import ConsumerKind, Effect
from catalog.services.policies import draft_guardrail
from tests.admin.rows import add_rows, names_of_rows
from tests.api.callers import Caller
from tests.factories import make_auditor, make_consumer, make_governance, make_owner, make_person

TABLE = Path(__file__).with_name("role_matrix.csv")
OWNED = ("/api/v1/products/{slug}/", "/api/v1/consumers/{slug}", "/api/v1/use-cases/{slug}/")
P, U, PERSON = "/api/v1/products/{slug}", "/api/v1/use-cases/{slug}", "/api/v1/people/{username}"
LATER = "2099-01-01T00:00:00Z"
BODIES: dict[str, dict[str, Any]] = {
    "/api/v1/agreements/{agreement_id}/reject": {"reason": "No."},
    "/api/v1/agreements/{agreement_id}/revoke": {"reason": "No."},
    "/api/v1/consumers/{slug}": {"name": "Other"},
    "/api/v1/consumers/{slug}/keys/{key_id}": {"requests_per_minute": 5},
    P: {"description": "Other."},
    f"{P}/sql-approvals": {"digest": "0"},
    f"{P}/sql-approvals/withdraw": {"digest": "0"},
    f"{P}/incidents": {"title": "Late"},
    f"{P}/incidents/{{incident_id}}/assign": {"assignee": "owner-1"},
    f"{P}/incidents/{{incident_id}}/comments": {"text": "Seen."},
    f"{P}/incidents/{{incident_id}}/resolve": {"resolution": "Mended."},
    f"{P}/incidents/{{incident_id}}/severity": {"severity": "info", "reason": "Small."},
    f"{P}/input-ports": {"input_ports": []},
    f"{P}/policies": {"name": "p", "effect": "permit", "consumer_kinds": ["person"], "purposes": ["analytics"]},
    f"{P}/ports/{{port}}": {"source_kind": "csv", "location": "nycflights13/airlines.csv"},
    f"{P}/ports/{{port}}/suite": {"expectations": []},
    f"{P}/waivers": {"gate": "review", "reason": "Known.", "owner": "owner-1", "expires_at": LATER},
    f"{P}/waivers/{{waiver_id}}/reject": {"reason": "No."},
    f"{P}/waivers/{{waiver_id}}/revoke": {"reason": "No."},
    f"{PERSON}/deactivate": {"reason": "Left."},
    f"{PERSON}/deputies": {"deputy": "owner-1", "ends_at": LATER, "reason": "Leave."},
    f"{PERSON}/domains": {"domains": [], "reason": "Moved."},
    f"{PERSON}/email": {"email": "other@people.example"},
    f"{PERSON}/transfer": {"to": "owner-1", "reason": "Leaves."},
    f"{PERSON}/activate": {"reason": "Back."},
    f"{PERSON}/roles": {"roles": ["data owners"], "reason": "Moved."},
    "/api/v1/people": {"username": "new"},
    U: {"description": "Other."},
    f"{U}/confirmations": {
        "consumer": "consumer-1",
        "product": "product-1",
        "obligation": {"type": "name-the-source"},
        "how": "In the footer.",
    },
    f"{U}/exceptions": {"decision_id": "{decision_id}", "title": "Wrong"},
    f"{U}/exceptions/{{exception_id}}/resolve": {"resolution": "Mended."},
    f"{U}/exceptions/{{exception_id}}/assign": {"assignee": "owner-1"},
    f"{U}/outcomes": {"measure": "m", "value": 1, "observed_at": "2026-01-01T00:00:00Z"},
    f"{U}/stage-moves": {"to_stage": "retired"},
    f"{U}/stage-moves/{{move_id}}/reject": {"reason": "No."},
    f"{U}/uses": {"decision_id": "{decision_id}", "action": "used"},
}
"""What is sent to an operation on a thing of the owner: valid, so that the answer tells of rights and not of the body."""
METHODS = ("get", "post", "put", "patch", "delete")
ROLES = ("nobody", "agent_decide", "agent_read", "stranger", "owner_write", "owner_admin", "auditor", "governance", "superuser")


def agent(name: str, *scopes: Scope) -> Caller:
    owner = make_person(f"{name}-owner")
    consumer = make_consumer(name, owner=owner, kind=ConsumerKind.AI_AGENT)
    return Caller(owner, scopes, consumer=consumer)


@pytest.fixture
def callers(db: None, tmp_path: Path) -> dict[str, Caller]:
    add_rows(1, tmp_path)
    draft_guardrail(claims=PolicyClaims(name="walls", effect=Effect.FORBID), actor=make_governance("maker"))
    owner = DataProduct.objects.get(slug="product-1").owner
    root = make_person("root", is_staff=True)
    root.is_superuser = True
    root.save()
    return {
        "nobody": Caller(None),
        "agent_decide": agent("agent-decide", Scope.DECIDE, Scope.REPORTS_WRITE),
        "agent_read": agent("agent-read", Scope.TRUST_READ),
        "stranger": Caller(make_owner("stranger")),
        "owner_write": Caller(owner, [Scope.CATALOG_WRITE, Scope.REPORTS_WRITE, Scope.AGREEMENTS_REQUEST]),
        "owner_admin": Caller(owner),
        "auditor": Caller(make_auditor("anna")),
        "governance": Caller(make_governance("gina")),
        "superuser": Caller(root),
    }


def filled(path: str, things: dict[str, Any]) -> str:
    def value(match: re.Match[str]) -> str:
        before, parameter = path[: match.start()], match[1]
        for prefix in ("/products/", "/consumers/", "/use-cases/"):
            if parameter == "slug" and before.endswith(prefix):
                return str(things[prefix])
        if parameter == "name" and before.endswith("/guardrails/"):
            return str(things["/guardrails/"])
        if parameter == "version":
            return str(things["/suite/versions/"]) if before.endswith("/suite/versions/") else "1"
        return str(things[parameter])

    return re.sub(r"\{(\w+)\}", value, path)


def body_of(path: str, things: dict[str, Any]) -> dict[str, Any]:
    return {name: things["decision_id"] if value == "{decision_id}" else value for name, value in BODIES.get(path, {}).items()}


def ask(caller: Caller, method: str, path: str, body: dict[str, Any]) -> int:
    """The status of one request, whose effects are taken back."""
    with transaction.atomic():
        status = caller.send(method, path, None if method == "get" else json.dumps(body)).status_code
        transaction.set_rollback(True)
    return int(status)


@pytest.fixture
def found(callers: dict[str, Caller]) -> dict[tuple[str, str], dict[str, int]]:
    things = names_of_rows()
    document = Client().get("/api/schema").json()

    def operations() -> Iterator[tuple[str, str]]:
        for path, operation in operations_of(document):
            method = next(method for method in METHODS if document["paths"][path].get(method) is operation)
            yield method, path

    return {
        (method, path): {role: ask(callers[role], method, filled(path, things), body_of(path, things)) for role in ROLES}
        for method, path in operations()
    }


def write(found: dict[tuple[str, str], dict[str, int]]) -> None:
    with TABLE.open("w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["method", "path", *ROLES])
        for (method, path), statuses in sorted(found.items(), key=lambda row: (row[0][1], row[0][0])):
            table.writerow([method, path, *(statuses[role] for role in ROLES)])


def read() -> dict[tuple[str, str], dict[str, int]]:
    with TABLE.open(newline="") as file:
        return {(row["method"], row["path"]): {role: int(row[role]) for role in ROLES} for row in csv.DictReader(file)}


def test_each_role_may_do_what_the_table_says(found: dict[tuple[str, str], dict[str, int]]) -> None:
    if os.environ.get("ROLE_MATRIX") == "write":
        write(found)
        pytest.fail(f"{TABLE.name} was written. Read what changed and run this again without the variable.")
    assert found == read()


@pytest.mark.parametrize(("method", "path", "statuses"), [(*operation, statuses) for operation, statuses in read().items()])
def test_the_table_lets_no_role_get_further_than_it_should(method: str, path: str, statuses: dict[str, int]) -> None:
    assert max(statuses.values()) < 500
    if path.startswith(("/api/v1/", "/access/v1/")):
        assert statuses["nobody"] == 401
    if method == "get":
        return
    for role in ("agent_decide", "agent_read", "auditor", "stranger"):
        assert statuses[role] >= 400 or (role, path) == ("stranger", "/api/v1/tries")  # a data owner tries, and changes nothing
        if path.startswith(OWNED) and role != "auditor":
            assert statuses[role] in {403, 404}
