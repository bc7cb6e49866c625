"""What governance reviewed, and whether what is claimed today asks for less than that.

Whatever is not shown to tighten counts as loosened: a rule that is gone or wider, a lower severity, a field that is no longer
critical or is less sensitive, another place, an input that is gone or optional. The review then says nothing about the product
as it is, until governance has looked at the difference.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

import msgspec

from catalog.rules.moments import duration_text
from catalog.rules.sensitivity import effective_sensitivity
from catalog.rules.vocabulary import Cadence, Sensitivity, Severity
from trust.evidence.rules.facts import FieldFacts
from trust.verdicts.rules.facts import ProductFacts

_TIGHTER_BELOW = {"max_value", "threshold", "mustBeLessThan", "mustBeLessOrEqualTo"}
_TIGHTER_ABOVE = {"min_value", "mostly", "mustBeGreaterThan", "mustBeGreaterOrEqualTo"}
_TIGHTER_TRUE = {"strict_min", "strict_max"}
_FEWER = {"expect_column_values_to_be_in_set", "expect_column_distinct_values_to_be_in_set"}
_MORE = {"expect_column_values_to_not_be_in_set", "expect_column_distinct_values_to_contain_set"}


@dataclass(frozen=True, slots=True)
class ReviewedPort:
    """One output port. source_digest: of its place and how it is read. suite_digest: of its suite; None without one.

    source: place and reading options as they are shown, by name; empty in reviews from before it was kept.
    """

    source_digest: str
    suite_digest: str | None
    service_level: timedelta | None
    allows_empty: bool
    fields: tuple[FieldFacts, ...]
    source: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReviewedClaims:
    """What a review was about. inputs: slug -> whether it is required. domain: its slug; None: the review did not keep it."""

    sensitivity: Sensitivity | None
    cadence: Cadence
    ports: Mapping[str, ReviewedPort] = field(default_factory=dict)
    inputs: Mapping[str, bool] = field(default_factory=dict)
    domain: str | None = None


@dataclass(frozen=True, slots=True, order=True)
class ReviewDifference:
    """One claim that is not as it was reviewed. is_looser: it is not shown to ask for as much as before."""

    subject: str
    before: str
    after: str
    is_looser: bool

    def __str__(self) -> str:
        return f"{self.subject}: {self.before} → {self.after}"


Suites = Mapping[tuple[str, str], Sequence[Mapping[str, Any]]]
"""(port, digest) -> the expectations as they are stored, of suites that differ from those that were reviewed."""


_Levels = tuple[Sensitivity | None, Sensitivity | None]
"""Of the product, as it was reviewed and as it is."""


def reviewed_claims(facts: ProductFacts, *, domain: str, sources: Mapping[str, Mapping[str, str]]) -> ReviewedClaims:
    """What a review of the product today would be about. sources: what is shown of each port's place, by port."""
    ports = {
        port.name: ReviewedPort(
            port.source_digest,
            port.suite_digest,
            port.service_level,
            port.allows_empty,
            tuple(_by_name(port.fields).values()),
            sources.get(port.name, {}),
        )
        for port in facts.ports
    }
    cadence = facts.ports[0].cadence if facts.ports else Cadence.SCHEDULED
    inputs = {one.slug: one.is_required for one in facts.upstreams}
    return ReviewedClaims(facts.sensitivity, cadence, ports, inputs, domain)


def to_stored(claims: ReviewedClaims) -> dict[str, Any]:
    """Plain JSON values, for the column that keeps them."""
    plain: dict[str, Any] = msgspec.to_builtins(claims, order="sorted")
    return plain


def from_stored(stored: Mapping[str, Any]) -> ReviewedClaims:
    return msgspec.convert(dict(stored), ReviewedClaims)


def claims_digest(claims: ReviewedClaims) -> str:
    """SHA-256, as hex: names what a person saw, so that nothing else is reviewed by it."""
    return sha256(msgspec.json.encode(claims, order="sorted")).hexdigest()


def changed_suites(before: ReviewedClaims, after: ReviewedClaims) -> list[tuple[str, str]]:
    """(port, digest) of the suites that `differences` needs to see: both versions of each that differs."""
    found = []
    for name, port in after.ports.items():
        old = before.ports.get(name)
        if old and old.suite_digest and port.suite_digest and old.suite_digest != port.suite_digest:
            found += [(name, old.suite_digest), (name, port.suite_digest)]
    return found


