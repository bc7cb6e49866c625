"""The questions of the gap `ownership`, each answered with yes, no and unknown."""

from typing import Any

import pytest

from tests.trust.use_cases.rules.factories import (
    ANA,
    BEA,
    DAY,
    INSTANT,
    NOW,
    SKEW,
    answer_to,
    make_case,
    make_product,
    person,
    with_product,
)
from tests.trust.use_cases.rules.table import Row, assert_row, no, no_products, ok, table, unknown
from trust.vocabulary import Answer, ReadinessQuestion

HALF_A_YEAR = 180 * DAY
GONE = person("bea", is_active=False)
NOT_SEEN = person("bea", last_seen_at=NOW - HALF_A_YEAR - INSTANT)
NEVER_SEEN = person("bea", last_seen_at=None)
SEEN_TOMORROW = person("bea", last_seen_at=NOW + DAY)
READ = "Let Bea read the use case and acknowledge it."
READ_PRODUCT = "Let Ana read the product flights and acknowledge it."


@table(
    {
        ReadinessQuestion.BUSINESS_OWNER_ACTIVE: [
            ok("seen yesterday", make_case(), "The business owner is named, active and was seen lately."),
            ok(
                "seen just in time",
                make_case(business_owner=person("bea", last_seen_at=NOW - HALF_A_YEAR)),
                "The business owner is named, active and was seen lately.",
            ),
            no(
                "nobody",
                make_case(business_owner=None),
                "nobody_named",
                "The business owner is not named.",
                "Name the business owner.",
                "governance",
            ),
            no(
                "left",
                make_case(business_owner=GONE),
                "person_inactive",
                "The business owner, Bea, is no longer active.",
                "Name another as the business owner.",
                "governance",
            ),
            unknown(
                "not seen",
                make_case(business_owner=NOT_SEEN),
                "not_seen",
                "The business owner, Bea, has not signed in since 2026-05-26 11:59 UTC; sign-in is required every 180 days.",
                "Let Bea log in, or name another as the business owner.",
                "business_owner:bea",
                "governance",
            ),
            unknown(
                "never seen",
                make_case(business_owner=NEVER_SEEN),
                "not_seen",
                "The business owner, Bea, has not signed in yet; sign-in is required every 180 days.",
                "Let Bea log in, or name another as the business owner.",
                "business_owner:bea",
                "governance",
            ),
            unknown(
                "seen in the future",
                make_case(business_owner=SEEN_TOMORROW),
                "not_seen",
                "The business owner, Bea, has not signed in yet; sign-in is required every 180 days.",
                "Let Bea log in, or name another as the business owner.",
                "business_owner:bea",
                "governance",
            ),
        ],
        ReadinessQuestion.BUSINESS_OWNER_ACKNOWLEDGED: [
            ok("ten days ago", make_case(), "The business owner has acknowledged the current claims of the use case."),
            ok(
                "just in time",
                make_case(acknowledged_at=NOW - HALF_A_YEAR, claims_changed_at=NOW - HALF_A_YEAR),
                "The business owner has acknowledged the current claims of the use case.",
            ),
            no(
                "never",
                make_case(acknowledged_at=None, acknowledged_by=None),
                "never_acknowledged",
                "The use case was never acknowledged.",
                READ,
                "business_owner:bea",
            ),
            no(
                "in the future",
                make_case(acknowledged_at=NOW + SKEW + INSTANT),
                "never_acknowledged",
                "The use case was never acknowledged.",
                READ,
                "business_owner:bea",
            ),
            no(
                "by another",
                make_case(acknowledged_by="zoe"),
                "acknowledged_by_other",
                "The use case was acknowledged by zoe, not by the business owner of today.",
                READ,
                "business_owner:bea",
            ),
            no(
                "overdue",
                make_case(acknowledged_at=NOW - HALF_A_YEAR - INSTANT, claims_changed_at=None),
                "acknowledgement_overdue",
                "The acknowledgement of the use case from 2026-05-26 11:59 UTC was due again after 180 days.",
                READ,
                "business_owner:bea",
            ),
            no(
                "nobody owns it",
                make_case(business_owner=None),
                "acknowledged_by_other",
                "The use case was acknowledged by bea, not by the business owner of today.",
                "Name an active owner of the use case, who acknowledges it.",
                "governance",
            ),
            unknown(
                "changed since",
                make_case(claims_changed_at=NOW - 10 * DAY + INSTANT),
                "changed_since",
                "The use case has changed at 2026-11-12 12:00 UTC, after it was acknowledged.",
                READ,
                "business_owner:bea",
            ),
            unknown(
                "the owner left",
                make_case(business_owner=GONE),
                "owner_left",
                "Bea, who acknowledged the use case, is no longer active.",
                "Name an active owner of the use case, who acknowledges it.",
                "governance",
            ),
        ],
        ReadinessQuestion.PRODUCT_OWNERS_ACTIVE: [
            ok("seen yesterday", make_case(), "The owner of every product is named, active and was seen lately."),
            no(
                "nobody",
                with_product(owner=None),
                "nobody_named",
                "The owner of flights is not named.",
                "Name the owner of flights.",
                "governance",
            ),
            no(
                "left",
                with_product(owner=person("ana", is_active=False)),
                "person_inactive",
                "The owner of flights, Ana, is no longer active.",
                "Name another as the owner of flights.",
                "governance",
            ),
            unknown(
                "never seen",
                with_product(owner=person("ana", last_seen_at=None)),
                "not_seen",
                "The owner of flights, Ana, has not signed in yet; sign-in is required every 180 days.",
                "Let Ana log in, or name another as the owner of flights.",
                "owner:ana",
                "governance",
            ),
            *no_products(),
        ],
        ReadinessQuestion.PRODUCT_OWNERS_ACKNOWLEDGED: [
            ok("twenty days ago", make_case(), "The owner of every product has acknowledged it."),
            no(
                "never",
                with_product(acknowledged_at=None, acknowledged_by=None),
                "never_acknowledged",
                "The product flights was never acknowledged.",
                READ_PRODUCT,
                "owner:ana",
            ),
            no(
                "by another",
                with_product(acknowledged_by=None),
                "acknowledged_by_other",
                "The product flights was acknowledged by an unknown person, not by the owner of flights of today.",
                READ_PRODUCT,
                "owner:ana",
            ),
            no(
                "overdue",
                with_product(acknowledged_at=NOW - HALF_A_YEAR - INSTANT),
                "acknowledgement_overdue",
                "The acknowledgement of the product flights from 2026-05-26 11:59 UTC was due again after 180 days.",
                READ_PRODUCT,
                "owner:ana",
            ),
            unknown(
                "the owner left",
                with_product(owner=person("ana", is_active=False)),
                "owner_left",
                "Ana, who acknowledged the product flights, is no longer active.",
                "Name an active owner of the product flights, who acknowledges it.",
                "governance",
            ),
            *no_products(),
        ],
    }
)
def test_what_is_said_of_the_owners(question: ReadinessQuestion, row: Row) -> None:
    assert_row(question, row)


