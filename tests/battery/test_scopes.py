"""What a key may be used for: every address with a key of every scope, and every way to a scope that a key may not have."""

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client

from api.management.commands.scope_table import needed_scopes, with_table
from catalog.models import ApiKey, DataProduct
from catalog.rules.claims import PolicyClaims
from catalog.rules.errors import InvalidError
from catalog.rules.scopes import NOT_FOR_AI, RESERVED_SCOPES, Scope
from catalog.rules.vocabulary import ConsumerKind, Effect
from catalog.services.api_keys import create_key_of
from catalog.services.policies import draft_guardrail
from tests.admin.rows import add_rows, names_of_rows
from tests.api.callers import Caller, assert_problem
from tests.api.test_role_matrix import body_of, filled
from tests.battery.machines import FOR_AI, MACHINES, make_machine
from tests.factories import NOW, make_consumer, make_governance, make_governed_product, make_owner, make_port

AI = (ConsumerKind.AI_AGENT, ConsumerKind.AI_MODEL)
OF_SCOPE = {
    Scope.REPORTS_WRITE: {
        "POST /api/v1/use-cases/{slug}/uses",
        "POST /api/v1/use-cases/{slug}/outcomes",
        "POST /api/v1/use-cases/{slug}/exceptions",
    },
    Scope.AGREEMENTS_REQUEST: {"POST /api/v1/agreements", "POST /api/v1/agreements/{agreement_id}/withdraw"},
    Scope.RECALLS_ACKNOWLEDGE: {"POST /api/v1/recalls/{recall_id}/acknowledge", "POST /api/v1/notifications/read"},
    Scope.DECIDE: {
        "POST /access/v1/evaluation",
        "POST /access/v1/evaluations",
        "POST /access/v1/search/subject",
        "POST /access/v1/search/resource",
        "POST /access/v1/search/action",
    },
}
OUT_OF_REACH = (
    "/suite",
    "/ports/",
    "/contracts",
    "/policies",
    "/incidents",
    "/waivers",
    "/guardrails",
    "/runs",
    "/keys",
    "-ports",
)


def test_the_document_holds_the_table_that_the_views_give() -> None:
    path = Path(settings.BASE_DIR, "docs/scopes.md")
    text = path.read_text(encoding="utf-8")
    assert with_table(text) == text, "run bin/manage scope_table --write docs/scopes.md"


@pytest.mark.parametrize("scope", OF_SCOPE)
def test_a_narrow_scope_opens_these_addresses_and_no_other(scope: Scope) -> None:
    assert {f"{method} {path}" for method, path, needed, _ in needed_scopes() if needed is scope} == OF_SCOPE[scope]


def test_reading_changes_nothing() -> None:
    changes = {
        f"{method} {path}" for method, path, needed, _ in needed_scopes() if needed is Scope.TRUST_READ and method != "GET"
    }
    assert changes == {"POST /api/v1/trust/check"}


def test_no_scope_that_an_ai_may_have_reaches_what_its_data_is_judged_by() -> None:
    reached = {path for method, path, needed, _ in needed_scopes() if method != "GET" and needed in FOR_AI}
    assert not [path for path in reached if any(part in path for part in OUT_OF_REACH)]


@pytest.fixture
def things(db: None, tmp_path: Path) -> dict[str, Any]:
    add_rows(1, tmp_path)
    draft_guardrail(claims=PolicyClaims(name="walls", effect=Effect.FORBID), actor=make_governance("maker"))
    return names_of_rows()


@pytest.mark.parametrize("kind", MACHINES)
def test_every_address_is_closed_to_every_key_without_its_scope(things: dict[str, Any], kind: ConsumerKind) -> None:
    """Of the person who owns the product. An open address may refuse for another reason, a closed one says which scope."""
    owner = DataProduct.objects.get(slug="product-1").owner
    consumer = make_consumer("machine", owner=owner, kind=kind)
    scopes = tuple(Scope) if kind is ConsumerKind.SERVICE else FOR_AI
    keys = {scope: Caller(owner, [scope], consumer=consumer) for scope in scopes}
    wrong = []
    for method, path, needed, is_personal in needed_scopes():
        for scope, caller in keys.items():
            body = None if method == "GET" else json.dumps(body_of(path, things))
            with transaction.atomic():
                response = caller.send(method.lower(), filled(path, things), body)
                transaction.set_rollback(True)
            code = response.json()["code"] if response.status_code == 403 else None
            is_open = needed in (None, scope) or scope is Scope.ADMIN
            expected = ("person_needed" if is_personal else None) if is_open else "scope_missing"
            if expected != (code if code in {"scope_missing", "person_needed"} else None):
                wrong.append((method, path, scope, code, expected))
    assert not wrong


def by_service(kind: ConsumerKind, scopes: list[str]) -> Any:
    consumer = make_consumer("machine", kind=kind)
    return create_key_of(consumer=consumer, actor=consumer.owner, name="x", scopes=scopes, now=NOW)


@pytest.mark.django_db
@pytest.mark.parametrize("kind", AI)
@pytest.mark.parametrize("scopes", [["admin"], ["catalog:write"], ["trust:read", "catalog:write"], [*Scope]])
def test_a_key_of_an_ai_is_not_made_with_a_scope_that_changes_claims(kind: ConsumerKind, scopes: list[str]) -> None:
    with pytest.raises(InvalidError) as refused:
        by_service(kind, scopes)
    assert refused.value.code == "scope_not_for_kind"
    consumer = make_consumer(owner=make_owner("olga"), kind=kind)
    problem = assert_problem(
        Caller(consumer.owner).post(f"/api/v1/consumers/{consumer.slug}/keys", {"name": "x", "scopes": scopes}),
        400,
        "scope_not_for_kind",
    )
    assert problem["errors"][0]["field"] == "scopes"
    given = [part for scope in scopes for part in ("--scope", scope)]
    with pytest.raises(CommandError, match="never gets the scope"):
        call_command("create_api_key", "--consumer", consumer.slug, "--name", "x", *given)
    assert not consumer.api_keys.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("kind", AI)
