"""A person's word is the person's: no machine approves, acknowledges or publishes with a key that the person gave it."""

from pathlib import Path
from typing import Any

import pytest

from api.management.commands.scope_table import needed_scopes
from catalog.models import DataProduct, UseCase
from catalog.rules.claims import PolicyClaims
from catalog.rules.vocabulary import ConsumerKind, Effect
from catalog.services.policies import draft_guardrail
from tests.admin.rows import add_rows, names_of_rows
from tests.api.callers import Caller, assert_problem
from tests.api.test_role_matrix import body_of, filled
from tests.battery.machines import make_machine
from tests.factories import make_governance

PERSONAL = [(method.lower(), path) for method, path, _, is_personal in needed_scopes() if is_personal]
EXPECTED = {
    "/api/v1/agreements/{agreement_id}/approve",
    "/api/v1/products/{slug}/acknowledge",
    "/api/v1/products/{slug}/review",
    "/api/v1/use-cases/{slug}/acknowledge",
    "/api/v1/use-cases/{slug}/confirmations",
    "/api/v1/use-cases/{slug}/stage-moves/{move_id}/approve",
    "/api/v1/use-cases/{slug}/exceptions/{exception_id}/resolve",
    "/api/v1/products/{slug}/waivers/{waiver_id}/grant",
    "/api/v1/products/{slug}/policies/{name}/{version}/publish",
    "/api/v1/guardrails/{name}/{version}/withdraw",
    "/api/v1/trust-policies",
    "/api/v1/consumers/{slug}/clearance",
    "/api/v1/consumers/{slug}/keys",
    "/api/v1/keys",
    "/api/v1/consumers/{slug}/enforcement-point",
    "/api/v1/people/{username}/roles",
    "/api/v1/people/{username}/domains",
    "/api/v1/people/{username}/deputies",
    "/api/v1/people/{username}/deputies/{deputy_id}/end",
    "/api/v1/people/{username}/transfer",
}


@pytest.fixture
def things(db: None, tmp_path: Path) -> dict[str, Any]:
    add_rows(1, tmp_path)
    draft_guardrail(claims=PolicyClaims(name="walls", effect=Effect.FORBID), actor=make_governance("maker"))
    return names_of_rows()


def test_these_acts_are_personal_at_least() -> None:
    assert {path for _, path in PERSONAL} >= EXPECTED


@pytest.mark.parametrize(("method", "path"), PERSONAL)
def test_a_service_with_the_scope_admin_does_not_act_in_the_name_of_its_person(
    things: dict[str, Any], method: str, path: str
) -> None:
    for person in (DataProduct.objects.get().owner, UseCase.objects.get().business_owner, make_governance("gina")):
        service = make_machine(person, f"service-of-{person.username}", ConsumerKind.SERVICE)
        problem = assert_problem(service.send(method, filled(path, things), body_of(path, things)), 403, "person_needed")
        assert service.key_row.consumer.slug in problem["detail"]


@pytest.mark.parametrize(("method", "path"), PERSONAL)
def test_a_person_with_a_key_of_their_own_gets_further(things: dict[str, Any], method: str, path: str) -> None:
    response = Caller(make_governance("gina")).send(method, filled(path, things), body_of(path, things))
    assert response.status_code < 500
    assert response.status_code < 400 or response.json()["code"] not in {"person_needed", "scope_missing"}
