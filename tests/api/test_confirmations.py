"""Obligations confirmed over HTTP by the owners of consumers; each refusal, and nothing done."""

from typing import Any

import pytest

from catalog.models import Consumer, DataProduct, ObligationConfirmation, UseCase
from tests.api.callers import Caller, Cast, assert_problem
from tests.factories import make_owner

LIST = "/api/v1/use-cases"
ONE = f"{LIST}/delays"
CONFIRMATION = {
    "consumer": "agent",
    "product": "flights",
    "obligation": {"type": "delete_after", "days": 30},
    "how": "A nightly job.",
}


def test_the_consumers_owner_confirms_an_obligation_and_nobody_else(cast: Cast, delays: UseCase) -> None:
    path, otto = f"{ONE}/confirmations", Caller(delays.consumers.get().owner)
    for caller in (cast.owner, cast.governance, cast.auditor, cast.stranger):
        assert_problem(caller.post(path, CONFIRMATION), 403, "forbidden")
    assert_problem(Caller(otto.person, ["catalog:write", "decide"]).post(path, CONFIRMATION), 403, "scope_missing")
    assert not ObligationConfirmation.objects.exists()
    answer = otto.post(path, CONFIRMATION)
    assert answer.status_code == 201
    assert {name: answer.json()[name] for name in CONFIRMATION} == CONFIRMATION
    assert (answer.json()["confirmed_by"], answer.json()["is_by_owner"]) == ("otto", True)
    assert ObligationConfirmation.objects.get().obligation == '{"days":30,"type":"delete_after"}'
    otto.post(path, {**CONFIRMATION, "how": "Two nightly jobs."})
    rows = cast.owner.get(path).json()["results"]
    assert [row["how"] for row in rows] == ["Two nightly jobs."]


def test_a_confirmation_of_an_owner_before_is_shown_as_such(cast: Cast, delays: UseCase) -> None:
    agent = delays.consumers.get()
    Caller(agent.owner).post(f"{ONE}/confirmations", CONFIRMATION)
    agent.owner = make_owner()
    agent.save()
    assert not cast.owner.get(f"{ONE}/confirmations").json()["results"][0]["is_by_owner"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"obligation": "cite-source"}, "obligation"),
        ({"obligation": {"type": "Not A Name"}}, "obligation"),
        ({"obligation": {"type": "delete_after"}}, "obligation"),
        ({"obligation": {"type": "cite-source", "x": 1}}, "obligation"),
        ({"obligation": ["cite-source"]}, "obligation"),
        ({"how": ""}, "how"),
        ({"how": "  "}, "how"),
        ({"consumer": "scout"}, "consumer"),
        ({"product": "orders"}, "product"),
        ({"confirmed_by": "otto"}, "confirmed_by"),
    ],
)
def test_a_bad_confirmation_names_the_part_and_writes_nothing(
    cast: Cast, delays: UseCase, scout: Consumer, product: DataProduct, change: dict[str, Any], field: str
) -> None:
    otto = Caller(delays.consumers.get().owner)
    problem = assert_problem(otto.post(f"{ONE}/confirmations", {**CONFIRMATION, **change}), 400, "invalid")
    assert [fault["field"] for fault in problem["errors"]] == [field]
    assert not ObligationConfirmation.objects.exists()