@pytest.mark.parametrize("scope", sorted(NOT_FOR_AI))
def test_the_database_refuses_such_a_key_too(kind: ConsumerKind, scope: str) -> None:
    key, _ = by_service(kind, ["trust:read"])
    with pytest.raises(IntegrityError), transaction.atomic():
        ApiKey.objects.filter(pk=key.pk).update(scopes=["trust:read", scope])
    with pytest.raises(IntegrityError), transaction.atomic():
        ApiKey.objects.create(consumer=key.consumer, name="raw", prefix="raw", digest="0" * 64, scopes=[scope])


@pytest.mark.django_db
@pytest.mark.parametrize("kind", MACHINES)
@pytest.mark.parametrize("scope", sorted(RESERVED_SCOPES))
def test_a_reserved_scope_is_refused_and_the_message_says_so(kind: ConsumerKind, scope: str) -> None:
    with pytest.raises(InvalidError, match="reserved") as refused:
        by_service(kind, ["trust:read", scope])
    assert refused.value.code == "scope_reserved"
    owner = Caller(make_owner("olga"))
    problem = assert_problem(owner.post("/api/v1/keys", {"name": "x", "scopes": [scope]}), 400, "scope_reserved")
    assert scope in problem["detail"]
    with pytest.raises(CommandError, match="reserved"):
        call_command("create_api_key", "olga", "--name", "x", "--scope", scope)


@pytest.mark.django_db
@pytest.mark.parametrize("scope", ["data:write", "Trust:Read", "trust:read ", "", "*", "trust", "decide:write"])
def test_a_scope_that_there_is_not_is_refused(scope: str) -> None:
    owner = Caller(make_owner("olga"))
    assert owner.post("/api/v1/keys", {"name": "x", "scopes": [scope]}).status_code == 400
    with pytest.raises(CommandError, match="no scope"):
        call_command("create_api_key", "olga", "--name", "x", "--scope", scope)


@pytest.mark.django_db
@pytest.mark.parametrize("kind", AI)
def test_an_ai_gets_every_scope_that_is_for_it(kind: ConsumerKind) -> None:
    key, _ = by_service(kind, list(FOR_AI))
    assert key.scopes == list(FOR_AI)


@pytest.mark.django_db
def test_a_session_has_every_scope_of_its_person() -> None:
    owner = make_owner("olga")
    client = Client(enforce_csrf_checks=False)
    client.force_login(owner)
    assert client.get("/api/v1/me").json()["scopes"] == [scope.value for scope in Scope]
    body = {"slug": "robot", "kind": "ai_agent", "name": "Robot"}
    assert client.post("/api/v1/consumers", body, content_type="application/json").status_code == 201


@pytest.mark.django_db
@pytest.mark.parametrize("kind", AI)
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("put", "/ports/rows/suite", {"expectations": []}),
        ("put", "/ports/rows", {"source_kind": "csv", "location": "rows.csv"}),
        ("delete", "/ports/rows", None),
        ("patch", "", {"limitations": "None."}),
        ("post", "/runs", {}),
        ("post", "/incidents", {"title": "Late"}),
        ("post", "/policies", {"name": "p", "effect": "permit"}),
        ("post", "/waivers", {"gate": "review", "reason": "x", "owner": "olga", "expires_at": "2099-01-01T00:00:00Z"}),
        ("post", "/publish", None),
        ("post", "/acknowledge", None),
        ("put", "/input-ports", {"input_ports": []}),
    ],
)
def test_an_ai_with_all_its_scopes_changes_nothing_of_its_owners_product(
    kind: ConsumerKind, method: str, path: str, body: Any
) -> None:
    product = make_governed_product("orders", owner=make_owner("olga"))
    make_port(product)
    machine = make_machine(product.owner, "robot", kind)
    assert_problem(machine.send(method, f"/api/v1/products/orders{path}", body), 403, "scope_missing")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        ("service", ["trust:read"], {"trust:read"}),
        ("service", ["trust:read", "decide"], {"trust:read", "decide", "reports:write"}),
        ("service", ["catalog:write"], {"catalog:write", "reports:write", "agreements:request"}),
        ("service", ["admin"], {"admin"}),
        ("ai_agent", ["trust:read", "catalog:write"], {"trust:read", "reports:write", "agreements:request"}),
        ("ai_model", ["decide", "catalog:write"], {"decide", "reports:write", "agreements:request"}),
    ],
)
def test_keys_from_before_keep_what_they_could_do_but_what_no_ai_may(kind: str, before: list[str], after: set[str]) -> None:
    key, _ = by_service(ConsumerKind(kind), ["trust:read"])
    scopes = import_module("catalog.migrations.0011_scopes").SCOPES
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE catalog_apikey DISABLE TRIGGER catalog_key_scopes")
        cursor.execute("UPDATE catalog_apikey SET scopes = %s WHERE id = %s", [before, key.pk])
        for statement in scopes.split(";"):
            if statement.strip():
                cursor.execute(statement)
        cursor.execute("ALTER TABLE catalog_apikey ENABLE TRIGGER catalog_key_scopes")
    key.refresh_from_db()
    assert set(key.scopes) == after
