"""Touchstone's own settings in the `customProperties` of a contract: read by name, with the form of each value checked."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any

from open_data_contract_standard.model import CustomProperty

from catalog.contracts.findings import Findings

PREFIX = "touchstone."

PRODUCT_SETTINGS = frozenset({"slug", "sensitivity", "cadence", "deprecationEndsAt", "inputPorts", "accessPolicies"})
OBJECT_SETTINGS = frozenset(
    {
        *("location", "format", "connection", "server", "timeColumn", "allowEmpty", "nullValues", "schedule"),
        *("delimiter", "quote", "encoding", "decimalSign", "sheet", "partition", "slice"),
    }
)
FIELD_SETTINGS = frozenset({"personal"})
SERVER_SETTINGS = frozenset({"connection"})
QUALITY_SETTINGS = frozenset({"dimension"})


class Settings:
    """The settings of one place in the document. A value of the wrong form is a fault of the document."""

    def __init__(
        self, properties: Iterable[CustomProperty] | None, *, known: frozenset[str], path: str, findings: Findings
    ) -> None:
        self._findings = findings
        self._values: dict[str, tuple[str, Any]] = {}
        for position, entry in enumerate(properties or ()):
            place = f"{path}.customProperties[{position}]" if path else f"customProperties[{position}]"
            name = entry.property or ""
            if not name.lower().startswith(PREFIX):
                continue
            key = name[len(PREFIX) :]
            if key not in known:
                near = get_close_matches(key, known, n=1)
                hint = f"Did you mean {near[0]}?" if near else f"Known settings are {', '.join(sorted(known))}."
                findings.warn(place, f"Unknown setting '{name}' here. {hint}")
            elif key in self._values:
                findings.fault(place, f"'{name}' is given twice")
            else:
                self._values[key] = (place, entry.value)

    def path(self, key: str) -> str:
        """Where the setting stands."""
        return self._values[key][0]

    def get(self, key: str) -> Any:
        """The value as it stands; None where it is not given."""
        return self._values.get(key, ("", None))[1]

    def text(self, key: str, *, strip: bool = True) -> str:
        """The value as text, by default without outer blanks; empty where it is not given."""
        value = self.get(key)
        if value is None or isinstance(value, str):
            return (value or "").strip() if strip else value or ""
        self._wrong(key, "text")
        return ""

    def flag(self, key: str) -> bool:
        """The value as true or false; false where it is not given."""
        value = self.get(key)
        if value is None or isinstance(value, bool):
            return bool(value)
        self._wrong(key, "true or false")
        return False

    def texts(self, key: str) -> tuple[str, ...] | None:
        """The value as texts; None where it is not given."""
        value = self.get(key)
        if value is None:
            return None
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            return tuple(value)
        self._wrong(key, "a list of texts")
        return None

    def mappings(self, key: str) -> Sequence[tuple[str, dict[str, Any]]]:
        """(path, mapping) for each entry of a list of mappings; nothing where it is not given."""
        value = self.get(key)
        if value is None:
            return ()
        if isinstance(value, list) and all(isinstance(one, dict) for one in value):
            return [(f"{self.path(key)}.value[{position}]", one) for position, one in enumerate(value)]
        self._wrong(key, "a list of mappings")
        return ()

    def _wrong(self, key: str, form: str) -> None:
        self._findings.fault(self.path(key), f"'{PREFIX}{key}' must be {form}")
