"""Bytes from outside to plain JSON values, or a clear refusal. Every limit on size, depth and repetition is here."""

import json
import math
import re
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import yaml

from catalog.contracts.yaml_core import MAX_DIGITS, CoreLoader
from catalog.rules.errors import InvalidError, TooLargeError
from catalog.rules.expectation import Json
from catalog.rules.texts import is_storable

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 40
MAX_DIRECTIVES = 20
"""Lines such as `%TAG ! x`: libyaml compares each with all before it, so a megabyte of them takes a quarter of a minute."""
MAX_NODES = 50_000
MAX_CHARACTERS = 2 * 1024 * 1024
"""Of all texts and keys once anchors are followed: an alias costs a few bytes and writes out a text of any length."""
"""Our choice: the longest example of the standard has 5 kB, 9 levels and 600 values."""
LARGEST_NUMBER = int(sys.float_info.max)
"""Python refuses to compare or calculate with a larger whole number and one with a point."""
_DIRECTIVE = re.compile("(?:^|[\\r\\n\\x85\\u2028\\u2029])%")
"""After any of YAML's line breaks."""


_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
"""A step of a path: a key, or a position."""


class _Refusal(Exception):  # noqa: N818 never leaves this module
    """Why a document is not read; the message completes "the document ..."."""


class _Excess(_Refusal):
    """It holds too much."""


def parse_document(content: bytes, *, most_characters: int = MAX_CHARACTERS) -> dict[str, Json]:
    """The one mapping that YAML or JSON `content` (UTF-8) holds.

    Raises `InvalidError`: not UTF-8, not YAML, several documents, not a mapping, a key twice, a key that is
    not text, nested deeper than 40, numbers that JSON does not have. Raises `TooLargeError`: more than 1 MiB, and more than
    50,000 values or `most_characters` once anchors are followed.
    """
    try:
        value = _parse(_text(content), most_characters)
        _demand_plain(value)
    except _Excess as excess:
        raise TooLargeError(
            f"The document {excess}.",
            remedy="Shorten its texts and lists, or split it into several data products.",
            code="document_too_large",
        ) from None
    except _Refusal as refusal:
        raise InvalidError(
            f"The document {refusal}.",
            remedy="Give one ODCS data contract as a YAML or JSON document.",
            code="not_a_contract",
        ) from None
    if not isinstance(value, dict):
        kind = {list: "a list", type(None): "empty"}.get(type(value), f"a single value ({str(value)[:40]!r})")
        raise InvalidError(
            f"The document is {kind}, not a data contract.",
            remedy="A contract is a mapping with at least version, apiVersion, kind, id and status.",
            code="not_a_contract",
        )
    return value


def lines_of(content: bytes, paths: Iterable[str]) -> list[int]:
    """The line, from 1, at which each path stands, such as `schema[0].name`, or what there is of it. For a document that
    `parse_document` has read.
    """
    root = yaml.compose(_text(content), Loader=CoreLoader)
    return [_line_of(root, path) if root else 1 for path in paths]


def _line_of(root: yaml.Node, path: str) -> int:
    node, line = root, root.start_mark.line
    for key, position in _STEP.findall(path):
        if position and isinstance(node, yaml.SequenceNode) and int(position) < len(node.value):
            node = node.value[int(position)]
            line = node.start_mark.line
        elif key and isinstance(node, yaml.MappingNode):
            found = next((pair for pair in node.value if pair[0].value == key), None)
            if found is None:
                break
            line, node = found[0].start_mark.line, found[1]
        else:
            break
    return int(line) + 1


def _text(content: bytes) -> str:
    if len(content) > MAX_BYTES:
        raise _Excess(f"has {len(content):,} bytes; at most {MAX_BYTES:,} are read")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _Refusal(f"is not UTF-8: byte {error.start} cannot be read") from None
    if "\0" in text:
        raise _Refusal("contains a NUL character, so it is not text")
    if sum(1 for _ in islice(_DIRECTIVE.finditer(text), MAX_DIRECTIVES + 1)) > MAX_DIRECTIVES:
        raise _Excess(f"has more than {MAX_DIRECTIVES} lines that begin with %")
    return text


