"""An address that somebody gave makes nobody a second person: the person has to confirm it, signed in to that very account."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from io import StringIO

import pytest
from django.conf import settings
from django.core import mail
from django.core.management import call_command

from catalog.models import Delivery, Notification, Person
from catalog.queries.ownership import is_same_person, tie_of
from catalog.rules.errors import ForbiddenError
from catalog.rules.roles import PersonRole
from catalog.services.notifications import notify
from catalog.services.people import add_person, set_email
from tests.admin.cast import Visitor
from tests.api.callers import Caller
from tests.battery.addresses import (
    ADDRESS,
    PAGE,
    by_service,
    client_of,
    confirm,
    confirmed,
    link_mailed_to,
    make_petra,
    make_root,
    token_of,
    with_mail,
)
from tests.battery.people import BOTH
from tests.battery.test_changed_accounts import ACTS, agreement, form_of, in_form, review, trust_policy, waiver
from tests.factories import NOW, make_governance, make_governed_product, make_owner, make_person
from tests.trust.builders import make_waiver
from trust.models import CurrentVerdict
from trust.verdicts.queries.waivers import granted_waivers
from trust.verdicts.services.judging import ensure_current

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def mail_server(monkeypatch: pytest.MonkeyPatch) -> None:
    with_mail(monkeypatch)


def by_api(root: Person, petra: Person) -> None:
    assert Caller(root).put(f"/api/v1/people/{petra.username}/email", {"email": ADDRESS}).status_code == 200


def by_command(root: Person, petra: Person) -> None:
    call_command("set_email", petra.username, ADDRESS, "--as", root.username, stdout=StringIO())


def in_the_form(root: Person, petra: Person) -> None:
    in_form(root, petra, email_to_confirm=ADDRESS)


def as_the_verified_one_in_the_form(root: Person, petra: Person) -> None:
    answer = Visitor(root).post("catalog_person_change", petra.pk, **form_of(petra, email=ADDRESS, email_to_confirm=ADDRESS))
    assert answer.status_code == 302


DOORS: dict[str, Callable[[Person, Person], None]] = {
    "by service": by_service,
    "over the API": by_api,
    "by command": by_command,
    "in the form": in_the_form,
    "in the form, by the other field": as_the_verified_one_in_the_form,
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_an_address_that_waits_makes_no_second_person(act: Callable[[Person, Person], object]) -> None:
    petra = make_petra()
    assert (petra.email, petra.email_to_confirm) == ("", ADDRESS)
    with pytest.raises(ForbiddenError) as refusal:
        act(make_person(None, *BOTH), petra)
    assert refusal.value.code == "identity_not_verifiable"
    assert ADDRESS in refusal.value.remedy
    assert "bin/manage set_email petra" in refusal.value.remedy


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_who_has_confirmed_it_is_a_second_person(act: Callable[[Person, Person], object]) -> None:
    petra = confirmed(make_petra())
    assert (petra.email, petra.email_to_confirm) == (ADDRESS, "")
    act(make_person(None, *BOTH), petra)


@pytest.mark.parametrize("give", DOORS.values(), ids=DOORS)
@pytest.mark.parametrize("act", [waiver, review, trust_policy], ids=lambda act: act.__name__)
def test_by_no_door_does_an_address_count_that_is_not_confirmed(
    act: Callable[[Person, Person], object], give: Callable[[Person, Person], None]
) -> None:
    petra, other = make_petra(give), make_person(None, *BOTH)
    with pytest.raises(ForbiddenError) as refusal:
        act(other, petra)
    assert refusal.value.code == "identity_not_verifiable"
    act(make_person(None, *BOTH), confirmed(petra))


def test_an_account_that_is_made_with_an_address_waits_too() -> None:
    gina = make_governance("gina")
    add_person(username="one", email="one@people.example", roles=[PersonRole.DATA_OWNERS], actor=gina)
    answer = Caller(gina).post("/api/v1/people", {"username": "two", "email": "two@people.example", "roles": ["data owners"]})
    assert answer.json()["email"] == ""
    assert answer.json()["email_to_confirm"] == "two@people.example"
    assert "opens the link" in answer.json()["email_remedy"]
    one, two = Person.objects.get(username="one"), Person.objects.get(username="two")
    with pytest.raises(ForbiddenError) as refusal:
        agreement(one, two)
    assert refusal.value.code == "identity_not_verifiable"
    agreement(confirmed(one), confirmed(two))


def test_over_the_api_an_address_that_waits_is_shown_to_whom_the_verified_one_is() -> None:
    petra = make_petra()
    readers = {"herself": petra, "governance": make_governance(), "an owner": make_owner()}
    seen = {name: Caller(reader).get("/api/v1/people/petra").json()["email_to_confirm"] for name, reader in readers.items()}
    assert seen == {"herself": ADDRESS, "governance": ADDRESS, "an owner": None}
    assert Caller(readers["an owner"]).get("/api/v1/people/petra").json()["email_remedy"] is None


def test_who_cannot_sign_in_yet_is_told_of() -> None:
    petra = make_petra()
    remedy = "needs staff status and a password"
    assert remedy in Caller(petra).get("/api/v1/people/petra").json()["email_remedy"]
    petra.is_staff = True
    petra.set_password("correct-horse-9")
    petra.save()
    assert remedy not in Caller(petra).get("/api/v1/people/petra").json()["email_remedy"]


@pytest.mark.parametrize("url", ["", "https://touchstone.example/"])
def test_the_mail_names_the_account_and_the_page(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings.TOUCHSTONE, "public_url", url)
    make_petra()
    link_mailed_to(ADDRESS)
    (message,) = mail.outbox
    assert (message.to, "sign in as petra" in str(message.body)) == ([ADDRESS], True)
    assert f"\n{url.rstrip('/') or 'Behind the host of Touchstone, where you sign in: '}{PAGE}?token=" in str(message.body)


def test_what_the_operator_sets_counts_at_once_and_ends_what_waits() -> None:
    petra = make_petra()
    link = link_mailed_to(ADDRESS)
    call_command("set_email", "petra", "petra@other.example", stdout=StringIO())
    petra.refresh_from_db()
    assert (petra.email, petra.email_to_confirm) == ("petra@other.example", "")
    waiver(make_person(None, *BOTH), petra)
    assert confirm(petra, link) == 409


def test_not_even_for_themselves_does_a_superuser_vouch() -> None:
    root = make_root()
    set_email(username="root", email=ADDRESS, actor=root)
    root.refresh_from_db()
    assert (root.email, root.email_to_confirm) == ("root@people.example", ADDRESS)
    assert confirmed(root).email == ADDRESS


def test_a_verified_address_stays_until_the_next_one_is_confirmed() -> None:
    petra = make_person("petra", *BOTH, email="old@people.example")
    by_service(make_root(), petra)
    petra.refresh_from_db()
    assert (petra.email, petra.email_to_confirm) == ("old@people.example", ADDRESS)
    waiver(make_person(None, *BOTH), petra)
    assert confirmed(petra).email == ADDRESS


@pytest.mark.parametrize("then", ["waits", "withdrawn", "replaced", "confirmed"])
@pytest.mark.parametrize("act", [waiver, review, trust_policy], ids=lambda act: act.__name__)
def test_who_leaves_the_address_of_the_second_account_unconfirmed_is_one_person_with_it(
    act: Callable[[Person, Person], object], then: str
) -> None:
    petra, otto = make_petra(), make_person("otto", *BOTH, email=ADDRESS.upper())
    if then == "withdrawn":
        in_form(Person.objects.get(username="root"), petra, email_to_confirm="")
    elif then == "replaced":
        set_email(username="petra", email="other@people.example", actor=Person.objects.get(username="root"))
    elif then == "confirmed":
        petra = confirmed(petra)
    assert is_same_person(petra, otto)
    with pytest.raises(ForbiddenError) as refusal:
        act(petra, otto)
    assert refusal.value.code == ("identity_not_verifiable" if act is trust_policy and then != "confirmed" else "four_eyes")


def test_accounts_that_wait_for_one_address_end_the_waiver_between_them() -> None:
    olga, granter = make_person("olga", *BOTH, email=""), make_governance()
    product = make_governed_product(owner=olga)
    granted = make_waiver(product, granted_by=granter)
    ensure_current([product.id], NOW)
    set_email(username="olga", email=granter.email, actor=make_root())
    assert CurrentVerdict.objects.get(product=product).invalidated
    assert granted not in granted_waivers(NOW)


@pytest.mark.parametrize("act", [waiver, review, trust_policy], ids=lambda act: act.__name__)
@pytest.mark.parametrize("is_second", [True, False])
def test_who_gave_the_address_is_tied_and_who_confirms_ties_nobody(
    act: Callable[[Person, Person], object], is_second: bool
) -> None:
    petra = confirmed(make_petra())
    root, other = Person.objects.get(username="root"), make_person(None, *BOTH)
    root.groups.set(petra.groups.all())
    with pytest.raises(ForbiddenError) as refusal:
        act(root, petra) if is_second else act(petra, root)
    assert refusal.value.code == "account_changed_lately"
    assert tie_of(petra, [petra.pk, other.pk]) is None
    act(other, petra) if is_second else act(petra, other)


def test_the_second_account_of_who_confirms_is_no_more_tied_than_before() -> None:
    petra = confirmed(make_petra())
    twin = make_person("twin", *BOTH, email=ADDRESS)
    assert tie_of(twin, [petra.pk]) is None  # one person, by the address
    with pytest.raises(ForbiddenError) as refusal:
        waiver(twin, petra)
    assert refusal.value.code == "four_eyes"


def test_the_link_is_kept_nowhere() -> None:
    """Governance reads notices and deliveries, and could open a link from there as an account whose password it reset."""
    petra = make_petra()
    token = token_of(link_mailed_to(ADDRESS))
    for rows in (Notification, Delivery):
        assert not [row for row in rows.objects.values() if token in str(row) or "token=" in str(row)]
    assert Delivery.objects.get(notification__person=petra).status == "delivered"


def test_an_address_that_changed_meanwhile_gets_no_link() -> None:
    make_petra()
    set_email(username="petra", email="other@people.example", actor=Person.objects.get(username="root"))
    link_mailed_to("other@people.example")
    first, second = Delivery.objects.filter(notification__kind="account.confirm_email").order_by("pk")
    assert (first.target, first.status, second.status) == (ADDRESS, "failed", "delivered")
    assert "does not wait" in first.error


def test_notices_go_to_the_verified_address_alone() -> None:
    petra = make_petra()
    tell = partial(notify, kind="test", subject="Subject", text="Text.", now=NOW)
    tell(key="before", persons=[petra])
    tell(key="after", persons=[confirmed(petra)])
    assert list(Delivery.objects.filter(notification__kind="test").values_list("notification__key", "target")) == [
        (f"after:person:{petra.pk}", ADDRESS)
    ]


def test_the_mail_is_sent_again_and_not_more_often_than_every_five_minutes() -> None:
    petra = make_petra()
    mails = Delivery.objects.filter(target=ADDRESS)
    client = client_of(petra)
    assert "five minutes" in client.post(PAGE).content.decode()
    set_email(username="petra", email=ADDRESS, actor=Person.objects.get(username="root"))
    assert mails.count() == 1
    Notification.objects.update(created_at=Notification.objects.get().created_at - timedelta(minutes=6))
    assert "on its way" in client.post(PAGE).content.decode()
    assert mails.count() == 2


@pytest.mark.parametrize("door", ["person", "command", "API", "form"])
def test_without_a_mail_server_the_address_waits_and_it_is_said_what_to_do(door: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with_mail(monkeypatch, "")
    root, petra, out = make_root(), make_person("petra", *BOTH, email=""), StringIO()
    if door == "command":
        call_command("set_email", "petra", ADDRESS, "--as", "root", stdout=out)
        said = out.getvalue()
    elif door == "API":
        said = Caller(root).put("/api/v1/people/petra/email", {"email": ADDRESS}).json()["email_remedy"]
    else:
        answer = Visitor(root).client.post(
            f"/admin/catalog/person/{petra.pk}/change/", form_of(petra, email_to_confirm=ADDRESS), follow=True
        )
        petra.refresh_from_db()
        said = answer.content.decode() if door == "form" else client_of(petra).get(PAGE).content.decode()
    assert "TOUCHSTONE_EMAIL_URL" in said
    assert f"bin/manage set_email petra {ADDRESS}" in said
    assert not Delivery.objects.exists()
    petra.refresh_from_db()
    assert (petra.email, petra.email_to_confirm) == ("", ADDRESS)
