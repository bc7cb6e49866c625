"""How the products stood when past days ended: counted from the history of verdicts, once, and never anything else later."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from catalog.models import DataProduct
from catalog.rules.vocabulary import Lifecycle
from tests.factories import NOW, make_product
from tests.trust.builders import make_ready_port, run_well
from trust.models import DailyVerdictCount, TrustPolicyVersion, Verdict
from trust.verdicts.queries.trend import DAYS, Day, days_until, stood_at_the_end_of, trend
from trust.verdicts.services.product_upkeep import count_daily_verdicts

pytestmark = pytest.mark.django_db

MIDNIGHT = datetime.combine(NOW.date(), time(), UTC)
YESTERDAY = (MIDNIGHT - timedelta(days=1)).date()


def published(slug: str, days_ago: int) -> DataProduct:
    product = make_product(slug, lifecycle=Lifecycle.PUBLISHED)
    DataProduct.objects.filter(pk=product.pk).update(published_at=MIDNIGHT - timedelta(days=days_ago, hours=-1))
    return product


def judged(product: DataProduct, at: datetime, verdict: str, *, lives: timedelta = timedelta(days=30)) -> None:
    policy = TrustPolicyVersion.objects.get(is_current=True)
    Verdict.objects.create(
        product=product,
        verdict=verdict,
        raw_score=90,
        score=90,
        effective_score=90,
        grade="A",
        judged_at=at,
        valid_until=at + lives,
        policy=policy,
        cause="test",
        facts="{}",
        facts_sha256="0" * 64,
        outcome="{}",
    )


def test_the_days_are_those_that_are_over() -> None:
    days = days_until(MIDNIGHT)
    assert (len(days), days[-1]) == (DAYS, YESTERDAY)
    assert days_until(MIDNIGHT - timedelta(seconds=1))[-1] == YESTERDAY - timedelta(days=1)


def test_a_product_counts_from_its_publication_with_the_newest_verdict_of_the_day() -> None:
    product = published("sales", 3)
    judged(product, MIDNIGHT - timedelta(days=2, hours=2), "not_production_grade")
    judged(product, MIDNIGHT - timedelta(days=2, hours=1), "production_grade")
    judged(product, MIDNIGHT - timedelta(hours=5), "not_production_grade")
    judged(product, MIDNIGHT, "production_grade")
    found = stood_at_the_end_of(days_until(MIDNIGHT, 5))
    assert found == [
        Day(YESTERDAY - timedelta(days=2), 1, 0, 0),
        Day(YESTERDAY - timedelta(days=1), 1, 0, 0),
        Day(YESTERDAY, 0, 1, 0),
    ]


def test_what_was_never_judged_or_has_run_out_is_unknown() -> None:
    published("silent", 1)
    judged(published("stale", 1), MIDNIGHT - timedelta(hours=6), "production_grade", lives=timedelta(hours=5))
    judged(published("fresh", 1), MIDNIGHT - timedelta(hours=6), "production_grade", lives=timedelta(hours=6))
    assert stood_at_the_end_of([YESTERDAY]) == [Day(YESTERDAY, 1, 0, 2)]


def test_a_draft_does_not_count_and_a_retired_product_no_longer() -> None:
    make_product("draft")
    product = published("gone", 3)
    DataProduct.objects.filter(pk=product.pk).update(lifecycle="retired", retired_at=MIDNIGHT - timedelta(days=1, hours=1))
    days = days_until(MIDNIGHT, 2)
    assert stood_at_the_end_of(days) == []
    assert stood_at_the_end_of([days[0] - timedelta(days=1)]) == [Day(days[0] - timedelta(days=1), 0, 0, 1)]


def test_each_day_is_written_once_and_days_that_were_missed_are_caught_up() -> None:
    product = published("sales", 5)
    judged(product, MIDNIGHT - timedelta(days=4), "production_grade")
    noon = MIDNIGHT + timedelta(hours=12)
    assert count_daily_verdicts(now=noon) == DAYS
    assert count_daily_verdicts(now=noon) == 0
    assert count_daily_verdicts(now=noon + timedelta(days=2)) == 2
    row = DailyVerdictCount.objects.get(day=YESTERDAY)
    assert (row.production_grade, row.not_production_grade, row.unknown) == (1, 0, 0)
    assert DailyVerdictCount.objects.get(day=YESTERDAY - timedelta(days=30)).production_grade == 0


def test_a_day_is_not_counted_before_what_was_judged_at_its_end_is_there() -> None:
    count_daily_verdicts(now=MIDNIGHT + timedelta(minutes=9))
    assert not DailyVerdictCount.objects.filter(day=YESTERDAY).exists()
    count_daily_verdicts(now=MIDNIGHT + timedelta(minutes=11))
    assert DailyVerdictCount.objects.filter(day=YESTERDAY).exists()


@pytest.mark.parametrize("deed", ["UPDATE trust_dailyverdictcount SET unknown = 0", "DELETE FROM trust_dailyverdictcount"])
def test_the_database_refuses_to_change_what_was_counted(deed: str) -> None:
    count_daily_verdicts(now=NOW)
    with pytest.raises(DatabaseError, match="trust_dailyverdictcount"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(deed)


def test_the_trend_of_everything_is_read_from_what_was_counted_and_leaves_out_days_without_products() -> None:
    judged(published("sales", 2), MIDNIGHT - timedelta(days=2), "production_grade")
    assert trend(NOW, None) == []
    count_daily_verdicts(now=MIDNIGHT + timedelta(hours=1))
    with CaptureQueriesContext(connection) as captured:
        days = trend(NOW, None)
    assert [(day.day, day.share) for day in days] == [(YESTERDAY - timedelta(days=1), 100), (YESTERDAY, 100)]
    assert len(captured) == 1


def test_the_trend_of_ones_own_products_is_looked_up() -> None:
    mine, other = published("mine", 2), published("other", 2)
    judged(mine, MIDNIGHT - timedelta(hours=2), "production_grade")
    judged(other, MIDNIGHT - timedelta(hours=2), "not_production_grade")
    assert trend(NOW, [mine.pk])[-1] == Day(YESTERDAY, 1, 0, 0)
    assert trend(NOW, []) == []


def test_many_products_of_ones_own_are_looked_up_on_fewer_days(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trust.verdicts.queries.trend.LOOKED_UP", 30)
    days = trend(NOW, [published("mine", DAYS + 1).pk])
    assert len(days) == DAYS // 3
    assert days[-1].day == YESTERDAY


def test_verdicts_of_real_runs_count() -> None:
    run_well(make_ready_port(), MIDNIGHT - timedelta(hours=1))
    DataProduct.objects.update(published_at=MIDNIGHT - timedelta(hours=2))
    assert stood_at_the_end_of([YESTERDAY])[0].products == 1
