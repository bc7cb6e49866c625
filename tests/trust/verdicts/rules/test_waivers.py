"""Accepted exceptions: which hold, and which are refused when somebody writes them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.trust.verdicts.rules.factories import DAY, INSTANT, NOW, POLICY, make_product, make_waiver
from trust.verdicts.rules.facts import PersonFacts, WaiverFacts
from trust.verdicts.rules.waivers import UNWAIVABLE_GATES, InvalidWaiverError, validate_waiver, waiver_end, waivers_in_force
from trust.vocabulary import GateName

GOOD = make_waiver(GateName.POLICY)


def is_in_force(waiver: WaiverFacts, known_at: timedelta = timedelta(0)) -> bool:
    return bool(waivers_in_force(make_product(known_at=NOW + known_at, waivers=(waiver,)), POLICY, NOW).waivers)


@pytest.mark.parametrize(
    ("changes", "holds"),
    [
        ({}, True),
        ({"starts_at": NOW}, True),
        ({"starts_at": NOW + INSTANT}, False),
        ({"expires_at": NOW + INSTANT}, True),
        ({"expires_at": NOW}, False),
        ({"starts_at": NOW - 90 * DAY + INSTANT, "expires_at": NOW + DAY}, True),
        ({"starts_at": NOW - 90 * DAY, "expires_at": NOW + DAY}, False),
        ({"owner": PersonFacts("gone", is_active=False)}, False),
        ({"gate": GateName.EVIDENCE}, False),
        ({"gate": GateName.LIFECYCLE}, False),
        ({"gate": None}, False),
        ({"gate": None, "check_key": "a"}, True),
        ({"check_key": "a"}, False),
    ],
)
def test_which_waivers_hold(changes: dict[str, object], holds: bool) -> None:
    assert is_in_force(replace(GOOD, **changes)) is holds  # type: ignore[arg-type]


def test_a_waiver_that_started_after_the_facts_were_read_does_not_hold_yet() -> None:
    assert not is_in_force(GOOD, known_at=-2 * DAY)


def test_of_two_waivers_of_the_same_the_longer_one_speaks() -> None:
    longer = replace(GOOD, id="waiver-0", expires_at=NOW + 60 * DAY)
    found = waivers_in_force(make_product(waivers=(longer, GOOD)), POLICY, NOW)
    assert found.gates[GateName.POLICY] == longer
    assert found.waivers == (longer, GOOD)


def test_a_waiver_lives_no_longer_than_the_policy_allows() -> None:
    assert waiver_end(replace(GOOD, expires_at=NOW + 999 * DAY), POLICY) == GOOD.starts_at + 90 * DAY


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"gate": None}, "exactly one gate or one check"),
        ({"check_key": "a"}, "exactly one gate or one check"),
        ({"gate": GateName.EVIDENCE}, "evidence cannot be waived"),
        ({"reason": " "}, "must have a reason"),
        ({"owner": PersonFacts("gone", is_active=False)}, "gone of the waiver has left"),
        ({"expires_at": GOOD.starts_at}, "ends before it starts"),
        ({"expires_at": GOOD.starts_at + 90 * DAY + INSTANT}, "can last at most 90 days"),
    ],
)
def test_a_waiver_that_would_not_hold_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidWaiverError, match=message):
        validate_waiver(replace(GOOD, **changes), POLICY)  # type: ignore[arg-type]


def test_every_other_gate_can_be_waived_for_the_longest_time() -> None:
    for gate in set(GateName) - UNWAIVABLE_GATES:
        validate_waiver(replace(GOOD, gate=gate, expires_at=GOOD.starts_at + 90 * DAY), POLICY)
