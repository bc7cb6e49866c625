"""How agreements are renewed and how they end, who hears of it, and what is refused."""

from datetime import timedelta

import pytest
from django.db import connection, transaction

from catalog.models import Agreement, Consumer, DataProduct, Notification, Person
from catalog.queries import standing_agreement
from catalog.rules.errors import ConflictError, DomainError, ForbiddenError, InvalidError
from catalog.rules.vocabulary import AgreementStatus
from catalog.services.agreement_upkeep import expire_agreements, remind_of_ends
from catalog.services.agreements import approve_agreement, reject_agreement, revoke_agreement, withdraw_agreement
from tests.catalog.asking import ask, history, told
from tests.factories import NOW, make_agreement, make_governance, make_person

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
pytestmark = pytest.mark.django_db


# Renewing


def test_a_renewal_takes_the_formers_place_without_a_gap(consumer: Consumer, product: DataProduct) -> None:
    former = make_agreement(consumer, product, lives=30 * DAY)
    renewal = ask(consumer, product, expires_at=NOW + 90 * DAY, now=NOW + 20 * DAY)
    assert standing_agreement(consumer.pk, product.pk, "analytics", NOW + 20 * DAY) == former.pk
    at = NOW + 25 * DAY
    approve_agreement(agreement=renewal, actor=product.owner, now=at)
    former.refresh_from_db()
    assert (former.status, former.ended_at, former.end_reason) == ("expired", at, f"Renewed by agreement {renewal.pk}.")
    assert standing_agreement(consumer.pk, product.pk, "analytics", at - timedelta(microseconds=1)) == former.pk
    assert standing_agreement(consumer.pk, product.pk, "analytics", at) == renewal.pk
    assert standing_agreement(consumer.pk, product.pk, "analytics", NOW + 60 * DAY) == renewal.pk


def test_a_renewal_of_one_that_ran_out_unnoticed_leaves_its_end_as_it_was(consumer: Consumer, product: DataProduct) -> None:
    former = make_agreement(consumer, product, lives=10 * DAY)
    renewal = ask(consumer, product, now=NOW + 11 * DAY)
    approve_agreement(agreement=renewal, actor=product.owner, now=NOW + 12 * DAY)
    former.refresh_from_db()
    assert (former.status, former.ended_at) == ("expired", NOW + 10 * DAY)
    assert standing_agreement(consumer.pk, product.pk, "analytics", NOW + 11 * DAY) is None


def test_a_renewal_must_end_later(consumer: Consumer, product: DataProduct) -> None:
    make_agreement(consumer, product, lives=30 * DAY)
    with pytest.raises(InvalidError, match="a renewal must end later"):
        ask(consumer, product, expires_at=NOW + 30 * DAY)


# Ending


def test_the_owner_rejects_with_a_reason_and_the_consumer_hears_it(consumer: Consumer, product: DataProduct) -> None:
    agreement = ask(consumer, product)
    with pytest.raises(InvalidError, match="must have a reason"):
        reject_agreement(agreement=agreement, reason=" ", actor=product.owner, now=NOW)
    done = reject_agreement(agreement=agreement, reason="Not for counting.", actor=product.owner, now=NOW)
    assert (done.status, done.ended_by, done.ended_at, done.end_reason) == ("rejected", product.owner, NOW, "Not for counting.")
    assert told(done, "rejected") == {"[agent]"}
    assert "Not for counting." in Notification.objects.get(kind="agreement.rejected").text
    assert history(done)[-1] == ("rejected", "reject_agreement", "olga")


def test_governance_rejects_too_but_strangers_do_not(consumer: Consumer, product: DataProduct) -> None:
    agreement = ask(consumer, product)
    for who in (make_person("sven"), consumer.owner):
        with pytest.raises(ForbiddenError):
            reject_agreement(agreement=agreement, reason="No.", actor=who, now=NOW)
    done = reject_agreement(agreement=agreement, reason="No.", actor=make_governance(), now=NOW)
    assert told(done, "rejected") == {"olga", "[agent]"}


def test_only_who_asked_withdraws(consumer: Consumer, product: DataProduct) -> None:
    agreement = ask(consumer, product)
    for who in (make_person("sven"), product.owner, make_governance()):
        with pytest.raises(ForbiddenError):
            withdraw_agreement(agreement=agreement, actor=who, now=NOW)
    done = withdraw_agreement(agreement=agreement, actor=consumer.owner, now=NOW)
    assert (done.status, done.ended_by) == ("withdrawn", consumer.owner)
    assert told(done, "withdrawn") == {"olga", "[agent]"}
    assert history(done)[-1] == ("withdrawn", "withdraw_agreement", "carl")


