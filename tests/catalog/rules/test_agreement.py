"""Who approves an agreement: tables of cases, and what must hold for every case."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.rules.agreement import (
    TRANSITIONS,
    Approval,
    Part,
    Refusal,
    Request,
    missing_parts,
    needed_parts,
    part_of,
    reminder_due_at,
)
from catalog.rules.vocabulary import AgreementStatus, Sensitivity
from tests.factories import NOW

ASKER, CONSUMER_OWNER, OWNER, GINA, GREG, STRANGER = range(1, 7)
GOVERNANCE = {GINA, GREG}
ORDINARY = Request(requester=ASKER, consumer_owner=CONSUMER_OWNER, product_owner=OWNER, sensitivity=Sensitivity.CONFIDENTIAL)
OWN = replace(ORDINARY, requester=OWNER)

ids = st.integers(1, 5)
levels = st.sampled_from(Sensitivity)
requests = st.builds(
    Request,
    requester=ids,
    consumer_owner=ids,
    product_owner=ids,
    sensitivity=st.none() | levels,
    owner_approval=st.none() | st.builds(Approval, ids, levels),
    governance_approval=st.none() | st.builds(Approval, ids, levels),
)


@pytest.mark.parametrize(
    ("sensitivity", "parts"),
    [
        (Sensitivity.PUBLIC, {Part.OWNER}),
        (Sensitivity.INTERNAL, {Part.OWNER}),
        (Sensitivity.CONFIDENTIAL, {Part.OWNER, Part.GOVERNANCE}),
        (Sensitivity.RESTRICTED, {Part.OWNER, Part.GOVERNANCE}),
        (None, {Part.OWNER, Part.GOVERNANCE}),
    ],
)
def test_governance_has_a_say_above_internal_and_where_nothing_is_classified(
    sensitivity: Sensitivity | None, parts: set[Part]
) -> None:
    assert needed_parts(sensitivity) == parts


@pytest.mark.parametrize(
    ("request_", "actor", "answer"),
    [
        (ORDINARY, OWNER, Part.OWNER),
        (ORDINARY, GINA, Part.GOVERNANCE),
        (ORDINARY, ASKER, Refusal.BENEFICIARY),
        (ORDINARY, CONSUMER_OWNER, Refusal.BENEFICIARY),
        (ORDINARY, STRANGER, Refusal.NOT_AN_APPROVER),
        (replace(ORDINARY, sensitivity=Sensitivity.INTERNAL), GINA, Refusal.NOT_AN_APPROVER),
        (replace(ORDINARY, requester=GINA), GINA, Refusal.BENEFICIARY),
        (replace(ORDINARY, requester=GINA), GREG, Part.GOVERNANCE),
        (replace(ORDINARY, product_owner=GINA), GINA, Part.OWNER),
        (OWN, OWNER, Refusal.BENEFICIARY),
        (OWN, GINA, Part.OWNER),
        (replace(OWN, sensitivity=Sensitivity.PUBLIC), GINA, Part.OWNER),
        (replace(ORDINARY, consumer_owner=OWNER), OWNER, Refusal.BENEFICIARY),
        (replace(ORDINARY, consumer_owner=OWNER), GINA, Part.OWNER),
        (replace(ORDINARY, owner_approval=Approval(OWNER, Sensitivity.CONFIDENTIAL)), OWNER, Refusal.ALREADY_GIVEN),
        (replace(ORDINARY, owner_approval=Approval(OWNER, Sensitivity.INTERNAL)), OWNER, Part.OWNER),
        (replace(OWN, owner_approval=Approval(GINA, Sensitivity.CONFIDENTIAL)), GINA, Refusal.GAVE_THE_OTHER),
        (replace(OWN, owner_approval=Approval(GINA, Sensitivity.CONFIDENTIAL)), GREG, Part.GOVERNANCE),
    ],
)
def test_each_gives_the_part_that_is_theirs(request_: Request, actor: int, answer: Part | Refusal) -> None:
    assert part_of(request_, actor=actor, is_governance=actor in GOVERNANCE) == answer


def test_an_approval_does_not_count_for_more_than_it_was_given_for() -> None:
    given_before = replace(ORDINARY, owner_approval=Approval(OWNER, Sensitivity.CONFIDENTIAL))
    assert missing_parts(given_before) == {Part.GOVERNANCE}
    assert missing_parts(replace(given_before, sensitivity=Sensitivity.RESTRICTED)) == set(Part)
    assert missing_parts(replace(given_before, sensitivity=None)) == set(Part)
    assert missing_parts(replace(given_before, sensitivity=Sensitivity.INTERNAL)) == set()


@given(requests, ids, st.booleans())
def test_whoever_may_approve_is_no_beneficiary_and_holds_no_other_approval(
    request: Request, actor: int, is_governance: bool
) -> None:
    part = part_of(request, actor=actor, is_governance=is_governance)
    if isinstance(part, Refusal):
        return
    assert part in missing_parts(request)
    assert actor not in {request.requester, request.consumer_owner}
    assert is_governance or (part is Part.OWNER and actor == request.product_owner)


@given(requests)
def test_two_people_of_governance_can_always_bring_a_request_of_others_to_its_end_with_the_owner(request: Request) -> None:
    fresh = replace(request, requester=1, consumer_owner=2, owner_approval=None, governance_approval=None)
    for actor in (fresh.product_owner, 10, 11):
        part = part_of(fresh, actor=actor, is_governance=actor >= 10)
        if isinstance(part, Part):
            given_now = Approval(actor, fresh.sensitivity or Sensitivity.RESTRICTED)
            fresh = replace(fresh, **{f"{part.value}_approval": given_now})  # type: ignore[arg-type]
    assert not missing_parts(fresh)
    assert fresh.owner_approval is not None
    assert fresh.governance_approval is None or fresh.governance_approval.by != fresh.owner_approval.by


def test_what_has_ended_stays_ended() -> None:
    ends = set(AgreementStatus) - {AgreementStatus.REQUESTED, AgreementStatus.ACTIVE}
    assert {status for status, following in TRANSITIONS.items() if not following} == ends
    assert TRANSITIONS.keys() == set(AgreementStatus)


@pytest.mark.parametrize(("life", "before"), [(366, 7), (28, 7), (20, 5), (4, 1)])
def test_the_reminder_comes_a_week_before_or_a_quarter_of_a_short_life(life: int, before: int) -> None:
    end = NOW + timedelta(days=life)
    assert reminder_due_at(NOW, end) == end - timedelta(days=before)
