"""The trust policy as data: defaults, what it refuses, and a hash that names it."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from catalog.rules.vocabulary import Dimension, Severity
from trust.verdicts.rules.policy_settings import ReadinessPolicy
from trust.verdicts.rules.trust_policy import (
    DEFAULT_POLICY,
    InvalidTrustPolicyError,
    TrustPolicy,
    policy_digest,
    policy_from_dict,
    policy_to_dict,
    with_changes,
)
from trust.vocabulary import GateName, Part


def test_defaults_are_those_of_the_design() -> None:
    assert DEFAULT_POLICY.gates == frozenset(GateName)
    assert set(DEFAULT_POLICY.required_dimensions) == {
        Dimension.COMPLETENESS,
        Dimension.UNIQUENESS,
        Dimension.VALIDITY,
        Dimension.VOLUME,
        Dimension.SCHEMA,
    }
    assert dict(DEFAULT_POLICY.part_weights) == dict(zip(Part, (40, 15, 15, 15, 15), strict=True))
    assert dict(DEFAULT_POLICY.severity_weights) == {Severity.CRITICAL: 5, Severity.WARNING: 2, Severity.INFO: 1}
    assert (DEFAULT_POLICY.minimum_score, DEFAULT_POLICY.capped_score, DEFAULT_POLICY.critical_field_share) == (75, 59, 1)
    assert (DEFAULT_POLICY.ttl_factor, DEFAULT_POLICY.default_ttl) == (1.5, timedelta(hours=36))
    assert DEFAULT_POLICY.acknowledgement_interval == timedelta(days=180)
    assert (DEFAULT_POLICY.reliability_window, DEFAULT_POLICY.minimum_tolerance) == (20, 0.95)


def test_a_policy_survives_a_json_column() -> None:
    policy = replace(DEFAULT_POLICY, version=7, minimum_score=80, gates=frozenset({GateName.EVIDENCE, GateName.OWNER}))
    stored = json.loads(json.dumps(policy_to_dict(policy)))
    assert policy_from_dict(stored) == policy
    assert policy_digest(policy_from_dict(stored)) == policy_digest(policy)


def test_what_is_left_out_has_its_default() -> None:
    assert policy_from_dict({}) == DEFAULT_POLICY
    assert policy_from_dict({"version": 2}) == replace(DEFAULT_POLICY, version=2)


def test_any_change_changes_the_digest() -> None:
    assert policy_digest(TrustPolicy()) == policy_digest(DEFAULT_POLICY)
    assert policy_digest(replace(DEFAULT_POLICY, minimum_score=74)) != policy_digest(DEFAULT_POLICY)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("version", 0),
        ("minimum_score", 101),
        ("minimum_score", float("nan")),
        ("minimum_score", "high"),
        ("capped_score", -1),
        ("critical_field_share", 1.01),
        ("ttl_factor", 0.5),
        ("default_ttl", "P0D"),
        ("default_ttl", "P11Y"),
        ("clock_skew", "P2D"),
        ("minimum_tolerance", 2),
        ("reliability_window", 0),
        ("gates", ["owner"]),
        ("gates", ["evidence", "luck"]),
        ("required_dimensions", {"validity": 0}),
        ("required_dimensions", {"beauty": 1}),
        ("part_weights", {"quality": 100}),
        ("part_weights", {"quality": 50, "reliability": 15, "freshness": 15, "coverage": 15, "governance": 15}),
        ("readiness", {"minimum_share": 1.1}),
        ("readiness", {"share_window": "P0D"}),
        ("readiness.minimum_observed", {"share_window": "P6D"}),
        ("severity_weights", {"critical": 5}),
        ("severity_weights", {"critical": 5, "warning": 2, "info": 0}),
    ],
)
def test_a_policy_that_cannot_judge_is_refused_by_name(setting: str, value: Any) -> None:
    with pytest.raises(InvalidTrustPolicyError, match=setting):
        policy_from_dict({setting.partition(".")[0]: value})


def test_a_misspelt_setting_is_refused() -> None:
    with pytest.raises(InvalidTrustPolicyError, match="unknown settings minimun_score; known are"):
        policy_from_dict({"minimun_score": 90})


def test_a_misspelt_setting_within_a_group_is_refused() -> None:
    with pytest.raises(InvalidTrustPolicyError, match=r"unknown settings readiness.minimum_shares; known are readiness"):
        policy_from_dict({"readiness": {"minimum_shares": 0.5}})


def test_a_change_within_a_group_leaves_the_rest_of_the_group_as_it_was() -> None:
    present = policy_to_dict(TrustPolicy(readiness=ReadinessPolicy(minimum_share=0.8)))
    changed = policy_from_dict(with_changes(present, {"minimum_score": 80, "readiness": {"fallback_within": "PT1H"}}))
    assert changed.readiness == ReadinessPolicy(minimum_share=0.8, fallback_within=timedelta(hours=1))
    assert changed.minimum_score == 80


def test_settings_that_came_later_leave_the_digests_of_earlier_versions_as_they_were() -> None:
    """The hash of the policy that every installation starts with, and one that was worked out before there were recalls."""
    assert policy_digest(TrustPolicy()) == "cb3cb30f3a7657d49135913fcf45713ec5f329d217ce10772076d20b15d918b1"
    tightened = TrustPolicy(version=3, minimum_score=80)
    assert policy_digest(tightened) == "0fab986946c2438dab32664ceeb73628c4b2311cca1a283a65b9b81de2b6a654"
    assert policy_digest(replace(tightened, recall_damping=timedelta(0))) != policy_digest(tightened)
    assert policy_digest(replace(tightened, recall_window=timedelta(days=7))) != policy_digest(tightened)
    assert policy_digest(replace(tightened, readiness=ReadinessPolicy(minimum_share=0.8))) != policy_digest(tightened)


def test_a_policy_that_was_stored_before_recalls_and_readiness_has_their_defaults() -> None:
    stored = policy_to_dict(TrustPolicy())
    del stored["recall_window"], stored["recall_damping"], stored["readiness"]
    assert policy_from_dict(stored) == TrustPolicy()
