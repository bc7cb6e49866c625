"""No use counts as answered before unless it rested on a yes that was about then, for this purpose, and still valid."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.factories import NOW
from tests.trust.reporting import LATER, Reporting, make_reporting
from tests.trust.use_cases.rows import make_good_product
from trust.models import DecisionUse, Recall, Verdict
from trust.use_cases.queries.use_case_facts import use_facts
from trust.use_cases.services.usage_reports import report_use
from trust.vocabulary import UseAction

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def cast() -> Reporting:
    return make_reporting()


def used(cast: Reporting, at: datetime = LATER, **columns: Any) -> DecisionUse:
    row, _ = report_use(
        use_case=cast.use_case,
        decision_id=cast.ask(**columns).pk,
        action=UseAction.USED,
        reporter=cast.by_agent,
        now=LATER + timedelta(hours=2),
        at=at,
    )
    return row


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({"decision": False}, "denied"),
        ({"question": {"as_of": "2026-01-01T00:00:00Z"}}, "about_the_past"),
        ({"question": {"as_of": NOW.isoformat()}}, "about_the_past"),
        ({"question": {"as_of": NOW.isoformat(), "min_score": 1}}, "about_the_past"),
        ({"question": {"as_of": NOW.isoformat()}, "purpose": None}, "about_the_past"),
        ({"question": {"as_of": NOW.isoformat()}, "channel": "check"}, "about_the_past"),
        ({"purpose": None}, "no_purpose"),
        ({"purpose": None, "channel": "check"}, "no_purpose"),
        ({"purpose": "ai.decision-support"}, "other_purpose"),
        ({"purpose": "Analytics"}, "other_purpose"),
        ({"purpose": "analytics "}, "other_purpose"),
        ({"purpose": "ai.training"}, "other_purpose"),
        ({"use_case": None}, "other_use_case"),
        ({"use_case": "ROTA"}, "other_use_case"),
        ({"valid_until": NOW + MINUTE}, "answer_expired"),
        ({"asked_at": LATER + timedelta(hours=1)}, "before_the_answer"),
    ],
)
def test_no_use_counts_on_what_was_no_valid_yes(cast: Reporting, columns: dict[str, Any], why: str) -> None:
    assert used(cast, **columns).misuse == why
    uses, misuses = use_facts(cast.use_case.pk, since=NOW - timedelta(days=1), now=LATER + timedelta(hours=3))
    assert (uses, [misuse.why for misuse in misuses]) == (1, [why])


def recall(cast: Reporting, fallen_at: datetime, **columns: Any) -> None:
    fallen = Verdict.objects.filter(product=make_good_product()).latest("id")
    Recall.objects.create(
        product=cast.product, **{"fallen_at": fallen_at, "changed_at": fallen_at, "fallen_verdict": fallen, **columns}
    )


@pytest.mark.parametrize(
    ("fallen_after", "used_after", "columns", "why"),
    [
        (MINUTE, 10 * MINUTE, {"status": "sent", "sent_at": NOW + 6 * MINUTE}, "recalled"),
        (MINUTE, 10 * MINUTE, {"status": "fallen"}, "recalled"),  # the task that sends recalls is late
        (MINUTE, 10 * MINUTE, {"status": "recovering", "sent_at": NOW + 6 * MINUTE}, "recalled"),
        (0 * MINUTE, 10 * MINUTE, {"status": "sent", "sent_at": NOW + 6 * MINUTE}, "recalled"),
        (MINUTE, 10 * MINUTE, {"status": "recovered", "closed_at": NOW + 11 * MINUTE}, "recalled"),
        (MINUTE, 10 * MINUTE, {"status": "recovered", "closed_at": NOW + 9 * MINUTE}, ""),
        (MINUTE, 10 * MINUTE, {"status": "damped", "closed_at": NOW + 3 * MINUTE}, ""),
        (8 * MINUTE, 10 * MINUTE, {"status": "fallen"}, ""),  # it may still come back within the damping time
        (11 * MINUTE, 10 * MINUTE, {"status": "fallen"}, ""),
        (-2 * MINUTE, 10 * MINUTE, {"status": "fallen"}, ""),  # the answer came after, and said yes
    ],
)
def test_no_use_counts_on_a_yes_that_was_recalled(
    cast: Reporting, fallen_after: timedelta, used_after: timedelta, columns: dict[str, Any], why: str
) -> None:
    recall(cast, NOW + fallen_after, **columns)
    assert used(cast, NOW + used_after).misuse == why


def test_the_fall_of_another_product_recalls_nothing(cast: Reporting) -> None:
    other = make_good_product()
    fallen = Verdict.objects.filter(product=other).latest("id")
    Recall.objects.create(product=other, fallen_at=NOW, changed_at=NOW, fallen_verdict=fallen)
    assert used(cast).misuse == ""
