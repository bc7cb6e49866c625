"""Schemathesis against a running server: requests made from the OpenAPI document, answers held against it."""

import socket
import subprocess
from pathlib import Path

import pytest
from django.utils import timezone

from catalog.rules.scopes import Scope
from catalog.services.api_keys import MOST_REQUESTS_PER_MINUTE, create_key
from tests.admin.rows import add_rows
from tests.e2e.conftest import Stage
from tests.factories import make_person
from tests.third_party.conftest import third_party_python

ENDS_THE_CALLER = (
    "suspend_consumer",
    "retire_consumer",
    "hand_over_consumer",
    "revoke_key",
    "revoke_consumer_key",
    "limit_consumer_key",
)
"""Operations that would take the key away with which the others are tried, or lower its limit."""
MOST_SECONDS = 600
"""Three minutes on two idle cores."""
CONFIGURATION = """
[checks]
positive_data_acceptance.enabled = false  # the rules know more than the document: not all that fits it is accepted
use_after_free.enabled = false  # nothing is deleted here that could be used afterwards
ensure_resource_availability.enabled = false  # of links, which there are none
object_level_authorization.enabled = false  # needs two callers: tests/api/test_role_matrix.py

[[operations]]
include-operation-id = "authzen_evaluate_batch"
checks.negative_data_rejection.enabled = false  # an item that cannot be read is answered with a deny, as AuthZEN asks
"""


@pytest.mark.django_db(transaction=True)
def test_no_request_made_from_the_document_finds_an_answer_that_the_document_does_not_know(
    stage: Stage, tmp_path: Path
) -> None:
    add_rows(1, tmp_path)
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
    (tmp_path / "schemathesis.toml").write_text(CONFIGURATION)
    command = [third_party_python("schemathesis"), "-m", "schemathesis.cli", "run", f"http://127.0.0.1:{port}/api/schema"]
    command += ["--header", f"Authorization: Bearer {key}"]
    command += ["--phases", "examples,coverage,fuzzing", "--max-examples", "10", "--seed", "1", "--generation-deterministic"]
    command += ["--continue-on-failure", "--no-color", "--request-timeout", "30"]
    command += [word for name in ENDS_THE_CALLER for word in ("--exclude-operation-id", name)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=MOST_SECONDS, cwd=tmp_path)
    assert done.returncode == 0, done.stdout[-100_000:] + done.stderr[-2_000:]
