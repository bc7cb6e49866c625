"""A drafted contract as a document of ODCS 3.2 in YAML, each demand with its reason and its rows in a comment beside it."""

import json
import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from catalog.rules.vocabulary import Sensitivity
from trust.evidence.rules.profiling.defects import Defect
from trust.intake.rules.contract_draft import ContractDraft, Demand, FieldDraft

_SETTINGS_OF_READING = {
    "delimiter": "delimiter",
    "quote": "quote",
    "encoding": "encoding",
    "decimal sign": "decimalSign",
    "sheet": "sheet",
}
_USUAL_READING = {"delimiter": ",", "quote": '"', "encoding": "utf-8", "decimal sign": "."}
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
_WORDS_OF_YAML = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf"})


def contract_text(
    draft: ContractDraft, *, name: str, location: str, file_format: str, drafted_on: datetime, show_values: bool
) -> str:
    """The whole document. name: of the product and its port. location: of the data, as a port has it. file_format: as
    `touchstone.format`, where the location does not tell. show_values: whether values of the data may stand in comments."""
    lines = list(_head(draft, location, show_values=show_values))
    lines += _beginning(draft, name, location, drafted_on)
    lines += _object(draft, name, location, file_format)
    for one in draft.fields:
        lines += _property(one, draft)
    lines += _ending(draft, name)
    return "\n".join(lines) + "\n"