def test_a_small_clock_skew_is_forgiven() -> None:
    facts = make_case(acknowledged_at=NOW + SKEW, business_owner=person("bea", last_seen_at=NOW + SKEW))
    assert answer_to(ReadinessQuestion.BUSINESS_OWNER_ACKNOWLEDGED, facts).answer is Answer.YES
    assert answer_to(ReadinessQuestion.BUSINESS_OWNER_ACTIVE, facts).answer is Answer.YES


def test_a_person_without_a_name_is_called_by_their_username() -> None:
    facts = make_case(business_owner=person("bea", name="", is_active=False))
    result = answer_to(ReadinessQuestion.BUSINESS_OWNER_ACTIVE, facts)
    assert result.message == "The business owner, bea, is no longer active."


@pytest.mark.parametrize("question", [ReadinessQuestion.PRODUCT_OWNERS_ACTIVE, ReadinessQuestion.PRODUCT_OWNERS_ACKNOWLEDGED])
def test_one_owner_who_left_is_enough(question: ReadinessQuestion) -> None:
    left = make_product("weather", owner=person("zoe", is_active=False), acknowledged_by="zoe")
    result = answer_to(question, make_case(products=(make_product(owner=ANA), left)))
    assert result.answer is not Answer.YES
    assert (result.numbers["yes"], result.evidence[0].says != "") == (1, True)


def test_everybody_who_must_act_is_named_once() -> None:
    late: dict[str, Any] = {"acknowledged_at": None}
    products = (make_product(**late), make_product("weather", **late), make_product("planes", owner=BEA, **late))
    result = answer_to(ReadinessQuestion.PRODUCT_OWNERS_ACKNOWLEDGED, make_case(products=products))
    assert [who.username for who in result.responsible] == ["ana", "bea"]
