"""Whether plain values are an ODCS 3.x data contract, and what of them the model cannot hold.

Two judges: the `open-data-contract-standard` model, which reads, and the standard's JSON Schema that comes with it. They
disagree in places, with one another and with the standard's text, so only what makes a contract unreadable is a fault: a
missing or misspelt beginning, a wrong type, a part without its name. Everything else, unknown keys among it, is a warning:
the original bytes are kept, so nothing is lost, and nothing is dropped without being named.
"""

import json
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from importlib import resources
from types import NoneType
from typing import Any, Union, get_args, get_origin

import jsonschema  # type: ignore[import-untyped]
from open_data_contract_standard.model import OpenDataContractStandard
from pydantic import BaseModel, ValidationError

from catalog.contracts.findings import Findings
from catalog.contracts.parsing import lines_of
from catalog.rules.errors import InvalidError
from catalog.rules.expectation import Json
from catalog.rules.json_values import are_all_different

MAX_DETAILS = 100
"""How many faults or warnings are listed one by one; the rest is counted."""
MAX_ID = 200
MAX_STEPS = 1_000_000
"""Keywords of the schema that are compared with one document (our choice): 5 s. A field takes 170 to 600 of them."""
_API_VERSION = re.compile(r"v?3\.\d+(\.\d+)?")
_SECOND_VERSION = re.compile(r"v?[12](\.\d+)*")
_BEGINNING = {
    "version": "the version of this contract, such as 1.0.0",
    "apiVersion": "the version of the standard, such as v3.1.0",
    "kind": "DataContract",
    "id": "the contract's identifier",
}
_MIGRATION = (
    "Set it to v3.2.0, rename `uuid` to `id`, `datasetDomain` to `domain`, `quantumName` to `dataProduct`, `dataset` to "
    "`schema`, `table` and `column` to `name`, and `columns` to `properties`, move the connection to `servers`, and let "
    "--dry-run name the rest"
)
# Parts that are read rule by rule later, where a rule that makes no sense is reported by name and the rest goes on.
_READ_LATER = re.compile(r"(^|\.)((quality|relationships|servers)\[\d+\]|logicalTypeOptions)")


def check_structure(document: dict[str, Json], content: bytes, findings: Findings) -> OpenDataContractStandard:
    """The contract that was read from `content`, as the model holds it; what deviates without harm goes to `findings`.

    Raises `InvalidError` with every fault, each with its path.
    """
    _check_beginning(document, findings)
    if findings.faults:
        raise not_a_contract(findings.faults, content)
    for path, message, is_fault in _schema_errors(document):
        if is_fault:
            findings.fault(path, message)
        else:
            findings.warn(path, f"differs from the standard's schema: {message}")
    for path in _unknown_keys(document, OpenDataContractStandard, ""):
        findings.warn(path, "is unknown to the standard; it is kept in the original document and not read")
    known = {key: value for key, value in document.items() if key in _fields(OpenDataContractStandard)}
    try:
        contract = OpenDataContractStandard.model_validate(known)
    except ValidationError as error:
        for fault in error.errors(include_input=False, include_url=False):
            findings.fault(_path(part for part in fault["loc"] if not _is_model_name(part)), fault["msg"])
        contract = None
    if findings.faults or contract is None:
        raise not_a_contract(findings.faults, content)
    return contract


def not_a_contract(faults: Iterable[str], content: bytes) -> InvalidError:
    """The error that lists `faults`, one a path, at most a hundred of them, each with its line in `content`."""
    details = list({fault.partition(": ")[0]: fault for fault in reversed(list(faults))}.values())[::-1]
    lines = lines_of(content, [fault.partition(": ")[0] for fault in details[:MAX_DETAILS]])
    placed = [f"{fault} (line {line})" for fault, line in zip(details, lines, strict=False)]
    more = [f"... and {len(details) - MAX_DETAILS} more"] if len(details) > MAX_DETAILS else []
    return InvalidError(
        "The document is not a data contract that can be read.",
        remedy="Correct what is listed; the standard is described at https://bitol-io.github.io/open-data-contract-standard.",
        code="not_a_contract",
        details=[*placed, *more],
    )


def _check_beginning(document: Mapping[str, Json], findings: Findings) -> None:
    for key, meaning in _BEGINNING.items():
        value = document.get(key)
        if value is None or value == "":
            findings.fault(key, f"is missing; give {meaning}")
        elif not isinstance(value, str):
            findings.fault(key, f"is {_kind(value)}, not text; put it in quotes")
        elif key == "id" and len(value) > MAX_ID:
            findings.fault(key, f"has {len(value)} characters; at most {MAX_ID} are kept")
        elif key == "kind" and value != "DataContract":
            findings.fault(key, f"is '{value[:80]}'; only a DataContract can be registered")
        elif key == "apiVersion" and _SECOND_VERSION.fullmatch(value):
            findings.fault(key, f"is '{value[:80]}'; version 3 of the standard is read. {_MIGRATION}")
        elif key == "apiVersion" and not _API_VERSION.fullmatch(value):
            findings.fault(key, f"is '{value[:80]}'; only versions v3.x.y of the standard are read")


