"""The drawings of the desk: what they say in words, what they draw, and that nothing from outside gets into them."""

import re
from datetime import UTC, date, datetime
from xml.etree import ElementTree as ET

import pytest

from catalog.rules.vocabulary import Sensitivity
from trust.decisions.queries.denials import Denials
from trust.desk.pages.desk import denial_lines, matrix_of, trend_of
from trust.desk.queries.desk import VerdictCount
from trust.presentation.pages.charts import NARROWEST, WIDTH, Part, Point, bar, curve, stacked_bar
from trust.verdicts.queries.trend import Day
from trust.vocabulary import VerdictStatus

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
EVIL = '"><script>alert(1)</script>&'


def parsed(drawing: str) -> ET.Element:
    """Well-formed as XML, so that a browser cannot read it as something else."""
    return ET.fromstring(drawing)  # noqa: S314  (our own drawing)


def widths(drawing: str) -> list[float]:
    return [float(rect.attrib["width"]) for rect in parsed(drawing).iter("rect")]


def test_a_drawing_says_in_words_what_it_shows() -> None:
    drawn = parsed(
        stacked_bar("Internal", [Part(3, "Good", "good"), Part(0, "Bad", "bad"), Part(1, "Unknown", "unsure")], longest=8)
    )
    assert drawn.attrib["role"] == "img"
    assert "chart" not in drawn.attrib["class"].split()  # a script of the admin takes what is called so for a canvas
    assert drawn.find("title") is not None
    assert [element.text for element in drawn if element.tag in {"title", "desc"}] == [
        "Internal",
        "4 in all: 3 good, 1 unknown.",
    ]
    assert drawn.attrib["aria-label"] == "Internal: 4 in all: 3 good, 1 unknown."


@pytest.mark.parametrize(
    "drawn",
    [
        stacked_bar(EVIL, [Part(1, EVIL, EVIL)], longest=1),
        bar(EVIL, 1, longest=2, tone=EVIL),
        curve(EVIL, [Point(0, 1, EVIL), Point(1, 2, EVIL)], unit=EVIL),
    ],
)
def test_texts_are_escaped_whatever_they_hold(drawn: str) -> None:
    assert "<script" not in drawn
    assert "script" not in {element.tag for element in parsed(drawn).iter()}


def test_a_bar_is_as_long_as_its_sum_against_the_longest() -> None:
    drawn = widths(stacked_bar("x", [Part(30, "a", "good"), Part(10, "b", "bad")], longest=80))
    assert sum(drawn) + 2 * 3 == pytest.approx(WIDTH / 2, abs=0.1)
    assert drawn[0] > 2 * drawn[1]


def test_a_part_of_very_little_is_still_seen_and_one_of_nothing_is_not_drawn() -> None:
    drawn = widths(
        stacked_bar("x", [Part(1_000_000, "a", "good"), Part(1, "b", "bad"), Part(0, "c", "unsure")], longest=1_000_001)
    )
    assert len(drawn) == 2
    assert drawn[1] >= NARROWEST - 3.1


@pytest.mark.parametrize("parts", [[], [Part(0, "a", "good")]])
def test_a_bar_of_nothing_says_so(parts: list[Part]) -> None:
    drawn = stacked_bar("x", parts, longest=0)
    assert widths(drawn) == []
    assert "0 in all: nothing." in drawn


def test_a_single_bar_is_measured_against_all() -> None:
    assert widths(bar("x", 25, longest=100)) == [WIDTH / 4]
    assert widths(bar("x", 1, longest=1_000_000)) == [NARROWEST]
    assert widths(bar("x", 0, longest=10)) == [0]
    assert widths(bar("x", 0, longest=0)) == [0]


def test_a_curve_goes_from_left_to_right_and_tells_its_course() -> None:
    drawn = curve("Share", [Point(0, 50, "1 Nov"), Point(0.5, 10, "2 Nov"), Point(1, 99.9, "3 Nov")])
    line = next(element for element in parsed(drawn).iter("polyline"))
    assert line.attrib["points"] == "0,50 500,90 1000,0.1"
    assert "From 50% (1 Nov) to &gt;99% (3 Nov); lowest 10% (2 Nov), highest &gt;99% (3 Nov)." in drawn


def test_a_curve_of_one_point_and_of_none() -> None:
    assert "100% (today)." in curve("Share", [Point(1, 100, "today")])
    assert curve("Share", []) == ""


def test_nothing_is_loaded_from_anywhere_and_nothing_runs() -> None:
    drawn = stacked_bar("x", [Part(1, "a", "good")], longest=1) + bar("x", 1, longest=1) + curve("x", [Point(0, 1, "y")])
    assert not re.search(r"href|url\(|style=|on\w+=|http", drawn)


def test_the_matrix_has_the_most_sensitive_first_and_every_verdict_as_a_column() -> None:
    matrix = matrix_of(
        [
            VerdictCount(Sensitivity.PUBLIC, VerdictStatus.PRODUCTION_GRADE, 3),
            VerdictCount(Sensitivity.RESTRICTED, VerdictStatus.UNKNOWN, 1),
            VerdictCount(None, VerdictStatus.NOT_PRODUCTION_GRADE, 2),
        ]
    )
    assert [(row.title, [cell.amount for cell in row.cells], row.total.amount) for row in matrix.rows] == [
        ("Unclassified", [0, 2, 0], 2),
        ("Restricted", [0, 0, 1], 1),
        ("Public", [3, 0, 0], 3),
    ]
    assert [cell.amount for cell in matrix.totals.cells] == [3, 2, 1]
    assert (matrix.products, matrix.good.amount, matrix.share) == (6, 3, 50)
    assert matrix.rows[2].cells[0].query == {
        "lifecycle__in": "published,deprecated",
        "sensitivity__exact": "public",
        "verdict": "production_grade",
    }


def test_no_products_have_no_share_and_no_trend() -> None:
    matrix = matrix_of([])
    assert (matrix.products, matrix.share, matrix.rows) == (0, None, ())
    assert trend_of([], matrix, NOW) is None


def test_the_trend_ends_today_and_says_by_how_much_it_changed() -> None:
    matrix = matrix_of(
        [VerdictCount(Sensitivity.PUBLIC, VerdictStatus.PRODUCTION_GRADE, 3), VerdictCount(None, VerdictStatus.UNKNOWN, 1)]
    )
    trend = trend_of([Day(date(2026, 11, 13), 1, 1, 0)], matrix, NOW)
    assert trend is not None
    assert (trend.starts, trend.ends, trend.change) == (date(2026, 11, 13), date(2026, 11, 23), 25)
    assert trend.days[0] == Day(date(2026, 11, 23), 3, 0, 1)
    assert "From 50% (13 Nov 2026) to 75% (23 Nov 2026)" in trend.drawn


def test_the_table_of_the_trend_has_a_row_a_week_from_today_back() -> None:
    matrix = matrix_of([VerdictCount(Sensitivity.PUBLIC, VerdictStatus.PRODUCTION_GRADE, 1)])
    trend = trend_of([Day(date(2026, 11, day), 1, 0, 0) for day in range(1, 23)], matrix, NOW)
    assert trend is not None
    assert [day.day.day for day in trend.days] == [23, 16, 9, 2]


def test_denials_have_words_and_bars_of_their_share() -> None:
    lines = denial_lines(Denials(10, 4, False, (("no_agreement", 4), ("score_too_low", 1))))
    assert [(line.title, line.amount) for line in lines] == [("no agreement", "4"), ("score too low", "1")]
    assert [widths(line.drawn) for line in lines] == [[WIDTH], [WIDTH / 4]]
