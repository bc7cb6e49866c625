"""Dates and spans at the ends of the calendar: data, service levels and the like are judged, never crashed on."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trust.verdicts.rules.factories import NOW, gate_of, make_product, make_run, outcome_of, with_port
from trust.verdicts.rules import freshness
from trust.vocabulary import GateName, GateStatus

FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
SPANS = [timedelta.resolution, timedelta(days=365 * 100), timedelta(days=365 * 10_000), timedelta.max]


@pytest.mark.parametrize("newest", [LAST, datetime(9999, 12, 31, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)])
@pytest.mark.parametrize("level", SPANS)
def test_data_of_the_year_9999_is_dated_in_the_future(newest: datetime, level: timedelta) -> None:
    facts = with_port(service_level=level, latest_run=make_run(data_time=newest))

    assert gate_of(GateName.FRESHNESS, facts).code == "data_time_in_future"
    assert outcome_of(facts).valid_until > NOW


@pytest.mark.parametrize("newest", [FIRST, datetime(1, 1, 2, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC)])
@pytest.mark.parametrize("level", SPANS)
def test_data_of_the_year_1_is_judged(newest: datetime, level: timedelta) -> None:
    facts = with_port(service_level=level, latest_run=make_run(data_time=newest))

    gate = gate_of(GateName.FRESHNESS, facts)

    assert gate.status is (GateStatus.FAILED if NOW - newest > level else GateStatus.PASSED)
    assert outcome_of(facts).valid_until > NOW


@pytest.mark.parametrize("level", [*SPANS, timedelta(0)])
def test_a_service_level_of_any_length_is_judged(level: timedelta) -> None:
    assert outcome_of(with_port(service_level=level)).valid_until > NOW


@pytest.mark.parametrize("moment", [FIRST, LAST])
def test_claims_at_the_ends_of_the_calendar_are_judged(moment: datetime) -> None:
    facts = make_product(reviewed_at=moment, acknowledged_at=moment, deprecation_ends_at=moment)

    assert outcome_of(facts).valid_until > NOW


@given(st.datetimes(timezones=st.just(UTC)), st.timedeltas(min_value=timedelta(0)), st.datetimes(timezones=st.just(UTC)))
def test_a_share_and_its_moments_are_told_for_any_dates(start: datetime, span: timedelta, now: datetime) -> None:
    share = freshness.remaining_share(max(now - start, timedelta(0)), span)

    assert 0 <= share <= 1
    assert all(moment.tzinfo is not None for moment in freshness.boundaries(start, span, now))