@lru_cache(maxsize=1)
def _validator() -> Any:
    schema = (resources.files("open_data_contract_standard") / "schema.json").read_text(encoding="utf-8")
    # `unevaluatedProperties` compares everything again at each depth, for keys that `_unknown_keys` names.
    own = {"uniqueItems": _unique_items, "unevaluatedProperties": lambda *_: None}
    keywords = jsonschema.Draft201909Validator.VALIDATORS | own
    counted = {name: _counted(keyword) for name, keyword in keywords.items()}
    return jsonschema.validators.extend(jsonschema.Draft201909Validator, counted)(json.loads(schema))


class _Steps(threading.local):
    """How many keywords of the schema were compared in this thread since the document came."""

    taken = 0


_steps = _Steps()


def _counted(keyword: Callable[..., Iterable[Any] | None]) -> Callable[..., Iterable[Any] | None]:
    def compare(validator: Any, wanted: Any, instance: Any, schema: Any) -> Iterable[Any] | None:
        _steps.taken += 1
        if _steps.taken > MAX_STEPS:
            raise _OutOfStepsError
        return keyword(validator, wanted, instance, schema)

    return compare


def _unique_items(validator: Any, wanted: Any, items: Any, _schema: Any) -> Iterator[Any]:
    if wanted and validator.is_type(items, "array") and not are_all_different(items):
        yield jsonschema.ValidationError("it has an item twice")


def _schema_errors(document: dict[str, Json]) -> Iterator[tuple[str, str, bool]]:
    """(path, message, whether it is a fault) of what the JSON Schema says, but for unknown keys, which it reports less well."""
    _steps.taken = 0
    for error in _bounded(_validator().iter_errors(document)):
        if error is None:
            yield "the document", f"it was compared for {MAX_STEPS:,} steps, and not to its end", False
            return
        path = _path(error.absolute_path)
        if "then" in error.absolute_schema_path and "logicalType" not in _enclosing_property(document, error.absolute_path):
            continue  # its conditions on `logicalType` also hold where there is none: every such property would need a `map`
        if error.validator == "additionalProperties" or path == "apiVersion":
            continue
        is_readable = error.validator not in {"type", "required"} or _READ_LATER.search(path) is not None
        yield path, error.message[:300], not is_readable


class _OutOfStepsError(Exception):
    """The comparison took as long as it may."""


def _bounded(errors: Iterator[Any]) -> Iterator[Any]:
    """The errors, and None where there may be more that nobody waits for."""
    try:
        yield from errors
    except _OutOfStepsError:
        yield None


def _enclosing_property(document: Any, path: Iterable[Any]) -> dict[str, Any]:
    """The mapping at `path`, or the one whose `logicalTypeOptions` the path leads into; empty where it is neither."""
    value = document
    for part in path:
        if part == "logicalTypeOptions":
            break
        value = value[part]
    return value if isinstance(value, dict) else {}


def _unknown_keys(value: Any, kind: Any, path: str) -> Iterator[str]:
    """Paths of the keys in `value` that the model of its place does not have."""
    model, item = _expected(kind, value)
    if model is not None and isinstance(value, dict):
        fields = _fields(model)
        for key, inner in value.items():
            place = f"{path}.{key}" if path else key
            if key not in fields:
                yield place
            else:
                yield from _unknown_keys(inner, fields[key], place)
    elif item is not None and isinstance(value, list):
        for position, inner in enumerate(value):
            yield from _unknown_keys(inner, item, f"{path}[{position}]")


def _expected(kind: Any, value: Any) -> tuple[type[BaseModel] | None, Any]:
    """(model, None) or (None, type of the items) that `kind` offers for a value of this form; (None, None) for any other."""
    for option in _options(kind):
        if isinstance(option, type) and issubclass(option, BaseModel) and isinstance(value, dict):
            return option, None
        if get_origin(option) is list and isinstance(value, list):
            return None, get_args(option)[0]
    return None, None


def _options(kind: Any) -> Iterator[Any]:
    arguments = get_args(kind)
    if arguments and (get_origin(kind) is Union or NoneType in arguments or type(kind).__name__ == "UnionType"):
        for argument in arguments:
            yield from _options(argument)
    else:
        yield kind


@lru_cache(maxsize=64)
def _fields(model: type[BaseModel]) -> dict[str, Any]:
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def _is_model_name(part: object) -> bool:
    """Pydantic names the branch of a union in its location (`Team`, `list[TeamMember]`); that is no place in the document."""
    return isinstance(part, str) and (part[:1].isupper() or "[" in part or part in {"float", "int", "str", "bool", "dict"})


def _path(parts: Iterable[object]) -> str:
    path = ""
    for part in parts:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
    return path or "the document"


def _kind(value: Json) -> str:
    if isinstance(value, bool):
        return "true or false"
    return {int: "a number", float: "a number", list: "a list", dict: "a mapping"}.get(type(value), "a value")
