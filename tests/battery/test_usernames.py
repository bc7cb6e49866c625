"""No account takes a name that the history uses for another one: the system, or another account, now or in the past."""

import pytest

from catalog.models import Person
from catalog.rules.errors import DomainError
from catalog.rules.roles import PersonRole
from catalog.services.people import add_person
from tests.admin.cast import Visitor
from tests.factories import make_owner, make_person

pytestmark = pytest.mark.django_db
TAKEN = ["system", "System", "Olga", "OLGA", "olga.old", "Olga.Old"]


@pytest.fixture
def gina() -> Person:
    """Of governance, where olga once was olga.old."""
    olga = make_owner("olga.old")
    olga.username = "olga"
    olga.save()
    return make_person("gina", PersonRole.GOVERNANCE, is_staff=True)


def rename(by: Person, person: Person, username: str) -> str:
    words = {"username": username, "email": person.email, "is_active": "on", "groups": [], "_save": "Save"}
    Visitor(by).post("catalog_person_change", person.pk, **words)
    person.refresh_from_db()
    return person.username


@pytest.mark.parametrize("name", TAKEN)
def test_governance_adds_no_person_of_that_name(gina: Person, name: str) -> None:
    with pytest.raises(DomainError) as refusal:
        add_person(username=name, email="p@people.example", actor=gina)
    assert any("history" in detail for detail in refusal.value.details)


@pytest.mark.parametrize("name", TAKEN)
def test_governance_gives_no_account_that_name_in_the_form(gina: Person, name: str) -> None:
    assert rename(gina, make_owner("puppet"), name) == "puppet"


def test_a_name_of_ones_own_can_be_taken_back(gina: Person) -> None:
    olga = Person.objects.get(username="olga")
    assert rename(gina, olga, "olga.new") == "olga.new"
    assert rename(gina, olga, "olga.old") == "olga.old"
    assert rename(gina, olga, "Olga.Old") == "Olga.Old"
