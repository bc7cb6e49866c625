"""What honest tables are made of."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

Rows = dict[str, list[Any]]
START = datetime(2026, 1, 1)  # noqa: DTZ001

FIRST = [
    "Ada",
    "Grace",
    "Alan",
    "Edsger",
    "Barbara",
    "Donald",
    "Margaret",
    "John",
    "Frances",
    "Ken",
    "Radia",
    "Tim",
    "Anita",
    "Niklaus",
]
LAST = [
    "Lovelace",
    "Hopper",
    "Turing",
    "Dijkstra",
    "Liskov",
    "Knuth",
    "Hamilton",
    "Backus",
    "Allen",
    "Thompson",
    "Perlman",
    "O'Neil",
    "Wirth",
    "Müller",
    "Meyer-Wolf",
]
STREETS = [
    "Main Street",
    "Station Road",
    "Church Lane",
    "Mill Road",
    "High Street",
    "Park Avenue",
    "Queens Road",
    "Victoria Street",
]
CITIES = {
    "Berlin": "10115",
    "Hamburg": "20095",
    "Dresden": "01067",
    "Leipzig": "04109",
    "Munich": "80331",
    "Cologne": "50667",
    "Rostock": "18055",
}
WORDS = [
    "delivery",
    "parcel",
    "arrived",
    "late",
    "damaged",
    "customer",
    "asked",
    "refund",
    "product",
    "quality",
    "excellent",
    "battery",
    "weak",
    "screen",
    "bright",
    "packaging",
    "missing",
    "invoice",
    "support",
    "answered",
    "quickly",
    "friendly",
    "service",
    "again",
    "order",
    "wrong",
    "colour",
    "replaced",
    "without",
    "charge",
    "material",
    "strong",
    "handle",
    "broken",
    "easy",
    "install",
    "manual",
    "difficult",
    "understand",
    "recommended",
    "friends",
    "price",
    "reasonable",
    "shipping",
    "expensive",
    "overall",
    "happy",
]


@dataclass(frozen=True)
class Targets:
    """Columns that a defect may be put into, by defect; a kind that is left out does not apply."""

    full: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    key: str = ""
    formats: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    time: str = ""
    group: str = ""


@dataclass(frozen=True)
class HonestTable:
    name: str
    make: Callable[[random.Random, int], Rows]
    targets: Targets = field(default_factory=Targets)


def sentence(rng: random.Random, low: int = 5, high: int = 25) -> str:
    words = [rng.choice(WORDS) for _ in range(rng.randint(low, high))]
    return " ".join(words).capitalize() + "."


def moments(rng: random.Random, rows: int, days: int) -> list[datetime]:
    return sorted(START + timedelta(seconds=rng.randrange(days * 86_400)) for _ in range(rows))


def some(rng: random.Random, share: float, value: Any) -> Any:
    return value if rng.random() < share else None


def seeded(seed: int | str) -> random.Random:
    return random.Random(seed)  # noqa: S311  # data for tests, the same each time
