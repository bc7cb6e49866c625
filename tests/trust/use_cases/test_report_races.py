"""A consumer that sends its report several times at once: one of them counts, and all are told of it."""

import pytest

from catalog.models import Notification
from tests.factories import NOW
from tests.trust.reporting import LATER, make_reporting
from tests.trust.verdicts.test_concurrency import together
from trust.models import DecisionUse, OutcomeReport, OutputException
from trust.use_cases.services.outcomes import report_outcome
from trust.use_cases.services.output_exceptions import ReportedProblem, record_exception
from trust.use_cases.services.usage_reports import report_use
from trust.vocabulary import UseAction

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_use_that_is_reported_at_once_by_many_is_one() -> None:
    cast = make_reporting()
    answer, by = cast.ask(), cast.by_agent

    def report() -> tuple[DecisionUse, bool]:
        return report_use(use_case=cast.use_case, decision_id=answer.pk, action=UseAction.USED, reporter=by, now=LATER)

    found = together(*[report] * 6)
    assert len({row.pk for row, _ in found}) == 1
    assert [is_new for _, is_new in found].count(True) == 1


def test_a_value_that_is_reported_at_once_by_many_is_one() -> None:
    cast = make_reporting()

    def report() -> tuple[OutcomeReport, bool]:
        return report_outcome(
            use_case=cast.use_case, measure="mean-error", value=1.5, observed_at=NOW, reporter=cast.by_agent, now=LATER
        )

    found = together(*[report] * 6)
    assert len({row.pk for row, _ in found}) == 1
    assert [is_new for _, is_new in found].count(True) == 1


def test_an_exception_that_is_recorded_at_once_by_many_is_one_and_told_once() -> None:
    cast = make_reporting()
    answer = cast.ask()

    def record() -> tuple[OutputException, bool]:
        return record_exception(
            use_case=cast.use_case, decision_id=answer.pk, trouble=ReportedProblem("Wrong"), reporter=cast.by_agent, now=LATER
        )

    found = together(*[record] * 6)
    assert len({row.pk for row, _ in found}) == 1
    assert [is_new for _, is_new in found].count(True) == 1
    assert Notification.objects.filter(kind="exception.recorded").count() == 2
