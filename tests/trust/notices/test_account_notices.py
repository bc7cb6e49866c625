"""Governance hears of changes of accounts, by whichever door; nobody is disturbed by what concerns nobody."""

from typing import Any

import pghistory
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Notification, Person
from catalog.rules.roles import PersonRole
from catalog.services.people import add_person, close_account, set_email, set_roles
from tests.factories import make_auditor, make_governance, make_owner
from trust.clock import database_now
from trust.models import AccountNoticesCursor
from trust.notices.services import account_notices
from trust.notices.services.account_notices import tell_of_account_changes

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> list[Person]:
    """gina, greg and root of governance, told of their own accounts."""
    made = [make_governance("gina"), make_governance("greg"), Person.objects.create_superuser("root", "r@people.example")]
    tell_of_account_changes(now=database_now())
    Notification.objects.update(read_at=database_now())
    return made


def told() -> dict[str, list[str]]:
    """Subject to those who were notified."""
    tell_of_account_changes(now=database_now())
    found: dict[str, list[str]] = {}
    for notice in Notification.objects.filter(read_at=None).order_by("person__username"):
        found.setdefault(notice.subject, []).append(notice.person.username if notice.person else "")
    return found


def test_all_of_governance_but_who_did_it_hears_of_it_once(people: list[Person]) -> None:
    set_email(username="greg", email="new@people.example", actor=people[2])
    assert told() == {"Account of greg changed by root: the e-mail address to confirm": ["gina", "greg"]}
    assert tell_of_account_changes(now=database_now()) == 0
    set_email(username="greg", email="new@people.example", actor=None)
    assert set(told()) == {
        "Account of greg changed by root: the e-mail address to confirm",
        "Account of greg changed by the operator: another e-mail address, the e-mail address to confirm",
    }


def test_each_kind_of_change_is_named(people: list[Person]) -> None:
    gina = people[0]
    olga = add_person(username="olga", email="o@people.example", roles=[PersonRole.DATA_OWNERS], actor=gina)
    set_roles(person=olga, roles=[PersonRole.AUDITORS], reason="Moved.", actor=gina)
    close_account(person=olga, reason="Left.", actor=gina)
    with pghistory.context(user=gina.pk):
        olga.set_password("correct-horse-9")
        olga.save()
    assert set(told()) == {
        "Account of olga changed by gina: added, roles",
        "Account of olga changed by gina: roles",
        "Account of olga changed by gina: closed or opened",
        "Account of olga changed by gina: another password",
    }
    assert "Reason given: Moved." in Notification.objects.filter(subject__endswith="gina: roles")[0].text


def by_sql(statement: str, *values: int) -> None:
    """In the same transaction as the test's own acts, whose context would else be that of the statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('pghistory.context_id', '', true), set_config('pghistory.context_metadata', '', true)"
        )
        cursor.execute(statement, values)


@pytest.mark.parametrize(
    "statement", ["password = 'x'", "email = 'x@y.example'", "username = 'guy'", "is_superuser = true", "is_active = false"]
)
def test_an_account_of_governance_that_sql_changes_is_told_of(people: list[Person], statement: str) -> None:
    by_sql(f"UPDATE catalog_person SET {statement} WHERE id = %s", people[1].pk)
    subjects = told()
    assert len(subjects) == 1
    assert "changed by unknown" in next(iter(subjects))
    assert {"gina", "root"} <= set(next(iter(subjects.values())))


def test_who_is_made_governance_by_sql_is_told_of(people: list[Person]) -> None:
    olga = make_owner("olga")
    by_sql(
        "INSERT INTO catalog_person_groups (person_id, group_id) SELECT %s, id FROM auth_group WHERE name = 'governance'",
        olga.pk,
    )
    assert "Account of olga changed by unknown: roles" in told()


def test_own_passwords_and_what_the_operator_does_with_others_disturb_nobody(people: list[Person]) -> None:
    olga = make_owner("olga")
    make_auditor("anna")
    with pghistory.context(user=olga.pk, actor="olga"):
        olga.set_password("correct-horse-9")
        olga.save()
    with pghistory.context(url="/admin/login/"):
        people[0].set_password("correct-horse-9")
        people[0].save()
    olga.save()
    assert told() == {}


each_commits = pytest.mark.django_db(transaction=True)


def next_transaction() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text")
        return int(cursor.fetchone()[0])


@each_commits
def test_what_was_told_of_is_not_read_again(people: list[Person], monkeypatch: pytest.MonkeyPatch) -> None:
    # Transactions of other tests go on meanwhile, in other databases of this server: none of them changes accounts of this one.
    monkeypatch.setattr(account_notices, "_oldest_transaction", next_transaction)
    for number in range(5):
        add_person(username=f"new-{number}", email=f"{number}@people.example", roles=[PersonRole.DATA_OWNERS], actor=people[0])
    assert tell_of_account_changes(now=database_now()) == 5
    with CaptureQueriesContext(connection) as queries:
        assert tell_of_account_changes(now=database_now()) == 0
    assert not [query for query in queries if "pgh_id" in query["sql"] and "IN (" in query["sql"]], "no row of the history"
    set_roles(person=Person.objects.get(username="new-3"), roles=[PersonRole.AUDITORS], reason="Moved.", actor=people[0])
    assert tell_of_account_changes(now=database_now()) == 1


@each_commits
@pytest.mark.parametrize("is_nested", [False, True])
def test_what_is_committed_late_is_told_of(people: list[Person], is_nested: bool) -> None:
    """Its date is that of the beginning, and the changes of others were told of since."""
    late: Any = connection.copy()
    late.set_autocommit(False)
    with late.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM catalog_person")
        if is_nested:
            cursor.execute("UPDATE catalog_domain SET name = name")
            cursor.execute("SAVEPOINT nested")
        else:
            set_email(username="greg", email="new@people.example", actor=people[2])
            assert len(told()) == 1
        cursor.execute("UPDATE catalog_person SET email = 'x@y.example' WHERE username = 'gina'")
    for address in ("one@people.example", "two@people.example"):
        set_email(username="greg", email=address, actor=people[2])
        assert "Account of gina" not in " ".join(told())
    late.commit()
    late.close()
    assert "Account of gina changed by unknown: another e-mail address" in told()


@each_commits
def test_what_is_too_much_at_once_is_told_of_bit_by_bit(people: list[Person], monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        add_person(username=f"new-{number}", email=f"{number}@people.example", roles=[PersonRole.DATA_OWNERS], actor=people[0])
    monkeypatch.setattr(account_notices, "MOST_AT_ONCE", 2)
    assert [tell_of_account_changes(now=database_now()) for _ in range(4)] == [2, 2, 1, 0]


@each_commits
@pytest.mark.parametrize("distance", [10_000_000, -(2**31)])
def test_a_restored_database_whose_numbers_mean_nothing_here_is_read_from_the_last_day_on(
    people: list[Person], distance: int
) -> None:
    set_email(username="greg", email="new@people.example", actor=people[2])
    cursor = AccountNoticesCursor.objects.get()
    AccountNoticesCursor.objects.update(transaction=cursor.transaction + distance)
    assert len(told()) == 1
    assert AccountNoticesCursor.objects.get().transaction >= cursor.transaction
