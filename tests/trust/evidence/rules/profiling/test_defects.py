"""Eight defects in twenty tables are named, and honest tables raise no alarm."""

from datetime import datetime, timedelta

import pytest

from tests.honest.measuring import SHARES, measure, profile
from tests.honest.tables import TABLES
from tests.honest.words import HonestTable, seeded
from trust.evidence.rules.profiling.categories import is_near_miss
from trust.evidence.rules.profiling.defects import DefectKind
from trust.evidence.rules.profiling.numbers import outlier_bounds
from trust.evidence.rules.profiling.texts import shape, short_shape


def test_nine_of_ten_defects_are_named_and_fewer_than_one_of_twenty_honest_tables_raises_an_alarm() -> None:
    figures = measure([11], 600)
    assert figures.honest == len(TABLES) == 20
    assert figures.alarms <= 0.05 * figures.honest, figures.remarks
    for share in SHARES:
        named, asked = (sum(counts[kind, share] for kind in DefectKind) for counts in (figures.named, figures.asked))
        assert named >= 0.9 * asked, figures.remarks


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
@pytest.mark.parametrize("rows", [30, 1_000])
def test_honest_tables_of_other_sizes_raise_no_alarm(table: HonestTable, rows: int) -> None:
    assert profile(table.make(seeded(f"size {rows}"), rows), as_text=rows < 100).defects == ()


@pytest.mark.parametrize("draw", ["gauss", "lognormal", "pareto", "exponential", "uniform"])
def test_no_tail_however_heavy_is_made_of_outliers(draw: str) -> None:
    rng = seeded(draw)
    draws = {
        "gauss": lambda: rng.gauss(100, 15),
        "lognormal": lambda: rng.lognormvariate(3, 1.5),
        "pareto": lambda: rng.paretovariate(1.1),
        "exponential": lambda: rng.expovariate(0.1),
        "uniform": lambda: rng.uniform(-5, 5),
    }
    for _ in range(10):
        low, high = outlier_bounds([draws[draw]() for _ in range(2_000)], 2_000)
        assert (low, high) == (float("-inf"), float("inf"))


def test_a_heap_far_out_is_outliers() -> None:
    rng = seeded(1)
    numbers = [rng.gauss(100, 15) for _ in range(1_980)] + [rng.gauss(1_000, 50) for _ in range(20)]
    low, high = outlier_bounds(numbers, 2_000)
    assert low == float("-inf")
    assert 200 < high < 1_000


@pytest.mark.parametrize(
    ("text", "other", "is_miss"),
    [
        ("Berln", "Berlin", True),
        ("berlin ", "Berlin", True),
        ("in_transit", "in transit", True),
        ("shippde", "shipped", True),
        ("USD", "AUD", False),
        ("P1", "P2", False),
        ("male", "female", False),
        ("2024", "2025", False),
    ],
)
def test_near_misses_are_slips_and_not_other_codes(text: str, other: str, *, is_miss: bool) -> None:
    assert is_near_miss(text, other) is is_miss


def test_the_shape_of_a_text() -> None:
    assert (shape("AB-12 cd"), short_shape("AB-12 cd")) == ("AA-99 aa", "A-9 a")


def test_what_another_column_explains_is_no_defect() -> None:
    rng, at = seeded(2), datetime(2026, 1, 1)  # noqa: DTZ001
    status = ["cancelled" if n % 50 == 0 else "flown" for n in range(1_000)]
    rows = {
        "id": list(range(1_000)),
        "status": status,
        "landed": [None if one == "cancelled" else at + timedelta(hours=n) for n, one in enumerate(status)],
        "fare": [9e6 + rng.random() if one == "cancelled" else rng.gauss(90, 9) for one in status],
    }
    assert profile(rows, as_text=False).defects == ()
    rows["status"], rows["fare"] = (rng.sample(rows[name], 1_000) for name in ("status", "fare"))
    kinds = {defect.kind for defect in profile(rows, as_text=False).defects}
    assert kinds == {DefectKind.NULLS, DefectKind.OUTLIERS}
