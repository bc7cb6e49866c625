"""Checks of the ledger that somebody asks for: one at a time, on record, and loud where something does not fit."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from catalog.models import Notification
from catalog.rules.errors import ConflictError, ForbiddenError
from tests.factories import make_auditor, make_governance, make_owner
from tests.trust.ledger_rows import make_sealed_rows, nth_decision, tamper
from trust.ledger.services.ledger_checks import LOST_AFTER, carry_out_ledger_check, request_ledger_check
from trust.models import LedgerCheck
from trust.tasks import check_ledger

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _sealed(signing_key: str) -> None:
    make_sealed_rows()


def ask(actor: object = None) -> LedgerCheck:
    return request_ledger_check(actor=actor or make_auditor(), now=timezone.now())  # type: ignore[arg-type]


def test_a_ledger_that_holds_is_on_record_with_what_was_proved() -> None:
    check = ask()
    assert check.status == "waiting"
    check_ledger()
    check.refresh_from_db()
    assert (check.status, check.batches, check.batches_to_do, check.fault) == ("holds", 3, 3, "")
    assert check.rows > 12
    assert check.started_at
    assert check.finished_at
    assert check.started_at <= check.finished_at
    assert check.believed == "this installation's folder"


def test_a_row_that_was_changed_is_told_and_governance_is_notified_once() -> None:
    governance = make_governance()
    tamper("trust_decision", "UPDATE trust_decision SET decision = false, subject = 'eve' WHERE id = %s", (nth_decision(5),))
    ask()
    found = carry_out_ledger_check()
    assert found is not None
    assert found.status == "broken"
    assert f"row {nth_decision(5)} was changed" in found.fault
    assert found.remedy
    notice = Notification.objects.get(kind="ledger.broken", person=governance)
    assert found.fault in notice.text
    assert carry_out_ledger_check() is None
    assert Notification.objects.filter(kind="ledger.broken", person=governance).count() == 1


def test_only_governance_and_auditors_ask_for_it() -> None:
    with pytest.raises(ForbiddenError):
        ask(make_owner())
    assert not LedgerCheck.objects.exists()


def test_one_check_at_a_time() -> None:
    ask()
    with pytest.raises(ConflictError, match="already"):
        ask(make_governance())
    assert LedgerCheck.objects.count() == 1


def test_a_check_whose_worker_is_gone_is_given_up_and_another_can_be_asked_for() -> None:
    long_ago = timezone.now() - LOST_AFTER - timedelta(minutes=1)
    lost = LedgerCheck.objects.create(status="running", requested_at=long_ago, started_at=long_ago, progress_at=long_ago)
    ask()
    lost.refresh_from_db()
    assert lost.status == "failed"
    assert lost.remedy


def test_the_task_does_nothing_where_nobody_asked() -> None:
    check_ledger()
    assert not LedgerCheck.objects.exists()


def test_the_database_refuses_a_fault_without_words() -> None:
    with pytest.raises(IntegrityError, match="ledger_check_says_what_is_wrong"), transaction.atomic():
        LedgerCheck.objects.create(status="broken", requested_at=timezone.now())
