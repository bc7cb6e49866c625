"""The catalog's own small rules: life stages, sensitivities, access policies."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from catalog.rules.access_policy import (
    InvalidAccessPolicyError,
    PolicySpec,
    access_policy_digest,
    access_policy_from_dict,
    canonical_access_policy,
    validate_access_policy,
)
from catalog.rules.claims import LifecycleTransitionError, can_move, demand_move
from catalog.rules.obligation import Obligation
from catalog.rules.sensitivity import demands_redaction, effective_sensitivity, exceeds
from catalog.rules.vocabulary import BUILT_IN_PURPOSES, ConsumerKind, Effect, Lifecycle, Sensitivity

DRAFT, PUBLISHED, DEPRECATED, RETIRED = Lifecycle
PUBLIC, INTERNAL, CONFIDENTIAL, RESTRICTED = Sensitivity
STEPS = {(DRAFT, PUBLISHED), (DRAFT, RETIRED), (PUBLISHED, DEPRECATED), (DEPRECATED, PUBLISHED), (DEPRECATED, RETIRED)}
END = datetime(2027, 1, 31, tzinfo=UTC)
PERMIT = PolicySpec(
    Effect.PERMIT,
    frozenset({ConsumerKind.AI_AGENT}),
    frozenset({"analytics"}),
    75.0,
    frozenset({Obligation("cite-source")}),
    END,
)


@pytest.mark.parametrize("current", Lifecycle)
@pytest.mark.parametrize("target", Lifecycle)
def test_life_stages_follow_only_where_they_may(current: Lifecycle, target: Lifecycle) -> None:
    allowed = current is target or (current, target) in STEPS
    assert can_move(current, target) is allowed
    if allowed:
        demand_move(current, target)
    else:
        with pytest.raises(LifecycleTransitionError, match=f"A {current} data product cannot become {target}: "):
            demand_move(current, target)


@pytest.mark.parametrize(
    ("field", "product", "is_above"),
    [
        (None, None, False),
        (None, PUBLIC, False),
        (PUBLIC, None, True),
        (INTERNAL, INTERNAL, False),
        (CONFIDENTIAL, INTERNAL, True),
        (INTERNAL, RESTRICTED, False),
    ],
)
def test_a_field_must_not_be_more_sensitive_than_its_product(
    field: Sensitivity | None, product: Sensitivity | None, is_above: bool
) -> None:
    assert exceeds(field, product) is is_above


@pytest.mark.parametrize(
    ("field", "product", "is_personal", "is_hidden"),
    [
        (INTERNAL, RESTRICTED, False, False),
        (CONFIDENTIAL, None, False, True),
        (None, CONFIDENTIAL, False, True),
        (None, INTERNAL, False, False),
        (None, None, False, True),
        (PUBLIC, PUBLIC, True, True),
    ],
)
def test_values_above_internal_and_personal_ones_are_redacted(
    field: Sensitivity | None, product: Sensitivity | None, is_personal: bool, is_hidden: bool
) -> None:
    assert demands_redaction(field, product, is_personal_data=is_personal) is is_hidden


def test_what_nobody_classified_counts_as_restricted() -> None:
    assert effective_sensitivity(None, None) is RESTRICTED


def test_a_good_access_policy_survives_json() -> None:
    validate_access_policy(PERMIT, BUILT_IN_PURPOSES)
    stored = canonical_access_policy(PERMIT)
    assert access_policy_from_dict(stored) == PERMIT
    assert canonical_access_policy(access_policy_from_dict(stored)) == stored


def test_equal_access_policies_have_equal_digests_and_others_do_not() -> None:
    elsewhere = replace(PERMIT, expires_at=END.astimezone(timezone(timedelta(hours=5))))
    assert access_policy_digest(elsewhere) == access_policy_digest(PERMIT)
    assert access_policy_digest(replace(PERMIT, minimum_score=None)) != access_policy_digest(PERMIT)


@pytest.mark.parametrize(
    ("changes", "setting"),
    [
        ({"consumer_kinds": frozenset()}, "consumer_kinds"),
        ({"purposes": frozenset()}, "purposes"),
        ({"purposes": frozenset({"fun"})}, "purposes"),
        ({"minimum_score": 101.0}, "minimum_score"),
        ({"minimum_score": float("nan")}, "minimum_score"),
        ({"effect": Effect.FORBID}, "minimum_score"),
        ({"effect": Effect.FORBID, "minimum_score": None}, "obligations"),
        ({"obligations": frozenset(Obligation(f"o{n}") for n in range(21))}, "obligations"),
        ({"expires_at": END.replace(tzinfo=None)}, "expires_at"),
    ],
)
def test_an_access_policy_that_cannot_hold_is_refused(changes: dict[str, Any], setting: str) -> None:
    with pytest.raises(InvalidAccessPolicyError, match=f"setting {setting} is"):
        validate_access_policy(replace(PERMIT, **changes), BUILT_IN_PURPOSES)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"effect": "allow"}, "must be permit or forbid"),
        ({"consumer_kinds": ["robot"]}, "consumer_kinds is robot"),
        ({"consumer_kinds": "person"}, "a list of texts"),
        ({"purposes": [1]}, "a list of texts"),
        ({"minimum_score": "75"}, "minimum_score"),
        ({"minimum_score": True}, "minimum_score"),
        ({"expires_at": "soon"}, "expires_at"),
        ({"obligations": ["Not a name"]}, "short name"),
        ({"agreement_required": "yes"}, "true or false"),
        ({"colour": "red"}, "unknown settings colour"),
    ],
)
def test_json_that_is_no_access_policy_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidAccessPolicyError, match=message):
        access_policy_from_dict(canonical_access_policy(PERMIT) | changes)
