"""People and roles, and the commands that add, acknowledge and review."""

from io import StringIO

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import CommandError, call_command

from catalog.models import Person
from catalog.rules.roles import PERMISSIONS, PersonRole
from catalog.services.permissions import has_role, is_governance
from catalog.services.roles import ensure_roles
from tests.factories import make_governance, make_owner, make_person, make_product

pytestmark = pytest.mark.django_db


def run(*words: str) -> str:
    out = StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


def test_the_migrations_bring_the_roles_with_their_permissions() -> None:
    for role in PersonRole:
        group = Group.objects.get(name=role)
        granted = group.permissions.values_list("content_type__app_label", "codename")
        assert set(granted) == PERMISSIONS[role]


def test_every_permission_of_a_role_exists() -> None:
    known = set(Permission.objects.values_list("content_type__app_label", "codename"))
    assert set().union(*PERMISSIONS.values()) <= known


def test_nobody_is_given_evidence_to_write() -> None:
    evidence = ("suite", "run", "checkresult", "verdict", "currentverdict")
    written = {f"{action}_{model}" for action in ("add", "change", "delete") for model in evidence}
    assert not {codename for granted in PERMISSIONS.values() for _, codename in granted} & written


def test_roles_twice_change_nothing_and_keep_what_was_added() -> None:
    extra = Permission.objects.get(codename="delete_dataproduct")
    group = Group.objects.get(name=PersonRole.AUDITORS)
    group.permissions.add(extra)
    ensure_roles()
    assert set(group.permissions.values_list("codename", flat=True)) == {
        codename for _, codename in PERMISSIONS[PersonRole.AUDITORS]
    } | {"delete_dataproduct"}


def test_a_person_is_added_with_a_role_and_without_a_password() -> None:
    assert (
        run("add_person", "ada", "--name", "Ada Lovelace", "--email", "ada@example.org", "--role", "data owners", "--staff")
        == "Added ada, in data owners.\n"
    )
    ada = Person.objects.get(username="ada")
    assert (ada.get_full_name(), ada.is_active, ada.is_staff, ada.has_usable_password()) == ("Ada Lovelace", True, True, False)
    assert has_role(ada, PersonRole.DATA_OWNERS)


@pytest.mark.parametrize(("username", "said"), [("ada", "exists already"), ("a b", "cannot be added")])
def test_a_person_who_cannot_be_added_is_refused(username: str, said: str) -> None:
    make_person("ada")
    with pytest.raises(CommandError, match=said):
        run("add_person", username)


def test_governance_is_a_role_and_superusers_have_it() -> None:
    assert is_governance(None)
    assert is_governance(make_governance())
    assert not is_governance(make_owner())
    assert is_governance(Person.objects.create_superuser("root"))
    assert not is_governance(Person.objects.create_superuser("gone", is_active=False))


def test_owner_and_governance_act_at_the_command_line() -> None:
    product, governance = make_product("orders", owner=make_owner("ada")), make_governance("gov")
    assert run("acknowledge", "orders", "--as", "ada") == "ada acknowledged orders.\n"
    assert run("review", "orders", "--as", "gov") == "gov reviewed orders.\n"
    product.refresh_from_db()
    assert (product.acknowledged_by, product.reviewed_by) == (product.owner, governance)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("acknowledge", "nothing", "--as", "ada"), "no data product 'nothing'"),
        (("acknowledge", "orders", "--as", "nobody"), "no active person 'nobody'"),
        (("acknowledge", "orders", "--as", "gov"), "only its owner ada can"),
        (("review", "orders", "--as", "ada"), "that is for governance"),
        (("review", "orders", "--as", "nobody"), "`bin/manage add_person nobody --role governance`"),
    ],
)
def test_a_command_of_the_wrong_person_says_who_can(words: tuple[str, ...], said: str) -> None:
    make_product("orders", owner=make_owner("ada"))
    make_governance("gov")
    with pytest.raises(CommandError, match=said):
        run(*words)
