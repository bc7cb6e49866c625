"""What governance reviewed, and whether what is claimed today asks for less than that.

Whatever is not shown to tighten counts as loosened: a rule that is gone or wider, a lower severity, a field that is no longer
critical or is less sensitive, another place, an input that is gone or optional. The review then says nothing about the product
as it is, until governance has looked at the difference.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import msgspec

from catalog.rules.moments import duration_text
from catalog.rules.sensitivity import effective_sensitivity
from catalog.rules.vocabulary import Cadence, Sensitivity, Severity
from trust.evidence.rules.facts import FieldFacts
from trust.verdicts.rules.facts import ProductFacts

_TIGHTER_BELOW = {"max_value", "threshold"}
_TIGHTER_ABOVE = {"min_value", "mostly"}
_TIGHTER_TRUE = {"strict_min", "strict_max"}
_FEWER = {"expect_column_values_to_be_in_set", "expect_column_distinct_values_to_be_in_set"}
_MORE = {"expect_column_values_to_not_be_in_set", "expect_column_distinct_values_to_contain_set"}


@dataclass(frozen=True, slots=True)
class ReviewedPort:
    """One output port. source_digest: of its place and how it is read. suite_digest: of its suite; None without one."""

    source_digest: str
    suite_digest: str | None
    service_level: timedelta | None
    allows_empty: bool
    fields: tuple[FieldFacts, ...]


@dataclass(frozen=True, slots=True)
class ReviewedClaims:
    """What a review was about. inputs: slug -> whether it is required."""

    sensitivity: Sensitivity | None
    cadence: Cadence
    ports: Mapping[str, ReviewedPort] = field(default_factory=dict)
    inputs: Mapping[str, bool] = field(default_factory=dict)


Suites = Mapping[tuple[str, str], Sequence[Mapping[str, Any]]]
"""(port, digest) -> the expectations as they are stored, of suites that differ from those that were reviewed."""


def reviewed_claims(facts: ProductFacts) -> ReviewedClaims:
    """What a review of the product today would be about."""
    ports = {
        port.name: ReviewedPort(
            port.source_digest, port.suite_digest, port.service_level, port.allows_empty, tuple(_by_name(port.fields).values())
        )
        for port in facts.ports
    }
    cadence = facts.ports[0].cadence if facts.ports else Cadence.SCHEDULED
    return ReviewedClaims(facts.sensitivity, cadence, ports, {one.slug: one.is_required for one in facts.upstreams})


def to_stored(claims: ReviewedClaims) -> dict[str, Any]:
    """Plain JSON values, for the column that keeps them."""
    plain: dict[str, Any] = msgspec.to_builtins(claims, order="sorted")
    return plain


def from_stored(stored: Mapping[str, Any]) -> ReviewedClaims:
    return msgspec.convert(dict(stored), ReviewedClaims)


def changed_suites(before: ReviewedClaims, after: ReviewedClaims) -> list[tuple[str, str]]:
    """(port, digest) of the suites that `loosenings` needs to see: both versions of each that differs."""
    found = []
    for name, port in after.ports.items():
        old = before.ports.get(name)
        if old and old.suite_digest and port.suite_digest and old.suite_digest != port.suite_digest:
            found += [(name, old.suite_digest), (name, port.suite_digest)]
    return found


def loosenings(before: ReviewedClaims, after: ReviewedClaims, suites: Suites) -> tuple[str, ...]:
    """One line for each claim that asks for less than was reviewed: what it is, what it was → what it is now. Sorted."""
    return tuple(sorted({*_of_product(before, after), *_of_inputs(before, after), *_of_ports(before, after, suites)}))


def _of_product(before: ReviewedClaims, after: ReviewedClaims) -> Iterator[str]:
    if effective_sensitivity(None, after.sensitivity).rank < effective_sensitivity(None, before.sensitivity).rank:
        yield f"sensitivity: {before.sensitivity or 'unclassified'} → {after.sensitivity}"
    if before.cadence is not Cadence.STATIC and after.cadence is Cadence.STATIC and before.ports:
        yield f"cadence: {before.cadence} → {after.cadence}"


def _of_inputs(before: ReviewedClaims, after: ReviewedClaims) -> Iterator[str]:
    for slug, was_required in before.inputs.items():
        if slug not in after.inputs:
            yield f"input {slug}: {'required' if was_required else 'optional'} → none"
        elif was_required and not after.inputs[slug]:
            yield f"input {slug}: required → optional"


def _of_ports(before: ReviewedClaims, after: ReviewedClaims, suites: Suites) -> Iterator[str]:
    for name in before.ports.keys() - after.ports.keys():
        yield f"port {name}: offered → removed"
    for name, port in after.ports.items():
        old = before.ports.get(name)
        if old is None:
            yield f"port {name}: none → added"
        else:
            yield from (f"port {name}, {line}" for line in _of_port(name, old, port, suites))


def _of_port(name: str, before: ReviewedPort, after: ReviewedPort, suites: Suites) -> Iterator[str]:
    if before.source_digest != after.source_digest:
        yield "source: as reviewed → another place, time column, or list of missing values"
    if before.service_level is not None and (after.service_level is None or after.service_level > before.service_level):
        now = "none" if after.service_level is None else duration_text(after.service_level)
        yield f"service level: {duration_text(before.service_level)} → {now}"
    if after.allows_empty and not before.allows_empty:
        yield "empty table: refused → allowed"
    yield from _of_fields(_by_name(before.fields), _by_name(after.fields))
    if before.suite_digest and before.suite_digest != after.suite_digest:
        if after.suite_digest is None:
            yield "suite: checks → none"
            return
        old, new = suites.get((name, before.suite_digest)), suites.get((name, after.suite_digest))
        if old is None or new is None:
            yield "suite: as reviewed → another"
        else:
            yield from _of_suites(old, new)


def _by_name(fields: Sequence[FieldFacts]) -> dict[str, FieldFacts]:
    return {one.name: one for one in sorted(fields, key=lambda one: one.name)}


def _of_fields(before: Mapping[str, FieldFacts], after: Mapping[str, FieldFacts]) -> Iterator[str]:
    for name, old in before.items():
        new = after.get(name)
        if new is None:
            yield f"field {name}: declared → gone"
            continue
        if old.is_critical and not new.is_critical:
            yield f"field {name}: critical → not critical"
        if old.sensitivity is not None and (new.sensitivity is None or new.sensitivity.rank < old.sensitivity.rank):
            yield f"field {name}: {old.sensitivity} → {new.sensitivity or 'unclassified'}"
        if old.is_personal_data and not new.is_personal_data:
            yield f"field {name}: personal data → none"
        if old.logical_type is not None and new.logical_type is not old.logical_type:
            yield f"field {name}: type {old.logical_type} → {new.logical_type or 'none'}"


def _of_suites(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for old in before:
        if any(_is_as_strict(old, new) for new in after):
            continue
        same = [new for new in after if _subject(new) == _subject(old)]
        yield f"check {_named(old)}: {_described(old)} → {_described(same[0]) if same else 'gone'}"


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