def differences(before: ReviewedClaims, after: ReviewedClaims, suites: Suites) -> tuple[ReviewDifference, ...]:
    """Each claim that is another than was reviewed, those that ask for less first."""
    found = {*_of_product(before, after), *_of_inputs(before, after), *_of_ports(before, after, suites)}
    return tuple(sorted(found, key=lambda one: (not one.is_looser, one)))


def _of_product(before: ReviewedClaims, after: ReviewedClaims) -> Iterator[ReviewDifference]:
    """Guardrails, clearances and governance's part in agreements go by sensitivity and domain: a step out from under them is
    one that governance looks at."""
    if before.domain is not None and before.domain != after.domain:
        yield ReviewDifference("domain", before.domain, after.domain or "none", True)
    if before.sensitivity is not after.sensitivity:
        is_lower = effective_sensitivity(None, after.sensitivity).rank < effective_sensitivity(None, before.sensitivity).rank
        yield ReviewDifference("sensitivity", _level(before.sensitivity), _level(after.sensitivity), is_lower)
    if before.cadence is not after.cadence and before.ports:
        yield ReviewDifference("cadence", before.cadence, after.cadence, after.cadence is Cadence.STATIC)


def _of_inputs(before: ReviewedClaims, after: ReviewedClaims) -> Iterator[ReviewDifference]:
    words = {True: "required", False: "optional", None: "none"}
    for slug in before.inputs.keys() | after.inputs.keys():
        was, now = before.inputs.get(slug), after.inputs.get(slug)
        if was is not now:
            yield ReviewDifference(f"input {slug}", words[was], words[now], was is not None and not now)


def _of_ports(before: ReviewedClaims, after: ReviewedClaims, suites: Suites) -> Iterator[ReviewDifference]:
    for name in before.ports.keys() - after.ports.keys():
        yield ReviewDifference(f"port {name}", "offered", "removed", True)
    for name, port in after.ports.items():
        old = before.ports.get(name)
        if old is None:
            yield ReviewDifference(f"port {name}", "none", "added", True)
        else:
            for one in _of_port(name, old, port, suites, (before.sensitivity, after.sensitivity)):
                yield replace(one, subject=f"port {name}, {one.subject}")


def _of_port(
    name: str, before: ReviewedPort, after: ReviewedPort, suites: Suites, levels: _Levels
) -> Iterator[ReviewDifference]:
    if before.source_digest != after.source_digest:
        yield from _of_source(before.source, after.source)
    if before.service_level != after.service_level:
        was, now = before.service_level, after.service_level
        is_longer = was is not None and (now is None or now > was)
        yield ReviewDifference("service level", _span(was), _span(now), is_longer)
    if after.allows_empty is not before.allows_empty:
        words = {True: "allowed", False: "refused"}
        yield ReviewDifference("empty table", words[before.allows_empty], words[after.allows_empty], after.allows_empty)
    yield from _of_fields(_by_name(before.fields), _by_name(after.fields), levels)
    if before.suite_digest != after.suite_digest:
        old, new = (suites.get((name, port.suite_digest or "")) for port in (before, after))
        if before.suite_digest is None:
            yield ReviewDifference("suite", "none", "checks", False)
        elif after.suite_digest is None:
            yield ReviewDifference("suite", "checks", "none", True)
        elif old is None or new is None:
            yield ReviewDifference("suite", "as reviewed", "another", True)
        else:
            yield from _of_suites(old, new)


