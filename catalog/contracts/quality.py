"""The `quality` entries of a contract: each becomes expectations, or is reported by name with the reason why not."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from open_data_contract_standard.model import DataQuality

from catalog.contracts.findings import Findings
from catalog.contracts.library_metrics import Call, calls_for, metric_name
from catalog.contracts.objects import ObjectPlace
from catalog.contracts.parsing import parse_document
from catalog.contracts.settings import QUALITY_SETTINGS, Settings
from catalog.contracts.thresholds import UnmappableError
from catalog.rules.errors import InvalidError, TooLargeError
from catalog.rules.expectation import Expectation, Json
from catalog.rules.operators import OperatorError, bounds_of, operators_in
from catalog.rules.texts import cut
from catalog.rules.vocabulary import Dimension, Severity

_SEVERITIES = {
    Severity.CRITICAL: ("critical", "error", "fatal", "high", "blocker", "blocking", "major", "severe", "fail", "must"),
    Severity.WARNING: ("warning", "warn", "medium", "moderate", "minor", "should"),
    Severity.INFO: ("info", "information", "informational", "low", "notice", "trivial", "could"),
}
SEVERITY_OF = {word: severity for severity, words in _SEVERITIES.items() for word in words}

# ODCS has seven dimensions, with short synonyms; ours of other names are taken too.
DIMENSION_OF = {
    **{dimension.value: dimension for dimension in Dimension},
    "conformity": Dimension.VALIDITY,
    "coverage": Dimension.COMPLETENESS,
    "ac": Dimension.ACCURACY,
    "cp": Dimension.COMPLETENESS,
    "cf": Dimension.VALIDITY,
    "cs": Dimension.CONSISTENCY,
    "cv": Dimension.COMPLETENESS,
    "tm": Dimension.TIMELINESS,
    "uq": Dimension.UNIQUENESS,
}


def severity_of(word: str | None, path: str, findings: Findings) -> Severity:
    """Critical where nothing is said, and where a word is unknown, which is warned of: too strict is the safer mistake."""
    if not word or not word.strip():
        return Severity.CRITICAL
    severity = SEVERITY_OF.get(word.strip().lower())
    if severity is None:
        findings.warn(f"{path}.severity", f"'{word}' is unknown and taken as critical; known are {', '.join(SEVERITY_OF)}")
    return severity or Severity.CRITICAL


def dimension_of(word: str | None, path: str, findings: Findings) -> Dimension | None:
    """None where nothing is said, or nothing that is known: the expectation's type then decides."""
    if not word or not word.strip():
        return None
    dimension = DIMENSION_OF.get(word.strip().lower())
    if dimension is None:
        findings.warn(f"{path}.dimension", f"'{word}' is unknown; the dimension follows from the kind of check")
    return dimension


SQL_RULE = "expect_sql_result_to_be_within_limits"
_GX = {"greatexpectations", "gx"}
_UNREAD = ("id", "notes", "name")
_GX_KEYS = {"type", "expectation_type", "expectationType", "kwargs", "severity", "meta", "mostly", "column", *_UNREAD}
_ONE_COLUMN = re.compile(r"expect_column_(?!pair_)")
_QUERY = re.compile(r"(?i)unexpected_?rows_?expectation|expect_query_|expect_queried_")


def read_quality(place: ObjectPlace, findings: Findings) -> Iterator[Expectation]:
    """The expectations of every quality entry of an object and of its columns, in the document's order."""
    for path, one, column in place.columns():
        yield from _entries(one.quality, path, place, column, findings)
    yield from _entries(place.schema.quality, place.path, place, None, findings)


def _entries(
    entries: list[DataQuality] | None, parent: str, place: ObjectPlace, column: str | None, findings: Findings
) -> Iterator[Expectation]:
    for position, entry in enumerate(entries or ()):
        path = f"{parent}.quality[{position}]"
        try:
            yield from _expectations(entry, path, place, column, findings)
        except UnmappableError as error:
            findings.cannot_execute(path, rule_name(entry), f"not checked, because {error}")
        if entry.schedule:
            findings.warn(
                path, f"its schedule '{entry.schedule}' is kept; runs follow the port's touchstone.schedule, all rules at once"
            )


def report_entries(entries: list[DataQuality] | None, parent: str, reason: str, findings: Findings) -> None:
    """Name each of `entries` as not executable for one `reason`."""
    for position, entry in enumerate(entries or ()):
        findings.cannot_execute(f"{parent}.quality[{position}]", rule_name(entry), reason)


def rule_name(entry: DataQuality) -> str:
    """What to call a rule in a report: its name, else its metric or engine or type with its description."""
    kind = entry.type or ("library" if metric_name(entry.model_dump()) else "rule")
    named = metric_name(entry.model_dump()) or entry.engine or ""
    words = [kind, named] if named else [kind]
    text = entry.name or " ".join([*words, *([f"({' '.join(entry.description.split())})"] if entry.description else [])])
    return cut(text, 120)