def _parse(text: str, most_characters: int) -> Json:
    if text.lstrip().startswith("{"):
        try:
            return _from_json(text)
        except json.JSONDecodeError:
            pass  # YAML's own notation in braces
        except RecursionError:
            raise _Refusal(f"is nested deeper than {MAX_DEPTH} levels") from None
    try:
        _demand_small(yaml.parse(text, Loader=CoreLoader), most_characters)
        value: Json = yaml.load(text, Loader=CoreLoader)  # noqa: S506 a safe loader with fewer types than SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f" (line {mark.line + 1}, column {mark.column + 1})" if mark is not None else ""
        raise _Refusal(f"cannot be read as YAML: {error.problem or error.context}{place}") from None
    except (ValueError, KeyError):
        raise _Refusal("cannot be read as YAML: a value does not fit the tag before it") from None
    except (yaml.YAMLError, RecursionError) as error:
        raise _Refusal(f"cannot be read as YAML: {str(error).splitlines()[0][:200]}") from None
    return value


def _from_json(text: str) -> Json:
    def unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
        found: dict[str, Json] = {}
        for key, value in pairs:
            if key in found:
                raise _Refusal(f"has the key {key[:80]!r} twice in one mapping")
            found[key] = value
        return found

    def whole(digits: str) -> int:
        if len(digits) > MAX_DIGITS:
            raise _Refusal(f"contains a number of {len(digits)} digits")
        return int(digits)

    value: Json = json.loads(text, object_pairs_hook=unique, parse_int=whole)
    return value


def _demand_small(events: Iterable[Any], most_characters: int) -> None:
    """Refuse by the parser's events, before anything is built: depth, several documents, and the size behind anchors."""
    sizes: dict[str, tuple[int, int]] = {}
    stack: list[tuple[str | None, int, int]] = []
    values = characters = documents = 0
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise _Refusal("contains several YAML documents; give each contract a file of its own")
        elif isinstance(event, yaml.AliasEvent):
            if event.anchor not in sizes:
                raise _Refusal(f"refers to the anchor {event.anchor!r} inside of itself or before it is set")
            values += sizes[event.anchor][0]
            characters += sizes[event.anchor][1]
        elif isinstance(event, yaml.ScalarEvent):
            values += 1
            characters += len(event.value)
            if event.anchor:
                sizes[event.anchor] = (1, len(event.value))
        elif isinstance(event, yaml.CollectionStartEvent):
            stack.append((event.anchor, values, characters))
            values += 1
            if len(stack) > MAX_DEPTH:
                raise _Refusal(f"is nested deeper than {MAX_DEPTH} levels")
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, values_before, characters_before = stack.pop()
            if anchor:
                sizes[anchor] = (values - values_before, characters - characters_before)
        _demand_within(values, characters, most_characters)


def _demand_within(values: int, characters: int, most_characters: int) -> None:
    if values > MAX_NODES:
        raise _Excess(f"holds more than {MAX_NODES:,} values once its anchors are followed")
    if characters > most_characters:
        raise _Excess(f"holds more than {most_characters:,} characters of text once its anchors are followed")


def _demand_plain(value: Json) -> None:
    """Refuse what PostgreSQL's JSON cannot hold, numbers beyond a double, and depth in a document that came as JSON."""
    for position, (item, depth) in enumerate(_walk(value)):
        _demand_within(position, 0, MAX_CHARACTERS)
        if depth > MAX_DEPTH:
            raise _Refusal(f"is nested deeper than {MAX_DEPTH} levels")
        if isinstance(item, float) and not math.isfinite(item):
            raise _Refusal("contains a number that is infinite or not a number")
        if isinstance(item, int) and abs(item) > LARGEST_NUMBER:
            raise _Refusal("contains a whole number too large to compare")
        if isinstance(item, str) and not is_storable(item):
            raise _Refusal(f"contains a text with a character that cannot be stored: {item[:40]!r}")


def _walk(value: Json) -> Iterator[tuple[Json, int]]:
    waiting: list[tuple[Json, int]] = [(value, 1)]
    while waiting:
        item, depth = waiting.pop()
        yield item, depth
        if isinstance(item, dict):
            waiting += [(key, depth) for key in item]
            waiting += [(inner, depth + 1) for inner in item.values()]
        elif isinstance(item, list):
            waiting += [(inner, depth + 1) for inner in item]
