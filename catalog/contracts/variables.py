"""`${NAME}` in the texts of a contract: replaced from the variables that are given, never from the environment of the process.

An unknown one is named, and what holds it is not used: no place is read and no rule is run that has a variable in it.
`$${NAME}` stands for the text `${NAME}`. The original document keeps its bytes.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from catalog.contracts.findings import Findings
from catalog.contracts.parsing import MAX_CHARACTERS
from catalog.rules.errors import TooLargeError
from catalog.rules.expectation import UNKNOWN_VARIABLES, Expectation, Json
from catalog.rules.texts import cut

_VARIABLE = re.compile(r"(\$?)\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


_OF_QUERIES = {"object", "table", "model", "property", "column", "field"}
"""What older versions of the standard write in SQL for the port's own table and column: `${object}`."""


class _Replacing:
    def __init__(self, variables: Mapping[str, str], findings: Findings) -> None:
        self._variables, self._findings = variables, findings
        self._characters = 0

    def value(self, value: Json, path: str) -> Json:
        if isinstance(value, dict):
            return {key: self._member(key, one, f"{path}.{key}" if path else key) for key, one in value.items()}
        if isinstance(value, list):
            return [self.value(one, f"{path}[{position}]") for position, one in enumerate(value)]
        return self._text(value, path) if isinstance(value, str) and "${" in value else value

    def _member(self, key: str, value: Json, path: str) -> Json:
        replaced = self.value(value, path)
        # The standard has a number here. One that is not known leaves the server unread and the document readable.
        return None if key == "port" and path in self._findings.unknown_variables else replaced

    def _text(self, text: str, path: str) -> str:
        def replacement(found: re.Match[str]) -> str:
            name = found[2]
            if found[1]:
                return found[0][1:]
            if path.endswith(".query") and name.lower() in _OF_QUERIES:
                return found[0]
            if name in self._variables:
                return self._variables[name]
            self._findings.unknown_variables.setdefault(path, []).append(name)
            return found[0]

        replaced = _VARIABLE.sub(replacement, text)
        self._characters += len(replaced)
        if self._characters > MAX_CHARACTERS:
            raise TooLargeError(
                f"The document holds more than {MAX_CHARACTERS:,} characters of text once its variables are replaced.",
                remedy="Use fewer variables, or shorter ones.",
                code="document_too_large",
            )
        return replaced


def with_variables(document: dict[str, Json], variables: Mapping[str, str], findings: Findings) -> dict[str, Json]:
    """The document with its variables replaced; those that are unknown are named in `findings`. Raises `TooLargeError`."""
    replaced = _Replacing(variables, findings).value(document, "")
    for path, names in findings.unknown_variables.items():
        reason = f"not read, because {_listed(names)} not in TOUCHSTONE_VARIABLES; add it there, or write the value"
        findings.cannot_execute(path, cut(" ".join(f"${{{name}}}" for name in names), 120), reason)
    return replaced if isinstance(replaced, dict) else document


def unknown_below(path: str, findings: Findings) -> str:
    """Why what stands at `path` is not read, for a sentence; empty where it holds no unknown variable."""
    names = [
        name
        for place, found in findings.unknown_variables.items()
        for name in found
        if place == path or place.startswith((f"{path}.", f"{path}["))
    ]
    return f"{_listed(names)} not in TOUCHSTONE_VARIABLES" if names else ""


def with_unknown_named(expectations: Iterable[Expectation], findings: Findings) -> list[Expectation]:
    """The expectations; each that holds an unknown variable says so in its `meta`, and comes out as an error when it is run."""
    if not findings.unknown_variables:
        return list(expectations)
    return [
        replace(one, meta={**one.meta, UNKNOWN_VARIABLES: why}) if (why := _unknown_of(one, findings)) else one
        for one in expectations
    ]


def _unknown_of(expectation: Expectation, findings: Findings) -> str:
    path = expectation.meta.get("path")
    holds_one = _VARIABLE.search(json.dumps(dict(expectation.kwargs))) is not None
    return unknown_below(path, findings) if holds_one and isinstance(path, str) else ""


def _listed(names: list[str]) -> str:
    unique = list(dict.fromkeys(names))
    return f"the variable {unique[0]} is" if len(unique) == 1 else f"the variables {', '.join(unique)} are"