def _expectations(
    entry: DataQuality, path: str, place: ObjectPlace, column: str | None, findings: Findings
) -> Iterator[Expectation]:
    kind = (entry.type or ("custom" if entry.engine else "library")).lower()
    rule = entry.model_dump()
    dimension = _dimension(entry, path, findings)
    meta: dict[str, Json] = {"path": path}
    meta |= {name: value for name in ("name", "description") if (value := rule[name])}
    severity = entry.severity
    calls: list[Call]
    if kind == "library":
        if not metric_name(rule):
            raise UnmappableError("it names neither a metric nor an engine")
        calls = calls_for(rule, column=column, columns_of=place.columns_of)
        if isinstance(pattern := (rule.get("arguments") or {}).get("pattern"), str):
            meta["pattern"] = pattern  # as it is written; the check has it in the engine's words
        if metric_name(rule) in {"rowCount", "countCheck"}:
            # The standard has no word for volume, so authors write the nearest one.
            dimension = dimension if dimension not in {None, Dimension.COMPLETENESS} else Dimension.VOLUME
    elif kind == "custom":
        implementation = _implementation(entry)
        severity = severity or _text(implementation.get("severity"))
        own_meta = _mapping(implementation.get("meta"))
        dimension = dimension or dimension_of(_text(own_meta.get("dimension")), path, findings)
        meta = {**own_meta, **meta}
        calls = [_call(implementation, column, path, findings)]
    elif kind == "sql":
        calls = [_sql_rule(rule, column, place)]
    elif kind == "text":
        raise UnmappableError("it is a sentence for people")
    else:
        raise UnmappableError(f"the type '{entry.type}' is not one of library, custom, sql, text")
    for name, kwargs in calls:
        yield Expectation(name, kwargs, severity_of(severity, path, findings), dimension, meta)


def _sql_rule(rule: Mapping[str, Any], column: str | None, place: ObjectPlace) -> Call:
    """The query as it is written: governance approves exactly this text, and until then the check is an error."""
    query = rule.get("query")
    if not isinstance(query, str) or not query.strip():
        raise UnmappableError("it has no query")
    try:
        bounds = bounds_of(rule, is_count=False)
    except OperatorError as error:
        raise UnmappableError(str(error)) from error
    outcomes = bounds.outcomes(None, None, is_whole=False)
    if len(outcomes) == 1:
        raise UnmappableError("any result meets it, so it checks nothing" if True in outcomes else "no result can meet it")
    kwargs: dict[str, Json] = {"query": query, **operators_in(rule)}
    if column is not None:
        kwargs["column"] = column
    names: list[Json] = [*dict.fromkeys(name for name in (place.port, place.table) if name)]
    return SQL_RULE, {**kwargs, "tables": names}


def _dimension(entry: DataQuality, path: str, findings: Findings) -> Dimension | None:
    settings = Settings(entry.customProperties, known=QUALITY_SETTINGS, path=path, findings=findings)
    return dimension_of(settings.text("dimension") or entry.dimension, path, findings)


def _implementation(entry: DataQuality) -> dict[str, Any]:
    engine = re.sub(r"[^a-z]", "", (entry.engine or "").lower())
    if engine not in _GX:
        raise UnmappableError(f"the engine '{entry.engine or 'none'}' is not one that Touchstone runs; greatExpectations is")
    implementation = entry.implementation
    if isinstance(implementation, str):
        try:
            # In proportion to the text: thousands of small texts with anchors may not become gigabytes.
            implementation = parse_document(implementation.encode(), most_characters=max(4_096, 4 * len(implementation)))
        except (InvalidError, TooLargeError) as error:
            raise UnmappableError(f"its implementation is not one expectation: {error.message}") from error
    if not isinstance(implementation, dict) or not implementation:
        raise UnmappableError("it has no implementation")
    return implementation


def _call(implementation: dict[str, Any], column: str | None, path: str, findings: Findings) -> Call:
    """Type and arguments as they are written; the column is added where the rule stands at a property and leaves it out."""
    name = next((implementation[key] for key in ("type", "expectation_type", "expectationType") if key in implementation), None)
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{2,199}", name):
        raise UnmappableError("its implementation has no type such as expect_column_values_to_not_be_null")
    if "_" not in name:  # the class name, as GX writes it in Python: ExpectColumnValuesToNotBeNull
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
    if _QUERY.match(name):
        raise UnmappableError(f"'{name}' runs SQL of its author, which only governance may approve; contracts cannot carry it")
    if unknown := sorted(set(implementation) - _GX_KEYS):
        raise UnmappableError(f"its implementation has keys that no expectation has: {', '.join(unknown)}")
    kwargs: dict[str, Json] = dict(_mapping(implementation.get("kwargs")))
    kwargs |= {key: implementation[key] for key in ("mostly", "column") if key in implementation}
    if column is not None and _ONE_COLUMN.match(name) and "column" not in kwargs:
        kwargs["column"] = column
    for key in kwargs:
        written = re.sub(r"(?<!^)(?=[A-Z])", "_", key).lower()
        if written != key:
            why = f"Great Expectations has no argument of that name, so that the check is an error; write {written}"
            findings.warn(f"{path}.implementation.kwargs.{key}", why)
    for key in _UNREAD:
        if key in implementation:
            findings.warn(f"{path}.implementation.{key}", "is kept and not read; use the rule's own name and description")
    try:
        json.dumps(kwargs, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise UnmappableError(f"its arguments are not plain JSON values: {error}") from error
    return name, kwargs


def _mapping(value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise UnmappableError("kwargs and meta of an expectation are mappings")
    return value


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
