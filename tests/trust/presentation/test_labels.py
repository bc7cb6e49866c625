"""How pages put judgement into words and drawings."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.rules.vocabulary import Dimension, Severity
from tests.factories import NOW
from trust.evidence.pages.checks import check_line, severest_first
from trust.evidence.pages.demands import demand, tolerance
from trust.evidence.rules.dimensions import DIMENSION_OF_TYPE
from trust.evidence.rules.facts import CheckFacts
from trust.presentation.pages import labels
from trust.verdicts.pages.timeline import HEIGHT, WIDTH, Moment, timeline_of
from trust.vocabulary import (
    Answer,
    CheckStatus,
    Gap,
    GateName,
    GateStatus,
    Part,
    ReadinessLevel,
    ReadinessQuestion,
    Role,
    RunStatus,
    VerdictStatus,
)

VERDICTS = st.sampled_from([str(verdict) for verdict in VerdictStatus])


def check(
    type_: str, status: CheckStatus = CheckStatus.PASSED, severity: Severity = Severity.CRITICAL, **kwargs: Any
) -> CheckFacts:
    counts = {name: kwargs.pop(name) for name in ("element_count", "missing_count", "unexpected_count") if name in kwargs}
    return CheckFacts(
        id="1", key=type_, type=type_, dimension=Dimension.VALIDITY, severity=severity, status=status, kwargs=kwargs, **counts
    )


def test_every_word_of_judgement_has_a_badge_or_a_title() -> None:
    assert set(labels.VERDICTS) == set(VerdictStatus)
    assert set(labels.GATES) == set(GateName)
    assert set(labels.GAPS) == set(labels.GAP_QUESTIONS) == set(Gap)
    assert set(labels.ANSWERS) == set(Answer)
    assert set(labels.LEVELS) == set(ReadinessLevel)
    assert list(labels.QUESTIONS) == list(ReadinessQuestion)
    assert set(labels.ROLES) == set(Role)
    assert set(labels.PARTS) == set(Part)
    assert set(labels.RUNS) == set(RunStatus)
    assert set(labels.STATES) >= set(GateStatus) | set(CheckStatus)


def test_the_title_of_a_question_is_short_and_asks_for_a_yes() -> None:
    titles = list(labels.QUESTIONS.values())
    assert len(set(titles)) == len(titles)
    assert all(title.endswith("?") and len(title) <= 50 for title in titles)


def test_only_what_passed_looks_good() -> None:
    good = {
        word
        for table in (labels.VERDICTS, labels.STATES, labels.EVIDENCE, labels.ANSWERS, labels.LEVELS)
        for word, badge in table.items()
        if badge.tone == "good"
    }
    assert good == {"production_grade", "passed", "completed", "yes", "ready"}
    assert labels.state("never heard of").tone == "quiet"


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (timedelta(seconds=-5), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(minutes=59, seconds=59), "59 minutes ago"),
        (timedelta(hours=1), "1 hour ago"),
        (timedelta(hours=47), "47 hours ago"),
        (timedelta(days=2), "2 days ago"),
        (timedelta(days=59), "59 days ago"),
        (timedelta(days=60), "2 months ago"),
        (timedelta(days=800), "2 years ago"),
    ],
)
def test_ages_are_told_in_one_unit_rounded_down(span: timedelta, said: str) -> None:
    assert labels.ago(NOW - span, NOW) == said


def test_what_lies_ahead() -> None:
    assert labels.ahead(NOW + timedelta(hours=36), NOW) == "in 36 hours"
    assert labels.ahead(NOW, NOW) == "now"


@pytest.mark.parametrize(
    ("value", "said"),
    [(None, "\u2013"), (0, "0%"), (0.0001, "<0.01%"), (2.4511, "2.45%"), (50, "50%"), (99.999, ">99.99%"), (100, "100%")],
)
def test_a_share_never_rounds_to_nothing_or_to_all(value: float | None, said: str) -> None:
    assert labels.share(value) == said


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (check("expect_column_values_to_not_be_null", column="dep_time"), "dep_time is never empty"),
        (check("expect_column_values_to_be_between", column="tz", min_value=-10, max_value=-5), "tz is between -10 and -5"),
        (check("expect_column_values_to_be_between", column="y", min_value=2013, max_value=2013), "y is exactly 2013"),
        (check("expect_column_values_to_be_between", column="n", min_value=0, strict_min=True), "n is more than 0"),
        (check("expect_table_row_count_to_be_between", min_value=10_000), "There are at least 10,000 rows"),
        (check("expect_column_values_to_be_in_set", column="c", value_set=["a", "b"]), "c is one of a and b"),
        (check("expect_column_values_to_be_in_set", column="{value.__class__}", value_set="{x}"), None),
        (check("expect_something_new", column="c"), "Something new: c"),
        (check("expect_column_pair_values_to_be_equal"), "? equals ?"),
    ],
)
def test_a_demand_reads_as_a_sentence(facts: CheckFacts, said: str | None) -> None:
    assert demand(facts) == said if said else "{value.__class__}" in demand(facts)


@pytest.mark.parametrize("type_", sorted(DIMENSION_OF_TYPE))
@pytest.mark.parametrize("kwargs", [{}, {"column": 7, "value_set": {"a": 1}, "min_value": "x", "mostly": "much"}])
def test_no_arguments_whatever_break_a_demand(type_: str, kwargs: dict[str, Any]) -> None:
    facts = check(type_, **kwargs)
    assert demand(facts)
    assert tolerance(facts) is None


@pytest.mark.parametrize(("mostly", "percent"), [(1, None), (1.0, None), (0.95, 5.0), (0, 100.0), (True, None), ("0.9", None)])
def test_a_tolerance_is_the_share_that_may_fail(mostly: Any, percent: float | None) -> None:
    assert tolerance(check("expect_column_values_to_be_unique", column="c", mostly=mostly)) == percent


def test_rows_are_counted_without_those_that_have_no_value() -> None:
    line = check_line(check("x", CheckStatus.FAILED, element_count=336_776, missing_count=2_512, unexpected_count=50_094))
    assert line.rows == 334_264
    nulls = check("expect_column_values_to_not_be_null", element_count=336_776, missing_count=8_255, unexpected_count=8_255)
    assert check_line(nulls).rows == 336_776


def test_the_worst_check_comes_first() -> None:
    failed, minor = check("a", CheckStatus.FAILED), check("b", CheckStatus.FAILED, Severity.INFO)
    erred, passed = check("c", CheckStatus.ERROR), check("d")
    assert severest_first([passed, erred, minor, failed]) == [failed, minor, erred, passed]


@given(st.lists(st.tuples(VERDICTS, st.floats(0, 100), st.integers(0, 10**9)), max_size=80))
def test_a_timeline_fills_the_line_in_order_and_leaves_nothing_out(history: list[tuple[str, float, int]]) -> None:
    ordered = sorted(history, key=lambda row: row[2])
    timeline = timeline_of([Moment(v, s, NOW + timedelta(seconds=at)) for v, s, at in ordered], NOW + timedelta(seconds=10**9))
    if timeline is None:
        assert not history
        return
    assert 0 < len(timeline.stretches) <= len(history)
    ends = [stretch.x + stretch.width for stretch in timeline.stretches]
    assert all(stretch.width >= 1 for stretch in timeline.stretches)
    assert all(end <= WIDTH + 0.1 for end in ends)
    assert [stretch.x for stretch in timeline.stretches] == sorted(stretch.x for stretch in timeline.stretches)
    assert all(0 <= stretch.y <= HEIGHT and stretch.height <= HEIGHT for stretch in timeline.stretches)
    assert timeline.stretches[-1].ends_at is None
