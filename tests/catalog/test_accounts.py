"""Accounts: who may make, change and close them, and what the history keeps of it."""

from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.db import connection

from catalog.models import Domain, Person
from catalog.rules.errors import ConflictError, DomainError, ForbiddenError, InvalidError
from catalog.rules.roles import PersonRole
from catalog.services.people import add_person, close_account, open_account, set_domains, set_email, set_roles
from catalog.services.permissions import governs
from tests.admin.cast import Cast, make_cast
from tests.factories import make_governance, make_owner, make_person, make_product

pytestmark = pytest.mark.django_db
PASSWORDS = {"usable_password": "true", "password1": "correct-horse-9", "password2": "correct-horse-9"}


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def events(name: str, person: Person) -> list[tuple[Any, ...]]:
    """Label and who did it, oldest first."""
    column = "pgh_obj_id" if name == "personpasswordevent" else "person_id"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT e.pgh_label, c.metadata ->> 'actor' FROM catalog_{name} e LEFT JOIN pghistory_context c"
            f" ON c.id = e.pgh_context_id WHERE e.{column} = %s ORDER BY e.pgh_id",
            [person.pk],
        )
        return list(cursor.fetchall())


def root() -> Person:
    return Person.objects.create_superuser("root", "root@people.example")


REFUSED = {
    "appoints somebody new": lambda gina, _greg, _olga: add_person(
        username="puppet", email="p@people.example", roles=[PersonRole.GOVERNANCE], actor=gina
    ),
    "promotes an owner": lambda gina, _greg, olga: set_roles(
        person=olga, roles=[PersonRole.DATA_OWNERS, PersonRole.GOVERNANCE], reason="x", actor=gina
    ),
    "takes the role from another": lambda gina, greg, _olga: set_roles(person=greg, roles=[], reason="x", actor=gina),
    "gives another address": lambda gina, greg, _olga: set_email(username=greg.username, email="g@people.example", actor=gina),
    "changes the own address": lambda gina, _greg, _olga: set_email(username="gina", email="g@people.example", actor=gina),
    "opens a closed one": lambda gina, greg, _olga: open_account(person=closed(greg), reason="x", actor=gina),
    "gives an owner a domain": lambda gina, _greg, olga: set_domains(person=olga, domains=[], reason="x", actor=gina),
    "resets who governs a domain": lambda gina, _greg, olga: set_email(
        username=governing(olga).username, email="o@people.example", actor=gina
    ),
    "gives another a domain": lambda gina, greg, _olga: set_domains(person=greg, domains=[], reason="x", actor=gina),
    "closes a superuser": lambda gina, _greg, _olga: close_account(person=root(), reason="x", actor=gina),
}


def governing(person: Person) -> Person:
    make_product(domain="Sales")
    return set_domains(person=person, domains=["sales"], reason="x", actor=None)


def closed(person: Person) -> Person:
    Person.objects.filter(pk=person.pk).update(is_active=False)
    person.refresh_from_db()
    return person


@pytest.mark.parametrize("act", REFUSED.values(), ids=REFUSED)
def test_governance_does_not_appoint_or_change_its_own_members(act: Any) -> None:
    with pytest.raises(ForbiddenError) as refusal:
        act(make_governance("gina"), make_governance("greg"), make_owner("olga"))
    assert refusal.value.code == "superuser_only"
    assert "superuser" in refusal.value.remedy
    assert "bin/manage" in refusal.value.remedy


@pytest.mark.parametrize("who", ["superuser", "system"])
def test_a_superuser_and_the_operator_may(who: str) -> None:
    actor, greg = (root() if who == "superuser" else None), make_governance("greg")
    add_person(username="new", roles=[PersonRole.GOVERNANCE], actor=actor)
    set_email(username="greg", email="g@people.example", actor=actor)
    set_roles(person=greg, roles=[PersonRole.AUDITORS], reason="x", actor=actor)
    assert list(greg.groups.values_list("name", flat=True)) == ["auditors"]


