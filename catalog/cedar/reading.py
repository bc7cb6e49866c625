"""Reads Cedar text that somebody wrote: is it one policy, what does it speak about, and does it hold against the schema?

Cedar's parser and evaluator recurse: a text that nests or chains deeply overflows the stack and takes the process down with it
(measured with cedarpy 4.12.2 on a thread with 2 MB of stack: from 200 brackets or 400 operators on). Hence the limits here.
"""

import re
from dataclasses import dataclass

import cedarpy
from cedarpy import pst

from catalog.cedar.schema import schema_handle
from catalog.rules.cedar_text import NAMESPACE
from catalog.rules.vocabulary import Effect

LONGEST = 20_000
DEEPEST = 20
MOST_OPERATORS = 80
_QUOTED_OR_REMARK = re.compile(r'"(?:[^"\\]|\\.)*"|//[^\n]*', re.DOTALL)
# `context["a"]["a"]` goes as deep as `context.a.a`, and each further clause goes one deeper, as `&&` would.
_OPERATOR = re.compile(r"&&|\|\||[=!<>]=|[.!<>+*\[-]|\b(?:if|in|has|like|is|when|unless)\b")
_OURS = frozenset({"id", "name", "obligations", "expires_at"})


class InvalidCedarError(ValueError):
    """Cedar text that cannot become a policy. `faults`: a line each, as Cedar words them."""

    def __init__(self, *faults: str) -> None:
        super().__init__(" ".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class ReadPolicy:
    """What one policy is. product: slug that it is bound to by `resource ==`; None where it is bound to no product."""

    effect: Effect
    product: str | None
    annotations: frozenset[str]


def read_policy(text: str) -> ReadPolicy:
    """What the one policy in `text` is. Raises `InvalidCedarError` unless there is exactly one, and no template."""
    _demand_bounded(text)
    try:
        parsed = cedarpy.policies_to_pst(text)
    except ValueError as error:
        raise InvalidCedarError(f"Cedar cannot read the text: {error}.") from error
    count = len(parsed.static_policies)
    if parsed.templates:
        raise InvalidCedarError("The text has a template slot (?principal or ?resource); say which entity is meant.")
    if count != 1:
        raise InvalidCedarError(f"The text contains {count} policies; give exactly one.")
    (policy,) = parsed.static_policies.values()
    return ReadPolicy(Effect(policy.effect), _product(policy.resource), frozenset(policy.annotations))


def demand_valid(text: str) -> None:
    """Raise `InvalidCedarError` with every fault that Cedar's validator finds in `text` against the schema."""
    _demand_bounded(text)
    result = cedarpy.validate_policies(text, schema_handle())
    if not result:
        raise InvalidCedarError(*(f"{fault.error}." for fault in result.errors))


def demand_free_annotations(read: ReadPolicy) -> None:
    """Raise `InvalidCedarError` where a text that somebody wrote carries an annotation that Touchstone writes itself."""
    if taken := sorted(read.annotations & _OURS):
        raise InvalidCedarError(f"Leave out {', '.join(f'@{name}' for name in taken)}: Touchstone writes it above the text.")


def _product(scope: object) -> str | None:
    if isinstance(scope, pst.ScopeEq) and isinstance(scope.entity, pst.EntityUid):
        entity = scope.entity
        kind = "::".join((*entity.type.namespace, entity.type.basename))
        if kind == f"{NAMESPACE}::DataProduct":
            return str(entity.id)
    return None


def _demand_bounded(text: str) -> None:
    """Text from outside goes into a recursive parser: its length and its nesting are limited first."""
    if len(text) > LONGEST:
        raise InvalidCedarError(f"The text has {len(text):,} characters; {LONGEST:,} are the most.")
    if any(0xD800 <= ord(character) <= 0xDFFF or character == "\0" for character in text):
        raise InvalidCedarError("The text contains characters that cannot be stored in a text file.")
    bare = _QUOTED_OR_REMARK.sub(" ", text)
    if (count := len(_OPERATOR.findall(bare))) > MOST_OPERATORS:
        raise InvalidCedarError(f"The text has {count} operators; {MOST_OPERATORS} are the most. Write several policies.")
    depth = deepest = 0
    for character in bare:
        depth = max(0, depth + (character in "([{") - (character in ")]}"))
        deepest = max(deepest, depth)
    if deepest > DEEPEST:
        raise InvalidCedarError(f"The text nests {deepest} brackets; {DEEPEST} are the most.")
