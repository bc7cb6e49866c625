"""Service levels: how old the newest value of a port's time column may be. Every other promise is named as kept, not judged."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from open_data_contract_standard.model import OpenDataContractStandard, ServiceLevelAgreementProperty

from catalog.contracts.findings import Findings
from catalog.contracts.objects import ObjectPlace, find_object
from catalog.rules.limits import LONGEST_SERVICE_LEVEL

# In this order: the first that a port has counts. `freshness` is what some tools write for latency.
_AGES = ("freshness", "latency", "frequency")
# The standard's synonyms; its names are case-insensitive. All others are kept, and none of them can be told from the data.
_SYNONYMS = {"ly": "latency", "fy": "frequency"}
_UNITS = {
    timedelta(seconds=1): ("s", "sec", "second", "seconds"),
    timedelta(minutes=1): ("min", "minute", "minutes"),
    timedelta(hours=1): ("h", "hr", "hour", "hours"),
    timedelta(days=1): ("d", "day", "days"),
    timedelta(weeks=1): ("w", "wk", "week", "weeks"),
    timedelta(days=365): ("y", "yr", "year", "years"),
}
_UNIT_OF = {word: unit for unit, words in _UNITS.items() for word in words}


@dataclass(frozen=True, slots=True)
class ServiceLevel:
    """The newest value of `time_column` may be `age` old."""

    time_column: str
    age: timedelta


def read_service_levels(
    contract: OpenDataContractStandard, places: Mapping[str, ObjectPlace], findings: Findings
) -> dict[str, ServiceLevel]:
    """Service level by port. A port with several keeps freshness before latency before frequency; the others are reported."""
    found: dict[str, tuple[int, str, ServiceLevel]] = {}
    for position, promise in enumerate(contract.slaProperties or ()):
        path = f"slaProperties[{position}]"
        name = (promise.property or "").strip()
        rule = f"{name} {promise.value} {promise.unit or ''}".strip()
        plain = _SYNONYMS.get(name.lower(), name.lower())
        if plain not in _AGES:
            findings.cannot_execute(path, rule, "kept, not evaluated: only latency, freshness and frequency are")
            continue
        rank = _AGES.index(plain)
        try:
            ports = _levels(promise, contract.slaDefaultElement, places)
        except ValueError as error:
            findings.cannot_execute(path, rule, f"kept, not evaluated: {error}")
            continue
        for port, level in ports:
            if port in found:
                other = path if found[port][0] <= rank else found[port][1]
                findings.cannot_execute(other, f"{rule} of {port}", "kept, not evaluated: another one of this port counts")
            if port not in found or rank < found[port][0]:
                found[port] = (rank, path, level)
    return {port: level for port, (_, _, level) in found.items()}


def _levels(
    promise: ServiceLevelAgreementProperty, default_element: str | None, places: Mapping[str, ObjectPlace]
) -> list[tuple[str, ServiceLevel]]:
    """(port, level) for each element that the promise names. Raises ValueError with the reason why it cannot be judged."""
    value = promise.value
    try:
        number = float(value) if not isinstance(value, bool) and value is not None else 0.0
    except ValueError:
        number = 0.0
    if not 0 < number < 1_000_000:
        raise ValueError(f"its value {value!r} is not a number of units")
    unit = _UNIT_OF.get((promise.unit or "").strip().lower())
    if unit is None:
        known = ", ".join(words[0] for words in _UNITS.values())
        raise ValueError(f"its unit '{promise.unit or ''}' has no fixed length; known are {known} (a year counts 365 days)")
    if number * unit > LONGEST_SERVICE_LEVEL:
        raise ValueError(f"it is longer than {LONGEST_SERVICE_LEVEL.days:,} days, so no data would ever be too old")
    elements = [one.strip() for one in (promise.element or default_element or "").split(",") if one.strip()]
    if not elements:
        raise ValueError("it names no element such as table.column, so the age of the data is unknown")
    return [(port, ServiceLevel(column, number * unit)) for port, column in (_column(one, places) for one in elements)]


def _column(element: str, places: Mapping[str, ObjectPlace]) -> tuple[str, str]:
    table, dot, name = element.rpartition(".")
    place = find_object(places, table) if dot else next(iter(places.values())) if len(places) == 1 else None
    column = place.find_column(name) if place is not None else None
    if place is None or column is None:
        raise ValueError(f"there is no column '{element}' in this contract")
    return place.port, column
