"""Evaluates one request against some policies with Cedar. What goes wrong is an outcome, and none that went wrong allows."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Any

import cedarpy
from cedarpy import PolicySet

from catalog.rules.cedar_text import CLEARANCE_POLICY
from catalog.rules.explanation import CLEARANCE_ID
from catalog.rules.ruling import PolicyInForce
from catalog.rules.vocabulary import Effect

CLEARANCE_RULE = PolicyInForce(
    id=CLEARANCE_ID,
    name="clearance",
    version=1,
    digest=sha256(CLEARANCE_POLICY.encode()).hexdigest(),
    effect=Effect.FORBID,
    cedar=CLEARANCE_POLICY,
    is_guardrail=True,
    is_raw=True,
)
"""Always in force beside the policies that are given."""

_FAULTY = re.compile(r"policy `(\d+)`")


@dataclass(frozen=True, slots=True)
class CedarResult:
    """determining: ids of the policies that decided, ascending. broken: ids of those that could not be evaluated."""

    is_permitted: bool
    determining: tuple[int, ...] = ()
    broken: tuple[int, ...] = ()


def evaluate(request: Mapping[str, Any], policies: Sequence[PolicyInForce]) -> CedarResult:
    """What Cedar says about `request` (with its `entities`) under `policies` and the built-in clearance rule.

    A permit that cannot be evaluated permits nothing; a forbid that cannot be evaluated, or a policy that cannot even be read,
    denies; so does a request that Cedar refuses.
    """
    texts = {CLEARANCE_RULE.id: CLEARANCE_RULE.cedar, **{policy.id: policy.cedar for policy in policies}}
    if len(texts) != len(policies) + 1:
        raise ValueError("Two policies have one id, or one has the id of the built-in rule; a ruling could not name them.")
    unreadable = tuple(sorted(number for number, text in texts.items() if _effect(text) is None))
    if unreadable:
        return CedarResult(is_permitted=False, broken=unreadable)
    asked = {part: request[part] for part in ("principal", "action", "resource", "context")}
    result = cedarpy.is_authorized(asked, _policy_set(tuple(texts.items())), request["entities"])
    broken = {number for error in result.diagnostics.errors for number in map(int, _FAULTY.findall(error))}
    has_nameless_error = len(broken) < len(result.diagnostics.errors)
    denies = {number for number in broken if _effect(texts[number]) is Effect.FORBID}
    determining = {int(number) for number in result.diagnostics.reasons}
    if result.allowed and not denies and not has_nameless_error:
        return CedarResult(is_permitted=True, determining=tuple(sorted(determining)), broken=tuple(sorted(broken)))
    forbidding = {number for number in determining if _effect(texts[number]) is Effect.FORBID}
    return CedarResult(is_permitted=False, determining=tuple(sorted(forbidding | denies)), broken=tuple(sorted(broken)))


@lru_cache(maxsize=8192)
def _parsed(text: str) -> Mapping[str, Any] | None:
    """The one policy of `text` in Cedar's JSON form; None where it cannot be read."""
    try:
        found = json.loads(cedarpy.policies_to_json_str(text))
    except ValueError:
        return None
    policies: list[Mapping[str, Any]] = list(found["staticPolicies"].values())
    return policies[0] if len(policies) == 1 and not found["templates"] else None


def _effect(text: str) -> Effect | None:
    parsed = _parsed(text)
    return None if parsed is None else Effect(parsed["effect"])


@lru_cache(maxsize=2048)
def _policy_set(texts: tuple[tuple[int, str], ...]) -> PolicySet:
    """The policies under their own ids: what Cedar names in a ruling is then ours, whatever a text calls itself."""
    static = {str(number): _parsed(text) for number, text in texts}
    return PolicySet.from_json_str(json.dumps({"staticPolicies": static, "templates": {}, "templateLinks": []}))
