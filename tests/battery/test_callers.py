"""What a caller asks for on top is the caller's: it decides for them, and changes nothing about the product."""

from datetime import timedelta
from time import perf_counter_ns
from typing import Any

import pytest
from django.utils import timezone

from catalog.services.consumers import consumer_of_person
from tests.battery.bench import Bench, as_csv, rows_of
from trust.decisions.rules.question import Asker, Conclusion, Question
from trust.decisions.services.decide import answer
from trust.models import CurrentVerdict, Decision
from trust.verdicts.rules.answer import DECISION_ID_MARK
from trust.verdicts.services.judging import judge_product
from trust.vocabulary import DecisionChannel

HOUR = timedelta(hours=1)


def render(conclusion: Conclusion) -> dict[str, Any]:
    return {"decision_id": DECISION_ID_MARK, "reasons": list(conclusion.reasons)}


@pytest.mark.parametrize(
    ("conditions", "codes"),
    [
        ({"minimum_score": 101.0}, ["min_score_not_met"]),
        ({"minimum_score": 99.9}, ["min_score_not_met"]),
        ({"maximum_evidence_age": HOUR}, ["max_evidence_age_exceeded"]),
        ({"maximum_evidence_age": timedelta(seconds=1)}, ["max_evidence_age_exceeded"]),
        ({"minimum_score": 100.0, "maximum_evidence_age": HOUR}, ["min_score_not_met", "max_evidence_age_exceeded"]),
        ({"minimum_score": 0.0}, []),
        ({"maximum_evidence_age": 3 * HOUR}, []),
        ({"minimum_score": 50.0, "maximum_evidence_age": 30 * HOUR}, []),
    ],
)
@pytest.mark.parametrize("purpose", [None, "analytics"])
@pytest.mark.parametrize("detail", ["short", "full"])
def test_a_condition_decides_for_its_caller_alone(
    bench: Bench, conditions: dict[str, Any], codes: list[str], purpose: str | None, detail: str
) -> None:
    bench.write(as_csv(rows_of()))
    bench.register()
    bench.run(ago=2 * HOUR)
    bench.approve()
    judge_product(product_id=bench.product.pk, now=timezone.now(), cause="test")
    current = CurrentVerdict.objects.get()
    consumer = consumer_of_person(bench.owner)
    asker = Asker(bench.owner.pk, consumer.pk, consumer.slug, None, "battery", perf_counter_ns())
    question = Question("battery", purpose=purpose, detail=detail, **conditions)
    answer(
        asker=asker,
        subject=consumer.slug,
        channel=DecisionChannel.TRUST,
        questions=[question],
        word=render,
        now=timezone.now(),
    )
    row = Decision.objects.get()
    assert row.reason_codes == codes
    assert row.decision is (not codes)
    assert (row.production_grade, row.verdict, row.score) == (True, "production_grade", current.effective_score)
    if (most := conditions.get("maximum_evidence_age")) and not codes:
        assert current.evidence_at is not None
        assert row.valid_until is not None
        assert row.valid_until <= current.evidence_at + most
