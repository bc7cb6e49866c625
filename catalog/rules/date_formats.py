"""Patterns of the JDK's DateTimeFormatter, in which ODCS writes how dates and times are spelled. No locale but English.

`read_format` takes a pattern apart; what it cannot read exactly is refused by name, so that it can be reported.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

_LONGEST = 100
_MONTHS = ["january", "february", "march", "april", "may", "june"]
_MONTHS += ["july", "august", "september", "october", "november", "december"]
_DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_RUN = re.compile(r"'(?:[^']|'')*'|([A-Za-z])\1*|.", re.DOTALL)


class DatePart(StrEnum):
    YEAR = "year"
    SHORT_YEAR = "short year"
    MONTH = "month"
    MONTH_NAME = "month name"
    DAY = "day"
    HOUR = "hour"
    HOUR_OF_HALF = "hour of the half day"
    HALF = "half of the day"
    MINUTE = "minute"
    SECOND = "second"
    FRACTION = "fraction"
    OFFSET = "offset"


@dataclass(frozen=True, slots=True)
class DateFormat:
    """regex: what the whole text must match, without anchors, in the syntax of RE2; group n holds `parts[n - 1]`."""

    regex: str
    parts: tuple[DatePart, ...]

    @property
    def has_date(self) -> bool:
        return (
            self._has(DatePart.YEAR, DatePart.SHORT_YEAR)
            and self._has(DatePart.MONTH, DatePart.MONTH_NAME)
            and self._has(DatePart.DAY)
        )

    @property
    def has_time(self) -> bool:
        return self._has(DatePart.HOUR) or (self._has(DatePart.HOUR_OF_HALF) and self._has(DatePart.HALF))

    def _has(self, *parts: DatePart) -> bool:
        return any(part in self.parts for part in parts)


def read_format(pattern: str) -> DateFormat:
    """The pattern taken apart. Raises ValueError, whose text says which part of it cannot be read."""
    if not pattern or len(pattern) > _LONGEST:
        raise ValueError(f"a format has 1 to {_LONGEST} characters")
    regex, parts, open_sections = "", list[DatePart](), 0
    for match in _RUN.finditer(pattern):
        text = match[0]
        if text == "[":
            regex, open_sections = regex + "(?:", open_sections + 1
        elif text == "]":
            if not open_sections:
                raise ValueError("it closes an optional section that is not open")
            regex, open_sections = regex + ")?", open_sections - 1
        elif match[1]:
            piece, part = _letters(text)
            regex += piece
            if part is not None:
                if part in parts:
                    raise ValueError(f"it holds the {part} twice")
                parts.append(part)
        elif text == "'":
            raise ValueError("a quote in it is not closed")
        elif text in {"{", "}", "#"}:
            raise ValueError(f"'{text}' is reserved")
        else:
            regex += _literal("'" if text == "''" else text[1:-1].replace("''", "'") if len(text) > 1 else text)
    if open_sections:
        raise ValueError("an optional section of it is not closed")
    return DateFormat(regex, tuple(parts))


def _letters(run: str) -> tuple[str, DatePart | None]:  # noqa: PLR0911  # one return for each letter
    letter, size = run[0], len(run)
    digits = f"([0-9]{{{size}}})" if size > 1 else "([0-9]{1,2})"
    numbers = {"d": DatePart.DAY, "H": DatePart.HOUR, "m": DatePart.MINUTE, "s": DatePart.SECOND}
    if letter in "yu" and size in {1, 2, 4}:
        return ("([0-9]{2})", DatePart.SHORT_YEAR) if size == 2 else ("([0-9]{4})", DatePart.YEAR)
    if letter in "ML" and size <= 4:
        if size <= 2:
            return digits, DatePart.MONTH
        names = [name[:3] if size == 3 else name for name in _MONTHS]
        return f"((?i:{'|'.join(names)}))", DatePart.MONTH_NAME
    if letter in numbers and size <= 2:
        return digits, numbers[letter]
    if letter == "h" and size <= 2:
        return ("(0[1-9]|1[0-2])" if size > 1 else "(1[0-2]|0?[1-9])"), DatePart.HOUR_OF_HALF
    if letter == "a" and size == 1:
        return "((?i:am|pm))", DatePart.HALF
    if letter == "S" and size <= 9:
        return f"([0-9]{{{size}}})", DatePart.FRACTION
    if letter == "E" and size <= 4:
        return f"(?i:{'|'.join(name if size == 4 else name[:3] for name in _DAYS)})", None
    offsets = {
        "X": "(Z|[+-][0-9]{2}(?:[0-9]{2})?)",
        "XX": "(Z|[+-][0-9]{4})",
        "XXX": "(Z|[+-][0-9]{2}:[0-9]{2})",
        "x": "([+-][0-9]{2}(?:[0-9]{2})?)",
        "xx": "([+-][0-9]{4})",
        "xxx": "([+-][0-9]{2}:[0-9]{2})",
        "Z": "([+-][0-9]{4})",
        "ZZ": "([+-][0-9]{4})",
        "ZZZ": "([+-][0-9]{4})",
        "ZZZZZ": "(Z|[+-][0-9]{2}:[0-9]{2})",
    }
    if run in offsets:
        return offsets[run], DatePart.OFFSET
    if run == "T":
        return "T", None  # the JDK wants it in quotes, and nearly nobody writes them
    raise ValueError(f"'{run}' in it is not read")


def _literal(text: str) -> str:
    return "".join(letter if letter.isalnum() else f"\\x{{{ord(letter):x}}}" for letter in text)
