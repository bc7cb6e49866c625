"""YAML 1.2's core schema for PyYAML, which by itself reads YAML 1.1: the contract's words stay what their author wrote.

`no` is the country and not false, `007` is text and not 7, `2024-01-31` is text and not a date (ODCS wants text there),
`12:30` is not a number. Nothing but null, booleans, numbers, text, lists and mappings with text keys can come out.
"""

import re
from typing import Any

import yaml

MAX_DIGITS = 400
"""Of a whole number: Python's own limit is ten times that, and reading a million digits takes minutes."""

_FLOAT = (
    r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_Safe: Any = yaml.constructor.SafeConstructor
_yaml: Any = yaml
_PARSERS: tuple[Any, ...] = (
    (_yaml.cyaml.CParser,)
    if yaml.__with_libyaml__
    else (yaml.reader.Reader, yaml.scanner.Scanner, yaml.parser.Parser, yaml.composer.Composer)
)
_READERS = _PARSERS[:1]


class _Resolver(yaml.resolver.BaseResolver):
    """YAML 1.2's core schema, but that a number with leading zeros stays text."""


for _tag, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?(?:0|[1-9][0-9]*)|0x[0-9a-fA-F]+|0o[0-7]+", list("-+0123456789")),
    ("float", _FLOAT, list("-+.0123456789")),
    ("merge", r"<<", ["<"]),
):
    _Resolver.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_pattern})\Z"), _first)


def _fault(message: str, node: Any) -> yaml.constructor.ConstructorError:
    return yaml.constructor.ConstructorError(None, None, message, node.start_mark)


class _Constructor(_Safe):  # type: ignore[misc]
    """Builds null, booleans, numbers, text, lists and mappings with text keys. Any other tag is refused."""

    yaml_constructors: dict[Any, Any] = {}

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[str, Any]:  # noqa: ARG002 PyYAML's signature
        keys: set[str] = set()
        for key_node, _ in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                continue
            if key_node.tag != "tag:yaml.org,2002:str":
                raise yaml.constructor.ConstructorError(
                    None, None, "a key that is not text; put it in quotes", key_node.start_mark
                )
            if key_node.value in keys:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key_node.value[:80]!r} twice", key_node.start_mark
                )
            keys.add(key_node.value)
        mapping: dict[str, Any] = super().construct_mapping(node, deep=True)
        return mapping

    def whole(self, node: Any) -> int:
        digits = str(self.construct_scalar(node)).lower()
        if len(digits) > MAX_DIGITS:
            raise _fault(f"a number of {len(digits)} digits", node)
        try:
            return int(digits, 0)
        except ValueError:
            raise yaml.constructor.ConstructorError(
                None, None, f"{digits[:40]!r} is no whole number", node.start_mark
            ) from None

    def refused(self, node: Any) -> Any:
        raise _fault(f"the tag {node.tag!r}, which is not read", node)


_Constructor.yaml_constructors = {
    "tag:yaml.org,2002:null": _Safe.construct_yaml_null,
    "tag:yaml.org,2002:bool": _Safe.construct_yaml_bool,
    "tag:yaml.org,2002:int": _Constructor.whole,
    "tag:yaml.org,2002:float": _Safe.construct_yaml_float,
    "tag:yaml.org,2002:str": _Safe.construct_yaml_str,
    "tag:yaml.org,2002:seq": _Safe.construct_yaml_seq,
    "tag:yaml.org,2002:map": _Safe.construct_yaml_map,
    None: _Constructor.refused,
}


class CoreLoader(*_PARSERS, _Constructor, _Resolver):  # type: ignore[misc]
    """libyaml's parser, or PyYAML's own where it was built without, with the schema above."""

    def __init__(self, stream: str) -> None:
        for parser in _PARSERS:
            parser.__init__(self, *((stream,) if parser in _READERS else ()))
        _Constructor.__init__(self)
        _Resolver.__init__(self)
