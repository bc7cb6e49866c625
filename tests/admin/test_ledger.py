"""The ledger in the admin: batches and public keys, in words, and nothing to change."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.admin.cast import Cast
from tests.trust.ledger_rows import make_decision, make_sealed_rows, seal_now
from trust.models import LedgerBatch, SigningKey


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