@pytest.mark.parametrize("role", [PersonRole.DATA_OWNERS, PersonRole.AUDITORS])
def test_governance_looks_after_all_other_accounts(role: PersonRole) -> None:
    gina = make_governance("gina")
    person = add_person(username="new", roles=[role], actor=gina)
    set_email(username="new", email="new@people.example", actor=gina)
    set_roles(person=person, roles=[PersonRole.DATA_OWNERS], reason="x", actor=gina)
    close_account(person=person, reason="x", actor=gina)
    open_account(person=person, reason="x", actor=gina)
    assert [who for _, who in events("persongroupsevent", person)] == ["gina"] * (3 if role is PersonRole.AUDITORS else 1)


def test_governance_closes_accounts_of_governance_but_its_own() -> None:
    gina, greg = make_governance("gina"), make_governance("greg")
    close_account(person=greg, reason="Keys were stolen.", actor=gina)
    assert not Person.objects.get(username="greg").is_active
    with pytest.raises(ConflictError):
        close_account(person=gina, reason="x", actor=gina)
    with pytest.raises(ConflictError):
        close_account(person=greg, reason="x", actor=gina)


@pytest.mark.parametrize("role", ["owner", "auditor", "nobody"])
def test_nobody_else_changes_accounts(role: str) -> None:
    actor = make_person(
        "eve", *([] if role == "nobody" else [PersonRole.DATA_OWNERS if role == "owner" else PersonRole.AUDITORS])
    )
    victim = make_person("victim")
    acts: tuple[Callable[[], Person], ...] = (
        lambda: add_person(username="new", actor=actor),
        lambda: set_email(username="victim", email="v@people.example", actor=actor),
        lambda: set_roles(person=victim, roles=[], reason="x", actor=actor),
        lambda: close_account(person=victim, reason="x", actor=actor),
        lambda: set_domains(person=victim, domains=[], reason="x", actor=actor),
    )
    for act in acts:
        with pytest.raises(ForbiddenError):
            act()


@pytest.mark.parametrize("target", ["governance", "superuser", "own"])
def test_governance_reaches_no_account_of_governance_in_the_forms(cast: Cast, target: str) -> None:
    greg = make_governance("greg")
    person = {"governance": greg, "superuser": cast.superuser.person, "own": cast.governance.person}[target]
    before = person.password
    assert cast.governance.post("auth_user_password_change", person.pk, **PASSWORDS).status_code == 403
    assert (
        cast.governance.post("catalog_person_change", person.pk, username=person.username, email="x@y.example").status_code
        == 403
    )
    person.refresh_from_db()
    assert (person.password, "x@y.example" in person.email) == (before, False)


def test_governance_cannot_choose_its_role_in_the_form(cast: Cast) -> None:
    olga = cast.owner.person
    group = Group.objects.get(name=PersonRole.GOVERNANCE)
    answer = cast.governance.post(
        "catalog_person_change", olga.pk, username="olga", email=olga.email, is_active="on", groups=[group.pk]
    )
    assert "groups" in answer.context["adminform"].form.errors
    assert not olga.groups.filter(pk=group.pk).exists()
    assert (
        cast.superuser.post(
            "catalog_person_change", olga.pk, username="olga", email=olga.email, is_active="on", groups=[group.pk]
        ).status_code
        == 302
    )
    assert olga.groups.filter(pk=group.pk).exists()


def test_a_reset_password_is_in_the_history_without_its_hash(cast: Cast) -> None:
    olga = cast.owner.person
    assert cast.governance.post("auth_user_password_change", olga.pk, **PASSWORDS).status_code == 302
    assert events("personpasswordevent", olga) == [("password_changed", "gina")]
    olga.refresh_from_db()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM catalog_personpasswordevent e WHERE e::text LIKE %s", [f"%{olga.password[-20:]}%"])
        assert cursor.fetchone() == (0,)


