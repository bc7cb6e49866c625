"""Dates and times that a text file spells, as SQL of DuckDB: NULL for a text that spells none. Nothing is filled up."""

from catalog.rules.date_formats import DateFormat, DatePart, read_format
from catalog.rules.reading import FieldReading
from catalog.rules.vocabulary import LogicalType
from trust.evidence.engines.gx.quoting import quoted_list, quoted_text

TEMPORAL = {LogicalType.DATE: "DATE", LogicalType.TIMESTAMP: "TIMESTAMP", LogicalType.TIME: "TIME"}
ISO_DAY = r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}"
_LAYOUTS = {
    LogicalType.DATE: ISO_DAY + r"\z",
    LogicalType.TIMESTAMP: ISO_DAY,
    LogicalType.TIME: r"\A[0-9]{2}:[0-9]{2}",
}
_HAS_ZONE = r"[0-9]{2}:[0-9]{2}.*([Zz]|[+-][0-9]{2}(:?[0-9]{2})?|[A-Za-z]{3,}(/[A-Za-z_/+-]+)?)\s*\z"
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]


def is_readable_format(declared: LogicalType, reading: FieldReading) -> bool:
    """Whether its format says all that the declared type needs."""
    written = read_format(reading.format)
    return written.has_time if declared is LogicalType.TIME else written.has_date


def temporal_value(text: str, declared: LogicalType, reading: FieldReading) -> str:
    """SQL of the date, time or moment (UTC, without a zone) that `text` spells: by its format, else as ISO 8601."""
    if reading.format and is_readable_format(declared, reading):
        return _by_format(text, declared, read_format(reading.format), reading.time_zone)
    cast = f"TRY_CAST({text} AS {TEMPORAL[declared]})"
    if declared is LogicalType.TIMESTAMP:
        cast = f"CAST(TRY_CAST({text} AS TIMESTAMPTZ) AS TIMESTAMP)"
        if reading.time_zone:
            local = _in_utc(f"TRY_CAST({text} AS TIMESTAMP)", reading.time_zone)
            cast = f"CASE WHEN regexp_matches({text}, {quoted_text(_HAS_ZONE)}) THEN {cast} ELSE {local} END"
    return f"CASE WHEN regexp_matches({text}, {quoted_text(_LAYOUTS[declared])}) THEN {cast} END"


def _in_utc(local: str, zone: str) -> str:
    return f"timezone('UTC', timezone({quoted_text(zone)}, {local}))"


def _by_format(text: str, declared: LogicalType, written: DateFormat, zone: str) -> str:
    regex = quoted_text(f"\\A(?:{written.regex})\\z")
    names = [part.name.lower() for part in written.parts]
    found = f"regexp_extract({text}, {regex}, {quoted_list(names)})"

    def piece(part: DatePart, default: str = "00") -> str:
        if part not in written.parts:
            return quoted_text(default)
        return f"coalesce(nullif({found}.{part.name.lower()}, ''), {quoted_text(default)})"

    year = piece(DatePart.YEAR) if DatePart.YEAR in written.parts else f"'20' || {piece(DatePart.SHORT_YEAR)}"
    month = f"lpad({piece(DatePart.MONTH)}, 2, '0')"
    if DatePart.MONTH_NAME in written.parts:
        name = f"lower(substr({piece(DatePart.MONTH_NAME)}, 1, 3))"
        month = f"lpad(CAST(list_position({quoted_list(_MONTHS)}, {name}) AS VARCHAR), 2, '0')"
    day = f"{year} || '-' || {month} || '-' || lpad({piece(DatePart.DAY)}, 2, '0')"
    hour = f"lpad({piece(DatePart.HOUR)}, 2, '0')"
    if DatePart.HOUR_OF_HALF in written.parts:
        half = f"CASE WHEN lower({piece(DatePart.HALF)}) = 'pm' THEN 12 ELSE 0 END"
        hour = f"lpad(CAST(TRY_CAST({piece(DatePart.HOUR_OF_HALF)} AS INTEGER) % 12 + {half} AS VARCHAR), 2, '0')"
    clock = f"{hour} || ':' || lpad({piece(DatePart.MINUTE)}, 2, '0') || ':' || lpad({piece(DatePart.SECOND)}, 2, '0')"
    if DatePart.FRACTION in written.parts:
        clock += f" || '.' || {piece(DatePart.FRACTION, '0')}"
    if declared is LogicalType.TIME:
        value = f"TRY_CAST({clock} AS TIME)"
    elif declared is LogicalType.DATE:
        value = f"TRY_CAST({day} AS DATE)"
    else:
        value = f"TRY_CAST({day} || ' ' || {clock} AS TIMESTAMP)"
        local = _in_utc(value, zone) if zone else value
        value = local
        if DatePart.OFFSET in written.parts:
            offset = f"replace({found}.offset, 'Z', '+00:00')"
            moment = f"CAST(TRY_CAST({day} || ' ' || {clock} || {offset} AS TIMESTAMPTZ) AS TIMESTAMP)"
            value = f"CASE WHEN {found}.offset = '' THEN {local} ELSE {moment} END"
    return f"CASE WHEN regexp_matches({text}, {regex}) THEN {value} END"
