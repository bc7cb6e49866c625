"""Governance hears of changes of accounts, by whichever door; nobody is disturbed by what concerns nobody."""

import pghistory
import pytest
from django.db import connection

from catalog.models import Notification, Person
from catalog.rules.roles import PersonRole
from catalog.services.people import add_person, close_account, set_email, set_roles
from tests.factories import make_auditor, make_governance, make_owner
from trust.clock import database_now
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