@pytest.mark.parametrize("who", ["olga", "carl", "gina"])
def test_owner_and_governance_revoke_and_the_consumers_owner_gives_back(
    consumer: Consumer, product: DataProduct, who: str
) -> None:
    agreement = make_agreement(consumer, product)
    make_governance("gina")
    done = revoke_agreement(agreement=agreement, reason="Over.", actor=Person.objects.get(username=who), now=NOW + HOUR)
    assert (done.status, done.ended_at, done.end_reason) == ("revoked", NOW + HOUR, "Over.")
    assert told(done, "revoked") == ({"[agent]"} if who == "olga" else {"olga", "[agent]"})
    assert history(done)[-1] == ("revoked", "revoke_agreement", who)
    assert standing_agreement(consumer.pk, product.pk, "analytics", NOW + HOUR) is None
    assert standing_agreement(consumer.pk, product.pk, "analytics", NOW) == agreement.pk


def test_strangers_revoke_nothing_and_nobody_without_a_reason(consumer: Consumer, product: DataProduct) -> None:
    agreement = make_agreement(consumer, product)
    with pytest.raises(ForbiddenError):
        revoke_agreement(agreement=agreement, reason="Over.", actor=make_person("sven"), now=NOW)
    with pytest.raises(InvalidError):
        revoke_agreement(agreement=agreement, reason="", actor=product.owner, now=NOW)
    with pytest.raises(ConflictError) as refusal:
        revoke_agreement(agreement=agreement, reason="Over.", actor=product.owner, now=NOW + 90 * DAY)
    assert refusal.value.code == "agreement_expired"


ACTIONS = {
    "approve": lambda a: approve_agreement(agreement=a, actor=a.product.owner, now=NOW),
    "reject": lambda a: reject_agreement(agreement=a, reason="No.", actor=a.product.owner, now=NOW),
    "withdraw": lambda a: withdraw_agreement(agreement=a, actor=a.requested_by, now=NOW),
    "revoke": lambda a: revoke_agreement(agreement=a, reason="No.", actor=a.product.owner, now=NOW),
}
ALLOWED = {"requested": {"approve", "reject", "withdraw"}, "active": {"revoke"}}


@pytest.mark.parametrize("status", list(AgreementStatus))
@pytest.mark.parametrize("action", ACTIONS)
def test_every_action_has_its_states_and_is_refused_in_all_others(
    consumer: Consumer, product: DataProduct, status: AgreementStatus, action: str
) -> None:
    agreement = make_agreement(consumer, product, is_approved=status == "active")
    Agreement.objects.filter(pk=agreement.pk).update(status=status)
    if action in ALLOWED.get(status, set()):
        assert ACTIONS[action](agreement).status != status
        return
    kept = Notification.objects.count()
    with pytest.raises(DomainError) as refusal:
        ACTIONS[action](agreement)
    assert refusal.value.code == "agreement_transition"
    assert (Agreement.objects.get().status, Notification.objects.count()) == (status, kept)


# What time does


def test_what_ran_out_is_written_down_once_with_the_end_that_it_had(consumer: Consumer, product: DataProduct) -> None:
    agreement = make_agreement(consumer, product, lives=30 * DAY)
    request = make_agreement(consumer, product, "ai.training", is_approved=False, lives=10 * DAY)
    lasting = make_agreement(consumer, product, "ai.retrieval", lives=60 * DAY)
    assert expire_agreements(now=NOW + 30 * DAY - timedelta(microseconds=1)) == 1
    assert expire_agreements(now=NOW + 40 * DAY) == 1
    assert expire_agreements(now=NOW + 40 * DAY) == 0
    for row, end in ((agreement, 30), (request, 10)):
        row.refresh_from_db()
        assert (row.status, row.ended_at, row.ended_by) == ("expired", NOW + end * DAY, None)
        assert told(row, "expired") == {"olga", "[agent]"}
        assert history(row)[-1] == ("expired", "expire_agreement", "system")
    lasting.refresh_from_db()
    assert lasting.status == "active"


def test_the_end_is_announced_once_a_week_before(consumer: Consumer, product: DataProduct) -> None:
    agreement = make_agreement(consumer, product, lives=60 * DAY)
    assert remind_of_ends(now=NOW + 53 * DAY - HOUR) == 0
    assert remind_of_ends(now=NOW + 53 * DAY) == 1
    assert remind_of_ends(now=NOW + 54 * DAY) == 0
    assert told(agreement, "ending") == {"olga", "[agent]"}
    assert "carl can request a renewal" in Notification.objects.filter(kind="agreement.ending")[0].text


def test_a_short_agreement_is_not_announced_on_its_first_day(consumer: Consumer, product: DataProduct) -> None:
    make_agreement(consumer, product, lives=4 * DAY)
    assert remind_of_ends(now=NOW + DAY) == 0
    assert remind_of_ends(now=NOW + 3 * DAY) == 1


def test_the_history_of_agreements_cannot_be_changed(consumer: Consumer, product: DataProduct) -> None:
    agreement = make_agreement(consumer, product)
    with pytest.raises(Exception, match="append"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE catalog_agreementevent SET status = 'revoked' WHERE pgh_obj_id = %s", [agreement.pk])
