"""The audit trail in the admin: who, when, why, what, and from what to what; each sees what is theirs."""

import csv
import io
from typing import Any

import pytest

from catalog.models import Consumer
from catalog.rules.scopes import Scope
from catalog.services.api_keys import create_key
from catalog.services.recording import recorded
from tests.admin.cast import Cast, Visitor, World
from tests.factories import NOW
from tests.trust.logged import make_agent
from trust.desk.admin import audit_trail
from trust.models import Export

TRAIL = "/admin/audit/"


def trail(visitor: Visitor, **query: str) -> str:
    response = visitor.client.get(TRAIL, query)
    assert response.status_code == 200
    return str(response.content.decode())


@pytest.fixture
def renamed(cast: Cast, world: World) -> Consumer:
    """An agent of the product's owner, renamed by governance for a reason."""
    agent = make_agent("agent", owner=cast.owner.person)
    with recorded("update_consumer", cast.governance.person, reason="Asked for in ticket <7>."):
        Consumer.objects.filter(pk=agent.pk).update(name="<b>New</b>", webhook_url="https://hooks.example.org/a?token=hush")
    return agent


def test_it_says_who_when_why_what_and_from_what_to_what(cast: Cast, renamed: Consumer) -> None:
    page = trail(cast.auditor, object="agent", person="gina")
    for words in (
        "gina",
        "update consumer",
        "Asked for in ticket &lt;7&gt;.",
        f"/admin/catalog/consumer/{renamed.pk}/change/",
        "name: agent → &lt;b&gt;New&lt;/b&gt;",
    ):
        assert words in page
    assert "<b>New</b>" not in page


def test_secrets_and_hashes_are_never_shown(cast: Cast, renamed: Consumer) -> None:
    create_key(person=cast.owner.person, name="k", scopes=[Scope.TRUST_READ], now=NOW)
    page = trail(cast.auditor)
    assert "hooks.example.org/…" in page
    assert "hush" not in page
    assert "digest" not in page


@pytest.mark.parametrize(
    ("role", "sees"),
    [("owner", True), ("steward", False), ("other", False), ("governance", True), ("auditor", True), ("superuser", True)],
)
def test_owners_see_their_own_objects_and_governance_and_auditors_all(
    cast: Cast, renamed: Consumer, role: str, sees: bool
) -> None:
    visitor = getattr(cast, role)
    assert ("&lt;b&gt;New&lt;/b&gt;" in trail(visitor)) == sees
    assert ("&lt;b&gt;New&lt;/b&gt;" in trail(visitor, object="agent")) == sees


def test_a_steward_sees_the_product_that_they_look_after_and_somebody_else_does_not(cast: Cast, world: World) -> None:
    address = f"/admin/catalog/dataproduct/{world.product.pk}/change/"
    assert address in trail(cast.steward)
    assert address not in trail(cast.other)


@pytest.mark.usefixtures("renamed")
def test_filters_that_find_nothing_or_cannot_be_read_say_so(cast: Cast) -> None:
    nothing = "No entry matches these filters."
    assert nothing in trail(cast.auditor, person="nobody")
    assert nothing in trail(cast.auditor, object="nothing")
    assert nothing in trail(cast.auditor, kind="no.kind")
    assert nothing in trail(cast.auditor, since="2999-01-01")
    assert "is not a date" in trail(cast.auditor, since="soon")
    assert nothing not in trail(cast.auditor, older="nonsense")
    assert "New" in trail(cast.auditor, kind="catalog.consumer")


@pytest.mark.usefixtures("renamed")
def test_older_leads_on(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_trail, "SIZE", 2)
    response: Any = cast.auditor.client.get(TRAIL)
    seen = 0
    while True:
        seen += len(response.context["lines"])
        older = response.context["older"]
        if older is None:
            break
        response = cast.auditor.client.get(TRAIL + older)
    monkeypatch.setattr(audit_trail, "SIZE", 1000)
    assert seen == len(cast.auditor.client.get(TRAIL).context["lines"])


def test_what_was_shown_can_be_exported_and_that_is_on_record(cast: Cast, renamed: Consumer) -> None:
    response: Any = cast.owner.client.get(f"{TRAIL}export/csv/", {"object": "agent", "person": "gina"})
    rows = list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode(), newline="")))
    assert [(row["who"], row["object"], row["reason"]) for row in rows] == [("gina", "agent", "Asked for in ticket <7>.")]
    assert "name: agent → <b>New</b>" in rows[0]["changes"]
    assert (Export.objects.get().what, Export.objects.get().rows) == ("audit trail", 1)
    assert cast.auditor.client.get(f"{TRAIL}export/csv/", {"since": "soon"}).status_code == 400