def scalar(value: Any) -> str:
    """A value in YAML 1.2: text that reads as nothing else stays plain, all other text is in double quotes."""
    if isinstance(value, str):
        if _PLAIN.fullmatch(value) and value.lower() not in _WORDS_OF_YAML:
            return value
        return '"' + "".join(_escaped(letter) for letter in value) + '"'
    if isinstance(value, list):
        return "[" + ", ".join(map(scalar, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{scalar(key)}: {scalar(one)}" for key, one in value.items()) + "}"
    return json.dumps(value)


def _escaped(letter: str) -> str:
    if letter in {'"', "\\"}:
        return "\\" + letter
    if letter.isprintable():
        return letter
    return (
        f"\\x{ord(letter):02x}"
        if ord(letter) < 0x100
        else f"\\u{ord(letter):04x}"
        if ord(letter) < 0x10000
        else f"\\U{ord(letter):08x}"
    )


def defect_sentence(defect: Defect, *, show_values: bool) -> str:
    """What is wrong, with its rows and, where they may be shown, some of its values."""
    text = f"{defect.kind.value.replace('_', ' ')} in {_one_line(defect.column)}: {defect.rows:,} of {defect.looked_at:,} rows "
    text += f"({_percent(defect.rows, defect.looked_at)}) {defect.message}"
    if show_values and defect.values:
        text += f", such as {', '.join(_one_line(repr(value)) for value in defect.values[:3])}"
    return text + "."


def _one_line(text: str) -> str:
    shown = "".join(letter if letter.isprintable() else "?" for letter in text)
    return shown if len(shown) <= 80 else shown[:79] + "…"


def _percent(part: int, whole: int) -> str:
    """Never 100% while a row is missing, never 0% while there is one."""
    if not whole or part == whole:
        return "100%"
    return f"{min(99.9, max(0.1, 100 * part / whole)):.1f}%" if part else "0%"


def _head(draft: ContractDraft, location: str, *, show_values: bool) -> Iterator[str]:
    sample = (
        "all of them read" if draft.looked_at == draft.rows else f"{draft.looked_at:,} of them read in detail, evenly spread"
    )
    yield f"# A draft of a data contract, made from {_one_line(location)}: {draft.rows:,} rows, {sample}."
    yield "# Each comment gives the reason of a demand and the rows that speak for it. Correct what is wrong, then register it."
    yield "#"
    if not draft.defects:
        yield "# Nothing in the data looked like a defect."
    else:
        count = "1 defect" if len(draft.defects) == 1 else f"{len(draft.defects)} defects"
        yield f"# {count}: named here and not made into rules, so that checks of the rules below may fail on these rows."
        for defect in draft.defects:
            private = any(one.name == defect.column and one.privacy.personal for one in draft.fields)
            yield f"#   - {defect_sentence(defect, show_values=show_values and not private)}"
    yield ""


def _beginning(draft: ContractDraft, name: str, location: str, drafted_on: datetime) -> Iterator[str]:
    title = name.replace("_", " ").replace("-", " ").strip().capitalize() or name
    yield "version: 0.1.0"
    yield "apiVersion: v3.2.0"
    yield "kind: DataContract"
    yield f"id: {scalar(f'{name}-contract')}"
    yield "status: draft"
    yield f"name: {scalar(title)}"
    yield "description:"
    columns = f"{len(draft.fields)} columns"
    yield f"  purpose: {scalar(f'The data of {location}: {draft.rows:,} rows with {columns}. Say here what it is for.')}"
    day = drafted_on.date().isoformat()
    known = f" Defects found in it: {len(draft.defects)}." if draft.defects else ""
    yield f"  limitations: {scalar(f'Drafted from the data alone on {day}; its owner has not confirmed it yet.{known}')}"
    key = f"One row for each {', '.join(draft.key)}." if draft.key else "No column tells its rows apart."
    yield f"  usage: {scalar(key)}"


def _object(draft: ContractDraft, name: str, location: str, file_format: str) -> Iterator[str]:
    yield "schema:"
    yield f"  - name: {scalar(name)}"
    yield "    customProperties:"
    yield f"      - {{property: touchstone.location, value: {scalar(location)}}}"
    if file_format:
        yield f"      - {{property: touchstone.format, value: {scalar(file_format)}}}"
    if draft.time_column:
        newest = f"; its newest value is {draft.newest.isoformat(sep=' ', timespec='seconds')}" if draft.newest else ""
        yield f"      # tells how old the data is{newest}"
        yield f"      - {{property: touchstone.timeColumn, value: {scalar(draft.time_column)}}}"
    for known, setting in _SETTINGS_OF_READING.items():
        found = draft.reading.get(known)
        if found and found != _USUAL_READING.get(known):
            yield f"      - {{property: touchstone.{setting}, value: {scalar(found)}}}"
    if draft.null_texts:
        yield f"      - {{property: touchstone.nullValues, value: {scalar(list(draft.null_texts))}}}"
    yield "    quality:"
    least = draft.rows // 2
    yield f"      # {draft.rows:,} rows now; fewer than half of them would be a loss"
    yield f"      - {{metric: rowCount, mustBeGreaterThan: {least}, dimension: completeness}}"
    yield "    properties:"


def _property(one: FieldDraft, draft: ContractDraft) -> Iterator[str]:
    yield f"      - name: {scalar(one.name)}"
    for defect in one.defects:
        share = _percent(defect.rows, defect.looked_at)
        yield f"        # DEFECT {defect.kind.value}: {defect.rows:,} rows ({share}) {_one_line(defect.message)}"
    if one.logical_type is not None:
        yield f"        logicalType: {one.logical_type.value}"
    privacy = one.privacy
    level = "sure" if privacy.confidence >= 0.9 else "likely" if privacy.confidence >= 0.6 else "a guess"
    why = f"  # {level} ({privacy.confidence:.0%}): {privacy.reason}"
    yield f"        classification: {privacy.sensitivity.value}{why}"
    if privacy.personal:
        yield "        customProperties:"
        yield f"          - {{property: touchstone.personal, value: true}}{why}"
    for demand in one.demands:
        yield f"        {demand.key}: {scalar(demand.value)}{_because(demand, draft)}"
    if one.options:
        yield "        logicalTypeOptions:"
        for demand in one.options:
            yield f"          {demand.key}: {scalar(demand.value)}{_because(demand, draft)}"
    if one.quality:
        yield "        quality:"
        for demand in one.quality:
            yield f"          # {_because(demand, draft).removeprefix('  # ')}"
            yield f"          - {scalar(demand.value)}"


def _because(demand: Demand, draft: ContractDraft) -> str:
    if not demand.reason:
        return ""
    of = draft.looked_at if demand.of is None else demand.of
    noun = "rows" if of in {draft.rows, draft.looked_at} else "values"
    rows = "" if demand.rows is None else f": {demand.rows:,} of {of:,} {noun} ({_percent(demand.rows, of)})"
    return f"  # {_one_line(demand.reason)}{rows}"


def _ending(draft: ContractDraft, name: str) -> Iterator[str]:
    if draft.service_level is not None:
        yield "slaProperties:"
        yield "  # three times the usual distance between days with data"
        element = scalar(f"{name}.{draft.time_column}")
        yield f"  - {{property: latency, value: {draft.service_level // timedelta(days=1)}, unit: d, element: {element}}}"
    yield "customProperties:"
    personal = [one.name for one in draft.fields if one.privacy.personal]
    why = f"the strictest of its fields; likely personal: {_some(personal)}" if personal else "no field looks personal"
    yield f"  - {{property: touchstone.sensitivity, value: {_sensitivity(draft.sensitivity)}}}  # {why}"
    if draft.service_level is None:
        reason = "its newest value is old for how often it comes" if draft.time_column else "no column tells how old it is"
        yield f"  # {reason}: taken as data that is not renewed; say touchstone.cadence scheduled, and a latency, where it is"
        yield "  - {property: touchstone.cadence, value: static}"


def _sensitivity(sensitivity: Sensitivity) -> str:
    return sensitivity.value


def _some(names: Iterable[str]) -> str:
    listed = [_one_line(name) for name in names]
    return ", ".join(listed[:5]) + (f" and {len(listed) - 5} more" if len(listed) > 5 else "")
