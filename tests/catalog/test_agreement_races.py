"""A statement that relies on an agreement holds its row FOR SHARE: revoking waits for it, and it waits for a revoke."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection, transaction

from catalog.models import Agreement, Person
from catalog.rules.errors import ConflictError
from catalog.services.agreements import approve_agreement, reject_agreement, revoke_agreement
from tests.factories import NOW, make_agreement, make_governance

pytestmark = pytest.mark.django_db(transaction=True)

# What a deciding statement does: the row again as it is once it is locked; none where it no longer stands.
RELY = """
    SELECT id FROM catalog_agreement
    WHERE id = %s AND status = 'active' AND starts_at <= %s AND expires_at > %s AND ended_at IS NULL FOR SHARE
"""


def meanwhile(action: Callable[[], object]) -> threading.Thread:
    """A thread that does `action` on a connection of its own."""

    def run() -> None:
        try:
            action()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def ends(thread: threading.Thread) -> bool:
    thread.join(10)
    return not thread.is_alive()


def waits_for_a_lock() -> bool:
    """Whether some other connection to this database comes to wait for a lock, within five seconds."""
    for _ in range(100):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")
            if cursor.fetchone():
                return True
            cursor.execute("SELECT pg_stat_clear_snapshot(), pg_sleep(0.05)")
    return False


def relied_on(agreement: Agreement) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(RELY, [agreement.pk, NOW + timedelta(days=1), NOW + timedelta(days=1)])
        return cursor.fetchone() is not None


def revoke(agreement: Agreement, actor: Person) -> None:
    revoke_agreement(agreement=agreement, reason="Over.", actor=actor, now=NOW + timedelta(hours=1))


def test_a_revoke_waits_for_the_answer_that_relies_on_the_agreement() -> None:
    agreement, gina = make_agreement(), make_governance()
    with transaction.atomic():
        assert relied_on(agreement)
        other = meanwhile(lambda: revoke(agreement, gina))
        assert waits_for_a_lock()
        agreement.refresh_from_db()
        assert agreement.status == "active"
    assert ends(other)
    agreement.refresh_from_db()
    assert agreement.status == "revoked"


def test_an_answer_waits_for_a_revoke_under_way_and_then_does_not_rely_on_it() -> None:
    agreement, gina = make_agreement(), make_governance()
    answers: list[bool] = []
    with transaction.atomic():
        revoke(agreement, gina)
        other = meanwhile(lambda: answers.append(relied_on(agreement)))
        assert waits_for_a_lock()
        assert answers == []
    assert ends(other)
    assert answers == [False]


def test_of_an_approval_and_a_rejection_at_once_one_holds() -> None:
    agreement = make_agreement(is_approved=False)
    owner, gina = agreement.product.owner, make_governance()
    refused: list[str] = []

    def approve() -> None:
        try:
            approve_agreement(agreement=agreement, actor=owner, now=NOW)
        except ConflictError as error:
            refused.append(error.code)

    with transaction.atomic():
        reject_agreement(agreement=agreement, reason="No.", actor=gina, now=NOW)
        other = meanwhile(approve)
        assert waits_for_a_lock()
    assert ends(other)
    agreement.refresh_from_db()
    assert (agreement.status, refused) == ("rejected", ["agreement_transition"])
