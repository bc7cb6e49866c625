"""Makes readable Cedar text of the structured form of an access policy: the same text for equal policies, on every machine.

What stands in a text and comes from people (slugs, purposes, domains) is escaped, never pasted: whatever they hold, it stays
one string of the one policy.
"""

import json
from collections.abc import Iterable
from datetime import UTC
from decimal import ROUND_CEILING, Decimal

from catalog.rules.access_policy import PolicySpec
from catalog.rules.obligation import sorted_obligations

NAMESPACE = "Touchstone"
CONSUME = "consume"
CLEARANCE_POLICY = f"""\
@id("clearance")
@name("clearance v1")
forbid (
  principal,
  action == {NAMESPACE}::Action::"{CONSUME}",
  resource
)
when {{ principal.clearance < resource.sensitivity }};
"""
"""Built in, always in force, never withdrawn: nobody is given what is more sensitive than they are cleared for."""


def cedar_text(policy: PolicySpec, *, product: str | None, name: str, version: int) -> str:
    """The policy as Cedar text: annotations, one statement, a line feed. `product`: slug; None for a guardrail.

    Time stays outside: `@expires_at` and `@obligations` inform the reader, and nothing evaluates them.
    """
    header = cedar_header(policy, product=product, name=name, version=version)
    if policy.cedar is not None:
        return f"{header}{policy.cedar.strip()}\n"
    conditions = [f"when {{ {condition} }}" for condition in _conditions(policy)]
    statement = f"""{policy.effect.value} (
  principal,
  action == {NAMESPACE}::Action::{quoted(CONSUME)},
  {_scope(policy, product)}
)"""
    return header + "\n".join([statement, *conditions]) + ";\n"


def cedar_header(policy: PolicySpec, *, product: str | None, name: str, version: int) -> str:
    """The annotations that stand above every policy, a line each: who it is, what a permit obliges to, when it ends."""
    owner = "guardrail" if product is None else product
    lines = [("id", f"{owner}/{name}/v{version}"), ("name", f"{name} v{version}")]
    if policy.obligations:
        written = [one.as_written() for one in sorted_obligations(policy.obligations)]
        lines.append(("obligations", json.dumps(written, ensure_ascii=False)))
    if policy.expires_at is not None:
        lines.append(("expires_at", policy.expires_at.astimezone(UTC).isoformat()))
    return "".join(f"@{key}({quoted(value)})\n" for key, value in lines)


def quoted(text: str) -> str:
    """A Cedar string literal that means `text` and ends where it should: quotes, backslashes and whatever is not plainly
    printable are escaped (Cedar grammar, STR)."""
    return '"' + "".join(_escaped(character) for character in text) + '"'


def _escaped(character: str) -> str:
    if character in {'"', "\\"}:
        return f"\\{character}"
    return character if character.isprintable() else f"\\u{{{ord(character):x}}}"


def _scope(policy: PolicySpec, product: str | None) -> str:
    if product is not None:
        return f"resource == {NAMESPACE}::DataProduct::{quoted(product)}"
    if policy.domain is not None:
        return f"resource in {NAMESPACE}::Domain::{quoted(policy.domain)}"
    return "resource"


def _conditions(policy: PolicySpec) -> Iterable[str]:
    if policy.minimum_sensitivity is not None:
        yield f"resource.sensitivity >= {policy.minimum_sensitivity.rank}"
    if policy.consumer_kinds:
        yield f"{_listed(policy.consumer_kinds)}.contains(principal.kind)"
    if policy.purposes:
        yield f"{_listed(policy.purposes)}.contains(context.purpose)"
    if policy.minimum_score is not None:
        yield f"context.score.greaterThanOrEqual(decimal({quoted(decimal_text(policy.minimum_score, ROUND_CEILING))}))"
    if policy.agreement_required:
        yield "context.agreement"


def _listed(words: Iterable[str]) -> str:
    return f"[{', '.join(quoted(str(word)) for word in sorted(words))}]"


def decimal_text(number: float, rounding: str) -> str:
    """A number as a Cedar decimal, which has four digits after the point. What does not fit is rounded as `rounding` says:
    a demand up, a measure down, so that rounding never permits."""
    return str(Decimal(repr(float(number))).quantize(Decimal("0.0001"), rounding=rounding).normalize() + Decimal("0.0"))
