"""The ledger in the admin: batches and public keys, in words, and nothing to change."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.admin.cast import Cast, Visitor
from tests.factories import NOW
from tests.trust.ledger_rows import make_decision, make_sealed_rows, nth_decision, seal_now, tamper
from trust.ledger.services.ledger_checks import carry_out_ledger_check
from trust.models import LedgerBatch, LedgerCheck, SigningKey


@pytest.fixture(autouse=True)
def _sealed(signing_key: str) -> None:
    make_sealed_rows()


def test_a_batch_shows_what_was_sealed_and_what_was_signed(cast: Cast) -> None:
    batch = LedgerBatch.objects.get(number=2)
    page = cast.auditor.sees("trust_ledgerbatch_change", batch.pk)
    for words in (batch.root, batch.previous, batch.signature, "trust_decision: 4"):
        assert words in page


def test_a_key_shows_its_public_half(cast: Cast, signing_key: str) -> None:
    key = SigningKey.objects.get(kid=signing_key)
    assert key.jwk["x"] in cast.auditor.sees("trust_signingkey_change", key.pk)
    assert signing_key in cast.auditor.sees("trust_signingkey_changelist")


def test_the_list_of_batches_costs_the_same_however_long_it_is(cast: Cast) -> None:
    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            cast.auditor.sees("trust_ledgerbatch_changelist")
        assert not any("leaves" in query["sql"] or "count(*)" in query["sql"].lower() for query in queries)
        return len(queries)

    cost()
    before = cost()
    for _ in range(5):
        make_decision()
        seal_now()
    assert cost() == before


def verify(visitor: Visitor) -> Any:
    return visitor.client.post(reverse("admin:trust_ledgerbatch_verify"), follow=True)


@pytest.mark.parametrize("role", ["governance", "auditor", "superuser"])
def test_governance_and_auditors_have_the_ledger_verified(cast: Cast, role: str) -> None:
    visitor = getattr(cast, role)
    assert "Verify the ledger" in visitor.sees("trust_ledgerbatch_changelist")
    page = verify(visitor)
    assert "The ledger is being checked" in page.content.decode()
    assert page.headers["Refresh"]
    LedgerCheck.objects.update(status="running", started_at=NOW, batches=2, batches_to_do=3, rows=17)
    assert "2 of 3 batches with 17 rows verified so far" in visitor.sees("trust_ledgerbatch_changelist")
    LedgerCheck.objects.update(status="waiting")
    carry_out_ledger_check()
    done = visitor.get("trust_ledgerbatch_changelist")
    assert "The ledger is intact:" in done.content.decode()
    assert "Refresh" not in done.headers
    assert LedgerCheck.objects.get().requested_by == visitor.person
    assert "holds" in visitor.sees("trust_ledgercheck_changelist")


def test_a_fault_is_shown_loudly_to_everybody_who_may_see_the_ledger(cast: Cast) -> None:
    tamper("trust_decision", "UPDATE trust_decision SET subject = 'eve' WHERE id = %s", (nth_decision(1),))
    verify(cast.auditor)
    carry_out_ledger_check()
    page = cast.owner.sees("trust_ledgerbatch_changelist")
    assert "The ledger is broken" in page
    assert f"row {nth_decision(1)} was changed" in page


@pytest.mark.parametrize("role", ["owner", "steward", "other", "stranger"])
def test_nobody_else_has_it_verified(cast: Cast, role: str) -> None:
    visitor = getattr(cast, role)
    verify(visitor)
    assert not LedgerCheck.objects.exists()
    if role != "stranger":
        assert "Verify the ledger" not in visitor.sees("trust_ledgerbatch_changelist")


def test_a_link_verifies_nothing(cast: Cast) -> None:
    assert cast.auditor.get("trust_ledgerbatch_verify").status_code == 405
    assert not LedgerCheck.objects.exists()