def _of_source(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[ReviewDifference]:
    """What is shown of the two places; the reference to credentials is never shown."""
    if not before:
        yield ReviewDifference("source", "as reviewed", "another place, time column, or list of missing values", True)
    elif before == after:
        yield ReviewDifference("connection", "as reviewed", "another", True)
    else:
        for name in before.keys() | after.keys():
            if before.get(name) != after.get(name):
                yield ReviewDifference(name, before.get(name) or "none", after.get(name) or "none", True)


def _by_name(fields: Sequence[FieldFacts]) -> dict[str, FieldFacts]:
    return {one.name: one for one in sorted(fields, key=lambda one: one.name)}


def _of_fields(
    before: Mapping[str, FieldFacts], after: Mapping[str, FieldFacts], levels: _Levels
) -> Iterator[ReviewDifference]:
    """A field without a level of its own has that of its product."""
    for name in after.keys() - before.keys():
        yield ReviewDifference(f"field {name}", "none", "declared", False)
    for name, old in before.items():
        subject, now = f"field {name}", after.get(name)
        if now is None:
            yield ReviewDifference(subject, "declared", "gone", True)
            continue
        if old.is_critical is not now.is_critical:
            words = {True: "critical", False: "not critical"}
            yield ReviewDifference(subject, words[old.is_critical], words[now.is_critical], old.is_critical)
        if old.sensitivity is not now.sensitivity:
            pairs = zip((old.sensitivity, now.sensitivity), levels, strict=True)
            before_rank, now_rank = (effective_sensitivity(*pair).rank for pair in pairs)
            is_lower = now_rank < before_rank or now.sensitivity is None
            yield ReviewDifference(subject, _level(old.sensitivity), _level(now.sensitivity), is_lower)
        if old.is_personal_data is not now.is_personal_data:
            words = {True: "personal data", False: "none"}
            yield ReviewDifference(subject, words[old.is_personal_data], words[now.is_personal_data], old.is_personal_data)
        if old.logical_type is not now.logical_type:
            was = f"type {old.logical_type or 'none'}"
            yield ReviewDifference(subject, was, str(now.logical_type or "none"), old.logical_type is not None)


def _span(service_level: timedelta | None) -> str:
    return "none" if service_level is None else duration_text(service_level)


def _level(sensitivity: Sensitivity | None) -> str:
    return sensitivity or "unclassified"


def _of_suites(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> Iterator[ReviewDifference]:
    """Each check that is gone or another, beside the one of today that asks the same of the same columns; then what is new."""
    kept = [old for old in before if any(_is_same(old, new) for new in after)]
    fresh = [new for new in after if not any(_is_same(old, new) for old in before)]
    shown = []
    for old in before:
        if old in kept:
            continue
        strict = [new for new in after if _is_as_strict(old, new)]
        same = (
            strict
            or [new for new in fresh if _subject(new) == _subject(old)]
            or [new for new in after if _subject(new) == _subject(old)]
        )
        shown += same[:1]
        now = _described(same[0]) if same else "gone"
        yield ReviewDifference(f"check {_named(old)}", _described(old), now, not strict)
    for new in fresh:
        if new not in shown:
            yield ReviewDifference(f"check {_named(new)}", "none", _described(new), False)


def _is_same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return all(one[name] == other[name] for name in ("type", "dimension", "severity")) and _encoded(one) == _encoded(other)


def _encoded(stored: Mapping[str, Any]) -> bytes:
    """Its arguments as JSON: 1, 1.0 and true are three of them."""
    return msgspec.json.encode(stored["kwargs"], order="sorted")


def _is_as_strict(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether data that passes `new` is sure to pass `old`, at a severity and for a dimension that count as much."""
    if old["type"] != new["type"] or old["dimension"] != new["dimension"]:
        return False
    if Severity(new["severity"]).rank < Severity(old["severity"]).rank:
        return False
    before, after = old["kwargs"], new["kwargs"]
    return all(_argument_as_strict(old["type"], key, before.get(key), after.get(key)) for key in before.keys() | after.keys())


def _argument_as_strict(kind: str, key: str, old: Any, new: Any) -> bool:
    if old == new and type(old) is type(new):
        return True
    if key == "mostly":
        old, new = 1 if old is None else old, 1 if new is None else new
    if key in _TIGHTER_ABOVE | _TIGHTER_BELOW:
        if old is None:
            return True
        sign = 1 if key in _TIGHTER_ABOVE else -1
        return _is_number(old) and _is_number(new) and sign * new >= sign * old
    if key in _TIGHTER_TRUE:
        return bool(new) >= bool(old)
    if key == "value_set" and isinstance(old, list) and isinstance(new, list) and new:
        then, now = ({msgspec.json.encode(one) for one in values} for values in (old, new))
        return (kind in _FEWER and now <= then) or (kind in _MORE and now >= then)
    return False


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _subject(stored: Mapping[str, Any]) -> tuple[str, str]:
    names = {key: value for key, value in stored["kwargs"].items() if key.startswith("column")}
    return stored["type"], msgspec.json.encode(names, order="sorted").decode()


def _named(stored: Mapping[str, Any]) -> str:
    columns = [value for key, value in sorted(stored["kwargs"].items()) if key.startswith("column")]
    about = ", ".join(str(value) for value in columns)
    kind = str(stored["type"]).removeprefix("expect_")
    return f"{kind} ({about})" if about else kind


def _described(stored: Mapping[str, Any]) -> str:
    arguments = {key: value for key, value in stored["kwargs"].items() if not key.startswith("column")}
    text = ", ".join(f"{key} {msgspec.json.encode(value).decode()}" for key, value in sorted(arguments.items()))
    return f"{stored['severity']} {stored['dimension']}{f', {text}' if text else ''}"
