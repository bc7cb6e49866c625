"""Schemathesis against a running server: requests made from the OpenAPI document, answers held against it."""

import json
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from catalog.rules.claims import PolicyClaims
from catalog.rules.scopes import Scope
from catalog.rules.vocabulary import Effect
from catalog.services.api_keys import MOST_REQUESTS_PER_MINUTE, create_key
from catalog.services.policies import draft_guardrail
from tests.admin.rows import add_rows, names_of_rows
from tests.e2e.conftest import Stage
from tests.factories import make_governance, make_person
from tests.third_party.conftest import third_party_python

ENDS_THE_CALLER = (
    "suspend_consumer",
    "retire_consumer",
    "assign_consumer",
    "revoke_key",
    "revoke_consumer_key",
    "limit_consumer_key",
)
"""Operations that would take the key away with which the others are tried, or lower its limit."""
MOST_SECONDS = 600
"""Two minutes on two idle cores."""
CHECKS = """
[checks]
positive_data_acceptance.enabled = false  # the rules know more than the document: not all that fits it is accepted
use_after_free.enabled = false  # nothing is deleted here that could be used afterwards
ensure_resource_availability.enabled = false  # of links, which there are none
object_level_authorization.enabled = false  # needs two callers: tests/api/test_role_matrix.py

[[operations]]
include-operation-id = "authzen_evaluate_batch"
checks.negative_data_rejection.enabled = false  # an item that cannot be read is answered with a deny, as AuthZEN asks
"""
NOT_OF_WHAT_EXISTS = "negative_data_rejection.enabled = false  # a name that exists replaces a wrong one as well\n"
ENDS_WHAT_OTHERS_NEED = ("retire_product", "remove_port")
"""Operations that are tried on made-up names only."""


def names_that_exist(things: dict[str, Any]) -> str:
    """The names of things that exist, as configuration: else most requests find nothing."""
    ids = [f'"path.{name}" = {json.dumps(str(value))}' for name, value in things.items() if name.endswith("_id")]
    parts = ["[parameters]", *ids]
    families = {
        "products": {"slug": things["/products/"], "port": things["port"], "name": things["name"], "version": 1},
        "consumers": {"slug": things["/consumers/"]},
        "use-cases": {"slug": things["/use-cases/"]},
        "guardrails": {"name": things["/guardrails/"], "version": 1},
    }
    for family, names in families.items():
        parts += ["[[operations]]", f'include-path-regex = "^/api/v1/{family}/"']
        parts += [f"exclude-operation-id = {json.dumps(ENDS_WHAT_OTHERS_NEED)}", "[operations.parameters]"]
        parts += [f'"path.{name}" = {json.dumps(str(value))}' for name, value in names.items()]
    return "\n".join(parts)


@pytest.mark.parametrize("names", ["made up", "of what exists"])
@pytest.mark.django_db(transaction=True)
def test_no_request_made_from_the_document_finds_an_answer_that_the_document_does_not_know(
    stage: Stage, tmp_path: Path, names: str
) -> None:
    add_rows(1, tmp_path)
    draft_guardrail(claims=PolicyClaims(name="walls", effect=Effect.FORBID), actor=make_governance("maker"))
    things = names_of_rows()
    root = make_person("root", is_staff=True)
    root.is_superuser = True
    root.save()
    _, key = create_key(
        person=root,
        name="schemathesis",
        scopes=tuple(Scope),
        requests_per_minute=MOST_REQUESTS_PER_MINUTE,
        now=timezone.now(),
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    stage.start_web(port, TOUCHSTONE_SIGNING_KEYS=str(tmp_path / "1"))  # where `add_rows` has made one
    configuration = (
        CHECKS
        if names == "made up"
        else names_that_exist(things) + CHECKS.replace("[checks]\n", f"[checks]\n{NOT_OF_WHAT_EXISTS}")
    )
    (tmp_path / "schemathesis.toml").write_text(configuration)
    command = [third_party_python("schemathesis"), "-m", "schemathesis.cli", "run", f"http://127.0.0.1:{port}/api/schema"]
    command += ["--header", f"Authorization: Bearer {key}"]
    command += ["--phases", "examples,coverage,fuzzing", "--max-examples", "10", "--seed", "1", "--generation-deterministic"]
    command += ["--continue-on-failure", "--no-color", "--request-timeout", "30"]
    command += [word for name in ENDS_THE_CALLER for word in ("--exclude-operation-id", name)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=MOST_SECONDS, cwd=tmp_path)
    assert done.returncode == 0, done.stdout[-100_000:] + done.stderr[-2_000:]
