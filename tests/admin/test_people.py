"""What people learn of each other's accounts."""

import pytest
from django.urls import reverse

from catalog.models import Person
from tests.admin.cast import Cast, make_cast

pytestmark = pytest.mark.django_db
LIST = "catalog_person_changelist"


@pytest.fixture
def cast() -> Cast:
    made = make_cast()
    Person.objects.filter(username="gina").update(email="gina@secret.example", last_login="2026-11-05T06:07:08Z")
    return made


def secrets_in(page: str) -> list[str]:
    return [word for word in ("gina@secret.example", "Nov. 5, 2026", "governance</") if word in page]


@pytest.mark.parametrize("role", ["owner", "steward", "other"])
def test_owners_see_names_and_neither_addresses_nor_roles_nor_sign_ins(cast: Cast, role: str) -> None:
    visitor, gina = getattr(cast, role), cast.governance.person
    for page in (visitor.sees(LIST), visitor.sees("catalog_person_change", gina.pk)):
        assert "gina" in page
        assert secrets_in(page) == []


@pytest.mark.parametrize("role", ["governance", "auditor", "superuser"])
def test_governance_and_auditors_see_the_accounts(cast: Cast, role: str) -> None:
    assert "gina@secret.example" in getattr(cast, role).sees(LIST)


def test_people_see_their_own_account(cast: Cast) -> None:
    Person.objects.filter(username="olga").update(email="olga@own.example")
    assert "olga@own.example" in cast.owner.sees("catalog_person_change", cast.owner.person.pk)


@pytest.mark.parametrize(
    "query", ["email__startswith=gina", "is_superuser__exact=1", "groups__name=governance", "last_login__gte=2026-01-01"]
)
def test_a_filter_does_not_tell_what_the_page_does_not_show(cast: Cast, query: str) -> None:
    response = cast.owner.client.get(f"{reverse('admin:' + LIST)}?{query}")
    assert response.status_code in {302, 400}


def test_a_search_does_not_tell_addresses(cast: Cast) -> None:
    assert ">gina<" not in cast.owner.sees(LIST, q="secret.example")
    assert ">gina<" in cast.governance.sees(LIST, q="secret.example")


def test_an_account_without_an_address_is_listed_as_not_verifiable(cast: Cast) -> None:
    assert "identity not verifiable" not in cast.governance.sees(LIST)
    Person.objects.filter(username="olga").update(email="")
    assert "identity not verifiable" in cast.governance.sees(LIST)
    assert "identity not verifiable" not in cast.owner.sees(LIST)
    Person.objects.filter(username="olga").update(email_to_confirm="olga@new.example")
    assert "not verifiable: the address waits for confirmation" in cast.governance.sees(LIST)
    assert "waits for confirmation" not in cast.owner.sees(LIST)


def test_an_address_that_waits_is_shown_to_whom_the_verified_one_is(cast: Cast) -> None:
    Person.objects.filter(username="olga").update(email_to_confirm="olga@new.example")
    pages = {
        role: getattr(cast, role).sees("catalog_person_change", cast.owner.person.pk)
        for role in ("owner", "governance", "auditor", "other")
    }
    assert {role for role, page in pages.items() if "olga@new.example" in page} == {"owner", "governance", "auditor"}