@pytest.mark.parametrize("door", ["command", "sql", "shell"])
def test_a_password_is_recorded_by_whichever_door(door: str, monkeypatch: pytest.MonkeyPatch) -> None:
    person = make_person("olga")
    if door == "command":
        monkeypatch.setattr("getpass.getpass", lambda *_, **_options: "correct-horse-9")
        call_command("changepassword", "olga", stdout=StringIO())
    elif door == "sql":
        with connection.cursor() as cursor:
            cursor.execute("UPDATE catalog_person SET password = 'x' WHERE id = %s", [person.pk])
    else:
        person.set_password("correct-horse-9")
        person.save()
    assert [label for label, _ in events("personpasswordevent", person)] == ["password_changed"]


def test_permissions_given_by_sql_are_recorded() -> None:
    person = make_person("olga")
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO catalog_person_user_permissions (person_id, permission_id) VALUES (%s, 1)", [person.pk])
    assert [label for label, _ in events("personuserpermissionsevent", person)] == ["insert"]


def test_the_audit_trail_shows_roles_and_resets(cast: Cast) -> None:
    olga = cast.owner.person
    cast.governance.post("auth_user_password_change", olga.pk, **PASSWORDS)
    set_roles(person=olga, roles=[PersonRole.AUDITORS], reason="Moved to audit.", actor=cast.governance.person)
    page = cast.auditor.client.get("/admin/audit/", {"object": "olga"}).content.decode()
    for words in ("given another password", "role of a person", "auditors", "Moved to audit.", "gina"):
        assert words in page


def test_who_governs_a_domain_governs_nothing_else() -> None:
    dora = make_owner("dora")
    inside, outside = make_product(domain="Sales"), make_product(domain="Finance")
    set_domains(person=dora, domains=["sales"], reason="Knows sales.", actor=root())
    assert (governs(dora, inside), governs(dora, outside)) == (True, False)
    closed(dora)
    assert not governs(dora, inside)
    set_domains(person=dora, domains=[], reason="Moved.", actor=None)
    assert not dora.governed_domains.exists()


def test_domains_are_given_to_others_and_must_exist() -> None:
    dora = make_owner("dora")
    with pytest.raises(InvalidError) as refusal:
        set_domains(person=dora, domains=["nowhere"], reason="x", actor=None)
    assert refusal.value.code == "domain_unknown"
    assert not Domain.objects.filter(slug="nowhere").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["set_roles", "olga", "--role", "auditors", "--reason", "x"], "olga is in auditors."),
        (["set_roles", "olga", "--no-role", "--reason", "x", "--as", "gina"], "olga is in no group."),
        (["set_roles", "olga", "--domain", "sales", "--reason", "x"], "acts for governance in sales"),
        (["close_account", "olga", "--reason", "x", "--as", "gina"], "The account of olga is closed."),
        (["set_email", "olga", "o@people.example", "--as", "gina"], "o@people.example does not count yet."),
        (["set_email", "olga", "o@people.example"], "olga has the address o@people.example."),
    ],
)
def test_the_commands(words: list[str], said: str) -> None:
    make_owner("olga"), make_governance("gina"), make_product(domain="Sales")
    out = StringIO()
    call_command(*words, stdout=out)
    assert said in out.getvalue()


@pytest.mark.parametrize(
    "words",
    [
        ["set_roles", "olga", "--role", "governance", "--reason", "x", "--as", "gina"],
        ["add_person", "new", "--role", "governance", "--as", "gina"],
        ["set_email", "greg", "g@people.example", "--as", "gina"],
        ["set_roles", "greg", "--no-role", "--reason", "x", "--as", "gina"],
        ["close_account", "greg", "--open", "--reason", "x", "--as", "gina"],
        ["set_roles", "nobody", "--no-role", "--reason", "x"],
        ["close_account", "olga", "--reason", " "],
    ],
)
def test_the_commands_refuse(words: list[str]) -> None:
    make_owner("olga"), make_governance("gina"), make_governance("greg")
    with pytest.raises((CommandError, DomainError)):
        call_command(*words, stdout=StringIO())
