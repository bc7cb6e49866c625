"""How the data of a port is written: what a reader has to know beside its place and its types."""

import codecs
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from catalog.rules.date_formats import read_format

NO_QUOTE = "none"
DECIMAL_SIGNS = (".", ",")
SLICES = ("all", "newest")
_ENCODINGS = {
    *("ascii", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "koi8-r", "koi8-u", "mac-roman"),
    *("shift_jis", "cp932", "euc_jp", "gb2312", "gbk", "gb18030", "big5", "euc_kr", "cp949", "tis-620"),
    *(f"iso8859-{part}" for part in range(1, 17) if part != 12),
    *(f"cp{page}" for page in (437, 737, 775, 850, 852, 855, 857, 858, 860, 861, 862, 863, 865, 866, 869, 874)),
    *(f"cp{page}" for page in range(1250, 1259)),
}
"""Names of Python's codecs that only decode. Others of Python's do more, such as to unpack."""


@dataclass(frozen=True, slots=True)
class FieldReading:
    """format: a pattern of the JDK, for dates and times in text. time_zone: of timestamps that say none (IANA name).

    null_values: texts that mean no value in this field only.
    """

    format: str = ""
    time_zone: str = ""
    null_values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """What is empty is not declared. quote: `none` where no value is quoted. sheet: of an Excel file; the first by default.

    partition: the field that tells parts of the data apart; slice: `newest` where only its newest part is looked at.
    """

    delimiter: str = ""
    quote: str = ""
    encoding: str = ""
    decimal_sign: str = ""
    sheet: str = ""
    partition: str = ""
    slice: str = ""
    fields: Mapping[str, FieldReading] = field(default_factory=dict)

    def __str__(self) -> str:
        return ", ".join(f"{name} {text}" for name, text in shown_reading(self).items())

    def of(self, name: str) -> FieldReading:
        """How one field is written."""
        return self.fields.get(name, FieldReading())


UNDECLARED = Reading()


def shown_reading(reading: Reading) -> dict[str, str]:
    """What is declared, by name, as text for people."""
    plain = {name: value for name, value in asdict(reading).items() if name != "fields"}
    shown = {name.replace("_", " "): repr(text) for name, text in plain.items() if text}
    for name, one in sorted(reading.fields.items()):
        said = [f"format {one.format!r}"] * bool(one.format) + [f"time zone {one.time_zone}"] * bool(one.time_zone)
        said += [f"missing values {', '.join(map(repr, one.null_values))}"] * bool(one.null_values)
        if said:
            shown[f"reading of {name}"] = ", ".join(said)
    return shown


def stored_reading(reading: Reading) -> dict[str, Any]:
    """Plain JSON of what is declared, for the column that keeps it; empty where nothing is."""
    plain = {name: value for name, value in asdict(reading).items() if value}
    plain["fields"] = {
        name: {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(one).items() if value}
        for name, one in reading.fields.items()
        if one != FieldReading()
    }
    return plain if plain["fields"] else {name: value for name, value in plain.items() if name != "fields"}


def reading_of(stored: Mapping[str, Any]) -> Reading:
    """The reading that `stored_reading` stored."""
    fields = {
        name: FieldReading(one.get("format", ""), one.get("time_zone", ""), tuple(one.get("null_values", ())))
        for name, one in stored.get("fields", {}).items()
    }
    return Reading(**{name: value for name, value in stored.items() if name != "fields"}, fields=fields)


def codec_of(encoding: str) -> str:
    """Python's name of a character encoding. Raises ValueError for one that is not known, or that is none of characters."""
    try:
        name = codecs.lookup(encoding.strip()).name
    except (LookupError, ValueError):
        name = ""
    if name not in _ENCODINGS:
        raise ValueError(f"the encoding '{encoding[:50]}' is not known")
    return name


def reading_faults(reading: Reading) -> Iterator[tuple[str, str]]:
    """(name, what is wrong with it) for each value that cannot be honoured; a field's as `fields.NAME.format`."""
    if reading.delimiter and (
        len(reading.delimiter) != 1 or reading.delimiter in "\r\n\"'\0\ufeff" or reading.delimiter.isalnum()
    ):
        yield "delimiter", f"'{reading.delimiter[:20]}' is not one character between values, such as ; or |"
    if reading.quote and reading.quote not in {NO_QUOTE, '"', "'", "`", "|", "~", "^"}:
        yield "quote", f"'{reading.quote[:20]}' is not read as a quote; give one such as \" or ', or none"
    if reading.quote and reading.quote == reading.delimiter:
        yield "quote", "is the delimiter too"
    if reading.encoding:
        try:
            codec_of(reading.encoding)
        except ValueError as error:
            yield "encoding", str(error)
    if reading.decimal_sign and reading.decimal_sign not in DECIMAL_SIGNS:
        yield "decimal_sign", f"'{reading.decimal_sign[:20]}' is neither a point nor a comma"
    if reading.slice and reading.slice not in SLICES:
        yield "slice", f"'{reading.slice[:20]}' is neither all nor newest"
    if reading.slice == "newest" and not reading.partition:
        yield "slice", "newest needs the partition field that says which is the newest"
    for name, one in reading.fields.items():
        if one.format:
            try:
                read_format(one.format)
            except ValueError as error:
                yield f"fields.{name}.format", f"'{one.format[:100]}' cannot be read: {error}"
        if one.time_zone and not is_time_zone(one.time_zone):
            yield f"fields.{name}.time_zone", f"'{one.time_zone[:50]}' is not a time zone, such as Europe/Berlin"


def is_time_zone(name: str) -> bool:
    """Whether it is a name of the IANA database."""
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        return False
    return True
