"""What a permitted consumer must do: mask fields, have a person look, pass nothing on, delete in time, or a free short name.

Written as a short name (`cite-source`, `human_review`) or as an object with `type`; always answered as an object.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from catalog.rules.vocabulary import Sensitivity

MASK_FIELDS = "mask_fields"
HUMAN_REVIEW = "human_review"
NO_ONWARD_SHARING = "no_onward_sharing"
DELETE_AFTER = "delete_after"
MOST_DAYS = 36_500
MOST_FIELDS = 500
_SHORT_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_SETTINGS = {MASK_FIELDS: {"fields", "minimum_sensitivity"}, DELETE_AFTER: {"days"}}


class InvalidObligationError(ValueError):
    """An obligation that cannot be stored. The message says what it may be."""


@dataclass(frozen=True, slots=True)
class Obligation:
    """One duty. `type` is `mask_fields`, `human_review`, `no_onward_sharing`, `delete_after` or a free short name.

    fields, minimum_sensitivity: which fields to mask: these, or those at least that sensitive. days: delete after so many.
    """

    type: str
    fields: tuple[str, ...] = ()
    minimum_sensitivity: Sensitivity | None = None
    days: int | None = None

    def as_object(self) -> dict[str, Any]:
        """As it is answered: an object with `type` and the settings that are given."""
        given: dict[str, Any] = {"type": self.type}
        if self.fields:
            given["fields"] = list(self.fields)
        if self.minimum_sensitivity is not None:
            given["minimum_sensitivity"] = self.minimum_sensitivity.value
        if self.days is not None:
            given["days"] = self.days
        return given

    def as_text(self) -> str:
        """Canonical JSON of the object: the same for equal obligations, and another one for the same with other numbers."""
        return json.dumps(self.as_object(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    def as_written(self) -> str | dict[str, Any]:
        """As it is stored: the short name where there is nothing more to say. The same for equal obligations."""
        given = self.as_object()
        return self.type if len(given) == 1 else given


def obligation_from_json(value: object) -> Obligation:
    """The obligation that a short name or an object describes. Raises `InvalidObligationError`, for unknown settings too."""
    given = {"type": value} if isinstance(value, str) else value
    if not isinstance(given, Mapping):
        raise InvalidObligationError(f"{value!r} is neither a short name nor an object with `type`")
    kind = given.get("type")
    if not isinstance(kind, str) or _SHORT_NAME.fullmatch(kind) is None:
        shown = repr(kind)[:80]
        raise InvalidObligationError(f"{shown} is not a short name of lower-case letters, digits, dots, dashes and underscores")
    known = _SETTINGS.get(kind, set())
    if unknown := sorted(str(name) for name in set(given) - {"type"} - known):
        takes = ", ".join(sorted(known)) or "no settings"
        raise InvalidObligationError(f"{kind} has the unknown settings {', '.join(unknown)}; it takes {takes}")
    if kind == MASK_FIELDS:
        return _mask_fields(given)
    if kind == DELETE_AFTER:
        return Obligation(kind, days=_days(given.get("days")))
    return Obligation(kind)


def sorted_obligations(obligations: Iterable[Obligation]) -> list[Obligation]:
    """Without repetition, in an order that does not depend on how they came."""
    return sorted(set(obligations), key=lambda one: json.dumps(one.as_object(), sort_keys=True))


def _mask_fields(given: Mapping[str, Any]) -> Obligation:
    fields, level = given.get("fields"), given.get("minimum_sensitivity")
    if (fields is None) == (level is None):
        raise InvalidObligationError(f"{MASK_FIELDS} needs either `fields` or `minimum_sensitivity`")
    if level is not None:
        if level not in list(Sensitivity):
            raise InvalidObligationError(f"minimum_sensitivity of {MASK_FIELDS} must be one of {', '.join(Sensitivity)}")
        return Obligation(MASK_FIELDS, minimum_sensitivity=Sensitivity(level))
    is_list = isinstance(fields, list | tuple) and 0 < len(fields) <= MOST_FIELDS
    if not is_list or not all(isinstance(name, str) and 0 < len(name) <= 200 and name.isprintable() for name in fields or ()):
        raise InvalidObligationError(f"`fields` of {MASK_FIELDS} must be a list of 1 to {MOST_FIELDS} names of fields")
    return Obligation(MASK_FIELDS, fields=tuple(sorted(set(fields or ()))))


def _days(days: object) -> int:
    if not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= MOST_DAYS:
        raise InvalidObligationError(f"`days` of {DELETE_AFTER} must be a whole number from 1 to {MOST_DAYS:,}")
    return days
